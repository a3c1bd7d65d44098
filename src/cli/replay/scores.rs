//! The score of each message, in a file.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use super::Unwritable;
use crate::{
    replay::{Record, Records},
    verdict::Points,
};

/// One line a message, in the order of the mail.
///
/// # Errors
/// The file cannot be written.
pub(super) fn write(path: &Path, records: Records<'_>) -> Result<(), Unwritable> {
    let write = || {
        let mut file = BufWriter::new(File::create(path)?);
        for record in records.all {
            let Record { label, origin, .. } = record;
            writeln!(file, "{label}\t{}\t{}", score(records, record), records.mail.path(*origin))?;
        }
        file.flush()
    };
    write().map_err(|source| Unwritable { path: path.to_owned(), source })
}

/// Points as people write them; log-odds with all their digits, since they are never equal by
/// rounding.
fn score(records: Records<'_>, record: &Record) -> String {
    let points = records.filter.and_then(|_| Points::from_f64(record.score).ok());
    points.map_or_else(|| format!("{:.17e}", record.score), |points| points.to_string())
}
