//! OpenDocument files (ISO/IEC 26300): texts, sheets and slides of LibreOffice and its kin.

use super::{
    addresses::{addresses, is_remote},
    package::Package,
    vba,
    xml::{Mark, Tag, Xml, decoded, marks},
};
use crate::{
    contents::reading::{ReadError, Reading},
    mail::{Lock, Origin, TraitKind},
};

/// The longest text of a document that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// Below this many letters a document says nothing.
const FEW_LETTERS: usize = 8;

/// Folders and files that nobody has to see.
const DULL: &[&str] =
    &["thumbnails/", "configurations2/", "objectreplacements/", "layout-cache", "mimetype"];

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let package = Package::open(bytes)?;
    let manifest = package.load("META-INF/manifest.xml", reading)?.unwrap_or_default();
    if is_encrypted(&manifest, reading)? {
        reading.lock(Lock::Locked);
        return Ok(());
    }
    if let Some(kind) = package.load("mimetype", reading)?.and_then(|mime| kind(&mime)) {
        reading.kind(kind);
    }
    let names = package.names();
    let mut document = Document::default();
    let markup = names.iter().filter(|name| name.ends_with(".xml") && !is_dull(name));
    package.each(markup, reading, |name, part, reading| {
        if name.starts_with("basic/") || name.starts_with("dialogs/") {
            document.module(part, reading)
        } else {
            document.part(part, reading)
        }
    })?;
    vba::sources(&document.sources, reading)?;
    let pictures = names.iter().filter(|name| name.starts_with("pictures/")).count();
    document.tell(pictures, reading);
    for name in names.iter().filter(|name| !name.ends_with(".xml") && !is_dull(name)) {
        if name.starts_with("scripts/") {
            reading.is(TraitKind::Macro, name);
        } else if name.starts_with("object") {
            reading.is(TraitKind::Object, name);
        }
        package.member(name, reading)?;
    }
    Ok(())
}

fn is_dull(name: &str) -> bool {
    name.ends_with('/') || DULL.iter().any(|dull| name.starts_with(dull))
}

fn kind(mime: &[u8]) -> Option<&'static str> {
    let mime = mime.strip_prefix(b"application/vnd.oasis.opendocument.")?;
    let kinds = [(&b"text"[..], "odt"), (b"spreadsheet", "ods"), (b"presentation", "odp")];
    kinds.into_iter().find(|(name, _)| mime.starts_with(name)).map(|(_, kind)| kind)
}

fn is_encrypted(manifest: &[u8], reading: &mut Reading<'_>) -> Result<bool, ReadError> {
    let text = decoded(manifest);
    let mut xml = Xml::new(&text);
    while let Some(mark) = xml.mark() {
        reading.time()?;
        if matches!(mark, Mark::Open(tag) if tag.name == "encryption-data") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What was found so far.
#[derive(Default)]
struct Document {
    text: String,
    properties: Vec<String>,
    /// Sources of macros.
    sources: String,
    /// How many paragraphs are open.
    paragraphs: usize,
    is_property: bool,
}

impl Document {
    /// The source of a module of macros.
    fn module(&mut self, part: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let mut is_source = false;
        marks(part, reading, |mark, _| match mark {
            Mark::Open(tag) => is_source = tag.name == "module",
            Mark::Close(_) => is_source = false,
            Mark::Text(text) if is_source && self.sources.len() < LONGEST => {
                self.sources.push_str(&text);
            }
            Mark::Text(_) => {}
        })?;
        self.sources.push('\n');
        Ok(())
    }

    fn part(&mut self, part: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
        self.paragraphs = 0;
        marks(part, reading, |mark, reading| match mark {
            Mark::Open(tag) => self.open(&tag, reading),
            Mark::Close(name) => self.close(&name),
            Mark::Text(text) if self.is_property => {
                self.properties.last_mut().into_iter().for_each(|line| line.push_str(&text));
            }
            Mark::Text(text) if self.paragraphs > 0 && self.text.len() < LONGEST => {
                self.text.push_str(&text);
            }
            Mark::Text(_) => {}
        })?;
        self.line_end();
        Ok(())
    }

    fn open(&mut self, tag: &Tag<'_>, reading: &mut Reading<'_>) {
        match &*tag.name {
            "p" | "h" => self.paragraphs += 1,
            "s" | "tab" => self.text.push(' '),
            "line-break" => self.text.push('\n'),
            "title" | "subject" | "creator" | "initial-creator" | "keyword" | "description" => {
                self.is_property = self.properties.len() < 100;
                self.properties.extend(self.is_property.then(String::new));
            }
            "event-listener" => listener(tag, reading),
            "dde-source" | "dde-connection-decl" => {
                let names = ["dde-application", "dde-topic", "dde-item"];
                let values = names.map(|name| tag.attribute(name).unwrap_or_default());
                reading.is(TraitKind::Dde, values.join("|").trim_end_matches('|'));
            }
            _ => {}
        }
        if let Some(target) = tag.attribute("href") {
            link(&tag.name, &target, reading);
        }
        if let Some(formula) = tag.attribute("formula") {
            if formula.to_ascii_uppercase().contains("DDE(") {
                reading.is(TraitKind::Dde, &formula);
            }
            addresses(&formula).iter().for_each(|uri| reading.uri(uri));
        }
    }

    fn close(&mut self, name: &str) {
        self.is_property = false;
        if matches!(name, "p" | "h") {
            self.paragraphs = self.paragraphs.saturating_sub(1);
            self.line_end();
        }
    }

    fn line_end(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn tell(&self, pictures: usize, reading: &mut Reading<'_>) {
        reading.text(Origin::Document, &self.text);
        reading.text(Origin::Properties, &self.properties.join("\n"));
        let letters = self.text.chars().filter(|c| c.is_alphanumeric()).take(FEW_LETTERS).count();
        if letters < FEW_LETTERS && pictures > 0 {
            reading.is(TraitKind::OnlyPictures, &format!("{pictures} pictures"));
        }
    }
}

/// Something that is run when something happens.
fn listener(tag: &Tag<'_>, reading: &mut Reading<'_>) {
    let event = tag.attribute("event-name").unwrap_or_default();
    let script = tag.attribute("href").or_else(|| tag.attribute("macro-name")).unwrap_or_default();
    let starts = ["load", "open", "new", "close", "unload", "focus", "activate"];
    if starts.iter().any(|start| event.to_ascii_lowercase().contains(start)) {
        reading.is(TraitKind::AutoRun, &format!("{event} {script}"));
    } else {
        reading.is(TraitKind::Macro, &format!("{event} {script}"));
    }
}

/// A link that is clicked, or something elsewhere that is loaded.
fn link(element: &str, target: &str, reading: &mut Reading<'_>) {
    match element {
        _ if !is_remote(target) && !target.starts_with("mailto:") => {}
        "a" | "button" | "image" => reading.uri(target),
        "event-listener" => {}
        _ => {
            reading.is(TraitKind::External, target);
            reading.uri(target);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contents::document::testing::{
        details, first, found, kinds, members, package, properties, read_by, text,
    };

    fn odt(content: &str) -> Vec<u8> {
        package(&[
            ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
            ("content.xml", content.as_bytes()),
            ("META-INF/manifest.xml", b"<manifest/>"),
        ])
    }

    #[test]
    fn texts_and_links_are_read() {
        let content = "<c><text:h>Head</text:h><text:p>Buy<text:s/><text:span>now</text:span> \
            <text:a xlink:href='http://a.example'>here</text:a></text:p>no</c>";
        let inside = found(&odt(content));
        assert_eq!(first(&inside).kind, "ods");
        assert_eq!(text(&inside), "Head\nBuy now here\n");
        assert_eq!(first(&inside).uris, ["http://a.example"]);
        assert_eq!(kinds(&inside), []);
    }

    #[test]
    fn what_it_can_do_is_told() {
        let cases: &[(&str, TraitKind, &str)] = &[
            (
                "<script:event-listener script:event-name='dom:load' xlink:href='vnd.sun.star.script:a'/>",
                TraitKind::AutoRun,
                "dom:load vnd.sun.star.script:a",
            ),
            (
                "<office:dde-source office:dde-application='soffice' office:dde-topic='x'/>",
                TraitKind::Dde,
                "soffice|x",
            ),
            (
                "<c table:formula='of:=DDE(\"cmd\";\"/c calc\")'/>",
                TraitKind::Dde,
                "of:=DDE(\"cmd\";\"/c calc\")",
            ),
            (
                "<text:section-source xlink:href='http://evil.example/x.odt'/>",
                TraitKind::External,
                "http://evil.example/x.odt",
            ),
            (
                "<draw:object xlink:href='./Object 1'/><draw:image xlink:href='Pictures/1.png'/>",
                TraitKind::Macro,
                "",
            ),
        ];
        for (content, kind, detail) in cases {
            let expected: Vec<&str> = Some(*detail).filter(|d| !d.is_empty()).into_iter().collect();
            assert_eq!(details(&read_by(read, &odt(content)), *kind), expected, "{content}");
        }
    }

    #[test]
    fn what_is_in_it_is_read() {
        let inside = read_by(
            read,
            &package(&[
                ("content.xml", b"<c/>"),
                ("meta.xml", b"<m><dc:title>Title</dc:title><x>no</x></m>"),
                (
                    "Basic/Standard/Module1.xml",
                    b"<script:module>Sub Main\nShell(&quot;cmd.exe&quot;)\nEnd Sub</script:module>",
                ),
                ("Scripts/python/a.py", b"import os"),
                ("Pictures/1.png", b"\x89PNG\r\n\x1a\n"),
                ("Thumbnails/thumbnail.png", b"\x89PNG"),
            ]),
        );
        assert_eq!(properties(&inside), "Title");
        assert_eq!(members(&inside), ["Pictures/1.png", "Scripts/python/a.py"]);
        assert_eq!(
            kinds(&inside),
            [TraitKind::Macro, TraitKind::SuspiciousCall, TraitKind::OnlyPictures]
        );
        let locked = package(&[
            ("content.xml", b"x"),
            ("META-INF/manifest.xml", b"<m:file-entry><m:encryption-data/></m:file-entry>"),
        ]);
        assert_eq!(first(&read_by(read, &locked)).lock, Lock::Locked);
    }

    proptest::proptest! {
        #[test]
        fn damaged_files_have_some_answer(at in 0..700_usize, byte in 0..=255_u8) {
            let mut file = odt("<text:p>a<text:a xlink:href='http://a'/></text:p>");
            let at = at % file.len();
            file[at] = byte;
            read_by(read, &file);
        }
    }
}
