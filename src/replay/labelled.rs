//! Labelled mail that is to be replayed, and the order in which it comes.

use std::{
    iter,
    path::{Path, PathBuf},
};

use rand::{SeedableRng, rngs::Xoshiro256PlusPlus, seq::SliceRandom};

use crate::{
    corpus::{Entry, Index, Item, Messages, SourceError, files, mbox_places, message_at, messages},
    verdict::Label,
};

/// Files of messages with what they are.
#[derive(Debug, Default)]
pub struct Labelled {
    files: Vec<(Label, PathBuf)>,
    order: Vec<Piece>,
    repeat: usize,
}

/// What is read at once: a file, or one message of an mbox.
#[derive(Clone, Copy, Debug)]
struct Piece {
    file: u32,
    /// The number of the message, from 1, and where it begins; `None` for all of the file.
    message: Option<(u32, u64)>,
}

/// Which message of which file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
        let pieces = (0..).take(labelled.files.len()).map(|file| Piece { file, message: None });
        labelled.order = pieces.collect();
        Ok(labelled)
    }

    fn add(&mut self, label: Label, path: &Path) -> Result<(), SourceError> {
        for file in files(&[path.to_owned()]) {
            self.files.push((label, file?));
        }
        Ok(())
    }

    /// The messages in another order, the same for the same seed. Those on standard input stay
    /// together.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn shuffled(mut self, seed: u64) -> Result<Self, SourceError> {
        let mut order = Vec::with_capacity(self.order.len());
        for (file, (_, path)) in (0..).zip(&self.files) {
            match mbox_places(path)? {
                None => order.push(Piece { file, message: None }),
                Some(places) => {
                    let messages = (1..).zip(places);
                    order.extend(messages.map(|m| Piece { file, message: Some(m) }));
                }
            }
        }
        order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        self.order = order;
        Ok(self)
    }

    /// All of it so many times, one behind the other.
    #[must_use]
    pub fn repeated(mut self, times: usize) -> Self {
        self.repeat = times;
        self
    }

    /// How many files will be read; an mbox is one, unless its messages are shuffled.
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
        mut opened: impl FnMut(),
    ) -> impl Iterator<Item = Result<Letter, SourceError>> {
        let order = iter::repeat_n(&self.order, self.repeat).flatten();
        let letters = order.flat_map(move |piece| {
            opened();
            self.piece(*piece)
        });
        letters.enumerate().map(|(number, letter)| letter.map(|l| Letter { number, ..l }))
    }

    fn piece(&self, piece: Piece) -> Box<dyn Iterator<Item = Result<Letter, SourceError>> + Send> {
        let Piece { file, message } = piece;
        let found = usize::try_from(file).ok().and_then(|at| self.files.get(at));
        match (found, message) {
            (None, _) => Box::new(iter::empty()),
            (Some((label, path)), None) => {
                let path = path.clone();
                Box::new(letters(path.display().to_string(), messages(Ok(path)), file, *label))
            }
            (Some((label, path)), Some((message, place))) => {
                let origin = Origin { file, message };
                let letter = |raw| Letter { number: 0, label: *label, origin, raw };
                Box::new(iter::once(message_at(path, place).map(letter)))
            }
        }
    }
}

/// The messages of one file.
fn letters(
    path: String,
    messages: Messages,
    file: u32,
    label: Label,
) -> impl Iterator<Item = Result<Letter, SourceError>> {
    messages.zip(1..).map(move |(item, number)| {
        let Item { label: name, raw } = item?;
        let message = if name == path { 0 } else { number };
        Ok(Letter { number: 0, label, origin: Origin { file, message }, raw })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Two files and an mbox of three.
    fn mail() -> (tempfile::TempDir, Labelled) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["one", "two"] {
            fs::write(path(name), format!("Subject: {name}\n\nx\n")).unwrap();
        }
        let mbox =
            ["three", "four", "five"].map(|name| format!("From a\nSubject: {name}\n\nx\n\n"));
        fs::write(path("mbox"), mbox.concat()).unwrap();
        let index = path("index");
        fs::write(&index, "ham\ttwo\nham\ttwo\n").unwrap();
        let index = Index::read(&[index], None).unwrap();
        let mail = Labelled::new(&index, &[path("mbox")], &[path("one")]).unwrap();
        (folder, mail)
    }

    fn subjects(mail: &Labelled) -> String {
        let letters = mail.letters(|| ()).map(|letter| letter.unwrap());
        let shown = letters.enumerate().map(|(number, letter)| {
            assert_eq!(letter.number, number);
            let subject =
                String::from_utf8_lossy(&letter.raw).lines().next().unwrap()[9..].to_owned();
            let path = mail.path(letter.origin);
            format!("{} {subject} {}", letter.label, path.rsplit('/').next().unwrap())
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn files_come_in_order_with_their_labels() {
        let (_folder, mail) = mail();
        let all = "ham two two, ham two two, spam three mbox:1, spam four mbox:2, spam five mbox:3, ham one one";
        assert_eq!(subjects(&mail), all);
        assert_eq!(mail.files(), 4);
        assert_eq!(subjects(&mail.repeated(2)), format!("{all}, {all}"));
    }

    #[test]
    fn a_seed_is_an_order_of_all_messages() {
        let orders = [1, 1, 2, 3, 4].map(|seed| {
            let (_folder, mail) = mail();
            subjects(&mail.shuffled(seed).unwrap())
        });
        let sorted = |order: &String| {
            let mut all: Vec<_> = order.split(", ").map(str::to_owned).collect();
            all.sort_unstable();
            all
        };
        let (_folder, mail) = mail();
        for order in &orders {
            assert_eq!(sorted(order), sorted(&subjects(&mail)));
        }
        assert_eq!(orders[0], orders[1]);
        assert!(orders.iter().any(|order| *order != orders[0]));
        let apart = |order: &String| order.find("mbox:1").unwrap() > order.find("mbox:2").unwrap();
        assert!(orders.iter().any(apart), "messages of an mbox are shuffled, too: {orders:?}");
    }
}
