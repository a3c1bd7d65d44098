//! What was found how often, and what was found together.

use maud::{Markup, html};

use super::{
    Section, number,
    table::{Column, bar, columns, number as cell},
};
use crate::{
    replay::{Overlap, Report, Rule},
    verdict::Label,
};

/// The table of rules.
pub(super) fn rules(report: &Report) -> Option<Section> {
    let content = html! {
        div.scroll {
            table.sortable {
                caption {
                    "What was found, the most frequent first. S/O is the share of spam among the hits if there were \
                     as much spam as ham: 1 says spam, 0 says ham, 0.5 says nothing."
                }
                (columns(&[
                    Column::Text("rule"), Column::Number("score"), Column::Number("hits"),
                    Column::Number("spam\u{a0}%"), Column::Number("ham\u{a0}%"), Column::Number("S/O"),
                ]))
                tbody { @for rule in &report.rules { (line(rule)) } }
            }
        }
    };
    (!report.rules.is_empty()).then(|| Section::new("rules", "Rules", content))
}

fn line(rule: &Rule) -> Markup {
    let Rule { name, score, hits, spam_percent, ham_percent, spam_overall, description, .. } = rule;
    html! {
        tr {
            th scope="row" {
                code { (name) }
                @if let Some(description) = description { span.about { (description) } }
            }
            (cell(&score.to_string()))
            (cell(&number::count(*hits)))
            (bar(&format!("{spam_percent:.3}"), spam_percent / 100.0, Label::Spam))
            (bar(&format!("{ham_percent:.3}"), ham_percent / 100.0, Label::Ham))
            (cell(&format!("{spam_overall:.3}")))
        }
    }
}

/// Rules that nearly always hit together.
pub(super) fn overlaps(report: &Report) -> Option<Section> {
    let content = html! {
        div.scroll {
            table.sortable {
                caption {
                    "Pairs of which one rarely hits without the other: together they count one thing twice. The share \
                     is of the messages that either hits."
                }
                (columns(&[
                    Column::Text("rule"), Column::Number("hits"), Column::Text("other rule"),
                    Column::Number("hits"), Column::Number("together"), Column::Number("share"),
                ]))
                tbody {
                    @for Overlap { name, other, hits, other_hits, both, percent } in &report.overlaps {
                        tr {
                            th scope="row" { code { (name) } }
                            (cell(&number::count(*hits)))
                            td { code { (other) } }
                            (cell(&number::count(*other_hits)))
                            (cell(&number::count(*both)))
                            (cell(&number::rough(*percent)))
                        }
                    }
                }
            }
        }
    };
    (!report.overlaps.is_empty())
        .then(|| Section::new("overlaps", "Rules that hit together", content))
}
