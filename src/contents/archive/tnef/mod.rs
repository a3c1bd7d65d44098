//! TNEF: the `winmail.dat` of Outlook and Exchange ([MS-OXTNEF]).

mod properties;
#[cfg(test)]
pub(super) mod tests;

use self::properties::{Property, Value, properties};
use crate::{
    contents::{
        archive::fields::{Fields, dos_text, span, utf16},
        reading::{Entry, ReadError, Reading},
        unpack,
    },
    mail::{Origin, TraitKind},
};

/// What attributes are about, without their types.
mod attribute {
    pub(super) const SUBJECT: u16 = 0x8004;
    pub(super) const BODY: u16 = 0x800c;
    pub(super) const ATTACHMENT_DATA: u16 = 0x800f;
    pub(super) const ATTACHMENT_TITLE: u16 = 0x8010;
    pub(super) const ATTACHMENT_BEGINS: u16 = 0x9002;
    pub(super) const MESSAGE: u16 = 0x9003;
    pub(super) const ATTACHMENT: u16 = 0x9005;
}

/// The properties of messages and attachments that matter here.
mod property {
    pub(super) const SUBJECT: u16 = 0x0037;
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const RICH_BODY: u16 = 0x1009;
    pub(super) const PAGE_BODY: u16 = 0x1013;
    pub(super) const ATTACHMENT_DATA: u16 = 0x3701;
    pub(super) const ATTACHMENT_NAME: u16 = 0x3704;
    pub(super) const ATTACHMENT_LONG_NAME: u16 = 0x3707;
}

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let mut fields = Fields::new(bytes);
    fields.take(6).ok_or_else(|| ReadError::broken("no header"))?;
    let mut attachment = Attachment::default();
    while !fields.rest().is_empty() {
        reading.time()?;
        let Some((id, content)) = attribute(&mut fields) else {
            reading.is(TraitKind::Broken, "cut off");
            break;
        };
        match id {
            attribute::ATTACHMENT_BEGINS => std::mem::take(&mut attachment).tell(reading)?,
            attribute::ATTACHMENT_TITLE => attachment.title = Some(content),
            attribute::ATTACHMENT_DATA => attachment.data = Some(content),
            attribute::ATTACHMENT => attachment.learn(content, reading)?,
            attribute::SUBJECT => reading.text(Origin::Properties, &zero_text(content)),
            attribute::BODY => reading.text(Origin::Document, &zero_text(content)),
            attribute::MESSAGE => message(content, reading)?,
            _ => {}
        }
    }
    attachment.tell(reading)
}

/// What the next attribute is about, and its content: as much as is there of the last one.
fn attribute<'b>(fields: &mut Fields<'b>) -> Option<(u16, &'b [u8])> {
    fields.u8()?;
    let id = fields.u16()?;
    fields.u16()?;
    let length = fields.u32()?;
    let content = span(fields.rest(), 0, u64::from(length));
    fields.take(content.len())?;
    if fields.u16().is_none() {
        fields.take(fields.rest().len())?;
    }
    Some((id, content))
}

/// What is known of an attachment.
#[derive(Default)]
struct Attachment<'b> {
    title: Option<&'b [u8]>,
    name: Option<String>,
    long_name: Option<String>,
    data: Option<&'b [u8]>,
    object: Option<&'b [u8]>,
}

impl<'b> Attachment<'b> {
    fn learn(&mut self, content: &'b [u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
        for Property { id, value } in properties(content) {
            reading.time()?;
            match id {
                property::ATTACHMENT_NAME => self.name = Some(text(value)),
                property::ATTACHMENT_LONG_NAME => self.long_name = Some(text(value)),
                property::ATTACHMENT_DATA => self.object = object(value),
                _ => {}
            }
        }
        Ok(())
    }

    fn tell(self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let name =
            self.long_name.or(self.name).or_else(|| self.title.map(zero_text)).unwrap_or_default();
        for mut content in [self.data, self.object].into_iter().flatten() {
            if !content.is_empty() {
                let entry = Entry { packed: content.len() as u64, ..Entry::named(&name) };
                reading.member(entry, &mut content)?;
            }
        }
        Ok(())
    }
}

/// An embedded message or object, behind the 16 bytes that tell which of them it is.
fn object(value: Value<'_>) -> Option<&[u8]> {
    match value {
        Value::Object(bytes) => bytes.get(16..),
        Value::Binary(bytes) => Some(bytes),
        Value::Text(_) | Value::Wide(_) => None,
    }
}

/// Reads the properties of the message itself.
fn message(content: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    for Property { id, value } in properties(content) {
        reading.time()?;
        match id {
            property::SUBJECT => reading.text(Origin::Properties, &text(value)),
            property::BODY => reading.text(Origin::Document, &text(value)),
            property::PAGE_BODY => member("body.html", value.bytes(), value.bytes(), reading)?,
            property::RICH_BODY => {
                let bytes = value.bytes();
                match unpack::rtf(bytes) {
                    Ok(rich) => member("body.rtf", rich, bytes, reading)?,
                    Err(error) => reading.is(TraitKind::Broken, &error.to_string()),
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A body that is a file of its own kind.
fn member(
    name: &str,
    mut content: impl std::io::Read,
    packed: &[u8],
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let packed = packed.len() as u64;
    let entry = Entry { packed, is_hidden: true, ..Entry::named(name) };
    reading.member(entry, &mut content)
}

fn text(value: Value<'_>) -> String {
    match value {
        Value::Wide(bytes) => utf16(bytes).trim_end_matches('\0').to_owned(),
        Value::Text(bytes) | Value::Binary(bytes) | Value::Object(bytes) => zero_text(bytes),
    }
}

fn zero_text(bytes: &[u8]) -> String {
    dos_text(Fields::new(bytes).until_zero())
}
