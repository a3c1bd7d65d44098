//! What is talked with a worker: a task, its answer, and whether that makes sense.

use std::time::{Duration, Instant};

use serde::{Serialize, de::DeserializeOwned};
use tokio::process::{ChildStdin, ChildStdout};

use super::{
    cost::{Kind, Load},
    worker::Worker,
};
use crate::contents::{
    Found,
    picture::PictureText,
    task::{self, Answer, Looked, OpenBounds, PartHead, Say, Task},
    wire::{self, Heard, Most, WireError},
};

/// A talk with a worker.
pub trait Talk: Send {
    /// What comes of it.
    type Answer: Send;

    /// What there is to do.
    fn loads(&self) -> Vec<Load>;

    /// Whether it is worth beginning if there is less time than it takes.
    fn in_part(&self) -> bool {
        false
    }

    /// Talks.
    ///
    /// # Errors
    /// The worker does not, or talks nonsense; it is not used any more.
    fn talk(
        self,
        pipe: &mut Pipe<'_>,
    ) -> impl Future<Output = Result<Self::Answer, TalkError>> + Send;
}

/// A talk that came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TalkError {
    /// The pipe broke, or what came is nothing that is said here.
    #[error("the worker does not answer")]
    Wire(#[from] WireError),
    /// What came makes no sense.
    #[error("{0}")]
    Unsound(&'static str),
}

/// The pipe to a worker.
#[derive(Debug)]
pub struct Pipe<'w> {
    stdin: &'w mut ChildStdin,
    stdout: &'w mut ChildStdout,
    deadline: Instant,
    measured: Vec<(Load, Duration)>,
}

impl<'w> Pipe<'w> {
    pub(super) fn new(worker: &'w mut Worker, deadline: Instant) -> Self {
        let Worker { stdin, stdout, .. } = worker;
        Self { stdin, stdout, deadline, measured: Vec::new() }
    }

    /// Says something.
    ///
    /// # Errors
    /// The worker is gone, or it is too long to say.
    pub async fn tell<H: Serialize + Sync>(
        &mut self,
        head: &H,
        strings: &[&[u8]],
    ) -> Result<(), WireError> {
        wire::send(self.stdin, head, strings).await
    }

    /// Hears something.
    ///
    /// # Errors
    /// The worker is gone, or it is more than may be, or nothing that is said here.
    pub async fn hear<H: DeserializeOwned>(&mut self, most: Most) -> Result<Heard<H>, WireError> {
        wire::receive(self.stdout, most).await
    }

    /// The time that a worker is given, in milliseconds: it is to answer what it has before it is killed.
    pub fn millis(&self) -> u64 {
        const REST: Duration = Duration::from_millis(250);
        let left = self.deadline.saturating_duration_since(Instant::now());
        u64::try_from(left.saturating_sub(REST.min(left / 5)).as_millis()).unwrap_or(u64::MAX)
    }

    /// Some work took so long; estimates learn from it.
    pub fn measured(&mut self, load: Load, took: Duration) {
        self.measured.push((load, took));
    }

    pub(super) fn into_measured(self) -> Vec<(Load, Duration)> {
        self.measured
    }
}

/// A part of a message.
#[derive(Clone, Copy, Debug)]
pub struct PartIn<'m> {
    /// Its place in the message.
    pub number: u32,
    /// Its file name; may be empty.
    pub name: &'m str,
    /// Its bytes.
    pub bytes: &'m [u8],
}

/// What is in these parts of a message?
#[derive(Clone, Debug)]
pub struct Open<'m> {
    /// The parts.
    pub parts: Vec<PartIn<'m>>,
    /// Words of the message that may be passwords, the likeliest first.
    pub passwords: &'m [String],
    /// How far to read; the time follows from the deadline.
    pub bounds: OpenBounds,
}

impl Open<'_> {
    fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.bytes.len()).sum()
    }

    fn load(&self) -> Load {
        Load::open(self.bytes())
    }

    /// How much the answer may be.
    fn most(&self) -> Most {
        let members = self.bounds.members as usize;
        let unpacked = usize::try_from(self.bounds.bytes).unwrap_or(usize::MAX);
        let head = task::MOST_TEXT
            .saturating_add(members.saturating_mul(task::ITEM))
            .saturating_add(1_024);
        Most { head, bytes: unpacked.saturating_add(self.bytes()), strings: members }
    }
}

impl Talk for Open<'_> {
    type Answer = Found;

    fn loads(&self) -> Vec<Load> {
        vec![self.load()]
    }

    /// The reading stops in time, and tells what it has.
    fn in_part(&self) -> bool {
        true
    }

    async fn talk(self, pipe: &mut Pipe<'_>) -> Result<Found, TalkError> {
        let began = Instant::now();
        let head = |part: &PartIn<'_>| PartHead { number: part.number, name: part.name.to_owned() };
        let task = Task::Open {
            parts: self.parts.iter().map(head).collect(),
            passwords: self.passwords.to_vec(),
            bounds: OpenBounds { millis: pipe.millis(), ..self.bounds },
        };
        let strings: Vec<&[u8]> = self.parts.iter().map(|part| part.bytes).collect();
        pipe.tell(&task, &strings).await?;
        let (answer, strings) = pipe.hear(self.most()).await?;
        let found = found(answer, strings)?;
        let numbers: Vec<u32> = self.parts.iter().map(|part| part.number).collect();
        task::sound(&found, &numbers).map_err(TalkError::Unsound)?;
        pipe.measured(self.load(), began.elapsed());
        Ok(found)
    }
}

fn found(answer: Answer, strings: Vec<Vec<u8>>) -> Result<Found, TalkError> {
    let Answer::Found { inside, kept } = answer else {
        return Err(TalkError::Unsound("an answer to another question"));
    };
    if kept.len() != strings.len() {
        return Err(TalkError::Unsound("more or fewer bytes than told"));
    }
    Ok(Found { inside, kept: kept.into_iter().zip(strings).collect() })
}

/// What is on this picture?
#[derive(Clone, Debug)]
pub struct Look<'m, D> {
    /// Its slices, row by row; a picture that was not cut is one row of one.
    pub rows: Vec<Vec<&'m [u8]>>,
    /// Its pixels, as far as can be told without decoding it: [`Look::guess`].
    pub pixels: u64,
    /// Whether what is seen makes reading it worth while.
    pub decide: D,
}

/// What a picture shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// At a look.
    pub looked: Looked,
    /// What is written on it, or why that cannot be read; `None` if it was not to be.
    pub text: Option<Result<PictureText, String>>,
}

impl<D> Look<'_, D> {
    /// How much may be said of a picture.
    const MOST: Most = Most { head: 256 << 10, bytes: 0, strings: 0 };

    /// How many pixels a picture of so many bytes usually has.
    pub fn guess(bytes: usize) -> u64 {
        (bytes as u64).saturating_mul(4)
    }
}

impl<D: FnOnce(&Looked) -> bool + Send> Talk for Look<'_, D> {
    /// What is seen, or why nothing can be.
    type Answer = Result<Seen, String>;

    fn loads(&self) -> Vec<Load> {
        vec![Load::pixels(Kind::Look, self.pixels), Load::pixels(Kind::Read, self.pixels)]
    }

    async fn talk(self, pipe: &mut Pipe<'_>) -> Result<Self::Answer, TalkError> {
        let Self { rows, pixels, decide } = self;
        let began = Instant::now();
        let slices = rows.iter().map(|row| u32::try_from(row.len()).unwrap_or(u32::MAX));
        let task = Task::Look { rows: slices.collect(), millis: pipe.millis() };
        pipe.tell(&task, &rows.concat()).await?;
        let (Answer::Looked(looked), _) = pipe.hear(Self::MOST).await? else {
            return Err(TalkError::Unsound("an answer to another question"));
        };
        let looked = match looked {
            Ok(looked) => looked,
            Err(why) => return Ok(Err(why)),
        };
        pipe.measured(Load::pixels(Kind::Look, pixels), began.elapsed());
        if !decide(&looked) {
            pipe.tell(&Say::Enough, &[]).await?;
            return Ok(Ok(Seen { looked, text: None }));
        }
        let began = Instant::now();
        pipe.tell(&Say::Read { millis: pipe.millis() }, &[]).await?;
        let (Answer::Text(text), _) = pipe.hear(Self::MOST).await? else {
            return Err(TalkError::Unsound("an answer to another question"));
        };
        pipe.measured(Load::pixels(Kind::Read, pixels), began.elapsed());
        Ok(Ok(Seen { looked, text: Some(text) }))
    }
}
