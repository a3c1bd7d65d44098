//! Whether the engines agree: for tests and fuzzing, not in any other build.

use std::collections::BTreeSet;

use super::{
    Backtracking, Delimited, Dialect, Genre, Matcher, Pattern, PatternError, is_plain_ascii,
    latin1_view, translate,
};

/// How many matches are compared.
const MOST_MATCHES: usize = 20;

/// Bytes of text that are read.
const MOST_TEXT: usize = 4 << 10;

/// What is wrong with how a pattern (with its delimiters) matches a text: that the linear engine
/// finds something else than PCRE2 does, that the relaxed form hides a match of its pattern, or that
/// a match has none of the literals. `None` if all is well, if it is no pattern, or if it was given
/// up.
pub fn disagreement(pattern: &[u8], text: &[u8]) -> Option<String> {
    let delimited = Delimited::split(&latin1_view(pattern)).ok()?;
    let text = text.get(..MOST_TEXT).unwrap_or(text);
    let exact = exact(&delimited).ok().and_then(|exact| starts(&exact, text));
    let linear = Pattern::linear(&delimited);
    let guarded = Pattern::backtracking(&delimited);
    let found = |pattern: &Result<Pattern, _>| {
        pattern.as_ref().ok().and_then(|pattern| starts(&pattern.matcher, text))
    };
    differ("the linear engine", found(&linear), exact.as_ref())
        .or_else(|| differ("behind its relaxed form", found(&guarded), exact.as_ref()))
        .or_else(|| hidden(linear, text))
        .or_else(|| hidden(guarded, text))
}

/// PCRE2 alone.
fn exact(Delimited { pattern, flags }: &Delimited) -> Result<Matcher, PatternError> {
    let exact = translate(pattern, *flags, Dialect::Backtracking)?;
    Ok(Matcher::backtracking(Backtracking::new(&exact, None)?))
}

/// Where the matches begin, one behind the other; `None` if that is not known.
fn starts(matcher: &Matcher, text: &[u8]) -> Option<Vec<usize>> {
    let (mut starts, mut from) = (Vec::new(), 0);
    while starts.len() < MOST_MATCHES {
        let Some(found) = matcher.try_find(text, from).ok()? else { break };
        starts.push(found.start);
        from = if found.is_empty() { found.end + 1 } else { found.end };
    }
    let is_match = matcher.try_is_match(text).ok()?;
    assert_eq!(is_match, !starts.is_empty(), "found, but does not match");
    Some(starts)
}

fn differ(who: &str, found: Option<Vec<usize>>, exact: Option<&Vec<usize>>) -> Option<String> {
    let (found, exact) = (found?, exact?);
    (found != *exact).then(|| format!("{who}: matches at {found:?}, PCRE2 at {exact:?}"))
}

/// A match without a literal or without a run of bytes, which the prefilter would hide.
fn hidden(pattern: Result<Pattern, PatternError>, text: &[u8]) -> Option<String> {
    let pattern = pattern.ok()?;
    let run = pattern.run(Genre::Mixed).filter(|run| !run.is_in(text));
    if run.is_some() && pattern.matcher.is_match(text) {
        return Some(format!("a match has no {run:?}"));
    }
    let literals = pattern.literals(Genre::Mixed);
    let literals = literals.filter(|literals| !literals.only_in_ascii() || is_plain_ascii(text))?;
    let mut room = Vec::new();
    let view = literals.view().of(text, &mut room);
    let times = |literal: &[u8]| view.windows(literal.len()).filter(|at| *at == literal).count();
    let needed = usize::try_from(literals.times()).unwrap_or(usize::MAX);
    let lacks = |set: &&BTreeSet<Vec<u8>>| set.iter().map(|it| times(it)).sum::<usize>() < needed;
    let lacking = literals.sets().find(lacks).filter(|_| pattern.matcher.is_match(text))?;
    Some(format!("a match has none of {lacking:?}"))
}
