//! Office documents as zip packages (OOXML, ECMA-376): Word, Excel, PowerPoint, with or without macros.
//!
//! Parts are known by what is in them and by the relations that name them, hardly by where they are: the
//! programs follow relations, and so do those who hide something.

mod binary;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use super::{
    addresses::{addresses, is_remote},
    fields,
    package::Package,
    sheet_macros, vba,
    xml::{Mark, Tag, marks},
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
    let relations = names.iter().filter(|name| name.ends_with(".rels"));
    package
        .each(relations, reading, |name, part, reading| document.relations(name, part, reading))?;
    let markup = names.iter().filter(|name| is_markup(name));
    package.each(markup, reading, |name, part, reading| document.part(name, part, reading))?;
    if let Some(table) = package.load("xl/sharedStrings.bin", reading)? {
        binary::strings(&table, LONGEST, &mut document.text, reading)?;
    }
    document.tell(reading);
    let is_macro = |name: &str| name.ends_with("vbaproject.bin") || document.macros.contains(name);
    let macros = names.iter().filter(|name| is_macro(name));
    package.each(macros, reading, |_, part, reading| vba::read_file(part, reading))?;
    let others = names.iter().filter(|name| !is_markup(name) && !name.ends_with(".rels"));
    let others = others.filter(|name| !is_macro(name) && !name.ends_with('/'));
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
        marks(part, reading, |mark, reading| {
            let Mark::Open(tag) = mark else { return };
            let (Some(kind), Some(target)) = (tag.attribute("Type"), tag.attribute("Target"))
            else {
                return;
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
        })
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
        let mut place = Place {
            is_properties: name.starts_with("docprops/"),
            is_master: name.contains("masters/") || name.contains("layouts/"),
            ..Place::default()
        };
        marks(part, reading, |mark, reading| match mark {
            Mark::Open(tag) if tag.name == "Fallback" => place.fallback += 1,
            Mark::Close(name) if name == "Fallback" => {
                place.fallback = place.fallback.saturating_sub(1);
            }
            _ if place.fallback > 0 => {}
            Mark::Open(tag) => self.open(&tag, &mut place, reading),
            Mark::Close(name) => self.close(&name, &mut place),
            Mark::Text(text) => self.told(&text, &mut place),
        })?;
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
