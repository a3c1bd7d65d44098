//! Messages that a person should look at: mistakes, each with its findings.

use maud::{Markup, html};

use super::{
    Section, number,
    table::{self, Descriptions},
};
use crate::replay::{Listed, Report};

/// Ham taken for spam.
pub(super) fn false_positives(report: &Report, known: &Descriptions<'_>) -> Option<Section> {
    let content = html! {
        p.read { "Ham that was marked, or worse; the highest scores first. Open a line for its findings." }
        (list(&report.false_positive_list, report.false_positives, known))
    };
    (report.ham > 0).then(|| Section::new("false-positives", "False positives", content))
}

/// Spam taken for ham.
pub(super) fn misses(report: &Report, known: &Descriptions<'_>) -> Option<Section> {
    let content = html! {
        p.read { "Spam that was accepted unmarked; the lowest scores first. Open a line for its findings." }
        (list(&report.false_negative_list, report.false_negatives, known))
    };
    (report.spam > 0).then(|| Section::new("misses", "Misses", content))
}

fn list(listed: &[Listed], of: usize, known: &Descriptions<'_>) -> Markup {
    html! {
        @if of == 0 {
            p { "None." }
        } @else {
            @for message in listed {
                (entry(message, known))
            }
            @if listed.len() < of {
                p { (number::count(listed.len())) " of " (number::count(of)) "; " code { "--list N" } " lists more." }
            }
        }
    }
}

fn entry(message: &Listed, known: &Descriptions<'_>) -> Markup {
    let Listed { path, profile, verdict, reason, score, findings, .. } = message;
    html! {
        details {
            summary {
                span.score { (number::score(*score)) }
                span.verdict { (verdict) }
                span.path { (path) }
            }
            p.read {
                "Judged by the profile " code { (profile) }
                @if *reason != "score" { "; decided by " code { (reason) } ", not by its score" }
                "."
            }
            @if findings.is_empty() {
                p { "Nothing was found." }
            } @else {
                (table::findings(findings, known))
            }
        }
    }
}
