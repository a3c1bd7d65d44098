//! The place where a picture is drawn, and the lines around it.

use maud::{Markup, html};

/// A rectangle in the units of the view box, with room for labels around it.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// A line at some place, with its text.
pub(super) struct Mark {
    /// On the axis, in the units of the data.
    pub(super) at: f64,
    /// What it says.
    pub(super) text: String,
}

impl Frame {
    /// From 0, at the left, to 1, at the right.
    pub(super) fn x(&self, part: f64) -> f64 {
        self.left + part.clamp(0.0, 1.0) * (self.right - self.left)
    }

    /// From 0, at the bottom, to 1, at the top.
    pub(super) fn y(&self, part: f64) -> f64 {
        self.bottom - part.clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    /// A line from the bottom to the top, with a text below it.
    pub(super) fn upright(&self, part: f64, text: &str) -> Markup {
        let x = pixels(self.x(part));
        html! {
            line.grid x1=(x) x2=(x) y1=(pixels(self.top)) y2=(pixels(self.bottom)) {}
            text.tick x=(x) y=(pixels(self.bottom + 18.0)) text-anchor="middle" { (text) }
        }
    }

    /// A line from the left to the right, with a text before it.
    pub(super) fn level(&self, part: f64, text: &str) -> Markup {
        let y = self.y(part);
        html! {
            line.grid x1=(pixels(self.left)) x2=(pixels(self.right)) y1=(pixels(y)) y2=(pixels(y)) {}
            text.tick x=(pixels(self.left - 7.0)) y=(pixels(y + 4.5)) text-anchor="end" { (text) }
        }
    }

    /// What the axes show.
    pub(super) fn names(&self, across: &str, up: &str) -> Markup {
        let (x, y) = ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0);
        html! {
            text.axis x=(pixels(x)) y=(pixels(self.bottom + 40.0)) text-anchor="middle" { (across) }
            text.axis transform=(format!("translate(15 {y:.1}) rotate(-90)")) text-anchor="middle" { (up) }
        }
    }
}

/// A length or place, with one decimal.
pub(super) fn pixels(place: f64) -> String {
    format!("{place:.1}")
}
