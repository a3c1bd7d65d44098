//! Comparisons in arguments: `'!= 0'`, `'< 512'`.

use super::{Arguments, CallError};

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    operator: Operator,
    number: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Less,
    Greater,
    AtMost,
    AtLeast,
}

/// Those that begin with another come first.
const OPERATORS: [(&str, Operator); 6] = [
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

impl Comparison {
    /// Reads an argument.
    ///
    /// # Errors
    /// Missing, or no comparison with a whole number.
    pub(super) fn argument(arguments: &Arguments, number: usize) -> Result<Self, CallError> {
        let text = arguments.text(number)?;
        let wrong = || CallError::Value { number, what: format!("`{text}` is no comparison") };
        Self::read(text).ok_or_else(wrong)
    }

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let find = |(sign, operator)| Some((operator, text.strip_prefix(sign)?));
        let (operator, number) = OPERATORS.into_iter().find_map(find)?;
        let number: i64 = number.trim().parse().ok()?;
        Some(Self { operator, number: number as f64 })
    }

    /// Whether a value compares so.
    pub(super) fn holds(self, value: f64) -> bool {
        match self.operator {
            Operator::Equal => value == self.number,
            Operator::Unequal => value != self.number,
            Operator::Less => value < self.number,
            Operator::Greater => value > self.number,
            Operator::AtMost => value <= self.number,
            Operator::AtLeast => value >= self.number,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_are_read() {
        for (text, holding, failing) in [
            ("!= 0", 1.0, 0.0),
            (" == -1", -1.0, 1.0),
            ("<512", 511.0, 512.0),
            ("<= 2", 2.0, 3.0),
            ("> +1", 2.0, 1.0),
            (">=1", 1.0, 0.0),
        ] {
            let comparison = Comparison::read(text).unwrap();
            assert!(comparison.holds(holding) && !comparison.holds(failing), "{text}");
        }
        assert_eq!(
            [Comparison::read("0"), Comparison::read("< x"), Comparison::read("")],
            [None; 3]
        );
    }
}
