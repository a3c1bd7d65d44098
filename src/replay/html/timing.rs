//! How long it took.

use maud::{Markup, html};

use super::{
    Section, number,
    picture::latencies,
    table::{Column, columns, number as cell},
};
use crate::replay::{Latency, Learning, Report, Slow, Timing};

/// Percentiles, their picture, and the messages that took longest.
pub(super) fn latency(report: &Report) -> Option<Section> {
    let timing = report.timing.as_ref()?;
    let content = html! {
        p.read {
            (number::count(report.messages)) " messages in " (format!("{:.1}", timing.seconds)) "\u{a0}s by the clock, "
            @if report.against.is_some() { "each judged by both configurations, " }
            (number::micros(timing.cpu_micros_per_message)) " of CPU time each, at most "
            (number::mebibytes(timing.peak_rss_bytes)) " of memory."
        }
        (latencies(timing))
        (percentiles(&timing.latency))
        (slowest(timing))
    };
    Some(Section::new("latency", "Time to judge a message", content))
}

fn percentiles(latency: &Latency) -> Markup {
    let Latency { mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms } = *latency;
    html! {
        div.scroll {
            table {
                caption { "From the end of a message to its judgement: so many are judged in so long." }
                (columns(&[
                    Column::Number("mean"), Column::Number("50\u{a0}%"), Column::Number("90\u{a0}%"),
                    Column::Number("99\u{a0}%"), Column::Number("99.9\u{a0}%"), Column::Number("all"),
                ]))
                tbody {
                    tr {
                        @for millis in [mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms] {
                            (cell(&number::millis(millis)))
                        }
                    }
                }
            }
        }
    }
}

fn slowest(timing: &Timing) -> Markup {
    html! {
        @if !timing.slowest.is_empty() {
            div.scroll {
                table {
                    caption { "The messages that took longest." }
                    (columns(&[Column::Text("message"), Column::Number("time")]))
                    tbody {
                        @for Slow { path, millis } in &timing.slowest {
                            tr { th.path scope="row" { (path) } (cell(&number::millis(*millis))) }
                        }
                    }
                }
            }
        }
    }
}

/// What a classifier that was asked alone took.
pub(super) fn learning(report: &Report) -> Option<Section> {
    let learning = report.learning.as_ref()?;
    let Learning { features_micros, judge_micros, learn_micros, tokens, model_bytes, .. } =
        *learning;
    let lines = [
        ("CPU time to read what is learned of a message", number::micros(features_micros)),
        ("CPU time to judge a message", number::micros(judge_micros)),
        ("CPU time to learn a message", number::micros(learn_micros)),
        ("Distinct tokens at the end", number::count(tokens)),
        ("Memory at the end", number::mebibytes(u64::try_from(model_bytes).unwrap_or(u64::MAX))),
        ("Stored for each message", format!("{:.0}\u{a0}bytes", learning.stored_bytes_per_message)),
    ];
    let content = html! {
        table {
            caption { "The classifier was asked alone." }
            (columns(&[Column::Text("what"), Column::Number("on average")]))
            tbody { @for (what, value) in &lines { tr { th scope="row" { (what) } (cell(value)) } } }
        }
    };
    Some(Section::new("learning", "What learning takes", content))
}
