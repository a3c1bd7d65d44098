//! What came of a training run.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Instant,
};

use serde::Serialize;

use crate::filter::learn::{Taught, Teach};

/// Why a message was not taught, although nothing is wrong with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Skipped {
    /// Its file cannot be read.
    Unreadable,
    /// There is nothing in it.
    Empty,
    /// It has no header field.
    NoMessage,
    /// Who learns does not take it.
    Refused,
}

impl Skipped {
    fn because(self) -> &'static str {
        match self {
            Self::Unreadable => "cannot be read",
            Self::Empty => "empty",
            Self::NoMessage => "no header fields: not a message",
            Self::Refused => "cannot be learned",
        }
    }
}

/// Counts.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    taught: BTreeMap<Taught, usize>,
    skipped: BTreeMap<Skipped, usize>,
    seconds: f64,
    interrupted: bool,
    failed: bool,
    #[serde(skip)]
    started: Instant,
}

impl Summary {
    /// Nothing taught; the clock runs.
    pub(super) fn start() -> Self {
        Self {
            taught: BTreeMap::new(),
            skipped: BTreeMap::new(),
            seconds: 0.0,
            interrupted: false,
            failed: false,
            started: Instant::now(),
        }
    }

    /// A message was taught.
    pub(super) fn count(&mut self, taught: Taught) {
        *self.taught.entry(taught).or_default() += 1;
        self.seconds = self.started.elapsed().as_secs_f64();
    }

    /// A message was not.
    pub(super) fn skip(&mut self, skipped: Skipped) {
        *self.skipped.entry(skipped).or_default() += 1;
        self.seconds = self.started.elapsed().as_secs_f64();
    }

    /// Not all messages were looked at, because somebody said so.
    pub(super) fn interrupt(&mut self) {
        self.interrupted = true;
    }

    /// Not all messages were looked at, because learning failed.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Whether something was to be taught that was not.
    pub(super) fn failed(&self) -> bool {
        let wanted = [Skipped::Unreadable, Skipped::Refused];
        self.failed || self.interrupted || wanted.iter().any(|why| self.skipped.contains_key(why))
    }

    /// One object.
    pub(super) fn json(&self) -> io::Result<()> {
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, self)?;
        writeln!(output)
    }

    /// A line, and one for each reason to skip.
    pub(super) fn text(&self, teach: Teach, dry: bool) -> io::Result<()> {
        let mut output = io::stdout().lock();
        let all: usize = self.taught.values().chain(self.skipped.values()).sum();
        let rate = self.taught.values().sum::<usize>() as f64 / self.seconds.max(1e-3);
        let said: Vec<String> = self
            .taught
            .iter()
            .map(|(taught, count)| format!("{count} {}", word(*taught)))
            .collect();
        let said = if said.is_empty() { "nothing taught".to_owned() } else { said.join(", ") };
        let would = if dry { " (dry run: nothing was changed)" } else { "" };
        writeln!(
            output,
            "{} ({all} messages): {said}{would}; {:.1} s, {rate:.0} a second",
            teach.as_str(),
            self.seconds
        )?;
        for (skipped, count) in &self.skipped {
            writeln!(output, "skipped {count}: {}", skipped.because())?;
        }
        if self.interrupted && !self.failed {
            writeln!(output, "interrupted; run it again to teach the rest")?;
        }
        Ok(())
    }
}

fn word(taught: Taught) -> &'static str {
    match taught {
        Taught::Learned => "learned",
        Taught::Moved => "moved",
        Taught::Known => "already known",
        Taught::Forgotten => "forgotten",
        Taught::NotKnown => "not known",
    }
}
