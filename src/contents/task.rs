//! What is said on the pipe between the service and its workers. Words only: [`wire`](super::wire) brings
//! them across, and the big byte strings that belong to them.

use serde::{Deserialize, Serialize};

use super::{
    Found,
    budget::Bounds,
    picture::{PictureHash, PictureText},
};
use crate::mail::Inside;

/// Of what is said here; a worker is started from the very program that runs, so they agree.
pub const PROTOCOL: u32 = 1;

/// How much all texts that are found in a message may be, in bytes.
pub(super) const MOST_TEXT: usize = 4 << 20;

/// What each string takes on the wire beside its bytes, at most.
pub(super) const STRING: usize = 5;

/// What each item takes on the wire beside its strings, at most.
pub(super) const ITEM: usize = 128;

/// The first word of a worker: it is up, and confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`PROTOCOL`]
    pub protocol: u32,
    /// How far.
    pub confined: Confined,
}

/// How far a worker is confined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confined {
    /// Files, network and signals, by landlock.
    pub landlock: Hold,
    /// System calls, by seccomp.
    pub calls: Hold,
    /// Memory, files, processes, and that it dies with the service.
    pub limits: Hold,
}

impl Confined {
    /// All of it, as far as this kernel can.
    pub fn is_held(self) -> bool {
        [self.landlock, self.calls, self.limits].iter().all(|hold| *hold != Hold::None)
    }
}

/// How far one means holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hold {
    /// As far as we know it.
    Full,
    /// As far as an old kernel can.
    Part,
    /// Not at all.
    None,
}

/// What a worker is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// What is in these parts of a message? Their bytes follow, in this order. Answer: [`Answer::Found`].
    Open {
        /// The parts.
        parts: Vec<PartHead>,
        /// Words of the message that may be passwords, the likeliest first.
        passwords: Vec<String>,
        /// How far to read.
        bounds: OpenBounds,
    },
    /// What is on this picture? The bytes of its slices follow, row by row. Answer: [`Answer::Looked`]; upon
    /// which comes [`Say`], unless nothing can be seen.
    Look {
        /// How many slices each row has; a picture that was not cut is one row of one.
        rows: Vec<u32>,
        /// The time there is, in milliseconds.
        millis: u64,
    },
}

/// A part of a message, but for its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartHead {
    /// Its place in the message.
    pub number: u32,
    /// Its file name; may be empty.
    pub name: String,
}

/// [`Bounds`] as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenBounds {
    /// [`Bounds::depth`]
    pub depth: u32,
    /// [`Bounds::members`]
    pub members: u32,
    /// [`Bounds::bytes`]
    pub bytes: u64,
    /// [`Bounds::ratio`]
    pub ratio: u64,
    /// The time there is, in milliseconds.
    pub millis: u64,
}

impl OpenBounds {
    /// Themselves, the time running from now on.
    pub(super) fn bounds(self) -> Bounds {
        Bounds {
            depth: self.depth as usize,
            members: self.members as usize,
            bytes: self.bytes,
            ratio: self.ratio,
            deadline: std::time::Instant::now() + std::time::Duration::from_millis(self.millis),
        }
    }
}

/// What the service says to [`Answer::Looked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Say {
    /// Read what is written on it, in so many milliseconds. Answer: [`Answer::Text`].
    Read {
        /// The time there is.
        millis: u64,
    },
    /// Nothing more is wanted of it.
    Enough,
}

/// What a worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Task::Open`].
    Found {
        /// What was found.
        inside: Inside,
        /// The items whose bytes follow, by their place.
        kept: Vec<u32>,
    },
    /// To [`Task::Look`]: why nothing can be seen, or what is; then, [`Say`] is expected.
    Looked(Result<Looked, String>),
    /// To [`Say::Read`]: what is written, or why nothing can be read.
    Text(Result<PictureText, String>),
}

/// What is seen of a picture without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looked {
    /// Its width in pixels, slices put together.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// How many pictures of a film were seen; 1: it does not move.
    pub frames: u32,
    /// What it looks like.
    pub hash: PictureHash,
    /// What QR codes on it say.
    pub codes: Vec<String>,
    /// Whether there may be text on it.
    pub is_text_likely: bool,
}

/// Whether an answer makes sense: it comes from where hostile input was read.
///
/// # Errors
/// What does not.
pub(super) fn sound(found: &Found, numbers: &[u32]) -> Result<(), &'static str> {
    let items = &found.inside.items;
    for (place, item) in items.iter().enumerate() {
        if !numbers.contains(&item.part) {
            return Err("an item of no part");
        }
        if item.parent.is_some_and(|parent| parent as usize >= place) {
            return Err("an item before what holds it");
        }
    }
    let mut places = found.kept.iter().map(|(place, _)| *place as usize);
    if places.any(|place| place >= items.len()) {
        return Err("bytes of no item");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Item;

    fn found(items: &[(u32, Option<u32>)], kept: &[u32]) -> Found {
        let items = items.iter().map(|&(part, parent)| Item { part, parent, ..Item::default() });
        let inside = Inside { items: items.collect(), ..Inside::default() };
        Found { inside, kept: kept.iter().map(|&place| (place, Vec::new())).collect() }
    }

    #[test]
    fn answers_that_make_no_sense_are_seen() {
        assert_eq!(sound(&found(&[(3, None), (3, Some(0))], &[1]), &[3]), Ok(()));
        assert_eq!(sound(&found(&[(4, None)], &[]), &[3]), Err("an item of no part"));
        let circle = found(&[(3, Some(0))], &[]);
        assert_eq!(sound(&circle, &[3]), Err("an item before what holds it"));
        assert_eq!(sound(&found(&[(3, None)], &[1]), &[3]), Err("bytes of no item"));
    }
}
