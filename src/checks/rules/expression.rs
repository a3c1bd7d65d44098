//! Expressions of `meta` and `if` lines: names, numbers, arithmetic, comparison, logic.
//!
//! Compiled to postfix when the rules are loaded, so that a hostile or merely long expression
//! costs neither stack nor time later. The operators are Perl's with Perl's precedence, and so
//! are the values: `a && b` is `a` if that is 0, else `b`; a comparison is 1 or 0. Two things
//! differ from Perl: both sides of `&&`, `||` and `?:` are evaluated (nothing has side effects),
//! and a division by zero is 0 instead of the end of the program.

mod grounds;

pub(super) use grounds::Grounds;

/// A name or call that the owner of the expression gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term<'t> {
    /// `NAME` or `Some::Name`.
    Name(&'t str),
    /// `function(argument)`.
    Call {
        /// The function's name.
        function: &'t str,
        /// Everything between its parentheses, trimmed.
        argument: &'t str,
    },
}

/// What a term stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// A number known now.
    Number(f64),
    /// A value known when the expression is evaluated.
    Value(u32),
    /// The sum of several such values.
    Sum(Vec<u32>),
}

/// Why a text is not an expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExpressionError {
    /// Something else was expected here.
    #[error("unexpected `{0}` in the expression")]
    Unexpected(String),
    /// It stops in the middle.
    #[error("the expression ends too early")]
    Incomplete,
    /// More parentheses in parentheses than anybody writes.
    #[error("the expression is nested too deeply")]
    TooDeep,
    /// A term without a meaning here.
    #[error("{0}")]
    Term(String),
}

/// A compiled expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression(Vec<Step>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Number(f64),
    Value(u32),
    Not,
    Negate,
    Choose,
    Binary(Operator),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Xor,
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Expression {
    /// Compiles a text. `meaning` is asked about every term, in the order of the text.
    ///
    /// # Errors
    /// Not an expression, or a term without meaning.
    pub(super) fn parse(
        text: &str,
        meaning: &mut dyn FnMut(Term<'_>) -> Result<Operand, String>,
    ) -> Result<Self, ExpressionError> {
        let mut parser = Parser { rest: text.trim_start(), steps: Vec::new(), depth: 0, meaning };
        parser.choice()?;
        match parser.rest.chars().next() {
            None => Ok(Self(parser.steps)),
            Some(c) => Err(ExpressionError::Unexpected(c.to_string())),
        }
    }

    /// The value. `stack` is scratch space, `value` knows the values named by the operands.
    pub(super) fn evaluate(&self, stack: &mut Vec<f64>, value: impl Fn(u32) -> f64) -> f64 {
        stack.clear();
        for step in &self.0 {
            let result = match *step {
                Step::Number(number) => number,
                Step::Value(index) => value(index),
                Step::Not => truth(pop(stack) == 0.0),
                Step::Negate => -pop(stack),
                Step::Choose => {
                    let (no, yes) = (pop(stack), pop(stack));
                    if pop(stack) == 0.0 { no } else { yes }
                }
                Step::Binary(operator) => {
                    let (right, left) = (pop(stack), pop(stack));
                    operator.apply(left, right)
                }
            };
            stack.push(result);
        }
        pop(stack)
    }

    /// The values it depends on.
    pub(super) fn operands(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter_map(|step| match step {
            Step::Value(index) => Some(*index),
            _ => None,
        })
    }
}

impl Operator {
    const SPELLED: [(&'static str, Self); 13] = [
        ("||", Self::Or),
        ("&&", Self::And),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::Greater),
        ("^", Self::Xor),
        ("+", Self::Add),
        ("-", Self::Subtract),
        ("*", Self::Multiply),
        ("/", Self::Divide),
    ];

    /// How strongly it binds, from 1.
    fn strength(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Xor => 3,
            Self::Equal | Self::Unequal => 4,
            Self::Less | Self::AtMost | Self::Greater | Self::AtLeast => 5,
            Self::Add | Self::Subtract => 6,
            Self::Multiply | Self::Divide => 7,
        }
    }

    fn apply(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Or => {
                if left == 0.0 {
                    right
                } else {
                    left
                }
            }
            Self::And => {
                if left == 0.0 {
                    left
                } else {
                    right
                }
            }
            // Bitwise on whole numbers; `as` saturates.
            Self::Xor => (left as i64 ^ right as i64) as f64,
            Self::Equal => truth(left == right),
            Self::Unequal => truth(left != right),
            Self::Less => truth(left < right),
            Self::AtMost => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::AtLeast => truth(left >= right),
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => {
                if right == 0.0 {
                    0.0
                } else {
                    left / right
                }
            }
        }
    }
}

fn truth(holds: bool) -> f64 {
    if holds { 1.0 } else { 0.0 }
}

fn pop(stack: &mut Vec<f64>) -> f64 {
    stack.pop().unwrap_or(0.0)
}

struct Parser<'t, 'm> {
    /// What is left, without blanks in front.
    rest: &'t str,
    steps: Vec<Step>,
    depth: usize,
    meaning: &'m mut dyn FnMut(Term<'_>) -> Result<Operand, String>,
}

impl<'t> Parser<'t, '_> {
    /// `a ? b : c`, or less.
    fn choice(&mut self) -> Result<(), ExpressionError> {
        const DEEPEST: usize = 100;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ExpressionError::TooDeep);
        }
        self.binary(1)?;
        if self.eat("?") {
            self.choice()?;
            self.expect(":")?;
            self.choice()?;
            self.steps.push(Step::Choose);
        }
        self.depth -= 1;
        Ok(())
    }

    /// Operators that bind at least this strongly, from left to right.
    fn binary(&mut self, least: u8) -> Result<(), ExpressionError> {
        self.unary()?;
        while let Some((spelled, operator)) = self.operator() {
            if operator.strength() < least {
                break;
            }
            self.eat(spelled);
            self.binary(operator.strength() + 1)?;
            self.steps.push(Step::Binary(operator));
        }
        Ok(())
    }

    fn operator(&self) -> Option<(&'static str, Operator)> {
        Operator::SPELLED.into_iter().find(|(spelled, _)| self.rest.starts_with(spelled))
    }

    fn unary(&mut self) -> Result<(), ExpressionError> {
        let mut signs = Vec::new();
        loop {
            if !self.rest.starts_with("!=") && self.eat("!") {
                signs.push(Step::Not);
            } else if self.eat("-") {
                signs.push(Step::Negate);
            } else if !self.eat("+") {
                break;
            }
        }
        self.atom()?;
        self.steps.extend(signs.into_iter().rev());
        Ok(())
    }

    fn atom(&mut self) -> Result<(), ExpressionError> {
        if self.eat("(") {
            // Perl's `()` is nothing, which counts 0.
            if self.eat(")") {
                self.steps.push(Step::Number(0.0));
                return Ok(());
            }
            self.choice()?;
            return self.expect(")");
        }
        match self.rest.chars().next() {
            Some(c) if c.is_ascii_digit() || c == '.' => self.number(),
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.term(),
            Some(c) => Err(ExpressionError::Unexpected(c.to_string())),
            None => Err(ExpressionError::Incomplete),
        }
    }

    fn number(&mut self) -> Result<(), ExpressionError> {
        let digits = self.span(|c| c.is_ascii_digit() || c == '.');
        let number = digits.parse().map_err(|_| ExpressionError::Unexpected(digits.to_owned()))?;
        self.steps.push(Step::Number(number));
        Ok(())
    }

    fn term(&mut self) -> Result<(), ExpressionError> {
        let name = self.name();
        let call = self.rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let term = match call {
            Some((argument, rest)) => {
                self.rest = rest.trim_start();
                Term::Call { function: name, argument: argument.trim() }
            }
            None => Term::Name(name),
        };
        match (self.meaning)(term).map_err(ExpressionError::Term)? {
            Operand::Number(number) => self.steps.push(Step::Number(number)),
            Operand::Value(index) => self.steps.push(Step::Value(index)),
            Operand::Sum(indices) => {
                self.steps.push(Step::Number(0.0));
                for index in indices {
                    self.steps.extend([Step::Value(index), Step::Binary(Operator::Add)]);
                }
            }
        }
        Ok(())
    }

    /// A name; `::` joins the parts of a Perl module's.
    fn name(&mut self) -> &'t str {
        let start = self.rest;
        let mut length = 0;
        loop {
            let rest = start.get(length..).unwrap_or_default();
            let word = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let rest = rest.get(word.unwrap_or(rest.len())..).unwrap_or_default();
            length = start.len() - rest.len();
            if !rest.starts_with("::") {
                break;
            }
            length += 2;
        }
        let (name, rest) = start.split_at(length);
        self.rest = rest.trim_start();
        name
    }

    fn span(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let length = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (span, rest) = self.rest.split_at(length);
        self.rest = rest.trim_start();
        span
    }

    fn eat(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        if let Some(rest) = rest {
            self.rest = rest.trim_start();
        }
        rest.is_some()
    }

    fn expect(&mut self, word: &str) -> Result<(), ExpressionError> {
        if self.eat(word) {
            return Ok(());
        }
        Err(self
            .rest
            .chars()
            .next()
            .map_or(ExpressionError::Incomplete, |c| ExpressionError::Unexpected(c.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `A` to `E` have the values 1 to 5, `Z` has 0, `all()` is the sum of A to E.
    fn value(text: &str) -> Result<f64, ExpressionError> {
        Ok(expression(text)?.evaluate(&mut Vec::new(), f64::from))
    }

    /// `A` to `E` are the numbers 1 to 5, `Z` is 0.
    fn expression(text: &str) -> Result<Expression, ExpressionError> {
        Expression::parse(text, &mut |term| match term {
            Term::Name("Z") => Ok(Operand::Value(0)),
            Term::Name(name) if name.len() == 1 => {
                Ok(Operand::Value(u32::from(name.as_bytes()[0] - b'A' + 1)))
            }
            Term::Name(name) => Err(format!("no {name}")),
            Term::Call { function: "all", .. } => Ok(Operand::Sum(vec![1, 2, 3, 4, 5])),
            Term::Call { function, .. } => Err(format!("no {function}()")),
        })
    }

    #[test]
    fn expressions_have_perls_values() {
        for (text, expected) in [
            ("A", 1.0),
            ("!A", 0.0),
            ("!!B", 1.0),
            ("B && C", 3.0),
            ("Z && C", 0.0),
            ("B || C", 2.0),
            ("Z || C", 3.0),
            ("A + B * C", 7.0),
            ("(A + B) * C", 9.0),
            ("E - B - A", 2.0),
            ("A || Z && Z", 1.0),
            ("A + B > 2", 1.0),
            ("A+B>=4", 0.0),
            ("A<B == C<D", 1.0),
            ("-A + B", 1.0),
            ("!Z && !(A && Z)", 1.0),
            ("B / Z", 0.0),
            ("E / B", 2.5),
            ("A ? B : C", 2.0),
            ("Z ? B : A ? D : E", 4.0),
            ("A ^ C", 2.0),
            ("all() == 15", 1.0),
            ("0.5 + .5", 1.0),
            ("A != B", 1.0),
            ("()", 0.0),
            ("(A && (B || (C)))", 2.0),
        ] {
            assert_eq!(value(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "A B", "A &&", "(A", "A)", "&& A", "A = B", "1.2.3", "A & B", "NO", "f(A)"]
        {
            assert!(value(text).is_err(), "{text}");
        }
        let deep = "(".repeat(100_000);
        assert_eq!(value(&deep), Err(ExpressionError::TooDeep));
        let long = vec!["A"; 100_000].join("+");
        assert_eq!(value(&long), Ok(100_000.0));
    }

    proptest! {
        #[test]
        fn any_text_has_an_answer(text in "[A-EZ0-9 ()&|!<>=+*/?:^.-]{0,60}") {
            let _ = value(&text);
        }
    }
}
