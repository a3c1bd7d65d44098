//! Header fields the MTA is asked to add, and forged copies of them it is asked to take out.

use std::collections::HashMap;

use super::authentication_results;
use crate::verdict::{Evidence, Finding, Judgement, Points, Verdict};

/// Forged fields taken out of one message. Each costs the MTA a walk through the whole header, so
/// a message with more of them is not taken at all.
const MOST_FORGED: usize = 1_000;

/// A change to the message's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    /// A new field above all others.
    Insert {
        /// Its name.
        name: &'static str,
        /// Its value; folded lines are parted by a line feed and a tab.
        value: String,
    },
    /// Takes out the `index`th field of this name (from 1, as the milter protocol counts).
    Delete {
        /// The name as the message spells it.
        name: String,
        /// Which of that name.
        index: i32,
    },
}

/// The fields in an incoming message that only we may write.
#[derive(Debug, Default)]
pub(super) struct Forged {
    /// For each name seen (in lower case): how many fields, and which of them are forged. Hashed,
    /// since a sender may invent as many names as fit into a message.
    seen: HashMap<String, (i32, Vec<i32>)>,
    total: usize,
}

impl Forged {
    /// Notes a field of the incoming message.
    pub(super) fn note(&mut self, name: &str, value: &[u8], authserv_id: &str) {
        let name = name.trim_end().to_ascii_lowercase();
        let results = name == "authentication-results";
        if !results && !is_ours(&name) {
            return;
        }
        if self.are_too_many() {
            return;
        }
        let (count, forged) = self.seen.entry(name).or_default();
        *count = count.saturating_add(1);
        if !results || claims(value, authserv_id) {
            forged.push(*count);
            self.total += 1;
        }
    }

    /// Whether there are more than can be taken out. From then on none is noted any more.
    pub(super) fn are_too_many(&self) -> bool {
        self.total > MOST_FORGED
    }

    /// Deletions, last field first so that the numbers stay true.
    fn deletions(&self) -> impl Iterator<Item = Edit> {
        self.seen.iter().flat_map(|(name, (_, forged))| {
            let delete = |&index| Edit::Delete { name: name.clone(), index };
            forged.iter().rev().map(delete)
        })
    }
}

/// X-Spam, X-Spam-* and X-Virus-Status: mail readers and sieve scripts act on them.
fn is_ours(name: &str) -> bool {
    name == "x-spam" || name.starts_with("x-spam-") || name == "x-virus-status"
}

/// Whether Authentication-Results claims to come from us (RFC 8601, section 5), in any way that a reader
/// may take for our name: behind comments, quoted, escaped, with a dot at its end or more behind it.
fn claims(value: &[u8], authserv_id: &str) -> bool {
    let text = String::from_utf8_lossy(value);
    let Some(rest) = behind_comments(&text) else { return true };
    let id: String = match rest.strip_prefix('"') {
        Some(quoted) => unescaped(quoted)
            .take_while(|&(c, is_escaped)| is_escaped || c != '"')
            .map(|(c, _)| c)
            .collect(),
        None => rest
            .chars()
            .take_while(|&c| !c.is_whitespace() && !"();\"/\\,<>@=?".contains(c))
            .collect(),
    };
    let id = id.trim();
    !authserv_id.is_empty() && without_dot(id).eq_ignore_ascii_case(without_dot(authserv_id))
}

fn without_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// What follows blanks and comments, which may hold others (RFC 5322, section 3.2.2); `None` if one does not
/// end.
fn behind_comments(text: &str) -> Option<&str> {
    let mut rest = text.trim_start();
    while rest.starts_with('(') {
        rest = behind_comment(rest)?.trim_start();
    }
    Some(rest)
}

fn behind_comment(text: &str) -> Option<&str> {
    let (mut depth, mut length) = (0_usize, 0);
    for (character, is_escaped) in unescaped(text) {
        length += character.len_utf8() + usize::from(is_escaped);
        match character {
            _ if is_escaped => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return text.get(length..);
        }
    }
    None
}

/// Characters, and whether a backslash stands before each, which is left out.
fn unescaped(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut characters = text.chars();
    std::iter::from_fn(move || match characters.next()? {
        '\\' => Some((characters.next()?, true)),
        other => Some((other, false)),
    })
}

/// All changes for a message that is delivered; none in a dry run. Without an identifier nobody could
/// tell whose results they are: then there are none.
pub(super) fn edits(judgement: &Judgement, forged: &Forged, authserv_id: &str) -> Vec<Edit> {
    if judgement.dry_run {
        return Vec::new();
    }
    let mut edits: Vec<Edit> = forged.deletions().collect();
    let mut insert = |name, value| edits.push(Edit::Insert { name, value });
    if let Some(found) = judgement.authentication.as_ref().filter(|_| !authserv_id.is_empty()) {
        insert("Authentication-Results", authentication_results::value(authserv_id, found));
    }
    if judgement.unscanned {
        insert("X-Virus-Status", "unchecked".to_owned());
    }
    if judgement.spam_headers {
        insert("X-Spam-Status", status(judgement));
        let stars = (judgement.score.as_f64().floor() as usize).min(50);
        if stars > 0 {
            insert("X-Spam-Level", "*".repeat(stars));
        }
    }
    if judgement.verdict >= Verdict::Mark && judgement.is_spam() && judgement.spam_headers {
        insert("X-Spam", "Yes".to_owned());
        insert("X-Spam-Flag", "YES".to_owned());
    }
    edits
}

fn status(judgement: &Judgement) -> String {
    let answer = if judgement.is_spam() { "Yes" } else { "No" };
    let required = judgement.required.map_or_else(|| "never".to_owned(), |r| r.to_string());
    // A probability is for rules to name: BAYES_99 says it.
    let is_shown = |finding: &&Finding| {
        !(finding.weight == Points::ZERO
            && matches!(finding.evidence, Evidence::Probability { .. }))
    };
    let shown = judgement.findings.iter().filter(is_shown);
    let names: Vec<&str> = shown.map(|finding| finding.name.as_str()).collect();
    format!(
        "{answer}, score={} required={required}\n\ttests={}\n\tref={}",
        judgement.score,
        fold_tests(&names),
        judgement.reference
    )
}

/// Names parted by commas, folded (RFC 5322, section 2.2.3) before column 78.
fn fold_tests(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut text = String::new();
    let mut column = "tests=".len() + 8;
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            text.push(',');
            column += 1;
        }
        if index > 0 && column + name.len() + 1 > 78 {
            text.push_str("\n\t");
            column = 8;
        }
        text.push_str(name);
        column += name.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_name_is_seen_however_it_is_written() {
        for (value, is_ours) in [
            ("mx.example; spf=pass", true),
            (" MX.Example 1; spf=pass", true),
            ("(c) mx.example; spf=pass", true),
            ("(a(b)c) mx.example; spf=pass", true),
            ("(a\\)(b) c)\r\n (d) mx.example(e); spf=pass", true),
            ("(never ends mx.example; spf=pass", true),
            ("\"mx.example\" 1; spf=pass", true),
            ("\"mx.exam\\ple\"; spf=pass", true),
            ("\" mx.example \"; spf=pass", true),
            ("\"mx.example", true),
            ("mx.example.; spf=pass", true),
            ("mx.example/1; spf=pass", true),
            ("\r\n\tmx.example", true),
            ("other.example; spf=pass", false),
            ("mx.example.org; spf=pass", false),
            ("amx.example; spf=pass", false),
            ("(mx.example) other.example; spf=pass", false),
            ("\"mx\" .example; spf=pass", false),
            ("", false),
        ] {
            assert_eq!(claims(value.as_bytes(), "mx.example"), is_ours, "{value}");
        }
    }

    #[test]
    fn forged_fields_are_counted_by_name_and_taken_out_last_first() {
        let mut forged = Forged::default();
        for (name, value) in [
            ("X-Spam-Flag", " NO"),
            ("Authentication-Results", " other.example; spf=pass"),
            ("x-spam-flag", " NO"),
            ("Authentication-Results", " (hi) MX.example ; spf=pass"),
            ("Subject", " X-Spam"),
            ("X-Virus-Status ", " Clean"),
        ] {
            forged.note(name, value.as_bytes(), "mx.example");
        }
        let delete = |name: &str, index| Edit::Delete { name: name.to_owned(), index };
        let of = |name: &str| {
            let is_named = |edit: &Edit| matches!(edit, Edit::Delete { name: n, .. } if n == name);
            forged.deletions().filter(is_named).collect::<Vec<Edit>>()
        };
        assert_eq!(of("x-spam-flag"), [delete("x-spam-flag", 2), delete("x-spam-flag", 1)]);
        assert_eq!(of("authentication-results"), [delete("authentication-results", 2)]);
        assert_eq!(of("x-virus-status"), [delete("x-virus-status", 1)]);
        assert_eq!(forged.deletions().count(), 4);
    }

    #[test]
    fn what_is_noted_is_bounded() {
        let mut forged = Forged::default();
        for index in 0..=MOST_FORGED {
            assert!(!forged.are_too_many(), "{index}");
            forged.note(&format!("X-Spam-{index}"), b" a", "mx.example");
        }
        assert!(forged.are_too_many());
        forged.note("X-Spam-Flag", b" NO", "mx.example");
        assert_eq!(forged.deletions().count(), MOST_FORGED + 1);
    }

    #[test]
    fn long_lists_are_folded() {
        let names = vec!["A_RULE_WITH_A_LONG_NAME"; 12];
        let text = fold_tests(&names);
        assert!(text.lines().all(|line| line.len() <= 78), "{text}");
        assert_eq!(text.replace("\n\t", ""), names.join(","));
    }
}
