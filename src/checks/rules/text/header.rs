//! What a `header` rule reads: fields, pseudo-headers, modifiers.

use std::{collections::HashMap, fmt};

use super::{super::scene::Scene, bare_line_feeds};
use crate::{
    checks::Case,
    mail::{Header, addresses, decode_words},
};

/// Bytes of all values of one query together; SpamAssassin's limit for a header section.
const VALUE_LIMIT: usize = 64 << 10;

/// What a `header` rule reads, as in `Subject`, `From:addr` or `ALL:raw`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct HeaderQuery {
    of: Of,
    /// `:raw`: not decoded, not unfolded.
    raw: bool,
    part: Part,
    pick: Pick,
}

/// The header fields of one message, ready to be asked for by name as often as there are rules.
#[derive(Debug)]
pub(in super::super) struct Headers<'c> {
    all: &'c [Header],
    /// Lower-case names.
    by_name: HashMap<String, Vec<&'c Header>>,
    raw: &'c [u8],
    envelope_from: &'c [u8],
}

impl<'c> Headers<'c> {
    /// Those of a case.
    pub(in super::super) fn of(case: &'c Case) -> Self {
        let all = case.message.headers().fields.as_slice();
        let mut by_name: HashMap<String, Vec<&Header>> = HashMap::new();
        for field in all {
            by_name.entry(field.name.to_ascii_lowercase()).or_default().push(field);
        }
        let envelope_from = case.envelope.sender.as_str().as_bytes();
        Self { all, by_name, raw: case.message.raw(), envelope_from }
    }

    /// All fields of these names, in the order of the names.
    fn named(&self, names: &[&str]) -> Vec<&'c Header> {
        names.iter().filter_map(|name| self.by_name.get(*name)).flatten().copied().collect()
    }
}

/// Why something cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum QueryError {
    /// Not a header name.
    #[error("`{0}` is not a header name")]
    Name(String),
    /// Not one of the modifiers behind a colon.
    #[error("`:{0}` is not a header modifier")]
    Modifier(String),
    /// Right, and not read by this engine yet.
    #[error("needs {0}")]
    NotYet(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Of {
    /// Every field of this name (lower case).
    Named(String),
    /// `ALL`: the whole header section.
    All,
    /// `ToCc`: the recipients' fields.
    ToCc,
    /// `MESSAGEID`: Message-Id, also where mailing lists put it.
    MessageId,
    /// `EnvelopeFrom`: the sender in SMTP.
    EnvelopeFrom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Whole,
    /// `:addr`: the addresses.
    Addresses,
    /// `:name`: the names before the addresses.
    Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Pick {
    All,
    /// `:first`: the topmost field.
    First,
    /// `:last`: the lowest.
    Last,
}

impl HeaderQuery {
    /// Reads `Name:modifier:modifier`.
    ///
    /// # Errors
    /// Not a header or modifier, or one that cannot be read yet.
    pub(in super::super) fn parse(text: &str) -> Result<Self, QueryError> {
        let mut words = text.split(':');
        let name = words.next().unwrap_or_default();
        if name.is_empty()
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        {
            return Err(QueryError::Name(name.to_owned()));
        }
        let of = Of::parse(name)?;
        let mut query = Self { of, raw: false, part: Part::Whole, pick: Pick::All };
        for modifier in words {
            match modifier {
                "raw" => query.raw = true,
                "addr" => query.part = Part::Addresses,
                "name" if query.part == Part::Whole => query.part = Part::Names,
                "name" => {}
                "first" => query.pick = Pick::First,
                "last" => query.pick = Pick::Last,
                "host" | "domain" | "ip" | "revip" => {
                    return Err(QueryError::NotYet(format!("`:{modifier}` of a header")));
                }
                _ => return Err(QueryError::Modifier(modifier.to_owned())),
            }
        }
        Ok(query)
    }

    /// The text a pattern is matched against; `None` if the message has no such header.
    pub(in super::super) fn read(&self, scene: &Scene<'_>) -> Option<Vec<u8>> {
        let headers = &scene.headers;
        let mut values = match self.of {
            Of::EnvelopeFrom => vec![headers.envelope_from.to_vec()],
            _ => self.values(headers),
        };
        if self.part != Part::Whole {
            values = values.iter().flat_map(|value| self.parts(value)).collect();
        }
        let first = values.first()?;
        let between: &[u8] = if first.ends_with(b"\n") { b"" } else { b"\n" };
        let mut text = values.join(between);
        text.truncate(VALUE_LIMIT);
        Some(text)
    }

    /// Whether the message has such a header.
    pub(in super::super) fn exists(&self, scene: &Scene<'_>) -> bool {
        match (&self.of, self.part) {
            (Of::Named(name), Part::Whole) => scene.headers.by_name.contains_key(name),
            _ => self.read(scene).is_some(),
        }
    }

    /// The values of the fields, as far as the limit allows.
    fn values(&self, headers: &Headers<'_>) -> Vec<Vec<u8>> {
        let fields = match &self.of {
            Of::All => headers.all.iter().collect(),
            Of::Named(name) => headers.named(&[name]),
            Of::ToCc => headers.named(&["to", "cc"]),
            Of::MessageId => headers.named(&MESSAGE_IDS),
            Of::EnvelopeFrom => Vec::new(),
        };
        let fields = match self.pick {
            Pick::All => fields.as_slice(),
            Pick::First => fields.get(..1).unwrap_or_default(),
            Pick::Last => fields.get(fields.len().saturating_sub(1)..).unwrap_or_default(),
        };
        let mut left = VALUE_LIMIT;
        let values = fields.iter().map_while(|field| {
            let value = (left > 0).then(|| self.value(field, headers.raw))?;
            left = left.saturating_sub(value.len());
            Some(value)
        });
        values.collect()
    }

    fn value(&self, field: &Header, raw: &[u8]) -> Vec<u8> {
        match (&self.of, self.raw, self.part) {
            (Of::All, true, _) => {
                bare_line_feeds(raw.get(field.field.clone()).unwrap_or_default()).into_owned()
            }
            (Of::All, false, _) => [field.name.as_bytes(), b": ", &decoded(field)].concat(),
            (_, false, Part::Whole) => decoded(field),
            // Addresses are taken from the field as written: decoded, a name may look like one.
            _ => written(field, raw),
        }
    }

    fn parts(&self, value: &[u8]) -> Vec<Vec<u8>> {
        let mailboxes = addresses(&String::from_utf8_lossy(value));
        let wanted = mailboxes.into_iter().map(|mailbox| match self.part {
            Part::Addresses => mailbox.address,
            _ if self.raw => mailbox.name,
            _ => readable(&mailbox.name),
        });
        wanted.filter(|part| !part.is_empty()).map(String::into_bytes).collect()
    }
}

impl fmt::Display for HeaderQuery {
    /// As evidence names it: `Subject`, `From:addr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Of::Named(name) => f.write_str(&capitalised(name))?,
            Of::All => f.write_str("ALL")?,
            Of::ToCc => f.write_str("ToCc")?,
            Of::MessageId => f.write_str("MESSAGEID")?,
            Of::EnvelopeFrom => f.write_str("EnvelopeFrom")?,
        }
        f.write_str(match self.part {
            Part::Whole => "",
            Part::Addresses => ":addr",
            Part::Names => ":name",
        })?;
        f.write_str(if self.raw { ":raw" } else { "" })?;
        f.write_str(match self.pick {
            Pick::All => "",
            Pick::First => ":first",
            Pick::Last => ":last",
        })
    }
}

impl Of {
    fn parse(name: &str) -> Result<Self, QueryError> {
        let lower = name.to_ascii_lowercase();
        if name.starts_with("ALL-") || lower.starts_with("x-spam-relays-") {
            return Err(QueryError::NotYet(format!("the pseudo-header {name}")));
        }
        Ok(match (name, lower.as_str()) {
            ("ALL", _) => Self::All,
            ("MESSAGEID", _) => Self::MessageId,
            (_, "tocc") => Self::ToCc,
            (_, "envelopefrom") => Self::EnvelopeFrom,
            _ => Self::Named(lower),
        })
    }
}

/// Where mailing lists that resend a message put its Message-Id.
const MESSAGE_IDS: [&str; 4] =
    ["x-message-id", "resent-message-id", "x-original-message-id", "message-id"];

/// The value decoded, with the line feed that ends it: rules are written for that.
fn decoded(field: &Header) -> Vec<u8> {
    [field.decoded.as_bytes(), b"\n"].concat()
}

/// The value as written, from behind the colon, folds and the line feed at its end included.
fn written(field: &Header, raw: &[u8]) -> Vec<u8> {
    let mut value = bare_line_feeds(raw.get(field.value.clone()).unwrap_or_default()).into_owned();
    value.push(b'\n');
    value
}

/// A display name as a mail reader shows it: encoded words decoded, blanks squeezed, single
/// quotes around it taken off.
fn readable(name: &str) -> String {
    let decoded = decode_words(name.as_bytes());
    let squeezed = decoded.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = squeezed.strip_prefix('\'').and_then(|name| name.strip_suffix('\''));
    bare.map(str::to_owned).unwrap_or(squeezed)
}

/// `x-mailer` as `X-Mailer`.
fn capitalised(name: &str) -> String {
    let mut start = true;
    let letters = name.chars().map(|c| {
        let letter = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        letter
    });
    letters.collect()
}
