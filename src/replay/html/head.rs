//! What was replayed, and what it came to, at a glance.

use maud::{Markup, html};

use super::{Run, number};
use crate::replay::Report;

/// The title, the facts of the run, the figures everybody asks for.
pub(super) fn head(report: &Report, run: &Run) -> Markup {
    html! {
        header {
            h1 { "Replay" @if run.other.is_some() { " of two configurations" } }
            dl.run {
                div { dt { "Run" } dd { time datetime=(instant(run)) { (date(run)) " UTC" } } }
                div { dt { "Mail" } dd { (words(&run.mail)) } }
                div { dt { "Configuration" } dd { code { (run.config) } } }
                @if let Some(other) = &run.other {
                    div { dt { "Compared with" } dd { code { (other) } } }
                }
                @if !run.options.is_empty() {
                    div { dt { "Options" } dd { (words(&run.options)) } }
                }
            }
            (glance(report))
        }
    }
}

fn words(words: &[String]) -> Markup {
    html! {
        @for (at, word) in words.iter().enumerate() {
            @if at > 0 { " " }
            code { (word) }
        }
    }
}

/// RFC 3339.
fn instant(run: &Run) -> String {
    humantime::format_rfc3339_seconds(run.at).to_string()
}

/// Without the time zone: `2026-11-21 18:30:00`.
pub(super) fn date(run: &Run) -> String {
    instant(run).replace('T', " ").replace('Z', "")
}

fn glance(report: &Report) -> Markup {
    let Report { messages, spam, ham, false_positives, false_negatives, .. } = *report;
    let roca = number::interval(report.roca_interval);
    html! {
        dl.glance {
            (figure("Messages", &number::count(messages), html! {
                (number::count(spam)) " spam, " (number::count(ham)) " ham"
            }))
            (figure("False positives", &number::count(false_positives), html! {
                (number::share(false_positives, ham)) " of the ham is taken for spam"
            }))
            (figure("Misses", &number::count(false_negatives), html! {
                (number::share(false_negatives, spam)) " of the spam is taken for ham"
            }))
            (figure("1-ROCA", &number::fine(report.roca_percent), html! {
                @if report.roca_interval.is_some() { "95\u{a0}% interval " (roca) }
                @else { "needs both spam and ham" }
            }))
            @if let Some(timing) = &report.timing {
                (figure("Messages a second", &format!("{:.0}", timing.messages_per_second), html! {
                    (number::micros(timing.cpu_micros_per_message)) " of CPU time each"
                }))
            }
        }
    }
}

fn figure(what: &str, value: &str, more: Markup) -> Markup {
    html! {
        div { dt { (what) } dd { strong { (value) } span { (more) } } }
    }
}
