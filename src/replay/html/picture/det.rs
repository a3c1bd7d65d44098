//! A. Martin et al., "The DET Curve in Assessment of Detection Task Performance", Eurospeech 1997:
//! both rates of mistakes on normal deviate axes.

use maud::{Markup, html};

use super::{
    super::number,
    frame::{Frame, pixels},
};
use crate::replay::{CurvePoint, Report, Threshold};

const WIDTH: f64 = 620.0;
const HEIGHT: f64 = 480.0;
const FRAME: Frame = Frame { left: 74.0, right: WIDTH - 16.0, top: 26.0, bottom: HEIGHT - 52.0 };

/// Percentages that may stand on an axis.
const TICKS: [f64; 20] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 40.0, 60.0,
    80.0, 90.0, 95.0, 99.0,
];

/// Axes end here, where neither a threshold nor the best of the curve lies beyond.
const USUAL_END: f64 = 60.0;

/// No axis goes further.
const LAST_END: f64 = 99.0;

/// Between two labels of an axis, at least.
const LABELS_APART: f64 = 38.0;

/// One configuration's curve.
pub(super) struct Trade<'r> {
    pub(super) name: &'static str,
    pub(super) report: &'r Report,
    pub(super) thresholds: Vec<&'r Threshold>,
}

impl<'r> Trade<'r> {
    /// What each threshold does: that of the highest score below it. One that takes everything for
    /// spam has no place on the curve.
    fn marked(&self) -> impl Iterator<Item = (&'r Threshold, CurvePoint)> {
        let points = &self.report.curve;
        let reached = |from: f64| points.iter().rfind(|point| point.score < from).copied();
        self.thresholds.iter().filter_map(move |t| Some((*t, reached(t.from.as_f64())?)))
    }
}

/// Curves, and their axes.
pub(super) struct Det<'r> {
    curves: Vec<Trade<'r>>,
    /// Lost ham.
    across: Axis,
    /// Missed spam.
    up: Axis,
}

/// Percentages as normal deviates.
struct Axis {
    /// The deviate at its beginning, and at its end.
    ends: [f64; 2],
    /// A share is drawn as half a message at least.
    least: f64,
}

impl<'r> Det<'r> {
    /// `None` without spam or ham.
    pub(super) fn new(curves: Vec<Trade<'r>>) -> Option<Self> {
        let Report { spam, ham, .. } = *curves.first()?.report;
        let points = || curves.iter().flat_map(|curve| &curve.report.curve);
        points().next()?;
        let worse = |point: &CurvePoint| point.ham_percent.max(point.missed_percent);
        let best = points().map(worse).fold(100.0, f64::min);
        let marked: Vec<CurvePoint> =
            curves.iter().flat_map(Trade::marked).map(|(_, p)| p).collect();
        let end = |of: fn(&CurvePoint) -> f64| {
            let marked = marked.iter().map(of).filter(|&share| share <= LAST_END);
            let most = marked.fold(USUAL_END.max(best), f64::max);
            TICKS.into_iter().find(|&tick| tick >= most).unwrap_or(LAST_END)
        };
        let across = Axis::new(ham, end(|point| point.ham_percent));
        let up = Axis::new(spam, end(|point| point.missed_percent));
        Some(Self { curves, across, up })
    }

    pub(super) fn draw(&self) -> Markup {
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" {
                title { "Missed spam against lost ham" }
                desc { (self.describe()) }
                defs {
                    clipPath id="det-frame" {
                        // A line on an edge is seen whole.
                        rect x=(pixels(FRAME.left - 2.0)) y=(pixels(FRAME.top))
                            width=(pixels(FRAME.right - FRAME.left + 2.0))
                            height=(pixels(FRAME.bottom - FRAME.top + 2.0)) {}
                    }
                }
                @for (percent, part) in self.across.ticks(FRAME.right - FRAME.left) {
                    (FRAME.upright(part, &number::short(percent)))
                }
                @for (percent, part) in self.up.ticks(FRAME.bottom - FRAME.top) {
                    (FRAME.level(part, &number::short(percent)))
                }
                (FRAME.names("ham taken for spam, %", "spam missed, %"))
                g clip-path="url(#det-frame)" {
                    @for (at, curve) in self.curves.iter().enumerate() { (self.path(at, curve)) }
                    @for curve in self.curves.iter().rev() { (self.points(curve)) }
                }
                @for (at, curve) in self.curves.iter().enumerate() { (self.thresholds(at, curve)) }
            }
        }
    }

    fn describe(&self) -> String {
        let Some(report) = self.curves.first().map(|curve| curve.report) else {
            return String::new();
        };
        let missed = report.missed_percent.iter().filter_map(|(loss, missed)| {
            Some(format!(
                "where {loss} % of the ham may be lost, {:.2} % of the spam is missed",
                (*missed)?
            ))
        });
        let mut text = missed.collect::<Vec<_>>().join("; ");
        if let Some(first) = text.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        text + "."
    }

    /// From 0 to 1 each: across, up.
    fn place(&self, point: &CurvePoint) -> [f64; 2] {
        [self.across.part(point.ham_percent), self.up.part(point.missed_percent)]
    }

    fn path(&self, at: usize, curve: &Trade<'_>) -> Markup {
        let places = curve.report.curve.iter().map(|point| self.place(point));
        let mut path = String::new();
        for [x, y] in places {
            path.push(if path.is_empty() { 'M' } else { 'L' });
            path.push_str(&format!("{} {}", pixels(free_x(x)), pixels(free_y(y))));
        }
        html! { path class={ "curve " (rank(at)) } d=(path) {} }
    }

    /// Where it is if that is inside the frame.
    fn inside(&self, point: &CurvePoint) -> Option<[f64; 2]> {
        Some(self.place(point)).filter(|place| place.iter().all(|part| (0.0..=1.0).contains(part)))
    }

    /// What is under the pointer.
    fn points(&self, curve: &Trade<'_>) -> Markup {
        let points = curve.report.curve.iter();
        html! {
            @for (point, [x, y]) in points.filter_map(|point| Some((point, self.inside(point)?))) {
                g.tip {
                    title {
                        @if self.curves.len() > 1 { (curve.name) ": " }
                        "above " (number::score(point.score)) ": " (number::rough(point.ham_percent))
                        " of ham lost, " (number::rough(point.missed_percent)) " of spam missed"
                    }
                    circle.hover cx=(pixels(FRAME.x(x))) cy=(pixels(FRAME.y(y))) r="7" {}
                }
            }
        }
    }

    fn thresholds(&self, at: usize, curve: &Trade<'_>) -> Markup {
        let marked = curve.marked();
        html! {
            @for (threshold, [x, y]) in marked.filter_map(|(t, point)| Some((t, self.inside(&point)?))) {
                @let (left, top) = (FRAME.x(x), FRAME.y(y));
                @let (shift, anchor) = if x > 0.7 { (-11.0, "end") } else { (11.0, "start") };
                circle class={ "threshold " (rank(at)) } cx=(pixels(left)) cy=(pixels(top)) r="5.5" {}
                text.mark x=(pixels(left + shift)) y=(pixels(top - 8.0)) text-anchor=(anchor) {
                    (super::name(threshold))
                }
            }
        }
    }
}

fn rank(at: usize) -> &'static str {
    if at == 0 { "first" } else { "second" }
}

/// As [`Frame::x`], beyond the frame as well.
fn free_x(part: f64) -> f64 {
    FRAME.left + part * (FRAME.right - FRAME.left)
}

/// As [`Frame::y`], beyond the frame as well.
fn free_y(part: f64) -> f64 {
    FRAME.bottom - part * (FRAME.bottom - FRAME.top)
}

impl Axis {
    /// For shares of so many messages.
    fn new(messages: usize, end: f64) -> Self {
        let least = (50.0 / messages.max(1) as f64).min(end / 2.0);
        let begin = TICKS.iter().rfind(|&&tick| tick <= least).copied().unwrap_or(least);
        Self { ends: [begin, end].map(deviate), least }
    }

    fn part(&self, percent: f64) -> f64 {
        let [begin, end] = self.ends;
        (deviate(percent.clamp(self.least, 100.0 - self.least)) - begin) / (end - begin)
    }

    /// Percentages and where they stand, so far apart that their labels have room.
    fn ticks(&self, length: f64) -> Vec<(f64, f64)> {
        let [begin, end] = self.ends;
        let all = TICKS.iter().map(|&tick| (tick, (deviate(tick) - begin) / (end - begin)));
        let mut ticks: Vec<(f64, f64)> = Vec::new();
        for (tick, part) in all.filter(|(_, part)| (-1e-9..=1.0 + 1e-9).contains(part)) {
            if ticks.last().is_none_or(|(_, last)| (part - last) * length >= LABELS_APART) {
                ticks.push((tick, part));
            }
        }
        ticks
    }
}

/// The normal deviate of a share in percent: where the distribution function of the standard normal
/// distribution reaches it.
fn deviate(percent: f64) -> f64 {
    let (mut low, mut high) = (-8.0, 8.0);
    // So many halvings leave less than a pixel would show by far.
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        let below = 50.0 * libm::erfc(-middle / std::f64::consts::SQRT_2);
        if below < percent { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of statistical tables.
    #[test]
    fn deviates() {
        for (percent, expected) in [
            (50.0, 0.0),
            (84.134_474_6, 1.0),
            (97.5, 1.959_964),
            (2.5, -1.959_964),
            (0.1, -3.090_232),
        ] {
            assert!((deviate(percent) - expected).abs() < 1e-5, "{percent}");
        }
    }

    #[test]
    fn axes_begin_below_half_a_message_and_their_labels_have_room() {
        for messages in [0, 1, 3, 100, 4_000, 1_000_000] {
            let axis = Axis::new(messages, USUAL_END);
            assert!((0.0..1.0).contains(&axis.part(0.0)), "{messages}");
            assert!(axis.part(100.0) >= 1.0 || messages < 2, "{messages}");
            let ticks = axis.ticks(400.0);
            assert!(ticks.len() >= 2, "{messages}: {ticks:?}");
            assert!(ticks.windows(2).all(|pair| (pair[1].1 - pair[0].1) * 400.0 >= LABELS_APART));
        }
    }
}
