//! Outlook messages ([MS-OXMSG]): properties and attachments as streams.

use std::io::Cursor;

use super::compound::{Compound, Node};
use crate::{
    contents::{
        document::charset,
        reading::{Entry, ReadError, Reading},
    },
    mail::{Origin, TraitKind},
};

/// How the names of streams that hold properties begin.
const STREAM: &str = "__substg1.0_";

/// Reads a message, and those in it.
pub(super) fn read(compound: &Compound<'_>, reading: &mut Reading<'_>) -> Result<(), ReadError> {
    for node in compound.nodes().iter().filter(|node| node.is_stream) {
        reading.time()?;
        let Some(tag) = node.name().strip_prefix(STREAM) else { continue };
        let (Some(property), Some(kind)) = (tag.get(..4), tag.get(4..8)) else { continue };
        match property {
            // Subject and sender.
            "0037" | "0C1A" | "5D01" => {
                let text = text(compound, node, kind, reading)?;
                reading.text(Origin::Properties, &text);
            }
            "1000" => {
                let text = text(compound, node, kind, reading)?;
                reading.text(Origin::Document, &text);
            }
            "1013" => {
                let page = match kind.to_ascii_lowercase().as_str() {
                    "001f" => text(compound, node, kind, reading)?.into_bytes(),
                    _ => compound.stream(node, reading)?,
                };
                member("body.html".into(), &page, reading)?;
            }
            "3701" => {
                let name = name(compound, node, reading)?;
                reading.is(TraitKind::Attached, &name);
                let file = compound.stream(node, reading)?;
                member(name, &file, reading)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn text(
    compound: &Compound<'_>,
    node: &Node,
    kind: &str,
    reading: &mut Reading<'_>,
) -> Result<String, ReadError> {
    let bytes = compound.stream(node, reading)?;
    let text = if kind.eq_ignore_ascii_case("001f") {
        charset::utf16(&bytes)
    } else {
        charset::western(&bytes)
    };
    Ok(text.trim_end_matches('\0').replace('\r', ""))
}

/// The name of the attachment whose bytes these are: the long one, else the short one.
fn name(
    compound: &Compound<'_>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Result<String, ReadError> {
    for (property, kind) in [("3707", "001F"), ("3707", "001E"), ("3704", "001F"), ("3704", "001E")]
    {
        let path = format!("{}{STREAM}{property}{kind}", node.folder());
        if let Some(found) = compound.find(&path) {
            return text(compound, found, kind, reading);
        }
    }
    Ok(String::new())
}

fn member(name: String, bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let entry = Entry { name, packed: bytes.len() as u64, ..Entry::default() };
    reading.member(entry, &mut Cursor::new(bytes))
}
