//! From messages to the hit matrix, on all cores.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{HitMatrix, RuleSet, digest, workers::on_all_cores};
use crate::{
    checks::Case,
    verdict::{Label, Name},
};

/// A message whose label is known.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// What it is.
    pub label: Label,
    /// The number of the corpus it belongs to, from 0.
    pub corpus: u16,
    /// The message.
    pub case: Case,
}

/// Why there is no matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectError<E> {
    /// A message could not be read.
    Unread(E),
    /// The rules panicked on what was read under this number: a mistake in the engine.
    Panicked(usize),
}

/// Runs the rules over messages and notes which of those named in `rules` hit.
///
/// `read` gives what stands at a number below `count`: one message, or several for a mailbox. It
/// is called on many threads. No other check is asked, so metas see none of their findings.
///
/// # Errors
/// The first message that could not be read or examined.
pub fn collect<E: Send>(
    set: &RuleSet,
    rules: Vec<Name>,
    count: usize,
    read: impl Fn(usize) -> Result<Vec<Labelled>, E> + Sync,
) -> Result<HitMatrix, CollectError<E>> {
    let numbers: HashMap<&Name, u32> = rules.iter().zip(0..).collect();
    let seen = on_all_cores(count, |number| {
        let messages = read(number).map_err(CollectError::Unread)?;
        let examine = || messages.iter().map(|message| seen(set, &numbers, message)).collect();
        // The error carries nothing over from the attempt.
        catch_unwind(AssertUnwindSafe(examine)).map_err(|_| CollectError::Panicked(number))
    })?;
    let seen: Vec<Vec<Seen>> = seen;
    let mut matrix = HitMatrix::new(rules.clone());
    for Seen { label, corpus, digest, hits } in seen.into_iter().flatten() {
        matrix.push(label, corpus, digest, &hits);
    }
    Ok(matrix)
}

struct Seen {
    label: Label,
    corpus: u16,
    digest: u64,
    hits: Vec<u32>,
}

fn seen(set: &RuleSet, numbers: &HashMap<&Name, u32>, message: &Labelled) -> Seen {
    let &Labelled { label, corpus, ref case } = message;
    let fired = set.examine_all(case);
    let fired = set.fired(&fired, &[]);
    let hits = fired.into_iter().filter_map(|name| numbers.get(name).copied()).collect();
    Seen { label, corpus, digest: digest::of(body(case.message.raw())), hits }
}

/// What stands behind the first empty line: copies of a message differ in what relays wrote above
/// it. The whole message if there is no body.
fn body(raw: &[u8]) -> &[u8] {
    let mut start = 0;
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        start += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
    }
    raw.get(start..).filter(|body| !body.trim_ascii().is_empty()).unwrap_or(raw)
}

/// The rules of a set whose scores a fit may choose: those that add to the score.
pub fn scoring(set: &RuleSet) -> Vec<Name> {
    let scores = |rule: &super::RuleInfo<'_>| !rule.is_sub_rule && rule.score.micros() != 0;
    set.list().filter(scores).map(|rule| rule.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mail::{Envelope, Message};

    fn labelled(label: Label, raw: &str) -> Labelled {
        let message = Arc::new(Message::parse(raw.as_bytes().to_vec()));
        Labelled {
            label,
            corpus: 0,
            case: Case { envelope: Arc::new(Envelope::default()), message },
        }
    }

    #[test]
    fn hits_of_scoring_rules_are_noted() {
        let set = RuleSet::parse(&[(
            "a.cf",
            "body __SUB /money/\nmeta BOTH __SUB && SUBJ\nheader SUBJ Subject =~ /free/\n\
             score SUBJ 0.5\nbody OFF /money/\nscore OFF 0\n",
        )]);
        let texts = [
            (Label::Spam, "Subject: free\r\n\r\nmoney\r\n"),
            (Label::Ham, "Subject: none\r\n\r\nmoney\r\n"),
        ];
        let read = |at: usize| Ok::<_, ()>(vec![labelled(texts[at].0, texts[at].1)]);
        let matrix = collect(&set, scoring(&set), 2, read).unwrap();
        let names: Vec<_> = matrix.rules().iter().map(Name::as_str).collect();
        assert_eq!(names, ["BOTH", "SUBJ"]);
        let rows: Vec<_> =
            matrix.rows().iter().map(|row| (row.label, matrix.hits(row).to_vec())).collect();
        assert_eq!(rows, [(Label::Spam, vec![0, 1]), (Label::Ham, vec![])]);
        assert_eq!(matrix.rows()[0].digest, matrix.rows()[1].digest, "the same body");
    }

    #[test]
    fn a_message_that_cannot_be_read_is_handed_up() {
        let set = RuleSet::default();
        let done = collect(&set, Vec::new(), 3, |at| if at == 1 { Err("no") } else { Ok(vec![]) });
        assert_eq!(done, Err(CollectError::Unread("no")));
    }

    #[test]
    fn bodies_begin_behind_the_first_empty_line() {
        for (raw, wanted) in [
            ("A: b\r\n\r\ntext\r\n\r\nmore", "text\r\n\r\nmore"),
            ("A: b\n\ntext", "text"),
            ("A: b\n\n \n", "A: b\n\n \n"),
            ("A: b", "A: b"),
            ("", ""),
        ] {
            assert_eq!(body(raw.as_bytes()), wanted.as_bytes(), "{raw:?}");
        }
    }
}
