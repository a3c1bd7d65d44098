//! Header fields the MTA is asked to add, and forged copies of them it is asked to take out.

use crate::verdict::{Judgement, Verdict};

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
    /// For each name seen (in lower case): how many fields, and which of them are forged.
    seen: Vec<(String, i32, Vec<i32>)>,
}

impl Forged {
    /// Notes a field of the incoming message.
    pub(super) fn note(&mut self, name: &str, value: &[u8], authserv_id: &str) {
        let name = name.trim_end().to_ascii_lowercase();
        let results = name == "authentication-results";
        if !results && !is_ours(&name) {
            return;
        }
        let at = self.seen.iter().position(|(seen, ..)| *seen == name);
        let at = at.unwrap_or_else(|| {
            self.seen.push((name, 0, Vec::new()));
            self.seen.len() - 1
        });
        let Some((_, count, forged)) = self.seen.get_mut(at) else { return };
        *count += 1;
        if !results || claims(value, authserv_id) {
            forged.push(*count);
        }
    }

    /// Deletions, last field first so that the numbers stay true.
    fn deletions(&self) -> impl Iterator<Item = Edit> {
        self.seen.iter().flat_map(|(name, _, forged)| {
            let delete = |&index| Edit::Delete { name: name.clone(), index };
            forged.iter().rev().map(delete)
        })
    }
}

/// X-Spam, X-Spam-* and X-Virus-Status: mail readers and sieve scripts act on them.
fn is_ours(name: &str) -> bool {
    name == "x-spam" || name.starts_with("x-spam-") || name == "x-virus-status"
}

/// Whether Authentication-Results claims to come from us (RFC 8601, section 5). Comments and
/// blanks may stand before the identifier.
fn claims(value: &[u8], authserv_id: &str) -> bool {
    let text = String::from_utf8_lossy(value);
    let mut rest = text.trim_start();
    while let Some(comment) = rest.strip_prefix('(') {
        let Some((_, after)) = comment.split_once(')') else { return true };
        rest = after.trim_start();
    }
    let end = rest.find([';', ' ', '\t', '\r', '\n', '(']).unwrap_or(rest.len());
    let id = rest.get(..end).unwrap_or(rest).trim_matches('"');
    !authserv_id.is_empty() && id.eq_ignore_ascii_case(authserv_id)
}

/// All changes for a message that is delivered; none in a dry run.
pub(super) fn edits(judgement: &Judgement, forged: &Forged) -> Vec<Edit> {
    if judgement.dry_run {
        return Vec::new();
    }
    let mut edits: Vec<Edit> = forged.deletions().collect();
    let mut insert = |name, value| edits.push(Edit::Insert { name, value });
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
    let names: Vec<&str> = judgement.findings.iter().map(|f| f.name.as_str()).collect();
    format!(
        "{answer}, score={} required={required}\n\ttests={}\n\tref={}",
        judgement.score,
        fold_tests(&names),
        judgement.reference
    )
}

/// Names parted by commas, folded (RFC 5322, section 2.2.3) before column 78.
pub fn fold_tests(names: &[&str]) -> String {
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
        let found: Vec<Edit> = forged.deletions().collect();
        assert_eq!(
            found,
            [
                delete("x-spam-flag", 2),
                delete("x-spam-flag", 1),
                delete("authentication-results", 2),
                delete("x-virus-status", 1)
            ]
        );
    }

    #[test]
    fn long_lists_are_folded() {
        let names = vec!["A_RULE_WITH_A_LONG_NAME"; 12];
        let text = fold_tests(&names);
        assert!(text.lines().all(|line| line.len() <= 78), "{text}");
        assert_eq!(text.replace("\n\t", ""), names.join(","));
    }
}
