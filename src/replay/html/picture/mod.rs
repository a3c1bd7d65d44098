//! Pictures as SVG 2, inside the page: drawn here, so that they are there without a script.

mod det;
mod frame;
mod histogram;

use maud::{Markup, html};

use self::{
    det::{Det, Trade},
    frame::Mark,
    histogram::Histogram,
};
use super::{Section, number};
use crate::{
    replay::{Report, Threshold, Timing},
    verdict::Label,
};

/// Spam against ham by score.
pub(super) fn scores(report: &Report) -> Option<Section> {
    let marks = thresholds(report).into_iter();
    let alone = report.learning.is_some();
    let histogram = Histogram {
        title: "Messages by score",
        axis: if alone { "log-odds of spam" } else { "score, in points" },
        bins: &report.histogram,
        marks: marks.map(|t| Mark { at: t.from.as_f64(), text: name(t) }).collect(),
        round: histogram::round_numbers,
        show: number::short,
    };
    let picture = histogram.draw()?;
    let read = html! {
        "Spam stands above the line, ham hangs below it; bar lengths are logarithmic, so that single messages can be \
         seen. What is above the line left of a threshold is missed; what is below it to the right is lost."
        (profile_note(report))
    };
    Some(Section::new("scores", "Scores", figure(picture, &legend(), &read)))
}

/// Both rates of mistakes against each other.
pub(super) fn curve(report: &Report) -> Option<Section> {
    let trade = |name, report| Trade { name, report, thresholds: thresholds(report) };
    let mut curves = vec![trade("this configuration", report)];
    if let Some(against) = &report.against {
        curves.push(trade("the other configuration", &against.other));
    }
    let legend = html! {
        @if report.against.is_some() {
            span.key.first { "this configuration" }
            span.key.second { "the other configuration" }
        }
    };
    let picture = Det::new(curves)?.draw();
    let read = html! {
        "Each point is a threshold: how much ham it takes for spam, and how much spam it misses. Nearer to the lower \
         left corner is better. Both axes are normal deviates, on which normally distributed scores make a straight \
         line. No mistake at all is drawn as half a message: there the curve runs straight up, or straight across. \
         Verdicts that something else than the score decided are not in it."
        (profile_note(report))
    };
    Some(Section::new("curve", "Detection error trade-off (DET)", figure(picture, &legend, &read)))
}

/// Messages by the time they took.
pub(super) fn latencies(timing: &Timing) -> Markup {
    let latency = &timing.latency;
    let marks = [("50\u{a0}%", latency.p50_ms), ("99\u{a0}%", latency.p99_ms)];
    let histogram = Histogram {
        title: "Messages by the time it took to judge them",
        axis: "milliseconds",
        bins: &timing.latency_histogram,
        marks: marks
            .map(|(text, ms)| Mark { at: ms.max(1e-3).log10(), text: text.to_owned() })
            .into(),
        round: histogram::round_powers,
        show: |log| number::short(10_f64.powf(log)),
    };
    let read = html! {
        "Spam stands above the line, ham hangs below it; both axes are logarithmic. Half of the messages lie left of \
         50\u{a0}%."
    };
    html! { @if let Some(picture) = histogram.draw() { (figure(picture, &legend(), &read)) } }
}

fn legend() -> Markup {
    html! {
        @for label in [Label::Spam, Label::Ham] { span.key.(label) { (label) } }
    }
}

fn figure(picture: Markup, legend: &Markup, read: &Markup) -> Markup {
    html! {
        figure {
            @if !legend.0.is_empty() { p.legend { (legend) } }
            (picture)
            figcaption { (read) }
        }
    }
}

/// Those of the profile that judged most.
fn thresholds(report: &Report) -> Vec<&Threshold> {
    let main = main_profile(report);
    report.thresholds.iter().filter(|threshold| Some(threshold.profile.as_str()) == main).collect()
}

fn main_profile(report: &Report) -> Option<&str> {
    let most = report.per_profile.iter().max_by_key(|(_, counted)| counted.spam + counted.ham);
    most.map(|(name, _)| name.as_str())
}

/// Says whose thresholds are shown, where there are others.
fn profile_note(report: &Report) -> Markup {
    html! {
        @if report.per_profile.len() > 1 && let Some(main) = main_profile(report) {
            " The thresholds are those of the profile " code { (main) } ", which judged most messages."
        }
    }
}

/// `reject from 10`
fn name(threshold: &Threshold) -> String {
    format!("{} from {}", threshold.verdict, number::short(threshold.from.as_f64()))
}
