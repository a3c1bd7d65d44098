//! Workbooks of Excel 97 to 2003 ([MS-XLS]): texts, links, and sheets of Excel 4 macros.

mod formula;
mod strings;

use self::strings::Parts;
use super::compound::{Compound, Node};
use crate::{
    contents::{
        document::{
            addresses::addresses,
            charset,
            little::{size_at, u16_at},
            records::Records,
            sheet_macros,
        },
        reading::{ReadError, Reading},
    },
    mail::{Lock, Origin, TraitKind},
};

/// The longest text that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// The identifier of addresses in links ([MS-OSHARED], 2.3.7.6).
const URL_MONIKER: &[u8] = b"\xe0\xc9\xea\x79\xf9\xba\xce\x11\x8c\x82\x00\xaa\x00\x4b\xa9\x0b";

/// What was found so far.
#[derive(Default)]
struct Workbook {
    text: String,
    formulas: String,
    /// Names that start a macro sheet.
    auto_run: Vec<String>,
    has_macro_sheet: bool,
    /// The sheet that is being read is one of macros.
    is_macro_sheet: bool,
    is_locked: bool,
}

/// Reads the workbook in this stream; how many letters it shows.
pub(super) fn read(
    compound: &Compound<'_>,
    node: &Node,
    reading: &mut Reading<'_>,
) -> Result<usize, ReadError> {
    let stream = compound.stream(node, reading)?;
    let mut book = Workbook::default();
    let mut records = Records::new(&stream, head);
    while let Some((kind, body)) = records.next() {
        reading.time()?;
        if kind == 0xfc {
            let parts = Parts::new(body, records.clone());
            strings::shared(parts, LONGEST, &mut book.text, reading)?;
        } else {
            book.record(kind, body, reading);
        }
        if book.is_locked {
            reading.lock(Lock::Locked);
            break;
        }
    }
    reading.text(Origin::Document, &book.text);
    if book.has_macro_sheet {
        book.auto_run.iter().for_each(|name| reading.is(TraitKind::AutoRun, name));
        sheet_macros::formulas(&book.formulas, reading);
    }
    let letters = book.text.chars().filter(|character| character.is_alphanumeric()).count();
    Ok(if book.is_locked { usize::MAX } else { letters })
}

fn head(bytes: &[u8]) -> Option<(u16, usize, &[u8])> {
    Some((u16_at(bytes, 0)?, usize::from(u16_at(bytes, 2)?), bytes.get(4..)?))
}

impl Workbook {
    fn record(&mut self, kind: u16, body: &[u8], reading: &mut Reading<'_>) {
        match kind {
            // Begin of a sheet.
            0x0809 => self.is_macro_sheet = u16_at(body, 2) == Some(0x40),
            0x2f => self.is_locked = true,
            0x85 => self.sheet(body, reading),
            0x18 => self.name(body),
            0x204 => self.add(strings::long(body.get(6..).unwrap_or_default())),
            0x207 => self.add(strings::long(body)),
            0x1b8 => link(body, reading),
            0x1ae => self.book(body, reading),
            0x06 => self.formula(body, reading),
            _ => {}
        }
    }

    /// Those of macros are kept; of others, only where they point.
    fn formula(&mut self, body: &[u8], reading: &mut Reading<'_>) {
        let tokens = body.get(22..).unwrap_or_default();
        let size = u16_at(body, 20).map_or(0, usize::from);
        let line = formula::shown(tokens.get(..size).unwrap_or(tokens));
        if !self.is_macro_sheet {
            addresses(&line).iter().for_each(|uri| reading.uri(uri));
        } else if self.formulas.len() < LONGEST && !line.is_empty() {
            self.formulas.push_str(&line);
            self.formulas.push('\n');
        }
    }

    fn add(&mut self, text: Option<String>) {
        if let Some(text) = text.filter(|text| !text.is_empty() && self.text.len() < LONGEST) {
            self.text.push_str(&text);
            self.text.push('\n');
        }
    }

    /// A sheet: whether it is hidden, what it is, its name.
    fn sheet(&mut self, body: &[u8], reading: &mut Reading<'_>) {
        let (hidden, kind) = (body.get(4).map_or(0, |hidden| hidden & 3), body.get(5));
        if kind == Some(&1) {
            self.has_macro_sheet = true;
            let name = strings::short(body.get(6..).unwrap_or_default()).unwrap_or_default();
            let hidden = ["", " (hidden)", " (very hidden)", ""].get(usize::from(hidden)).copied();
            reading.is(TraitKind::ExcelMacro, &format!("{name}{}", hidden.unwrap_or_default()));
        }
    }

    /// A name of the workbook; those of one character are built in.
    fn name(&mut self, body: &[u8]) {
        let flags = u16_at(body, 0).unwrap_or(0);
        let length = body.get(3).map_or(0, |&length| usize::from(length));
        let Some(name) = strings::characters(body.get(14..).unwrap_or_default(), length) else {
            return;
        };
        let is_built_in = flags & 0x20 != 0;
        let known = match name.chars().next() {
            Some('\u{1}') if is_built_in => Some("Auto_Open".to_owned()),
            Some('\u{2}') if is_built_in => Some("Auto_Close".to_owned()),
            Some('\u{a}') if is_built_in => Some("Auto_Activate".to_owned()),
            _ => name.to_lowercase().contains("auto_open").then_some(name),
        };
        self.auto_run.extend(known.filter(|_| self.auto_run.len() < 12));
    }

    /// Another workbook, or a conversation with a program: its name, a mark, the topic.
    fn book(&mut self, body: &[u8], reading: &mut Reading<'_>) {
        let Some(path) = strings::long(body.get(2..).unwrap_or_default()) else { return };
        let rest = path.trim_start_matches('\u{1}');
        if let Some((service, topic)) =
            rest.split_once('\u{3}').filter(|(service, _)| !service.is_empty())
        {
            let is_program = path.starts_with(|first: char| !first.is_control());
            if is_program {
                reading.is(TraitKind::Dde, &format!("{service}|{topic}"));
            }
        }
    }
}

/// A link: an address in UTF-16 stands behind its identifier and its size.
fn link(body: &[u8], reading: &mut Reading<'_>) {
    let Some(at) = body.windows(16).position(|window| window == URL_MONIKER) else { return };
    let size = size_at(body, at + 16).unwrap_or(0);
    let address = body.get(at + 20..).unwrap_or_default();
    let address = charset::utf16(address.get(..size).unwrap_or(address));
    reading.uri(address.split('\0').next().unwrap_or_default());
}
