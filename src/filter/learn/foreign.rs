//! What other filters have learned, as lessons of ours, where that can be done.
//!
//! | made by | can be taken in |
//! |---|---|
//! | `bogoutil -d wordlist.db` | yes: words as text, with counts. The words of the text, the Subject, senders, recipients and addresses are ours too; marks we do not have are left out, and words that are not UTF-8. |
//! | `sa-learn --backup` | no: five bytes of a SHA-1 of each token of SpamAssassin's |
//! | `rspamadm statistics_dump dump` | no: 64-bit hashes of pairs of words |
//!
//! Counts are less than messages: the classifier's better half learns from messages alone. What was
//! taken in decides until some messages have been taught here, and hardly counts afterwards.

use std::io::{self, BufRead};

use sha2::{Digest as _, Sha256};

use crate::{
    checks::bayes::{Features, MOST_IMPORTED},
    store::{Digest, Kind, Lesson},
};

/// The longest line that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// A word that was seen only so often tells nothing.
const LEAST: u32 = 2;

/// Why a file cannot be taken in.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// It cannot be read.
    #[error("cannot be read")]
    Read(#[from] io::Error),
    /// Its tokens are hashes of another filter's making.
    #[error(
        "{0} keeps hashes of its tokens, not the tokens: they cannot be turned into ours. Teach the \
         mail itself: `gatepost train spam PATH`, `gatepost train ham PATH`"
    )]
    Hashes(&'static str),
    /// A line that should be a word with counts.
    #[error("line {0} is not what bogoutil -d writes: WORD SPAM HAM DATE")]
    Line(u64),
    /// Nobody knows how many messages the counts are of.
    #[error("there is no .MSG_COUNT: this is not the whole of a bogofilter word list")]
    NoMessages,
}

/// Whether a file's first line is of another filter's; `None` if it is none that is known.
pub fn is_foreign(first_line: &[u8]) -> Option<Foreign> {
    let line = first_line.trim_ascii();
    let columns: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
    match columns.as_slice() {
        [b"v", _, note] if note.starts_with(b"db_version") => Some(Foreign::SpamAssassin),
        _ if line.starts_with(b"{") || line.starts_with(b"[") => Some(Foreign::Rspamd),
        _ => word(line).map(|_| Foreign::Bogofilter),
    }
}

/// Whose file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// `bogoutil -d`
    Bogofilter,
    /// `sa-learn --backup`
    SpamAssassin,
    /// `rspamadm statistics_dump dump`
    Rspamd,
}

/// What a file came to.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Of how many messages of spam and of ham.
    pub(super) messages: [u32; 2],
    /// Words of ours, with how many messages of spam and of ham they were in.
    pub(super) words: Vec<(String, [u32; 2])>,
    /// Words that have no place here.
    pub(super) left_out: u64,
}

/// Reads a file of that filter's.
///
/// # Errors
/// See [`ForeignError`].
pub(super) fn read(foreign: Foreign, from: &mut dyn BufRead) -> Result<Counted, ForeignError> {
    match foreign {
        Foreign::Bogofilter => bogofilter(from),
        Foreign::SpamAssassin => Err(ForeignError::Hashes("SpamAssassin")),
        Foreign::Rspamd => Err(ForeignError::Hashes("rspamd")),
    }
}

fn bogofilter(from: &mut dyn BufRead) -> Result<Counted, ForeignError> {
    let mut counted = Counted::default();
    for number in 1.. {
        let mut line = Vec::new();
        if io::Read::take(&mut *from, LONGEST).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let Some((name, counts)) = word(&line) else { return Err(ForeignError::Line(number)) };
        counted.add(name, counts);
    }
    if counted.messages == [0, 0] { Err(ForeignError::NoMessages) } else { Ok(counted) }
}

/// `WORD SPAM HAM DATE`; the word in whatever charset its message had.
fn word(line: &[u8]) -> Option<(&[u8], [u32; 2])> {
    let mut columns = line.trim_ascii_end().rsplitn(4, |&byte| byte == b' ');
    columns.next().filter(|date| date.iter().all(u8::is_ascii_digit))?;
    let mut count = || std::str::from_utf8(columns.next()?).ok()?.parse().ok();
    let (ham, spam) = (count()?, count()?);
    columns.next().filter(|word| !word.is_empty()).map(|word| (word, [spam, ham]))
}

impl Counted {
    fn add(&mut self, name: &[u8], counts: [u32; 2]) {
        let [spam, ham] = counts;
        let word = std::str::from_utf8(name).ok().and_then(ours);
        if name == b".MSG_COUNT" {
            self.messages = counts;
        } else if name.starts_with(b".") {
            // Bogofilter's own notes.
        } else if let Some(word) = word.filter(|_| spam.saturating_add(ham) >= LEAST) {
            self.words.push((word, counts));
        } else {
            self.left_out += 1;
        }
    }

    /// As lessons; the same file makes the same ones, so that it counts once.
    pub(super) fn lessons(&self) -> Vec<Lesson> {
        let mut lessons = Vec::new();
        for (label, kind) in [Kind::Spam, Kind::Ham].into_iter().enumerate() {
            let count = |counts: &[u32; 2]| counts.get(label).copied().unwrap_or_default();
            let words: Vec<(&str, u32)> = self
                .words
                .iter()
                .map(|(word, counts)| (word.as_str(), count(counts)))
                .filter(|&(_, count)| count > 0)
                .collect();
            // The messages stand in the first lesson, which there is without words as well.
            let mut messages = count(&self.messages);
            let first: &[(&str, u32)] = words.get(..MOST_IMPORTED).unwrap_or(&words);
            let rest = words.get(MOST_IMPORTED..).unwrap_or_default();
            for words in std::iter::once(first).chain(rest.chunks(MOST_IMPORTED)) {
                lessons.push(lesson(kind, messages, words));
                messages = 0;
            }
        }
        lessons
    }
}

fn lesson(kind: Kind, messages: u32, words: &[(&str, u32)]) -> Lesson {
    let features = Features::imported(messages, words.iter().copied()).to_bytes();
    let mut hasher = Sha256::new();
    hasher.update(b"counts of bogofilter\0");
    hasher.update(if kind == Kind::Spam { b"spam" } else { b"ham\0" });
    hasher.update(&features);
    let digest: [u8; 32] = hasher.finalize().into();
    let beginning = digest.first_chunk::<16>().copied().unwrap_or_default();
    Lesson { kind, digest: Digest(beginning), features }
}

/// The word with our mark.
fn ours(name: &str) -> Option<String> {
    let Some((mark, word)) = name.split_once(':') else { return Some(name.to_owned()) };
    let mark = match mark {
        "subj" => "subject",
        "from" => "from",
        "to" => "to",
        "ip" => "ip",
        _ => return None,
    };
    Some(format!("{mark}:{word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "viagra 40 0 20240101\nsubj:Hello 3 50 20240101\nrtrn:a 9 9 20240101\n\
                         once 1 0 20240101\n.MSG_COUNT 100 200 20240101\n.WORDLIST_VERSION 20040500 0 20240101\n";

    #[test]
    fn words_of_bogofilter_become_ours() {
        let counted = read(Foreign::Bogofilter, &mut WORDS.as_bytes()).unwrap();
        assert_eq!(counted.messages, [100, 200]);
        let words = [("viagra".to_owned(), [40, 0]), ("subject:Hello".to_owned(), [3, 50])];
        assert_eq!((counted.words.as_slice(), counted.left_out), (words.as_slice(), 2));
        let lessons = counted.lessons();
        let expected = [
            (Kind::Spam, Features::imported(100, [("viagra", 40), ("subject:hello", 3)])),
            (Kind::Ham, Features::imported(200, [("subject:hello", 50)])),
        ];
        for (lesson, (kind, features)) in lessons.iter().zip(expected) {
            assert_eq!(lesson.kind, kind);
            assert_eq!(Features::from_bytes(&lesson.features).unwrap(), features);
        }
        assert_eq!(lessons.len(), 2);
        assert_eq!(lessons, counted.lessons(), "the same file makes the same lessons");
    }

    #[test]
    fn strange_words_and_counts_harm_nothing() {
        let lines = b"caf\xe9 4 4 20240101\nmany 4294967295 4294967295 20240101\n\
                      .MSG_COUNT 4294967295 4294967295 20240101\n";
        let counted = read(Foreign::Bogofilter, &mut lines.as_slice()).unwrap();
        assert_eq!((counted.words.len(), counted.left_out), (1, 1));
        assert_eq!(is_foreign(b"caf\xe9 4 4 20240101"), Some(Foreign::Bogofilter));
    }

    #[test]
    fn many_words_make_several_lessons() {
        let words = (0..9_001).map(|number| (format!("w{number}"), [1, 1])).collect();
        let counted = Counted { messages: [7, 8], words, left_out: 0 };
        let lessons = counted.lessons();
        assert_eq!(lessons.len(), 6);
        assert!(lessons.iter().all(|l| l.features.len() <= crate::store::MOST_FEATURE_BYTES));
    }

    #[test]
    fn files_tell_whose_they_are() {
        for (line, foreign) in [
            ("v\t3\tdb_version # this must be the first line!!!\n", Some(Foreign::SpamAssassin)),
            ("{\"ns\":\"RS\"}", Some(Foreign::Rspamd)),
            ("$10,000 4 0 20240101\n", Some(Foreign::Bogofilter)),
            ("word 4 0\n", None),
            ("", None),
            ("gatepost-store\t1\t1\n", None),
        ] {
            assert_eq!(is_foreign(line.as_bytes()), foreign, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_taken_in_is_refused() {
        for (foreign, text, error) in [
            (Foreign::SpamAssassin, "", "SpamAssassin keeps hashes"),
            (Foreign::Rspamd, "", "rspamd keeps hashes"),
            (Foreign::Bogofilter, "a 1 2 20240101\n\u{1F480}\n", "line 2 is not"),
            (Foreign::Bogofilter, "a 1 99999999999 20240101\n", "line 1 is not"),
            (Foreign::Bogofilter, "a 1 2 20240101\n", "there is no .MSG_COUNT"),
        ] {
            let found = read(foreign, &mut text.as_bytes()).unwrap_err().to_string();
            assert!(found.starts_with(error), "{found}");
        }
    }
}
