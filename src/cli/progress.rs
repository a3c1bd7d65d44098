//! How far long work has come: a bar on a terminal, nothing elsewhere.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicUsize, Ordering},
};

/// The width of the bar, in columns.
const WIDTH: usize = 40;

/// Counts pieces of work; may be shared between threads.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    of: usize,
    done: AtomicUsize,
    shown: bool,
}

impl Progress {
    /// `of` pieces lie ahead; `what` stands before the bar.
    pub(super) fn new(what: &'static str, of: usize) -> Self {
        Self { what, of, done: AtomicUsize::new(0), shown: io::stderr().is_terminal() }
    }

    /// One more is done.
    pub(super) fn step(&self) {
        let before = self.done.fetch_add(1, Ordering::Relaxed);
        let percent = |done: usize| done.saturating_mul(100) / self.of.max(1);
        if self.shown && percent(before) != percent(before + 1) {
            let full = "█".repeat((before + 1) * WIDTH / self.of.max(1));
            let (what, percent) = (self.what, percent(before + 1));
            let _ = write!(io::stderr(), "\r{what} {full:░<WIDTH$} {percent:>3} %");
        }
    }
}

impl Drop for Progress {
    /// Leaves a clean line.
    fn drop(&mut self) {
        if self.shown {
            let width = self.what.len() + WIDTH + 7;
            let _ = write!(io::stderr(), "\r{:width$}\r", "");
        }
    }
}
