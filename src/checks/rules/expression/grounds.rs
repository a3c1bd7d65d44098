//! Which single values decide an expression, whatever the others are.

use super::{Expression, Operator, Step};

/// Values each of which decides an expression on its own. All values are 0 or more.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in super::super) struct Grounds {
    /// If one of these is 0, so is the whole.
    pub(in super::super) zero_without: Vec<u32>,
    /// If one of these is not 0, the whole is.
    pub(in super::super) zero_with: Vec<u32>,
    /// If one of these is 0, the whole is not.
    pub(in super::super) true_without: Vec<u32>,
    /// If one of these is not 0, nor is the whole.
    pub(in super::super) true_with: Vec<u32>,
}

/// A part of an expression.
#[derive(Default)]
struct Part {
    grounds: Grounds,
    /// Its value, if it is a number.
    number: Option<f64>,
    /// It can be less than 0.
    signed: bool,
}

impl Expression {
    /// What decides it.
    pub(in super::super) fn grounds(&self) -> Grounds {
        let mut stack: Vec<Part> = Vec::new();
        for step in &self.0 {
            let mut pop = || stack.pop().unwrap_or_default();
            let result = match *step {
                Step::Value(index) => Part::value(index),
                Step::Number(number) => {
                    Part { number: Some(number), signed: number < 0.0, ..Part::default() }
                }
                Step::Not => pop().not(),
                Step::Negate => Part { number: None, signed: true, ..pop() },
                Step::Choose => {
                    let (no, yes, _) = (pop(), pop(), pop());
                    let signed = no.signed || yes.signed;
                    Part { signed, ..Part::of(no.grounds.common(yes.grounds)) }
                }
                Step::Binary(operator) => {
                    let (right, left) = (pop(), pop());
                    left.joined(operator, right)
                }
            };
            stack.push(result);
        }
        stack.pop().unwrap_or_default().grounds
    }
}

impl Part {
    fn of(grounds: Grounds) -> Self {
        Self { grounds, number: None, signed: false }
    }

    fn value(index: u32) -> Self {
        let (zero_without, true_with) = (vec![index], vec![index]);
        Self::of(Grounds { zero_without, true_with, ..Grounds::default() })
    }

    fn not(self) -> Self {
        Self::of(self.grounds.turned())
    }

    fn joined(self, operator: Operator, other: Self) -> Self {
        let signed = self.signed || other.signed;
        let (one, two) = (self.grounds, other.grounds);
        let grounds = match operator {
            Operator::And | Operator::Multiply => one.both(two),
            Operator::Or => one.turned().both(two.turned()).turned(),
            Operator::Add if !signed => one.turned().both(two.turned()).turned(),
            // What makes both sides 0 makes the sum 0; nothing is known of others.
            Operator::Add | Operator::Subtract => one.common(two).only_zero(),
            // A division by 0 is 0.
            Operator::Divide => one.both(two).only_zero(),
            Operator::Xor => Grounds::default(),
            comparison => match (self.number, other.number) {
                (_, Some(number)) => one.compared(comparison.apply(0.0, number)),
                (Some(number), _) => two.compared(comparison.apply(number, 0.0)),
                _ => Grounds::default(),
            },
        };
        let signed = match operator {
            Operator::Subtract | Operator::Xor => true,
            Operator::And | Operator::Or | Operator::Add => signed,
            Operator::Multiply | Operator::Divide => signed,
            _ => false,
        };
        Self { grounds, number: None, signed }
    }
}

impl Grounds {
    /// Those of what is 0 where this is not.
    pub(in super::super) fn turned(self) -> Self {
        Self {
            zero_without: self.true_without,
            zero_with: self.true_with,
            true_without: self.zero_without,
            true_with: self.zero_with,
        }
    }

    /// Those of what is 0 if one of two parts is.
    fn both(mut self, other: Self) -> Self {
        self.zero_without.extend(other.zero_without);
        self.zero_with.extend(other.zero_with);
        self.true_without.retain(|index| other.true_without.contains(index));
        self.true_with.retain(|index| other.true_with.contains(index));
        self
    }

    /// Those of what is one of two parts, or 0 if both are.
    fn common(mut self, other: Self) -> Self {
        self.zero_without.retain(|index| other.zero_without.contains(index));
        self.zero_with.retain(|index| other.zero_with.contains(index));
        self.true_without.retain(|index| other.true_without.contains(index));
        self.true_with.retain(|index| other.true_with.contains(index));
        self
    }

    fn only_zero(self) -> Self {
        Self { true_without: Vec::new(), true_with: Vec::new(), ..self }
    }

    /// Those of a comparison with a number, which comes to `of_zero` where this is 0.
    fn compared(self, of_zero: f64) -> Self {
        let zero = self.only_zero();
        if of_zero == 0.0 { zero } else { zero.turned() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::rules::expression::{Operand, Term};

    const VALUES: u32 = 4;

    /// `A` is the first value, `B` the second.
    fn expression(text: &str) -> Expression {
        let number = |name: &str| u32::from(name.as_bytes()[0] - b'A');
        let meaning = &mut |term: Term<'_>| match term {
            Term::Name(name) => Ok(Operand::Value(number(name))),
            Term::Call { function, .. } => Err(function.to_owned()),
        };
        Expression::parse(text, meaning).unwrap()
    }

    #[test]
    fn what_decides_an_expression_is_known() {
        for (text, zero_without, zero_with) in [
            ("A", &[0][..], &[][..]),
            ("!A", &[], &[0]),
            ("A && !B && !(C || D)", &[0], &[1, 2, 3]),
            ("A && (B || C)", &[0], &[]),
            ("(A && B) || (C && B)", &[1], &[]),
            ("(A && B) + (A && C)", &[0], &[]),
            ("A - A", &[0], &[]),
            ("A ? B && C : C", &[2], &[]),
            ("A > 1 && B", &[0, 1], &[]),
            ("1 <= A", &[0], &[]),
            ("(A < 1) && B", &[1], &[]),
            ("!(A > 1)", &[], &[]),
            ("!(A < 1) && !(B + C)", &[0], &[1, 2]),
            ("A + B > 1", &[], &[]),
            ("!(A - B)", &[], &[]),
            ("A || 1", &[], &[]),
        ] {
            let grounds = expression(text).grounds();
            assert_eq!(grounds.zero_without, zero_without, "{text}");
            assert_eq!(grounds.zero_with, zero_with, "{text}");
        }
    }

    fn any_expression() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec!["A", "B", "C", "D", "0", "1", "2"]);
        let operators = ["&&", "||", "+", "-", "*", "/", "^", ">", "<", ">=", "<=", "==", "!="];
        leaf.prop_map(str::to_owned).prop_recursive(4, 16, 3, move |inner| {
            let operator = prop::sample::select(operators.to_vec());
            let sign = prop::sample::select(vec!["", "!", "-"]);
            prop_oneof![
                (inner.clone(), operator, sign, inner.clone())
                    .prop_map(|(a, operator, sign, b)| format!("{sign}({a} {operator} {b})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            ]
        })
    }

    proptest! {
        #[test]
        fn they_decide_it(
            text in any_expression(),
            values in prop::collection::vec(0_u32..4, usize::try_from(VALUES).unwrap()),
        ) {
            let expression = expression(&text);
            let value = |index: u32| f64::from(values[index as usize]);
            let is_zero = expression.evaluate(&mut Vec::new(), value) == 0.0;
            let grounds = expression.grounds();
            for index in 0..VALUES {
                let [absent, present] = [value(index) == 0.0, value(index) != 0.0];
                prop_assert!(is_zero || !(absent && grounds.zero_without.contains(&index)));
                prop_assert!(is_zero || !(present && grounds.zero_with.contains(&index)));
                prop_assert!(!(is_zero && absent && grounds.true_without.contains(&index)));
                prop_assert!(!(is_zero && present && grounds.true_with.contains(&index)));
            }
        }
    }
}
