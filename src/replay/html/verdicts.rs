//! How many spam and ham got each verdict, and what stood in the way of judging.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    Section, number,
    table::{Column, bar, columns, number as cell},
};
use crate::{
    replay::{Counted, Report, percent},
    verdict::Label,
};

/// Verdicts, reasons, profiles, failures.
pub(super) fn verdicts(report: &Report) -> Option<Section> {
    let verdicts = report.confusion.iter().map(|(verdict, counted)| (verdict.as_str(), *counted));
    let profiles = report.per_profile.iter().map(|(name, counted)| (name.as_str(), *counted));
    let forced = report.forced.iter().map(|(reason, counted)| (*reason, *counted));
    let content = html! {
        (counted(report, "verdict", "A false positive is ham that is marked, or worse; a miss is spam that is accepted.", verdicts.collect()))
        @if !report.forced.is_empty() {
            (counted(report, "reason", "Messages that something else than their score decided.", forced.collect()))
        }
        @if report.per_profile.len() > 1 {
            (counted(report, "profile", "The profiles that judged.", profiles.collect()))
        }
        (failures(report))
    };
    (report.messages > 0).then(|| Section::new("verdicts", "Verdicts", content))
}

/// One line for each word.
fn counted(
    report: &Report,
    what: &'static str,
    caption: &str,
    lines: Vec<(&str, Counted)>,
) -> Markup {
    let share = |label, Counted { spam, ham }: Counted| match label {
        Label::Spam => (spam, report.spam),
        Label::Ham => (ham, report.ham),
    };
    html! {
        div.scroll {
            table {
                caption { (caption) }
                (columns(&[
                    Column::Text(what),
                    Column::Number("spam"), Column::Number("of the spam"),
                    Column::Number("ham"), Column::Number("of the ham"),
                ]))
                tbody {
                    @for (word, counts) in lines {
                        tr {
                            th scope="row" { (word) }
                            @for label in [Label::Spam, Label::Ham] {
                                @let (part, of) = share(label, counts);
                                (cell(&number::count(part)))
                                (bar(&number::share(part, of), percent(part, of) / 100.0, label))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What was late, broke, or was not asked. Nothing if all went well.
fn failures(report: &Report) -> Markup {
    let lines = |what: &str, checks: &BTreeMap<&'static str, usize>| -> Vec<(String, usize)> {
        checks.iter().map(|(check, messages)| (format!("{check} {what}"), *messages)).collect()
    };
    let mut all = lines("was late", &report.late);
    all.extend(lines("broke", &report.broken));
    for (what, messages) in [
        ("deferred because they could not be judged", report.undecided),
        ("no virus scanner vouches for them", report.unscanned),
    ] {
        if messages > 0 {
            all.push((what.to_owned(), messages));
        }
    }
    html! {
        @if !all.is_empty() {
            table {
                caption { "What stood in the way of judging." }
                (columns(&[Column::Text("what"), Column::Number("messages")]))
                tbody {
                    @for (what, messages) in all {
                        tr { th scope="row" { (what) } (cell(&number::count(messages))) }
                    }
                }
            }
        }
    }
}
