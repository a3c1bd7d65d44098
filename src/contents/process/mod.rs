//! The processes in which hostile formats are read: `gatepost worker …`, started by [`pool`](super::pool).
//!
//! A worker confines itself before it reads a single byte of input, and while it has a single thread
//! ([`sandbox`], [`calls`]); then it says [`Hello`], and answers one task behind the other until its
//! standard input ends. What it would say to a person goes to its standard error, a line each. A panic is
//! such a line and its end: who started it starts another.
//!
//! What a worker of each role may:
//!
//! | | opener | looker |
//! |---|---|---|
//! | files | none | reads and runs what [`Confinement`] names: the program that reads pictures |
//! | network, signals to others | none | none |
//! | processes | none | those of that program |
//! | code that is made as it runs | none | as that program needs |
//! | memory, processor time | limited | limited, each process of it |
//! | priority | lower | lowest |
//!
//! A call that is not on the list fails with EPERM: libraries have a way round what they can do without, and
//! find it. Calls that nothing innocent makes there end the process by SIGSYS, so that an attack is seen.

mod calls;
mod confinement;
mod looker;
mod opener;
mod pipe;
mod sandbox;

use std::{
    ffi::OsString,
    io::{self, Write as _},
    panic,
    process::ExitCode,
};

use serde::de::DeserializeOwned;

pub use confinement::{ArgumentError, Confinement, Role};
pub use pipe::Pipe;
pub use sandbox::SandboxError;

use super::{
    picture::Reader,
    task::{Hello, PROTOCOL, Task},
    wire::{Heard, WireError},
};

/// Why a worker ended, for who started it.
mod exit {
    /// Its arguments are wrong (EX_USAGE).
    pub(super) const ARGUMENTS: u8 = 64;
    /// What it was told was no task, or could not be answered (EX_PROTOCOL).
    pub(super) const PIPE: u8 = 76;
    /// It could not be confined (EX_CONFIG).
    pub(super) const SANDBOX: u8 = 78;
}

/// Is a worker, with these arguments behind the word `worker`.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (confinement, parent) = match Confinement::parse(arguments) {
        Ok(parsed) => parsed,
        Err(error) => return failed(exit::ARGUMENTS, &error),
    };
    let mut reader = Reader::new(confinement.ocr.clone());
    work(&confinement, parent, |(task, strings): Heard<Task>, pipe| match task {
        Task::Open { parts, passwords, bounds } => {
            opener::open(&parts, strings, &passwords, bounds, pipe)
        }
        Task::Look { rows, millis } => looker::look(&mut reader, &rows, &strings, millis, pipe),
    })
}

/// As [`run`], with other tasks: `answer` hears one and says what there is to say.
pub fn serve<T: DeserializeOwned>(
    arguments: impl IntoIterator<Item = OsString>,
    answer: impl FnMut(Heard<T>, &mut Pipe) -> Result<(), WireError>,
) -> ExitCode {
    match Confinement::parse(arguments) {
        Ok((confinement, parent)) => work(&confinement, parent, answer),
        Err(error) => failed(exit::ARGUMENTS, &error),
    }
}

fn work<T: DeserializeOwned>(
    confinement: &Confinement,
    parent: u32,
    mut answer: impl FnMut(Heard<T>, &mut Pipe) -> Result<(), WireError>,
) -> ExitCode {
    speak_briefly();
    let confined = match sandbox::confine(confinement, parent) {
        Ok(confined) => confined,
        Err(error) => return failed(exit::SANDBOX, &error),
    };
    let mut pipe = Pipe::default();
    let mut work = || -> Result<(), WireError> {
        pipe.tell(&Hello { protocol: PROTOCOL, confined }, &[])?;
        while let Some(heard) = pipe.hear()? {
            answer(heard, &mut pipe)?;
        }
        Ok(())
    };
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(exit::PIPE, &error),
    }
}

/// A panic is one line.
fn speak_briefly() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or_default();
        line(&format!("panic at {place}: {what}"));
    }));
}

fn failed(code: u8, error: &(dyn std::error::Error + 'static)) -> ExitCode {
    line(&crate::chain(error));
    ExitCode::from(code)
}

/// Says a line; nobody may listen any more.
fn line(text: &str) {
    let mut text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.push('\n');
    let _ = io::stderr().write_all(text.as_bytes());
}
