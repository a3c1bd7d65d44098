//! Projects of VBA macros ([MS-OVBA]): their sources, and what those would do.

mod analysis;
mod compression;
mod source;
mod words;

use memchr::memmem;

use super::{
    charset,
    ole::{Compound, Node},
};
use crate::{
    contents::reading::{ReadError, Reading},
    mail::TraitKind,
};

#[cfg(test)]
pub(super) use self::compression::packed;

/// How many bytes of sources are looked at.
const LONGEST: usize = 2 << 20;

/// How the source of every module begins, packed: behind a mark of three bytes and the flags.
const BEGINNING: &[u8] = b"\x00Attribut";

/// Reads a file that holds a project.
///
/// # Errors
/// It is damaged, or the budget used up.
pub(super) fn read_file(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    match Compound::open(bytes, reading) {
        Ok(compound) => projects(&compound, reading),
        Err(error @ ReadError::Limit(_)) => Err(error),
        // Sources are found without the file around them, too.
        Err(_) => {
            let mut sources = String::new();
            scan(bytes, &mut sources, reading)?;
            tell(&sources, true, reading)
        }
    }
}

/// Tells of all projects in a compound file.
///
/// # Errors
/// The budget is used up.
pub(super) fn projects(
    compound: &Compound<'_>,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let mut sources = String::new();
    let mut has_project = false;
    let in_project =
        |node: &&Node| node.is_stream && node.folder().to_ascii_lowercase().ends_with("vba/");
    for node in compound.nodes().iter().filter(in_project) {
        reading.time()?;
        has_project |= node.name().eq_ignore_ascii_case("_VBA_PROJECT")
            || node.name().eq_ignore_ascii_case("dir");
        if sources.len() < LONGEST {
            let stream = compound.stream(node, reading)?;
            scan(&stream, &mut sources, reading)?;
        }
    }
    tell(&sources, has_project, reading)
}

/// Unpacks every source in a stream; its place there is told elsewhere, but told wrong by those who hide.
fn scan(stream: &[u8], sources: &mut String, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    for at in memmem::find_iter(stream, BEGINNING).take(200) {
        reading.time()?;
        let start = at.saturating_sub(3);
        let packed = stream.get(start..).unwrap_or_default();
        if packed.first() == Some(&1) && sources.len() < LONGEST {
            let source = reading.load(&mut compression::unpacked(packed), packed.len() as u64)?;
            sources.push_str(&charset::western(&source));
            sources.push('\n');
        }
    }
    Ok(())
}

/// Tells of sources in a dialect of Basic.
///
/// # Errors
/// The budget is used up.
pub(super) fn sources(text: &str, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    analysis::tell(text, reading)
}

fn tell(sources: &str, has_project: bool, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    if sources.is_empty() && has_project {
        reading.is(TraitKind::Macro, "compiled code without its source");
        reading.is(TraitKind::Obfuscated, "compiled code without its source");
        return Ok(());
    }
    analysis::tell(sources, reading)
}
