//! The worker's end of the pipe: standard input and output, without buffers between, so that nothing is read
//! before its time and big byte strings are not copied.

use std::{
    io::{self, Read, Write},
    os::fd::AsFd as _,
};

use nix::unistd;
use serde::{Serialize, de::DeserializeOwned};

use crate::contents::wire::{self, Heard, Most, WireError};

/// What the service may say; the memory limit is the real bound.
const MOST: Most = Most { head: 64 << 20, bytes: u32::MAX as usize, strings: 1 << 20 };

/// The pipe to the service.
#[derive(Debug, Default)]
pub struct Pipe(());

impl Pipe {
    /// Says something.
    ///
    /// # Errors
    /// The service is gone, or it is too long to say.
    pub fn tell(&mut self, head: &impl Serialize, strings: &[&[u8]]) -> Result<(), WireError> {
        wire::write(self, head, strings)
    }

    /// Hears something; `None`: there is nothing more to do.
    ///
    /// # Errors
    /// The service is gone, or what came was not expected.
    pub fn hear<H: DeserializeOwned>(&mut self) -> Result<Option<Heard<H>>, WireError> {
        wire::read(self, MOST)
    }
}

impl Read for Pipe {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(unistd::read(io::stdin().as_fd(), bytes)?)
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(unistd::write(io::stdout().as_fd(), bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
