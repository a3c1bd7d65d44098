//! Conditions of `if`: `version >= 3.004`, `plugin(…)`, `can(…)`, `has(…)`, and what they are
//! true of here.

use super::{
    super::expression::{Expression, ExpressionError, Operand, Term},
    plugins::World,
};

/// The version of the language this engine speaks, as SpamAssassin counts: 4.0.1.
const VERSION: f64 = 4.000_001;
/// The Perl that its patterns are written for: 5.36.
const PERL_VERSION: f64 = 5.036;

/// Whether a condition holds in this world.
///
/// # Errors
/// It cannot be understood.
pub(super) fn holds(text: &str, world: &World) -> Result<bool, ExpressionError> {
    let expression = Expression::parse(&with_calls(text), &mut |term| meaning(term, world))?;
    Ok(expression.evaluate(&mut Vec::new(), |_| 0.0) != 0.0)
}

/// Whether `require_version` lets a file pass: everything up to the version spoken here.
///
/// # Errors
/// Not a version.
pub(super) fn satisfies(version: &str) -> Result<bool, ExpressionError> {
    let unexpected = || ExpressionError::Unexpected(super::readable(version));
    if version == "@@VERSION@@" {
        return Ok(true);
    }
    let mut parts = version.split('.');
    let number = match (parts.next(), parts.next(), parts.next()) {
        (Some(major), Some(minor), Some(patch)) => format!("{major}.{minor:0>3}{patch:0>3}"),
        _ => version.to_owned(),
    };
    let number: f64 = number.parse().map_err(|_| unexpected())?;
    Ok(number <= VERSION)
}

fn meaning(term: Term<'_>, world: &World) -> Result<Operand, String> {
    let truth = |holds: bool| Ok(Operand::Number(if holds { 1.0 } else { 0.0 }));
    match term {
        Term::Name("version") => Ok(Operand::Number(VERSION)),
        Term::Name("perl_version") => Ok(Operand::Number(PERL_VERSION)),
        Term::Name("local_tests_only") => truth(world.local_tests_only),
        Term::Call { function: "plugin", argument } => truth(world.plugin(argument)),
        Term::Call { function: "can" | "has", argument } => truth(world.can(argument)),
        Term::Name(name) => Err(format!("`{name}` means nothing in a condition")),
        Term::Call { function, .. } => Err(format!("unknown function `{function}`")),
    }
}

/// Perl lets `plugin Some::Name` stand without parentheses.
fn with_calls(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let called = words.iter().enumerate().map(|(index, word)| {
        let before = index.checked_sub(1).and_then(|before| words.get(before));
        let function = before.map(|before| before.trim_start_matches(['!', '(']));
        match function {
            Some("plugin" | "can" | "has") if !word.starts_with('(') => format!("({word})"),
            _ => (*word).to_owned(),
        }
    });
    called.collect::<Vec<_>>().join(" ")
}
