//! A piece of a node's journal, as the log has it.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::store::{Digest, Entry, Event, Kind, LATEST, Record, Stamp};

/// The version of this form.
const FORMAT: u8 = 1;

/// No piece is larger, in bytes: servers take messages of up to 1 MiB unless told otherwise.
pub(super) const MOST_BYTES: usize = 512 * 1024;

/// A piece is closed when it has so many bytes of features.
const FULL: usize = 256 * 1024;

/// Why a piece cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum PieceError {
    /// It has more than [`MOST_BYTES`].
    #[error("it is too large: {0} bytes")]
    Large(usize),
    /// It is no piece.
    #[error("it is no piece of a journal")]
    Form(#[source] postcard::Error),
    /// Bytes follow its end.
    #[error("{0} bytes follow its end")]
    Trailing(usize),
    /// Another version made it.
    #[error("it has format {found}, this version reads {FORMAT}")]
    Format {
        /// The piece's.
        found: u8,
    },
    /// Its features come from another tokenizer.
    #[error("it was learned with tokenizer {found}, this version has {ours}")]
    Tokenizer {
        /// The piece's.
        found: u32,
        /// This version's.
        ours: u32,
    },
    /// No store can have made it.
    #[error("no store can have made it: {0}")]
    Impossible(&'static str),
}

/// Some events of one origin, without a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Whose.
    pub(super) origin: u64,
    /// The first one.
    pub(super) first: u64,
    /// The last one.
    pub(super) last: u64,
    /// The events.
    pub(super) records: Vec<Record>,
}

/// What is on the wire. That an event follows the one before is not written, so nothing else can be.
#[derive(Serialize, Deserialize)]
struct Wire {
    format: u8,
    tokenizer: u32,
    origin: u64,
    first: u64,
    items: Vec<Item>,
}

/// Their order is the form: new ones come last.
#[derive(Serialize, Deserialize)]
enum Item {
    /// So many events that no longer matter.
    Void(u64),
    Spam(Lesson),
    Ham(Lesson),
    Forgotten {
        time: u64,
        digest: [u8; 16],
    },
    Allowed(Lesson),
    Blocked(Lesson),
    Unlisted {
        time: u64,
        digest: [u8; 16],
    },
}

#[derive(Serialize, Deserialize)]
struct Lesson {
    time: u64,
    digest: [u8; 16],
    #[serde(with = "bytes")]
    features: Vec<u8>,
}

/// Byte strings at once, not byte by byte.
mod bytes {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl<'de> de::Visitor<'de> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
        }
        from.deserialize_bytes(Bytes)
    }
}

impl Piece {
    /// Parts a journal into pieces. Records of other origins, which a journal has not got, would end it.
    pub(super) fn of_journal(records: Vec<Record>) -> Vec<Self> {
        let mut pieces: Vec<Self> = Vec::new();
        let mut bytes = 0;
        for record in records {
            let (origin, first, last) = span(&record);
            let size = size(&record);
            match pieces.last_mut() {
                Some(piece) if bytes + size <= FULL && piece.follows(origin, first) => {
                    piece.last = last;
                    piece.records.push(record);
                    bytes += size;
                }
                _ => {
                    bytes = size;
                    pieces.push(Self { origin, first, last, records: vec![record] });
                }
            }
        }
        pieces
    }

    fn follows(&self, origin: u64, first: u64) -> bool {
        self.origin == origin && self.last.checked_add(1) == Some(first)
    }

    /// Without the events after that one.
    pub(super) fn cut_after(&mut self, last: u64) {
        self.records.retain_mut(|record| match record {
            Record::Event(event) => event.entry.stamp.sequence <= last,
            Record::Void { first, last: end, .. } => {
                *end = last.min(*end);
                *first <= last
            }
        });
        self.last = self.last.min(last);
    }

    /// What no other piece is called: servers recognise by it what comes twice. They may remember what they
    /// have lost; then another attempt has another name.
    pub(super) fn id(&self, attempt: u32) -> String {
        let Self { origin, first, last, .. } = self;
        match attempt {
            0 => format!("{origin:016x}:{first}-{last}"),
            _ => format!("{origin:016x}:{first}-{last}/{attempt}"),
        }
    }

    /// The last event in a piece of the wire, with whatever tokenizer it was learned.
    pub(super) fn last_event(bytes: &[u8]) -> Option<u64> {
        let wire: Wire = postcard::from_bytes(bytes).ok()?;
        Self::of_wire(wire).ok().map(|piece| piece.last)
    }

    /// For the wire.
    ///
    /// # Errors
    /// [`PieceError::Form`], which does not happen.
    pub(super) fn to_bytes(&self, tokenizer: u32) -> Result<Vec<u8>, PieceError> {
        let items = self.records.iter().map(item).collect();
        let Self { origin, first, .. } = *self;
        let wire = Wire { format: FORMAT, tokenizer, origin, first, items };
        postcard::to_stdvec(&wire).map_err(PieceError::Form)
    }

    /// From the wire.
    ///
    /// # Errors
    /// See [`PieceError`].
    pub(super) fn from_bytes(bytes: &[u8], tokenizer: u32) -> Result<Self, PieceError> {
        if bytes.len() > MOST_BYTES {
            return Err(PieceError::Large(bytes.len()));
        }
        match bytes.first() {
            Some(&found) if found != FORMAT => return Err(PieceError::Format { found }),
            _ => {}
        }
        let (wire, rest): (Wire, _) = postcard::take_from_bytes(bytes).map_err(PieceError::Form)?;
        if wire.tokenizer != tokenizer {
            return Err(PieceError::Tokenizer { found: wire.tokenizer, ours: tokenizer });
        }
        if !rest.is_empty() {
            return Err(PieceError::Trailing(rest.len()));
        }
        Self::of_wire(wire)
    }

    fn of_wire(Wire { origin, first, items, .. }: Wire) -> Result<Self, PieceError> {
        let mut records = Vec::with_capacity(items.len());
        let mut next = first;
        if origin == 0 || first == 0 || items.is_empty() {
            return Err(PieceError::Impossible("it has no events"));
        }
        for item in items {
            let record = record(origin, next, item)?;
            let (.., last) = span(&record);
            next =
                last.checked_add(1).ok_or(PieceError::Impossible("there are too many events"))?;
            records.push(record);
        }
        Ok(Self { origin, first, last: next - 1, records })
    }
}

fn item(record: &Record) -> Item {
    let Record::Event(Event { digest, entry }) = record else {
        let (_, first, last) = span(record);
        return Item::Void(last.saturating_sub(first).saturating_add(1));
    };
    let (time, digest) = (entry.stamp.time, digest.0);
    let lesson = || Lesson { time, digest, features: entry.features.clone() };
    match entry.kind {
        Kind::Spam => Item::Spam(lesson()),
        Kind::Ham => Item::Ham(lesson()),
        Kind::Forgotten => Item::Forgotten { time, digest },
        Kind::Allowed => Item::Allowed(lesson()),
        Kind::Blocked => Item::Blocked(lesson()),
        Kind::Unlisted => Item::Unlisted { time, digest },
    }
}

fn record(origin: u64, sequence: u64, item: Item) -> Result<Record, PieceError> {
    let nothing = |time, digest| Lesson { time, digest, features: Vec::new() };
    let (kind, Lesson { time, digest, features }) = match item {
        Item::Void(count) => {
            let more = count.checked_sub(1).ok_or(PieceError::Impossible("nothing is void"))?;
            let last = sequence.checked_add(more);
            let last = last.ok_or(PieceError::Impossible("there are too many events"))?;
            return Ok(Record::Void { origin, first: sequence, last });
        }
        Item::Spam(lesson) => (Kind::Spam, lesson),
        Item::Ham(lesson) => (Kind::Ham, lesson),
        Item::Forgotten { time, digest } => (Kind::Forgotten, nothing(time, digest)),
        Item::Allowed(entry) => (Kind::Allowed, entry),
        Item::Blocked(entry) => (Kind::Blocked, entry),
        Item::Unlisted { time, digest } => (Kind::Unlisted, nothing(time, digest)),
    };
    if time > LATEST {
        return Err(PieceError::Impossible("it is of a time that never comes"));
    }
    if features.len() > kind.most_features() {
        return Err(PieceError::Impossible("an entry has too many features"));
    }
    let entry = Entry { stamp: Stamp { time, origin, sequence }, kind, features };
    Ok(Record::Event(Event { digest: Digest(digest), entry }))
}

fn span(record: &Record) -> (u64, u64, u64) {
    match record {
        Record::Event(Event { entry, .. }) => {
            (entry.stamp.origin, entry.stamp.sequence, entry.stamp.sequence)
        }
        Record::Void { origin, first, last } => (*origin, *first, *last),
    }
}

/// At least its bytes on the wire.
fn size(record: &Record) -> usize {
    match record {
        Record::Event(event) => event.entry.features.len() + 64,
        Record::Void { .. } => 16,
    }
}
