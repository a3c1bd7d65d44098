//! XML as a stream of marks: no tree, no entities but the five and characters by number, no end of depth to
//! fear. Damaged XML ends where it is damaged.

use std::borrow::Cow;

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::charset;
use crate::contents::reading::{ReadError, Reading};

/// Reads marks.
pub(super) struct Xml<'x> {
    reader: Reader<&'x [u8]>,
    /// The element that was empty, so that its end is next.
    ended: Option<String>,
}

/// What comes next.
pub(super) enum Mark<'x> {
    /// An element begins.
    Open(Tag<'x>),
    /// One of this name ends.
    Close(String),
    /// Some text, perhaps not all up to the next element.
    Text(Cow<'x, str>),
}

/// The beginning of an element.
pub(super) struct Tag<'x> {
    /// Its name, without a prefix.
    pub name: String,
    start: BytesStart<'x>,
}

/// XML in UTF-8, whatever it was in.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match bytes {
        [0xff, 0xfe, rest @ ..] => charset::utf16(rest).into(),
        [0xfe, 0xff, rest @ ..] => charset::utf16_big(rest).into(),
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => String::from_utf8_lossy(rest),
    }
}

/// Has all marks of a file told, in their order, while there is time.
///
/// # Errors
/// The budget is used up.
pub(super) fn marks(
    bytes: &[u8],
    reading: &mut Reading<'_>,
    mut tell: impl FnMut(Mark<'_>, &mut Reading<'_>),
) -> Result<(), ReadError> {
    let text = decoded(bytes);
    let mut xml = Xml::new(&text);
    while let Some(mark) = xml.mark() {
        reading.time()?;
        tell(mark, reading);
    }
    Ok(())
}

impl<'x> Xml<'x> {
    /// Reads this.
    pub(super) fn new(text: &'x str) -> Self {
        let mut reader = Reader::from_str(text);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Self { reader, ended: None }
    }

    /// The next mark; `None` at the end.
    pub(super) fn mark(&mut self) -> Option<Mark<'x>> {
        if let Some(name) = self.ended.take() {
            return Some(Mark::Close(name));
        }
        loop {
            return Some(match self.reader.read_event().ok()? {
                Event::Eof => return None,
                Event::Start(start) => Mark::Open(Tag::new(start)),
                Event::Empty(start) => {
                    let tag = Tag::new(start);
                    self.ended = Some(tag.name.clone());
                    Mark::Open(tag)
                }
                Event::End(end) => Mark::Close(local(&end)),
                Event::Text(text) => Mark::Text(text.into_inner()),
                Event::CData(text) => Mark::Text(text.into_inner()),
                Event::GeneralRef(name) => match unescape(&format!("&{};", &*name)) {
                    Ok(text) => Mark::Text(text.into_owned().into()),
                    Err(_) => continue,
                },
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => continue,
            });
        }
    }
}

impl<'x> Tag<'x> {
    fn new(start: BytesStart<'x>) -> Self {
        Self { name: local(start.name().as_ref()), start }
    }

    /// The attribute of this name, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let mut attributes = self.start.attributes();
        let attributes = attributes.with_checks(false).map_while(Result::ok).take(200);
        let mut same = attributes.filter(|attribute| local(attribute.key.as_ref()) == name);
        let value = same.next()?.value;
        Some(unescape(&value).map_or_else(|_| value.to_string(), Cow::into_owned))
    }
}

/// A name without its prefix.
fn local(name: &str) -> String {
    name.rsplit_once(':').map_or(name, |(_, local)| local).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut xml = Xml::new(text);
        let mut shown = String::new();
        while let Some(mark) = xml.mark() {
            match mark {
                Mark::Open(tag) => {
                    let value = tag.attribute("v").unwrap_or_default();
                    shown.push_str(&format!("({}{value}", tag.name));
                }
                Mark::Close(_) => shown.push(')'),
                Mark::Text(text) => shown.push_str(&text),
            }
        }
        shown
    }

    #[test]
    fn marks_come_in_order() {
        let cases = [
            ("<w:a><b v='1&amp;2'/>x &lt;&#65;&unknown;</w:a>", "(a(b1&2)x <A)"),
            ("<?xml version='1.0'?><!-- c --><a><![CDATA[<x>]]></a>", "(a<x>)"),
            ("<!DOCTYPE a [<!ENTITY e 'eeee'>]><a>&e;</a>", "(a)"),
            ("<a></b></a>", "(a))"),
            ("<a><b", "(a"),
            ("<a v=1 v=>x</a>", "(ax)"),
            ("a & b", "a & b"),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_is_no_matter() {
        assert_eq!(shown(&"<a>".repeat(200_000)).len(), 400_000);
    }

    #[test]
    fn other_charsets_are_read() {
        assert_eq!(decoded(b"\xff\xfe<\0a\0>\0"), "<a>");
        assert_eq!(decoded(b"\xef\xbb\xbf<a>"), "<a>");
    }
}
