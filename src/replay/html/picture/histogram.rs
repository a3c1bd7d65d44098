//! Spam above a line, ham below it: the two never hide each other.

use maud::{Markup, html};

use super::{
    super::number,
    frame::{Frame, Mark, pixels},
};
use crate::{replay::Bin, verdict::Label};

const WIDTH: f64 = 680.0;
const HEIGHT: f64 = 330.0;
const FRAME: Frame = Frame { left: 70.0, right: WIDTH - 14.0, top: 54.0, bottom: HEIGHT - 50.0 };

/// Between two labels on the axis, at least.
const LABELS_APART: f64 = 52.0;

/// What is drawn.
pub(super) struct Histogram<'r> {
    pub(super) title: &'static str,
    /// What the bins are of, with the unit.
    pub(super) axis: &'static str,
    /// The first is open below, the last above.
    pub(super) bins: &'r [Bin],
    pub(super) marks: Vec<Mark>,
    /// Numbers for the axis, between two ends, at most so many.
    pub(super) round: fn([f64; 2], f64) -> Vec<f64>,
    /// How a number is shown.
    pub(super) show: fn(f64) -> String,
}

/// The bins on their axis.
struct Scale {
    first: f64,
    width: f64,
    bins: f64,
    /// The most messages of one label in one bin.
    most: usize,
}

impl Histogram<'_> {
    /// `None` without messages.
    pub(super) fn draw(&self) -> Option<Markup> {
        let scale = Scale::of(self.bins)?;
        Some(html! {
            svg.wide viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" {
                title { (self.title) }
                desc { (self.describe()) }
                (levels(&scale))
                @for at in (self.round)(scale.ends(), (FRAME.right - FRAME.left) / LABELS_APART) {
                    (FRAME.upright(scale.place(at), &(self.show)(at)))
                }
                @for (at, bin) in self.bins.iter().enumerate() { (self.bar(&scale, at, bin)) }
                (middle())
                @for (at, mark) in self.marks.iter().enumerate() { (mark_line(&scale, at, mark)) }
                // Over the lines: a text may cross its neighbour's.
                @for (at, mark) in self.marks.iter().enumerate() { (mark_text(&scale, at, mark)) }
                (FRAME.names(self.axis, "messages"))
            }
        })
    }

    fn describe(&self) -> String {
        let most = |of: fn(&Bin) -> usize| {
            let fullest = self.bins.iter().max_by_key(|bin| of(bin));
            fullest.map(|bin| format!("{} ({})", self.range(bin), number::count(of(bin))))
        };
        let (spam, ham) = (most(|bin| bin.spam), most(|bin| bin.ham));
        format!(
            "Most spam is at {}, most ham at {}.",
            spam.unwrap_or_default(),
            ham.unwrap_or_default()
        )
    }

    /// `4 to 5`, `below -3`, `12 and more`
    fn range(&self, bin: &Bin) -> String {
        let starts = || self.bins.iter().filter_map(|bin| bin.from);
        match (bin.from, starts().find(|&next| bin.from.is_some_and(|from| next > from))) {
            (Some(from), Some(to)) => format!("{} to {}", (self.show)(from), (self.show)(to)),
            (Some(from), None) => format!("{} and more", (self.show)(from)),
            (None, _) => {
                starts().next().map(|to| format!("below {}", (self.show)(to))).unwrap_or_default()
            }
        }
    }

    fn bar(&self, scale: &Scale, at: usize, bin: &Bin) -> Markup {
        let (left, width) =
            (FRAME.x(at as f64 / scale.bins), (FRAME.right - FRAME.left) / scale.bins);
        let (above, below) = (scale.y(bin.spam, Label::Spam), scale.y(bin.ham, Label::Ham));
        let middle = FRAME.y(0.5);
        let bar = |label: Label, from: f64, to: f64| {
            html! {
                rect class=(label) x=(pixels(left + 0.6)) width=(pixels((width - 1.2).max(1.0)))
                    y=(pixels(from)) height=(pixels(to - from)) {}
            }
        };
        html! {
            @if bin.spam + bin.ham > 0 {
                g.tip {
                    title {
                        (self.range(bin)) ": " (number::count(bin.spam)) " spam, " (number::count(bin.ham)) " ham"
                    }
                    rect.hover x=(pixels(left)) width=(pixels(width))
                        y=(pixels(FRAME.top)) height=(pixels(FRAME.bottom - FRAME.top)) {}
                    @if bin.spam > 0 { (bar(Label::Spam, above, middle)) }
                    @if bin.ham > 0 { (bar(Label::Ham, middle, below)) }
                }
            }
        }
    }
}

impl Scale {
    fn of(bins: &[Bin]) -> Option<Self> {
        let mut starts = bins.iter().filter_map(|bin| bin.from);
        let (first, second) = (starts.next()?, starts.next()?);
        let most = bins.iter().map(|bin| bin.spam.max(bin.ham)).max().filter(|&most| most > 0)?;
        Some(Self { first, width: second - first, bins: bins.len() as f64, most })
    }

    /// The ends of the bins that are not open.
    fn ends(&self) -> [f64; 2] {
        [self.first, self.first + self.width * (self.bins - 2.0)]
    }

    /// From 0 to 1, across. What is out of the bins lies in the middle of an open one.
    fn place(&self, figure: f64) -> f64 {
        let bin = 1.0 + (figure - self.first) / self.width;
        bin.clamp(0.5, self.bins - 0.5) / self.bins
    }

    fn y(&self, messages: usize, label: Label) -> f64 {
        let size = (messages as f64).ln_1p() / (self.most as f64).ln_1p() / 2.0;
        FRAME.y(if label == Label::Spam { 0.5 + size } else { 0.5 - size })
    }
}

/// 1, 10, 100 … messages, above and below.
fn levels(scale: &Scale) -> Markup {
    let tens = (0..).map(|power| 10_usize.saturating_pow(power));
    let tens: Vec<usize> = tens.take_while(|&messages| messages <= scale.most).collect();
    html! {
        @for label in [Label::Spam, Label::Ham] {
            @for &messages in &tens {
                @let part = (FRAME.bottom - scale.y(messages, label)) / (FRAME.bottom - FRAME.top);
                (FRAME.level(part, &number::count(messages)))
            }
        }
    }
}

fn middle() -> Markup {
    let y = pixels(FRAME.y(0.5));
    html! { line.base x1=(pixels(FRAME.left)) x2=(pixels(FRAME.right)) y1=(y) y2=(y) {} }
}

/// Where a mark's text stands; those of neighbours at different heights.
fn mark_top(at: usize) -> f64 {
    FRAME.top - if at.is_multiple_of(2) { 8.0 } else { 30.0 }
}

fn mark_line(scale: &Scale, at: usize, mark: &Mark) -> Markup {
    let (x, top) = (pixels(FRAME.x(scale.place(mark.at))), pixels(mark_top(at) - 10.0));
    html! { line.mark x1=(x) x2=(x) y1=(top) y2=(pixels(FRAME.bottom)) {} }
}

fn mark_text(scale: &Scale, at: usize, mark: &Mark) -> Markup {
    let place = scale.place(mark.at);
    let (shift, anchor) = if place > 0.85 { (-5.0, "end") } else { (5.0, "start") };
    html! {
        text.mark x=(pixels(FRAME.x(place) + shift)) y=(pixels(mark_top(at))) text-anchor=(anchor) { (mark.text) }
    }
}

/// Multiples of 1, 2 or 5 and their tenths, at most so many.
pub(super) fn round_numbers([low, high]: [f64; 2], most: f64) -> Vec<f64> {
    let least = ((high - low) / most).max(1e-3);
    let decade = 10_f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0].map(|factor| factor * decade).into_iter().find(|&step| step >= least);
    let step = step.unwrap_or(10.0 * decade);
    let first = (low / step - 1e-9).ceil();
    (0..)
        .map(|at| (first + f64::from(at)) * step)
        .take_while(|&at| at <= high + step * 1e-9)
        .collect()
}

/// The logarithms of powers of ten, and of twice and five times as much where there is room.
pub(super) fn round_powers([low, high]: [f64; 2], most: f64) -> Vec<f64> {
    let decades = low.floor() as i32..=high.ceil() as i32;
    let of = |factors: &[f64]| -> Vec<f64> {
        let all = decades.clone().flat_map(|decade| {
            factors.iter().map(move |factor| f64::from(decade) + factor.log10())
        });
        all.filter(|at| (low..=high).contains(at)).collect()
    };
    let all = of(&[1.0, 2.0, 5.0]);
    if all.len() as f64 <= most { all } else { of(&[1.0]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_axes_are_round() {
        for (ends, most, expected) in [
            ([-3.0, 17.0], 10.0, &[-2.0, 0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0][..]),
            ([0.0, 1.0], 4.0, &[0.0, 0.5, 1.0]),
            ([5.0, 5.001], 10.0, &[5.0, 5.001]),
        ] {
            let found = round_numbers(ends, most);
            assert_eq!(found.len(), expected.len(), "{found:?}");
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
        }
        let shown = |most| -> Vec<String> {
            let logs = round_powers([-0.5, 2.1], most);
            logs.into_iter().map(|log| number::short(10_f64.powf(log))).collect()
        };
        assert_eq!(shown(20.0), ["0.5", "1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!(shown(5.0), ["1", "10", "100"]);
    }
}
