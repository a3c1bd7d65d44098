//! What the answers of a milter mean for a message: any milter's, in our words.

use std::ffi::CStr;

use indymilter::message::reply::Reply;

use super::{conversation::Answer, delivery::Delivery};
use crate::verdict::Verdict;

/// What became of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What the milter decided. `Mark`: taken, with a header field or subject that says spam.
    pub verdict: Verdict,
    /// The beginning of the SMTP reply it asked for, without the text: `550 5.7.1`.
    pub reply: Option<String>,
    /// The score in the header fields it added.
    pub score: Option<f64>,
}

impl Outcome {
    /// From the answer that ended the message, and the changes asked for before it. `Continue`
    /// and `Skip` end nothing: from them on, the message is taken.
    pub(super) fn new(answer: &Answer, changes: &[Reply], delivery: &Delivery) -> Self {
        let taken = || Self {
            verdict: taken(changes, delivery),
            reply: None,
            score: changes.iter().find_map(score),
        };
        let plain = |verdict| Self { verdict, reply: None, score: None };
        match answer {
            Answer::Continue | Answer::Skip | Answer::Accept => taken(),
            Answer::Reject => plain(Verdict::Reject),
            Answer::Tempfail => plain(Verdict::Defer),
            Answer::Discard => plain(Verdict::Discard),
            Answer::Reply(text) => {
                let is_temporary = text.starts_with('4');
                let verdict = if is_temporary { Verdict::Defer } else { Verdict::Reject };
                Self { reply: Some(code(text)), ..plain(verdict) }
            }
        }
    }

    /// Whether the milter took it for spam: marked it, kept it from its reader or refused it for
    /// good. What is to be sent again is not decided yet.
    pub fn is_taken_for_spam(&self) -> bool {
        match self.verdict {
            Verdict::Accept | Verdict::Defer => false,
            Verdict::Mark | Verdict::Quarantine | Verdict::Reject | Verdict::Discard => true,
        }
    }

    /// Where it stands among others: by its score; what was refused or thrown away has none and
    /// stands above all that have. `None` where a milter says nothing.
    pub fn rank(&self) -> Option<f64> {
        match self.verdict {
            Verdict::Reject | Verdict::Discard => Some(f64::INFINITY),
            _ => self.score,
        }
    }
}

/// The code and the enhanced code of an SMTP reply (RFC 5321, RFC 3463).
fn code(reply: &str) -> String {
    let mut words = reply.split(' ');
    let code = words.next().unwrap_or_default();
    let is_enhanced = |word: &&str| {
        word.split('.').count() == 3 && word.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    match words.next().filter(is_enhanced) {
        Some(enhanced) => format!("{code} {enhanced}"),
        None => code.to_owned(),
    }
}

fn taken(changes: &[Reply], delivery: &Delivery) -> Verdict {
    if changes.iter().any(|change| matches!(change, Reply::Quarantine { .. })) {
        return Verdict::Quarantine;
    }
    if changes.iter().any(|change| says_spam(change, delivery)) {
        return Verdict::Mark;
    }
    Verdict::Accept
}

/// The field that a change sets.
fn set(change: &Reply) -> Option<(&CStr, &CStr)> {
    match change {
        Reply::AddHeader { name, value }
        | Reply::InsertHeader { name, value, .. }
        | Reply::ChangeHeader { name, value, .. } => Some((name, value)),
        _ => None,
    }
}

fn says_spam(change: &Reply, delivery: &Delivery) -> bool {
    let Some((name, value)) = set(change) else { return false };
    let value = value.to_bytes().trim_ascii();
    match name.to_bytes().to_ascii_lowercase().as_slice() {
        b"x-spam" | b"x-spam-flag" | b"x-spam-status" => {
            value.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"yes"))
        }
        b"subject" => !value.is_empty() && delivery.value("subject") != Some(value),
        _ => false,
    }
}

/// The number in `X-Spam-Status: No, score=1.2 required=5.0` (also `hits=1.2`), or in
/// `X-Spam-Score: 1.2`.
fn score(change: &Reply) -> Option<f64> {
    let (name, value) = set(change)?;
    let value = value.to_str().ok()?.trim();
    if name.to_bytes().eq_ignore_ascii_case(b"x-spam-score") {
        return value.parse().ok();
    }
    if !name.to_bytes().eq_ignore_ascii_case(b"x-spam-status") {
        return None;
    }
    let words = value.split([' ', ',', '\t', '\n', '\r']);
    let number = |word: &str| {
        let number = word.strip_prefix("score=").or_else(|| word.strip_prefix("hits="))?;
        number.parse::<f64>().ok().filter(|number| number.is_finite())
    };
    words.into_iter().find_map(number)
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use super::*;
    use crate::replay::load::delivery::Origin;

    fn c(text: &str) -> CString {
        CString::new(text).unwrap()
    }

    fn insert(name: &str, value: &str) -> Reply {
        Reply::InsertHeader { index: 0, name: c(name), value: c(value) }
    }

    fn change(name: &str, value: &str) -> Reply {
        Reply::ChangeHeader { index: 1, name: c(name), value: c(value) }
    }

    fn outcome(answer: &Answer, changes: &[Reply]) -> Outcome {
        let raw = b"Subject: hello\n\n".to_vec();
        let delivery = Delivery::new(raw, None, &Origin::default()).unwrap();
        Outcome::new(answer, changes, &delivery)
    }

    #[test]
    fn changes_say_what_becomes_of_a_message() {
        let quarantine = Reply::Quarantine { reason: c("spam") };
        for (changes, verdict, score) in [
            (vec![], Verdict::Accept, None),
            (vec![insert("X-Spam-Flag", " YES")], Verdict::Mark, None),
            (vec![insert("x-spam", "Yes")], Verdict::Mark, None),
            (vec![insert("X-Spam-Flag", "NO")], Verdict::Accept, None),
            (vec![change("Subject", " [spam] hello")], Verdict::Mark, None),
            (vec![change("Subject", " hello")], Verdict::Accept, None),
            (vec![change("X-Spam-Flag", "")], Verdict::Accept, None),
            (
                vec![insert("X-Spam-Status", "Yes, score=7.3 required=5.0")],
                Verdict::Mark,
                Some(7.3),
            ),
            (vec![insert("X-Spam-Status", "No, hits=-1.25,x")], Verdict::Accept, Some(-1.25)),
            (vec![insert("X-Spam-Status", "No, score=nan")], Verdict::Accept, None),
            (vec![insert("X-Spam-Score", "4")], Verdict::Accept, Some(4.0)),
            (vec![insert("X-Spam-Flag", "YES"), quarantine], Verdict::Quarantine, None),
        ] {
            for answer in [Answer::Continue, Answer::Accept] {
                let found = outcome(&answer, &changes);
                assert_eq!((found.verdict, found.score), (verdict, score), "{changes:?}");
            }
        }
    }

    #[test]
    fn refusals_have_a_code_and_stand_above_all_scores() {
        let reply = |text: &str| Answer::Reply(text.to_owned());
        for (answer, verdict, code, rank) in [
            (Answer::Reject, Verdict::Reject, None, Some(f64::INFINITY)),
            (Answer::Discard, Verdict::Discard, None, Some(f64::INFINITY)),
            (Answer::Tempfail, Verdict::Defer, None, None),
            (
                reply("550 5.7.1 Refused (ref X)"),
                Verdict::Reject,
                Some("550 5.7.1"),
                Some(f64::INFINITY),
            ),
            (reply("451 4.7.1 Later"), Verdict::Defer, Some("451 4.7.1"), None),
            (reply("554 No."), Verdict::Reject, Some("554"), Some(f64::INFINITY)),
        ] {
            let found = outcome(&answer, &[]);
            assert_eq!(found.verdict, verdict, "{answer:?}");
            assert_eq!(found.reply.as_deref(), code, "{answer:?}");
            assert_eq!(found.rank(), rank, "{answer:?}");
        }
    }
}
