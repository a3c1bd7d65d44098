//! What workers say on standard error: lines for the log, none longer and not more than a person reads.

use std::time::{Duration, Instant};

/// The longest line that is kept, in bytes.
const LONGEST: usize = 400;

/// Cuts bytes into lines. What is too long is cut off; what is no text is replaced.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut pieces = bytes.split(|&byte| byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let room = LONGEST.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            if pieces.peek().is_some() {
                lines.extend(self.finish());
            }
        }
        lines
    }

    /// The last line, if it had no end.
    pub(super) fn finish(&mut self) -> Option<String> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&line);
        let shown = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        let line: String = line.trim().chars().map(shown).collect();
        Some(line).filter(|line| !line.is_empty())
    }
}

/// So many lines in so much time.
#[derive(Debug)]
pub(super) struct Limiter {
    since: Instant,
    said: u32,
    unsaid: u64,
}

impl Limiter {
    const MOST: u32 = 20;
    const PERIOD: Duration = Duration::from_secs(10);

    /// From now on.
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, said: 0, unsaid: 0 }
    }

    /// Whether a line may be said; and how many were not, since the last that was.
    pub(super) fn may(&mut self, now: Instant) -> Option<u64> {
        if now.saturating_duration_since(self.since) >= Self::PERIOD {
            self.since = now;
            self.said = 0;
        }
        if self.said >= Self::MOST {
            self.unsaid += 1;
            return None;
        }
        self.said += 1;
        Some(std::mem::take(&mut self.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_lines() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), ["one"]);
        assert_eq!(lines.push(b"o\r\n\n\xff\x1b[0mthree\n"), ["two", "\u{fffd}\u{fffd}[0mthree"]);
        assert_eq!(lines.push(&[b'x'; 1_000]), Vec::<String>::new());
        assert_eq!(lines.push(b"yyy\nnext"), ["x".repeat(LONGEST)]);
        assert_eq!(lines.finish().unwrap(), "next");
        assert_eq!(lines.finish(), None);
    }

    #[test]
    fn a_flood_of_lines_is_counted() {
        let start = Instant::now();
        let mut limiter = Limiter::new(start);
        let said = (0..100).filter(|_| limiter.may(start).is_some()).count();
        assert_eq!(said, 20);
        assert_eq!(limiter.may(start + Duration::from_secs(9)), None);
        assert_eq!(limiter.may(start + Duration::from_secs(10)), Some(81));
        assert_eq!(limiter.may(start + Duration::from_secs(10)), Some(0));
    }
}
