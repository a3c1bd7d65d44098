//! The figures of TREC's spam track with their intervals, and the gates.

use maud::html;

use super::{
    Run, Section, number,
    table::{Column, columns, number as cell},
};
use crate::replay::{Interval, Passage, Report};

/// A share in percent, with its interval.
struct Figure {
    what: String,
    percent: Option<f64>,
    interval: Option<Interval>,
}

/// One line for each of a report's figures.
fn all(report: &Report) -> Vec<Figure> {
    let figure =
        |what: &str, percent, interval| Figure { what: what.to_owned(), percent, interval };
    let mut figures = vec![
        figure(
            "1-ROCA: a ham scores above a spam, of all pairs",
            report.roca_percent,
            report.roca_interval,
        ),
        figure(
            "lam: the logistic average of both rates of mistakes",
            report.lam_percent,
            report.lam_interval,
        ),
    ];
    for ((loss, missed), interval) in report.missed_percent.iter().zip(&report.missed_interval) {
        let what = format!("Spam missed where {loss}\u{a0}% of the ham may be lost");
        figures.push(Figure { what, percent: *missed, interval: *interval });
    }
    figures
}

/// How well scores tell spam from ham.
pub(super) fn figures(report: &Report, run: &Run) -> Option<Section> {
    let ours = all(report);
    let other = report.against.as_ref().map(|against| all(&against.other));
    let other_figure = |at: usize| other.as_ref().and_then(|figures| figures.get(at));
    let mut heads =
        vec![Column::Text("figure"), Column::Number("value"), Column::Number("95\u{a0}% interval")];
    if other.is_some() {
        heads.extend([Column::Number("compared"), Column::Number("95\u{a0}% interval")]);
    }
    let content = html! {
        div.scroll {
            table {
                caption {
                    "Lower is better. An interval holds 95\u{a0}% of 1,000 resamples of this mail."
                    @if let Some(other) = &run.other { " Compared: " code { (other) } "." }
                }
                (columns(&heads))
                tbody {
                    @for (at, Figure { what, percent, interval }) in ours.iter().enumerate() {
                        tr {
                            th scope="row" { (what) }
                            (cell(&number::fine(*percent)))
                            (cell(&number::interval(*interval)))
                            @if let Some(Figure { percent, interval, .. }) = other_figure(at) {
                                (cell(&number::fine(*percent)))
                                (cell(&number::interval(*interval)))
                            }
                        }
                    }
                }
            }
        }
    };
    Some(Section::new("figures", "How well scores tell spam from ham", content))
}

/// The gates that were set.
pub(super) fn gates(report: &Report) -> Option<Section> {
    let failed = report.gates.iter().filter(|passage| passage.failed).count();
    let content = html! {
        table {
            caption { (failed) " of " (report.gates.len()) " gates failed." }
            (columns(&[Column::Text("gate"), Column::Number("measured"), Column::Text("result")]))
            tbody {
                @for Passage { gate, value, failed } in &report.gates {
                    tr {
                        th scope="row" { code { (gate) } }
                        (cell(&value.map_or_else(|| number::NONE.to_owned(), number::short)))
                        td { @if *failed { strong.failed { "failed" } } @else { "passed" } }
                    }
                }
            }
        }
    };
    (!report.gates.is_empty()).then(|| Section::new("gates", "Gates", content))
}
