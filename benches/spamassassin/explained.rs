//! Differences that are meant, each with its reason: lines `MESSAGES [=RULE…] ±RULE… | reason`.

use std::collections::BTreeSet;

use crate::{
    answers::{Answer, Answers},
    comparison::Comparison,
};

/// A line of the file.
pub(crate) struct Line<'t> {
    messages: &'t str,
    changes: Vec<&'t str>,
    text: &'t str,
}

/// All lines of a text; empty ones and comments aside.
pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |text| {
        let (what, reason) = str::split_once(text, " | ").unwrap_or_default();
        let mut words = what.split_whitespace();
        let messages = words.next().filter(|_| !reason.is_empty());
        let messages = messages.unwrap_or_else(|| panic!("no message or no reason: {text}"));
        Line { messages, changes: words.collect(), text }
    };
    lines.map(read).collect()
}

/// Our answers with all that is explained as SpamAssassin has it, and the lines that explained nothing.
pub(crate) fn settled<'l>(
    comparison: &Comparison<'_>,
    lines: &'l [Line<'_>],
) -> (Answers, Vec<&'l str>) {
    let mut answers = Answers::default();
    let mut used = BTreeSet::new();
    for &(path, theirs, ours) in &comparison.messages {
        let mut rules = ours.rules.clone();
        let is_of = |line: &Line<'_>| {
            let mut needed = line.changes.iter().filter_map(|change| change.strip_prefix('='));
            matches(line.messages, path) && needed.all(|rule| theirs.rules.contains(rule))
        };
        let of_message = lines.iter().enumerate().filter(|(_, line)| is_of(line));
        for (number, line) in of_message {
            let explains = |sign: &str, rule: &str| {
                let meant = line.changes.iter().filter_map(|change| change.strip_prefix(sign));
                meant.into_iter().any(|pattern| matches(pattern, rule))
            };
            let missed = theirs.rules.difference(&ours.rules).filter(|rule| explains("-", rule));
            let extra = ours.rules.difference(&theirs.rules).filter(|rule| explains("+", rule));
            let (missed, extra): (Vec<_>, Vec<_>) = (missed.collect(), extra.collect());
            if !missed.is_empty() || !extra.is_empty() {
                used.insert(number);
            }
            rules.extend(missed.into_iter().cloned());
            extra.into_iter().for_each(|rule| {
                rules.remove(rule);
            });
        }
        answers.0.insert(path.to_owned(), Answer { rules, ..ours.clone() });
    }
    let unused = lines.iter().enumerate().filter(|(number, _)| !used.contains(number));
    (answers, unused.map(|(_, line)| line.text).collect())
}

/// Whether a text is of a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            (0..=rest.len()).filter_map(|at| rest.get(at..)).any(|rest| matches(tail, rest))
        }),
    }
}
