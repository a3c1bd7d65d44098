//! The whole state as lines: see [`super::line`].

use std::io::{self, Write};

use redb::{ReadTransaction, ReadableTable};

use super::{
    Standing, Store, access,
    error::{Fault, StoreError},
    event::Event,
    line::{LINE_FORMAT, Line},
    read::{each_entry, state},
    standing::standing,
    tables::{HORIZON, POSITIONS},
};

impl Store {
    /// Writes positions, horizon and all entries of both topics, from one state, while others read and write.
    /// Returns where that state stands.
    ///
    /// # Errors
    /// [`Fault::Export`] if `to` cannot be written; why the store cannot be read.
    pub fn export(&self, to: &mut dyn Write) -> Result<Standing, StoreError> {
        self.named(self.engine.read(|transaction| export(transaction, to)))
    }
}

fn export(transaction: &ReadTransaction, to: &mut dyn Write) -> Result<Standing, Fault> {
    let state = state(transaction)?;
    put(to, &Line::Header { format: LINE_FORMAT, tokenizer: state.tokenizer })?;
    for row in transaction.open_table(POSITIONS)?.iter()? {
        let (origin, sequence) = row?;
        put(to, &Line::Position { origin: origin.value(), sequence: sequence.value() })?;
    }
    if let Some(row) = transaction.open_table(HORIZON)?.get(())? {
        put(to, &Line::Horizon(row.value()))?;
    }
    let mut put_event = |digest, entry| put(to, &Line::Event(Event { digest, entry }));
    each_entry(transaction, &mut put_event)?;
    access::each_access(transaction, &mut put_event)?;
    let count = state.counts.total().saturating_add(access::count(transaction)?);
    put(to, &Line::End { count, hash: state.hash })?;
    to.flush().map_err(Fault::Export)?;
    standing(transaction)
}

fn put(to: &mut dyn Write, line: &Line) -> Result<(), Fault> {
    let written: io::Result<()> = writeln!(to, "{line}");
    written.map_err(Fault::Export)
}
