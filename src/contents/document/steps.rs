//! Small readers between packed bytes and the budget: every unpacker of documents is one of these, so that
//! nothing is unpacked beyond what the budget allows.

use std::io::{self, Read};

/// Reads what a function makes, piece by piece. It appends the next piece and says whether there is more.
pub(super) struct Steps<F> {
    step: F,
    made: Vec<u8>,
    at: usize,
    is_over: bool,
}

impl<F: FnMut(&mut Vec<u8>) -> io::Result<bool>> Steps<F> {
    /// Of this function.
    pub(super) fn new(step: F) -> Self {
        Self { step, made: Vec::new(), at: 0, is_over: false }
    }
}

impl<F: FnMut(&mut Vec<u8>) -> io::Result<bool>> Read for Steps<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.made.len() && !self.is_over {
            self.made.clear();
            self.at = 0;
            self.is_over = !(self.step)(&mut self.made)?;
        }
        let read = self.made.get(self.at..).unwrap_or_default().read(out)?;
        self.at += read;
        Ok(read)
    }
}

/// Reads up to where the packed bytes are damaged, and takes that for the end.
pub(super) struct UntilDamaged<R>(pub(super) R);

impl<R: Read> Read for UntilDamaged<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.0.read(out) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Ok(0),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_to_the_end() {
        let mut left = 3;
        let mut steps = Steps::new(|out: &mut Vec<u8>| {
            left -= 1;
            out.extend_from_slice(if left == 1 { b"" } else { b"ab" });
            Ok(left > 0)
        });
        let mut all = String::new();
        steps.read_to_string(&mut all).unwrap();
        assert_eq!(all, "abab");
    }

    #[test]
    fn damage_is_an_end() {
        let mut made = 0;
        let steps = Steps::new(|out: &mut Vec<u8>| {
            made += 1;
            out.push(b'x');
            if made < 3 { Ok(true) } else { Err(io::Error::other("damaged")) }
        });
        let mut all = String::new();
        UntilDamaged(steps).read_to_string(&mut all).unwrap();
        assert_eq!(all, "xx");
    }
}
