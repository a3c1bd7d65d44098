//! Labelled mail that is to be replayed, and the order in which it comes.

use std::{
    iter,
    path::{Path, PathBuf},
};

use rand::{SeedableRng, rngs::Xoshiro256PlusPlus, seq::SliceRandom};

use crate::{
    corpus::{Entry, Index, Item, Messages, SourceError, files, messages},
    verdict::Label,
};

/// Files of messages with what they are.
#[derive(Debug, Default)]
pub struct Labelled {
    files: Vec<(Label, PathBuf)>,
    /// Numbers of files.
    order: Vec<u32>,
    repeat: usize,
}

/// Which message of which file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    file: u32,
    /// Its number in an mbox, from 1; 0 if it is alone in its file.
    message: u32,
}

/// One message on its way into the replay.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its place in the replay, from 0.
    pub number: usize,
    /// What it is.
    pub label: Label,
    /// Where it came from.
    pub origin: Origin,
    /// The message.
    pub raw: Vec<u8>,
}

impl Labelled {
    /// The files of index files, then those under `spam`, then those under `ham`; directories in
    /// the order of their names.
    ///
    /// # Errors
    /// A directory cannot be read.
    pub fn new(index: &Index, spam: &[PathBuf], ham: &[PathBuf]) -> Result<Self, SourceError> {
        let mut labelled = Self { repeat: 1, ..Self::default() };
        for Entry { label, path, .. } in &index.entries {
            labelled.add(*label, path)?;
        }
        for (label, paths) in [(Label::Spam, spam), (Label::Ham, ham)] {
            paths.iter().try_for_each(|path| labelled.add(label, path))?;
        }
        labelled.order = (0..).take(labelled.files.len()).collect();
        Ok(labelled)
    }

    fn add(&mut self, label: Label, path: &Path) -> Result<(), SourceError> {
        for file in files(&[path.to_owned()]) {
            self.files.push((label, file?));
        }
        Ok(())
    }

    /// The files in another order, the same for the same seed.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        self
    }

    /// All of it so many times, one behind the other.
    #[must_use]
    pub fn repeated(mut self, times: usize) -> Self {
        self.repeat = times;
        self
    }

    /// How many files will be read; an mbox is one.
    pub fn files(&self) -> usize {
        self.order.len().saturating_mul(self.repeat)
    }

    /// The path; for a message of an mbox with its number behind a colon.
    pub fn path(&self, Origin { file, message }: Origin) -> String {
        let file = usize::try_from(file).ok().and_then(|at| self.files.get(at));
        let path = file.map(|(_, path)| path.display().to_string()).unwrap_or_default();
        if message == 0 { path } else { format!("{path}:{message}") }
    }

    /// The messages, read one at a time; `opened` is called for each file.
    pub fn letters(
        &self,
        opened: impl FnMut(),
    ) -> impl Iterator<Item = Result<Letter, SourceError>> {
        let mut opened = opened;
        let order = iter::repeat_n(&self.order, self.repeat).flatten();
        let files = order.filter_map(|&file| {
            let (label, path) = self.files.get(usize::try_from(file).ok()?)?;
            Some((file, *label, path))
        });
        let letters = files.flat_map(move |(file, label, path)| {
            opened();
            letters(messages(Ok(path.clone())), file, label, path.display().to_string())
        });
        letters.enumerate().map(|(number, letter)| letter.map(|l| Letter { number, ..l }))
    }
}

/// The messages of one file.
fn letters(
    messages: Messages,
    file: u32,
    label: Label,
    path: String,
) -> impl Iterator<Item = Result<Letter, SourceError>> {
    messages.zip(1..).map(move |(item, number)| {
        let Item { label: name, raw } = item?;
        let message = if name == path { 0 } else { number };
        Ok(Letter { number: 0, label, origin: Origin { file, message }, raw })
    })
}
