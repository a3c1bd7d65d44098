//! What another configuration would decide otherwise, and why.

use maud::{Markup, html};

use super::{
    Run, Section, number,
    table::{self, Column, Descriptions, columns, number as cell},
};
use crate::replay::{Against, Change, Flip, Report, Reweighed, Side, Weighed};

/// The cost, the changes, every message.
pub(super) fn flips(report: &Report, run: &Run, known: &Descriptions<'_>) -> Option<Section> {
    let against = report.against.as_ref()?;
    let other = run.other.as_deref().unwrap_or("the other configuration");
    let content = html! {
        p {
            code { (other) } " decides " strong { (number::count(against.flipped)) } " of "
            (number::count(report.messages)) " messages otherwise. False positives change by "
            strong { (number::change(against.more_false_positives)) } ", misses by "
            strong { (number::change(against.more_false_negatives)) } "."
        }
        @if against.flipped > 0 {
            (changes(&against.changes))
            (messages(against, known))
        }
    };
    Some(Section::new("flips", "What would change", content))
}

fn changes(changes: &[Change]) -> Markup {
    html! {
        table {
            caption { "Verdicts before and after." }
            (columns(&[
                Column::Text("what it is"), Column::Text("before"), Column::Text("after"),
                Column::Number("messages"),
            ]))
            tbody {
                @for Change { label, from, to, messages } in changes {
                    tr {
                        td { (table::label(*label)) }
                        td { (from) }
                        td { (to) }
                        (cell(&number::count(*messages)))
                    }
                }
            }
        }
    }
}

fn messages(against: &Against, known: &Descriptions<'_>) -> Markup {
    html! {
        div.scroll {
            table.sortable.flips {
                caption {
                    "Every message that is decided otherwise, in the order of the mail. " code { "+" }
                    " was found by the other configuration only, " code { "-" } " by the first only; an arrow stands \
                     between the weights where both found it."
                }
                (columns(&[
                    Column::Text("message"), Column::Text("what it is"),
                    Column::Text("before"), Column::Number("score"),
                    Column::Text("after"), Column::Number("score"),
                    Column::Text("what flipped it"),
                ]))
                tbody { @for flip in &against.flips { (line(flip, known)) } }
            }
        }
    }
}

fn line(flip: &Flip, known: &Descriptions<'_>) -> Markup {
    let Flip { path, label, from, to, .. } = flip;
    html! {
        tr {
            th.path scope="row" { (path) }
            td { (table::label(*label)) }
            @for side in [from, to] {
                td { (verdict(side)) }
                (cell(&number::score(side.score)))
            }
            td { (causes(flip, known)) }
        }
    }
}

/// The verdict, and what decided it if not the score.
fn verdict(side: &Side) -> Markup {
    let Side { profile, verdict, reason, required, failed, .. } = side;
    html! {
        (verdict)
        span.about {
            (profile)
            @if let Some(required) = required { ", spam from " (required) }
            @if *reason != "score" { ", " (reason) }
            @for check in failed { ", " (check) " failed" }
        }
    }
}

fn causes(flip: &Flip, known: &Descriptions<'_>) -> Markup {
    let Flip { gained, lost, reweighed, .. } = flip;
    html! {
        ul.causes {
            @for (sign, findings) in [("+", gained), ("-", lost)] {
                @for Weighed { name, weight } in findings {
                    li title=[known.of(name.as_str())] { code { (sign) (name) } " " (weight) }
                }
            }
            @for Reweighed { name, from, to } in reweighed {
                li title=[known.of(name.as_str())] { code { (name) } " " (from) " → " (to) }
            }
            @if gained.is_empty() && lost.is_empty() && reweighed.is_empty() {
                li { "the same findings: thresholds, or the profile" }
            }
        }
    }
}
