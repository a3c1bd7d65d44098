//! What a check found, and the proof of it.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::Points;

/// The name of a finding or rule, SpamAssassin's where it has one: `BAYES_99`, `RCVD_IN_ZEN`.
///
/// Cheap to clone: names are made when rules and lists are loaded, not per message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Name(Arc<str>);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One thing found about an envelope or a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which thing.
    pub name: Name,
    /// What it adds to the score.
    pub weight: Points,
    /// What was seen.
    pub evidence: Evidence,
}

/// What was seen, gathered when it was seen, so that a verdict can explain itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// A DNS question and its answer.
    Dns {
        /// The name asked for.
        question: String,
        /// The addresses or texts answered.
        answer: Vec<String>,
    },
    /// A rule matched this text (shortened) in this place (`body`, `header Subject` …).
    Matched {
        /// Which of the message's texts.
        place: String,
        /// The text, at most some 120 characters of it.
        text: String,
    },
    /// A meta rule that came out true.
    Meta {
        /// The rules and findings it rests on.
        of: Vec<Name>,
    },
    /// A virus scanner's signature.
    Signature(String),
    /// An attachment.
    Attachment {
        /// Its file name as the reader would see it.
        name: String,
        /// What is wrong with it.
        #[serde(rename = "trait")]
        trait_: String,
    },
    /// How likely it is, by what has been learned.
    Probability {
        /// In millionths.
        millionths: u32,
        /// What says so, the most telling first.
        because: Vec<Token>,
    },
    /// A fact with nothing more to show than a few words.
    Fact(String),
}

/// A token of a message, and what has been learned of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// The token, readable.
    pub text: String,
    /// Spam that had it.
    pub spam: u32,
    /// Ham that had it.
    pub ham: u32,
    /// What it adds to the log-odds of spam. Records keep thousandths.
    #[serde(with = "thousandths")]
    pub log_odds: f64,
}

/// A number for people as it is, for records in thousandths.
mod thousandths {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return to.serialize_f64(*number);
        }
        to.serialize_i64((number * 1e3).round() as i64)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
        if from.is_human_readable() {
            return f64::deserialize(from);
        }
        i64::deserialize(from).map(|thousandths| thousandths as f64 / 1e3)
    }
}

impl Evidence {
    /// Makes `Matched`, shortening the text and replacing what is not printable.
    pub fn matched(place: impl Into<String>, text: &[u8]) -> Self {
        Self::Matched { place: place.into(), text: excerpt(text) }
    }
}

/// At most 120 characters, control characters replaced, invalid UTF-8 replaced.
fn excerpt(text: &[u8]) -> String {
    const MOST: usize = 120;
    let head = text.get(..MOST * 4).unwrap_or(text);
    String::from_utf8_lossy(head)
        .chars()
        .take(MOST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
