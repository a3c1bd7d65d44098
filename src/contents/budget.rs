//! How much of a message's contents is read: one budget for all that is in it.

use std::{
    io::{self, Read},
    time::Instant,
};

use crate::mail::Limit;

/// The bounds that a message's contents are read within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How deep things may stand in things.
    pub depth: usize,
    /// How many things there may be.
    pub members: usize,
    /// How many bytes all of them may be, unpacked.
    pub bytes: u64,
    /// How many bytes may come of one packed byte, beyond the first [`Bounds::FREE`].
    pub ratio: u64,
    /// Until when.
    pub deadline: Instant,
}

impl Bounds {
    /// How many bytes may come of anything, however small.
    pub const FREE: u64 = 1 << 20;
}

/// What is left of it.
#[derive(Debug)]
pub struct Budget {
    bounds: Bounds,
    members: usize,
    bytes: u64,
}

impl Budget {
    /// All of it.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, members: bounds.members, bytes: bounds.bytes }
    }

    /// Something at this depth: 0 for a part of the message.
    ///
    /// # Errors
    /// It is too deep, one too many, or too late.
    pub(super) fn member(&mut self, depth: usize) -> Result<(), Limit> {
        if depth > self.bounds.depth {
            return Err(Limit::Depth);
        }
        self.members = self.members.checked_sub(1).ok_or(Limit::Members)?;
        self.time()
    }

    /// Whether there is time left; asked in every loop whose length the input decides.
    ///
    /// # Errors
    /// There is none.
    pub fn time(&self) -> Result<(), Limit> {
        if Instant::now() < self.bounds.deadline { Ok(()) } else { Err(Limit::Time) }
    }

    /// How many bytes may still come of `packed` ones.
    pub(super) fn room(&self, packed: u64) -> u64 {
        packed.saturating_mul(self.bounds.ratio).saturating_add(Bounds::FREE).min(self.bytes)
    }

    /// Until when.
    pub(super) fn deadline(&self) -> Instant {
        self.bounds.deadline
    }

    /// Reads what comes of `packed` bytes to its end.
    ///
    /// # Errors
    /// More comes than may; what has come is in `out`.
    pub(super) fn read(
        &mut self,
        content: &mut dyn Read,
        packed: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), Cut> {
        let by_ratio = packed.saturating_mul(self.bounds.ratio).saturating_add(Bounds::FREE);
        let mut chunk = vec![0; 64 << 10];
        loop {
            self.time()?;
            let read = match content.read(&mut chunk) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Cut::Io(error)),
            };
            let Some(bytes) = chunk.get(..read).filter(|bytes| !bytes.is_empty()) else {
                return Ok(());
            };
            self.bytes = self.bytes.checked_sub(read as u64).ok_or(Limit::Bytes)?;
            if (out.len() + read) as u64 > by_ratio {
                return Err(Cut::Limit(Limit::Ratio));
            }
            out.extend_from_slice(bytes);
        }
    }
}

/// Why not all was read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    /// The budget is used up.
    #[error("beyond the limit")]
    Limit(Limit),
    /// Damaged.
    #[error("damaged")]
    Io(#[source] io::Error),
}

impl From<Limit> for Cut {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}
