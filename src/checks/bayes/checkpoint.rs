//! A model on disk, so that a start need not learn everything again.
//!
//! Little-endian: magic, tokenizer, messages of spam, of ham and imported, whether settled; how many tokens,
//! then each with its counts, ascending; the calibration; the weights of each member; what is rehearsed; the SHA-256
//! of all that. Two models in the same state write the same bytes.

use std::io::{self, BufReader, Read, Write};

use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{
    Model, TOKENIZER,
    calibration::Calibration,
    counts::{Count, Counts},
    regression::Weight,
    rehearsal::{Rehearsal, Shelf},
};
use crate::verdict::Label;

const MAGIC: [u8; 8] = *b"gpbayes1";

/// Tokens and weights are written and read so many bytes at a time.
const BLOCK: usize = 12 * 4096;

/// Far more than is kept for rehearsal, in messages and in bytes of each.
const MOST_KEPT: u32 = 1 << 16;
const LONGEST_MESSAGE: u32 = 1 << 20;

/// Why a checkpoint cannot be used. The model must be learned again from the stored features.
#[derive(Debug, Error)]
pub enum ModelError {
    /// It could not be read.
    #[error("reading the checkpoint")]
    Read(#[source] io::Error),
    /// It is none, or one of another version.
    #[error("not a checkpoint of this version")]
    OtherVersion,
    /// Its checksum is wrong, or it holds what no model does.
    #[error("checkpoint damaged")]
    Damaged,
}

impl From<io::Error> for ModelError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damaged,
            _ => Self::Read(error),
        }
    }
}

impl Model {
    /// Writes a checkpoint.
    ///
    /// # Errors
    /// What `out` says.
    pub fn write_to(&self, out: impl Write) -> io::Result<()> {
        let mut out = Summing { inner: out, sum: Sha256::new() };
        out.put(&MAGIC)?;
        out.put(&TOKENIZER.to_le_bytes())?;
        out.put(&self.spam.to_le_bytes())?;
        out.put(&self.ham.to_le_bytes())?;
        out.put(&self.imported.to_le_bytes())?;
        out.put(&[u8::from(self.is_settled)])?;
        let mut tokens: Vec<(u32, Count)> = self.counts.iter().collect();
        tokens.sort_unstable_by_key(|&(token, _)| token);
        out.put(&u64::try_from(tokens.len()).unwrap_or(0).to_le_bytes())?;
        out.put_all(tokens.iter().flat_map(|(token, Count { spam, ham })| [*token, *spam, *ham]))?;
        let Calibration { slope, shift, squares: [first, second] } = self.calibration;
        for number in [slope, shift, first, second] {
            out.put(&number.to_le_bytes())?;
        }
        for member in &self.members {
            let bits = |weight: &Weight| [weight.value, weight.squares].map(f32::to_bits);
            out.put_all(member.weights.iter().flat_map(bits))?;
        }
        out.put_rehearsal(&self.rehearsal)?;
        let sum = out.sum.finalize();
        out.inner.write_all(&sum)?;
        out.inner.flush()
    }

    /// Reads a checkpoint; of hostile bytes at most the model's own size is kept in memory.
    ///
    /// # Errors
    /// [`ModelError`]; a damaged checkpoint is never half read.
    pub fn read_from(from: impl Read) -> Result<Self, ModelError> {
        let mut from = Summing { inner: BufReader::with_capacity(BLOCK, from), sum: Sha256::new() };
        if from.take::<8>()? != MAGIC || u32::from_le_bytes(from.take()?) != TOKENIZER {
            return Err(ModelError::OtherVersion);
        }
        let mut model = Self::new();
        model.spam = u64::from_le_bytes(from.take()?);
        model.ham = u64::from_le_bytes(from.take()?);
        model.imported = u64::from_le_bytes(from.take()?);
        model.is_settled = from.take::<1>()? == [1];
        let tokens = u64::from_le_bytes(from.take()?);
        model.counts = Counts::with_room(tokens);
        for _ in 0..tokens {
            let (token, spam, ham) = (from.number()?, from.number()?, from.number()?);
            model.counts.change(token, |_| Count { spam, ham });
        }
        let [slope, shift, first, second] = [(); 4].map(|()| from.take().map(f64::from_le_bytes));
        let squares = [first?, second?];
        model.calibration = Calibration { slope: slope?, shift: shift?, squares };
        for weight in model.members.iter_mut().flat_map(|member| &mut member.weights) {
            weight.value = f32::from_bits(from.number()?);
            weight.squares = f32::from_bits(from.number()?);
        }
        model.rehearsal = from.rehearsal()?;
        let sum: [u8; 32] = from.sum.finalize().into();
        let mut written = [0; 32];
        from.inner.read_exact(&mut written)?;
        if sum == written { Ok(model) } else { Err(ModelError::Damaged) }
    }
}

/// Passes bytes on and sums them up.
struct Summing<T> {
    inner: T,
    sum: Sha256,
}

impl<W: Write> Summing<W> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.inner.write_all(bytes)
    }

    fn put_rehearsal(&mut self, rehearsal: &Rehearsal) -> io::Result<()> {
        let run = match rehearsal.run {
            None => [0, 0],
            Some((Label::Spam, run)) => [1, run],
            Some((Label::Ham, run)) => [2, run],
        };
        self.put_all(run.into_iter())?;
        self.put_shelf(&rehearsal.spam)?;
        self.put_shelf(&rehearsal.ham)
    }

    fn put_shelf(&mut self, shelf: &Shelf) -> io::Result<()> {
        let Shelf { messages, every, passed, next } = shelf;
        let count = u32::try_from(messages.len()).unwrap_or(u32::MAX);
        self.put_all([count, *every, *passed, *next].into_iter())?;
        for message in messages {
            self.put(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_le_bytes())?;
            self.put(message)?;
        }
        Ok(())
    }

    fn put_all(&mut self, numbers: impl Iterator<Item = u32>) -> io::Result<()> {
        let mut block = Vec::with_capacity(BLOCK);
        for number in numbers {
            block.extend_from_slice(&number.to_le_bytes());
            if block.len() == BLOCK {
                self.put(&block)?;
                block.clear();
            }
        }
        self.put(&block)
    }
}

impl<R: Read> Summing<R> {
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.sum.update(bytes);
        Ok(bytes)
    }

    fn rehearsal(&mut self) -> Result<Rehearsal, ModelError> {
        let run = match (self.number()?, self.number()?) {
            (0, _) => None,
            (1, run) => Some((Label::Spam, run)),
            (2, run) => Some((Label::Ham, run)),
            _ => return Err(ModelError::Damaged),
        };
        Ok(Rehearsal { spam: self.shelf()?, ham: self.shelf()?, run })
    }

    fn shelf(&mut self) -> Result<Shelf, ModelError> {
        let (count, every) = (self.number()?, self.number()?);
        let (passed, next) = (self.number()?, self.number()?);
        if count > MOST_KEPT {
            return Err(ModelError::Damaged);
        }
        let messages = (0..count).map(|_| self.bytes()).collect::<Result<_, _>>()?;
        Ok(Shelf { messages, every, passed, next })
    }

    fn bytes(&mut self) -> Result<Vec<u8>, ModelError> {
        let length = self.number()?;
        if length > LONGEST_MESSAGE {
            return Err(ModelError::Damaged);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
        self.inner.read_exact(&mut bytes)?;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> io::Result<u32> {
        self.take().map(u32::from_le_bytes)
    }
}
