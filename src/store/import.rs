//! Takes the lines of an export in: see [`super::line`].

use std::io::{BufRead, Read};

use super::{
    Store,
    error::{Fault, LineFault, StoreError},
    event::{Event, Outcome},
    hash::entry_hash,
    ledger::Ledger,
    line::{LINE_FORMAT, LONGEST, Line},
    tables::Rank,
};

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are now as the export has them, and were not.
    pub taken: u64,
    /// Entries about which the store knew as much or more.
    pub known: u64,
    /// Entries older than everything the store keeps.
    pub expired: u64,
    /// Access entries are not what they were.
    pub access: bool,
    /// The change number before. A model that stands there takes [`Store::changes_since`].
    pub since: u64,
    /// The change number now.
    pub number: u64,
}

impl Store {
    /// Takes in an export, of this store or another. All or nothing: the last line must agree.
    /// Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Fault::Import`] names line and cause; why the store cannot be written.
    pub fn import(&self, from: &mut dyn BufRead) -> Result<Imported, StoreError> {
        let tokenizer = self.settings.tokenizer;
        self.named(self.write(false, |ledger| {
            let mut import = Import::begin(Lines { from, line: 0 }, ledger, tokenizer)?;
            while import.step()? {}
            import.conclude()
        }))
    }
}

/// The lines of a file, counted.
struct Lines<'a> {
    from: &'a mut dyn BufRead,
    line: u64,
}

impl Lines<'_> {
    /// The next one; None at the end of the file.
    fn next(&mut self) -> Result<Option<Line>, Fault> {
        self.line += 1;
        let mut bytes = Vec::new();
        let limit = LONGEST as u64 + 1;
        let read = (&mut *self.from).take(limit).read_until(b'\n', &mut bytes);
        read.map_err(|error| self.fault(LineFault::Read(error)))?;
        if bytes.is_empty() {
            return Ok(None);
        }
        match bytes.pop() {
            Some(b'\n') => Line::parse(&bytes).map(Some).map_err(|cause| self.fault(cause)),
            _ if bytes.len() >= LONGEST => Err(self.fault(LineFault::Long)),
            _ => Err(self.fault(LineFault::Truncated)),
        }
    }

    fn fault(&self, cause: LineFault) -> Fault {
        Fault::Import { line: self.line, cause }
    }
}

/// An import under way.
struct Import<'a, 'l, 't> {
    lines: Lines<'a>,
    ledger: &'l mut Ledger<'t>,
    count: u64,
    hash: u128,
    result: Imported,
}

impl<'a, 'l, 't> Import<'a, 'l, 't> {
    /// Reads the first line.
    fn begin(mut lines: Lines<'a>, ledger: &'l mut Ledger<'t>, ours: u32) -> Result<Self, Fault> {
        match lines.next() {
            Ok(Some(Line::Header { format, .. })) if format != LINE_FORMAT => {
                return Err(lines.fault(LineFault::Format { found: format, ours: LINE_FORMAT }));
            }
            Ok(Some(Line::Header { tokenizer, .. })) if tokenizer != ours => {
                return Err(lines.fault(LineFault::Tokenizer { found: tokenizer, ours }));
            }
            Ok(Some(Line::Header { .. })) => {}
            Err(fault @ Fault::Import { cause: LineFault::Read(_), .. }) => return Err(fault),
            _ => return Err(lines.fault(LineFault::Header)),
        }
        let result = Imported { since: ledger.state.number, ..Imported::default() };
        Ok(Self { lines, ledger, count: 0, hash: 0, result })
    }

    /// Takes one line in. False at the last one.
    fn step(&mut self) -> Result<bool, Fault> {
        match self.lines.next()? {
            None => Err(self.lines.fault(LineFault::Truncated)),
            Some(Line::Header { .. }) => Err(self.lines.fault(LineFault::Kind)),
            Some(Line::Position { origin, sequence }) => self.position(origin, sequence),
            Some(Line::Horizon(horizon)) => self.horizon(horizon),
            Some(Line::Event(event)) => self.event(event),
            Some(Line::End { count, hash }) => self.end(count, hash),
        }
    }

    fn position(&mut self, origin: u64, sequence: u64) -> Result<bool, Fault> {
        if sequence > self.ledger.position(origin)? {
            self.not_from_ourselves(origin)?;
            self.ledger.set_position(origin, sequence)?;
        }
        Ok(true)
    }

    fn horizon(&mut self, horizon: Rank) -> Result<bool, Fault> {
        self.ledger.join_horizon(horizon)?;
        Ok(true)
    }

    fn event(&mut self, Event { digest, entry }: Event) -> Result<bool, Fault> {
        self.count += 1;
        self.hash = self.hash.wrapping_add(entry_hash(digest, &entry));
        if self.ledger.is_news(digest, &entry)? {
            self.not_from_ourselves(entry.stamp.origin)?;
        }
        match self.ledger.merge(digest, entry)? {
            Outcome::Superseded => self.result.known += 1,
            Outcome::Expired => self.result.expired += 1,
            _ => self.result.taken += 1,
        }
        Ok(true)
    }

    /// An event under our own name that we do not know: we are an older copy.
    fn not_from_ourselves(&mut self, origin: u64) -> Result<(), Fault> {
        if origin == self.ledger.state.origin { self.ledger.renew_origin() } else { Ok(()) }
    }

    fn end(&mut self, counted: u64, hash: u128) -> Result<bool, Fault> {
        if counted != self.count {
            return Err(self.lines.fault(LineFault::Count { found: self.count, counted }));
        }
        if hash != self.hash {
            return Err(self.lines.fault(LineFault::Hash));
        }
        Ok(false)
    }

    fn conclude(mut self) -> Result<Imported, Fault> {
        if !matches!(self.lines.next(), Ok(None)) {
            return Err(self.lines.fault(LineFault::Trailing));
        }
        self.result.number = self.ledger.state.number;
        self.result.access = self.ledger.access_changed;
        Ok(self.result)
    }
}
