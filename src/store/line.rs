//! The line format of exports: one line each, fields parted by one tab, ended by a line feed.
//!
//! | line | fields |
//! |---|---|
//! | first | `gatepost-store`, format, tokenizer |
//! | any number of | `position`, origin, last sequence applied |
//! | at most one | `horizon`, time, origin, sequence, digest |
//! | one an entry | `spam`, `ham`, `forgotten`, `allowed`, `blocked` or `unlisted`; time, origin, sequence, digest, features |
//! | last | `end`, number of entries, state hash |
//!
//! Numbers are decimal; origins have 16 hexadecimal digits, digests and the hash 32, all in lower
//! case; features are base 64 (RFC 4648, section 4, with padding), empty for what was taken
//! back.
//! Time is in milliseconds since 1970.
//!
//! Positions say of which events the entries are the state, so that a store that takes them in
//! need not be told these again. Somebody who makes such a file from other data leaves positions
//! and horizon out.

use std::{fmt, str};

use data_encoding::{BASE64, HEXLOWER};

use super::{
    error::{LineFault, Mistake},
    event::{Digest, Entry, Event, Kind, MOST_FEATURE_BYTES, Stamp},
    tables::Rank,
    write::check_entry,
};

/// The version of this format.
pub(super) const LINE_FORMAT: u64 = 1;

/// The first word of an export.
const TITLE: &str = "gatepost-store";

/// No line is longer, in bytes.
pub(super) const LONGEST: usize = MOST_FEATURE_BYTES / 3 * 4 + 200;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Header { format: u64, tokenizer: u32 },
    Position { origin: u64, sequence: u64 },
    Horizon(Rank),
    Event(Event),
    End { count: u64, hash: u128 },
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header { format, tokenizer } => write!(f, "{TITLE}\t{format}\t{tokenizer}"),
            Self::Position { origin, sequence } => write!(f, "position\t{origin:016x}\t{sequence}"),
            Self::Horizon((time, origin, sequence, digest)) => {
                write!(f, "horizon\t{time}\t{origin:016x}\t{sequence}\t{digest:032x}")
            }
            Self::Event(Event { digest, entry }) => {
                let Stamp { time, origin, sequence } = entry.stamp;
                let features = BASE64.encode(&entry.features);
                let word = word(entry.kind);
                write!(f, "{word}\t{time}\t{origin:016x}\t{sequence}\t{digest}\t{features}")
            }
            Self::End { count, hash } => write!(f, "end\t{count}\t{hash:032x}"),
        }
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Spam => "spam",
        Kind::Ham => "ham",
        Kind::Forgotten => "forgotten",
        Kind::Allowed => "allowed",
        Kind::Blocked => "blocked",
        Kind::Unlisted => "unlisted",
    }
}

impl Line {
    /// Reads one, without its line feed.
    pub(super) fn parse(line: &[u8]) -> Result<Self, LineFault> {
        let line = str::from_utf8(line).map_err(|_| LineFault::Kind)?;
        let mut fields = Fields(line.split('\t'));
        let line = match fields.next()? {
            TITLE => Self::Header {
                format: fields.decimal("format")?,
                tokenizer: u32::try_from(fields.decimal("tokenizer")?)
                    .map_err(|_| LineFault::Field("tokenizer"))?,
            },
            "position" => Self::Position { origin: fields.origin()?, sequence: fields.sequence()? },
            "horizon" => Self::Horizon(fields.stamp()?.rank(fields.digest()?)),
            "spam" => Self::Event(fields.event(Kind::Spam)?),
            "ham" => Self::Event(fields.event(Kind::Ham)?),
            "forgotten" => Self::Event(fields.event(Kind::Forgotten)?),
            "allowed" => Self::Event(fields.event(Kind::Allowed)?),
            "blocked" => Self::Event(fields.event(Kind::Blocked)?),
            "unlisted" => Self::Event(fields.event(Kind::Unlisted)?),
            "end" => Self::End {
                count: fields.decimal("count")?,
                hash: u128::from_be_bytes(fields.hexadecimal("state hash")?),
            },
            _ => return Err(LineFault::Kind),
        };
        fields.end()?;
        Ok(line)
    }
}

/// The fields of a line that have not been read yet.
struct Fields<'l>(str::Split<'l, char>);

impl<'l> Fields<'l> {
    fn next(&mut self) -> Result<&'l str, LineFault> {
        self.0.next().ok_or(LineFault::Fields)
    }

    fn end(mut self) -> Result<(), LineFault> {
        if self.0.next().is_some() { Err(LineFault::Fields) } else { Ok(()) }
    }

    /// Digits alone: `parse` would take a sign.
    fn decimal(&mut self, what: &'static str) -> Result<u64, LineFault> {
        let field = self.next()?;
        if !field.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(LineFault::Field(what));
        }
        field.parse().map_err(|_| LineFault::Field(what))
    }

    fn hexadecimal<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], LineFault> {
        let bytes = HEXLOWER.decode(self.next()?.as_bytes());
        let bytes = bytes.map_err(|_| LineFault::Field(what))?;
        bytes.try_into().map_err(|_| LineFault::Field(what))
    }

    fn origin(&mut self) -> Result<u64, LineFault> {
        match u64::from_be_bytes(self.hexadecimal("origin")?) {
            0 => Err(LineFault::Event(Mistake::Origin)),
            origin => Ok(origin),
        }
    }

    fn sequence(&mut self) -> Result<u64, LineFault> {
        self.decimal("sequence")
    }

    fn stamp(&mut self) -> Result<Stamp, LineFault> {
        Ok(Stamp {
            time: self.decimal("time")?,
            origin: self.origin()?,
            sequence: self.sequence()?,
        })
    }

    fn digest(&mut self) -> Result<Digest, LineFault> {
        self.hexadecimal("digest").map(Digest)
    }

    fn event(&mut self, kind: Kind) -> Result<Event, LineFault> {
        let (stamp, digest) = (self.stamp()?, self.digest()?);
        let features = BASE64.decode(self.next()?.as_bytes());
        let features = features.map_err(|_| LineFault::Field("features"))?;
        let entry = Entry { stamp, kind, features };
        check_entry(&entry).map_err(LineFault::Event)?;
        Ok(Event { digest, entry })
    }
}
