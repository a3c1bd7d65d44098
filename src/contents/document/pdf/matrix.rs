//! Matrices of the plane (ISO 32000-1, 8.3.3).

/// A matrix of six numbers: a, b, c, d, e, f.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matrix(
    pub(super) f64,
    pub(super) f64,
    pub(super) f64,
    pub(super) f64,
    pub(super) f64,
    pub(super) f64,
);

impl Matrix {
    /// Changes nothing.
    pub(super) const UNIT: Self = Self(1.0, 0.0, 0.0, 1.0, 0.0, 0.0);

    /// First this, then the other.
    pub(super) fn then(self, other: Self) -> Self {
        let (m, n) = (self, other);
        Self(
            m.0 * n.0 + m.1 * n.2,
            m.0 * n.1 + m.1 * n.3,
            m.2 * n.0 + m.3 * n.2,
            m.2 * n.1 + m.3 * n.3,
            m.4 * n.0 + m.5 * n.2 + n.4,
            m.4 * n.1 + m.5 * n.3 + n.5,
        )
    }

    /// Moves by so much.
    pub(super) fn moved(x: f64, y: f64) -> Self {
        Self(1.0, 0.0, 0.0, 1.0, x, y)
    }

    /// Of six numbers.
    pub(super) fn of(numbers: &[f64]) -> Option<Self> {
        match numbers {
            [a, b, c, d, e, f] => Some(Self(*a, *b, *c, *d, *e, *f)),
            _ => None,
        }
    }
}
