//! Calls as rules write them: `check_rbl('zen', "zen.spamhaus.org.", 127)`.

use std::str::FromStr;

use super::super::pattern::{Matcher, Pattern, PatternError};

/// What a function is given, counted from 1. Texts are "Latin-1 views": one `char` below 256 for
/// every byte of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Arguments(Vec<String>);

/// A call of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Call {
    /// The function's name.
    pub(in super::super) function: String,
    /// What it is given.
    pub(in super::super) arguments: Arguments,
}

/// Why a call cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum CallError {
    /// Not `function(arguments)`.
    #[error("`eval:` needs a function with its arguments in parentheses")]
    Form,
    /// An argument that is none.
    #[error("argument {0} of the call is neither quoted nor a plain word")]
    Argument(usize),
    /// An argument the function cannot use.
    #[error("argument {number}: {what}")]
    Value {
        /// Which, from 1.
        number: usize,
        /// What is wrong with it.
        what: String,
    },
    /// One the function cannot do without.
    #[error("argument {0} is missing")]
    Missing(usize),
}

impl Arguments {
    /// One of them, unless it is left out or `undef`.
    pub(in super::super) fn get(&self, number: usize) -> Option<&str> {
        let text = self.0.get(number.checked_sub(1)?)?.as_str();
        (text != "undef").then_some(text)
    }

    /// One that must be there.
    ///
    /// # Errors
    /// It is not.
    pub(in super::super) fn text(&self, number: usize) -> Result<&str, CallError> {
        self.get(number).ok_or(CallError::Missing(number))
    }

    /// One that is a number, if it is given and not empty.
    ///
    /// # Errors
    /// It is something else.
    pub(in super::super) fn number<N: FromStr>(
        &self,
        number: usize,
    ) -> Result<Option<N>, CallError> {
        let text = self.get(number).map(str::trim).filter(|text| !text.is_empty());
        let wrong = |_| CallError::Value { number, what: "not a number of the kind".to_owned() };
        text.map(|text| text.parse().map_err(wrong)).transpose()
    }

    /// One that is a number and must be there.
    ///
    /// # Errors
    /// It is not, or it is something else.
    pub(in super::super) fn needed_number<N: FromStr>(
        &self,
        number: usize,
    ) -> Result<N, CallError> {
        self.number(number)?.ok_or(CallError::Missing(number))
    }

    /// Two numbers from here on, of which the second may be left out.
    ///
    /// # Errors
    /// The first is missing, or one is something else.
    pub(in super::super) fn range(&self, number: usize) -> Result<(f64, Option<f64>), CallError> {
        Ok((self.needed_number(number)?, self.number(number + 1)?))
    }

    /// One that is a regular expression without delimiters, and must be there.
    ///
    /// # Errors
    /// It is not, or it is not one.
    pub(in super::super) fn pattern(&self, number: usize) -> Result<Matcher, CallError> {
        self.compiled(number, Pattern::compile_bare)
    }

    /// One that is a regular expression with delimiters (`/…/i`, `m{…}`) or without, and must be
    /// there.
    ///
    /// # Errors
    /// It is not, or it is not one.
    pub(in super::super) fn delimited_pattern(&self, number: usize) -> Result<Matcher, CallError> {
        let is_delimiter = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let text = self.text(number)?;
        let behind_m = text.strip_prefix('m').is_some_and(|rest| rest.starts_with(is_delimiter));
        let is_delimited = text.starts_with('/') || behind_m;
        self.compiled(number, if is_delimited { Pattern::compile } else { Pattern::compile_bare })
    }

    fn compiled(
        &self,
        number: usize,
        compile: fn(&str) -> Result<Pattern, PatternError>,
    ) -> Result<Matcher, CallError> {
        let wrong = |error| CallError::Value { number, what: format!("{error}") };
        Ok(compile(self.text(number)?).map_err(wrong)?.matcher)
    }
}

impl Call {
    /// Reads what stands behind `eval:`.
    ///
    /// # Errors
    /// Not a function with arguments.
    pub(in super::super) fn parse(text: &str) -> Result<Self, CallError> {
        let (function, rest) = text.trim().split_once('(').ok_or(CallError::Form)?;
        let function = function.trim_end();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if function.is_empty() || !function.chars().all(is_name) {
            return Err(CallError::Form);
        }
        let rest = rest.trim_end().strip_suffix(')').ok_or(CallError::Form)?;
        Ok(Self { function: function.to_owned(), arguments: Arguments(arguments(rest)?) })
    }
}

fn arguments(text: &str) -> Result<Vec<String>, CallError> {
    let mut arguments = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let wrong = CallError::Argument(arguments.len() + 1);
        let (argument, behind) = argument(rest).ok_or(wrong.clone())?;
        arguments.push(argument.to_owned());
        let behind = behind.trim_start();
        rest = match behind.strip_prefix(',') {
            Some(more) => more.trim_start(),
            None if behind.is_empty() => behind,
            None => return Err(wrong),
        };
    }
    Ok(arguments)
}

/// The first argument and what stands behind it.
fn argument(text: &str) -> Option<(&str, &str)> {
    match text.chars().next()? {
        quote @ ('\'' | '"') => {
            let inner = text.get(1..)?;
            let end = closing(inner, quote)?;
            Some((inner.get(..end)?, inner.get(end + 1..)?))
        }
        _ => {
            let end = text.find(',').unwrap_or(text.len());
            let (word, behind) = text.split_at_checked(end)?;
            let word = word.trim_end();
            (!word.contains(char::is_whitespace)).then_some((word, behind))
        }
    }
}

/// Where the quote ends: at the first bare one.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read() {
        for (text, function, arguments) in [
            ("f()", "f", &[][..]),
            ("f( )", "f", &[]),
            ("f('a')", "f", &["a"]),
            ("f('a,b', \"c'd\" ,3.5)", "f", &["a,b", "c'd", "3.5"]),
            ("check_it ( undef , '' )", "check_it", &["undef", ""]),
            (r"f('\'(a\)')", "f", &[r"\'(a\)"]),
        ] {
            let call = Call::parse(text).unwrap();
            let given: Vec<&str> = call.arguments.0.iter().map(String::as_str).collect();
            assert_eq!((call.function.as_str(), given.as_slice()), (function, arguments), "{text}");
        }
    }

    #[test]
    fn arguments_are_counted_from_1() {
        let arguments = Call::parse("f('a+', undef, 3, '', x)").unwrap().arguments;
        assert_eq!(
            (arguments.get(0), arguments.get(1), arguments.get(2)),
            (None, Some("a+"), None)
        );
        assert_eq!(arguments.text(6), Err(CallError::Missing(6)));
        assert_eq!(arguments.number(3), Ok(Some(3_u32)));
        assert_eq!(arguments.number::<u32>(4), Ok(None));
        assert!(arguments.number::<u32>(5).is_err());
        assert!(arguments.pattern(1).unwrap().is_match(b"baab"));
        assert!(arguments.pattern(2).is_err());
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for (text, error) in [
            ("f", CallError::Form),
            ("f('a'", CallError::Form),
            ("(1)", CallError::Form),
            ("a-b()", CallError::Form),
            ("f('a)", CallError::Argument(1)),
            ("f(1,'a' 'b')", CallError::Argument(2)),
            ("f(a b)", CallError::Argument(1)),
        ] {
            assert_eq!(Call::parse(text), Err(error), "{text}");
        }
    }
}
