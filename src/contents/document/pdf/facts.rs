//! What a PDF file can do: actions (ISO 32000-1, 12.6), wherever they stand, and where they point.

use super::{
    file::Document,
    filters,
    object::{Dict, Object},
    string,
};
use crate::{
    contents::{
        document::addresses::{addresses, is_remote},
        reading::{ReadError, Reading},
    },
    mail::{Origin, TraitKind},
};

/// How many bytes of a script are looked at.
const LONGEST_SCRIPT: usize = 256 << 10;

/// Tells all. In an encrypted file that was not opened, only names are as they are.
///
/// # Errors
/// The budget is used up.
pub(super) fn tell(
    document: &Document<'_>,
    is_readable: bool,
    reading: &mut Reading<'_>,
) -> Result<(), ReadError> {
    let mut facts = Facts { document, is_readable, notes: String::new() };
    for (_, object) in document.objects() {
        reading.time()?;
        let mut stack = vec![object];
        while let Some(object) = stack.pop() {
            if let Some(dict) = object.as_dict() {
                facts.look(dict, reading)?;
                stack.extend(dict.0.iter().map(|(_, object)| object));
            }
            stack.extend(object.as_array().unwrap_or_default());
        }
    }
    reading.text(Origin::Document, &facts.notes);
    Ok(())
}

struct Facts<'d, 'b> {
    document: &'d Document<'b>,
    is_readable: bool,
    /// Texts of notes and fields.
    notes: String,
}

impl Facts<'_, '_> {
    fn look(&mut self, dict: &Dict, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        if dict.get("JS").is_some() || dict.name("S") == Some("JavaScript") {
            self.script(self.document.entry(dict, "JS"), reading)?;
        }
        if dict.get("XFA").is_some() {
            self.form(self.document.entry(dict, "XFA"), reading)?;
        }
        self.action(dict, reading);
        self.opening(dict, reading);
        if dict.get("URI").is_some() {
            let uri = self.text(dict, "URI");
            reading.uri(&uri);
        }
        self.note(dict);
        Ok(())
    }

    /// A text of an entry, if it can be read.
    fn text(&self, dict: &Dict, name: &str) -> String {
        let text = self.document.entry(dict, name).as_text().filter(|_| self.is_readable);
        text.map(string).unwrap_or_default()
    }

    /// The file that an action names.
    fn target(&self, dict: &Dict) -> String {
        let entry = self.document.entry(dict, "F");
        let inner = entry.as_dict().or_else(|| self.document.entry(dict, "Win").as_dict());
        let Some(inner) = inner else { return self.text(dict, "F") };
        let names = ["UF", "F", "P"].map(|name| self.text(inner, name));
        let [unicode, plain, parameters] = names;
        let file = if unicode.is_empty() { plain } else { unicode };
        format!("{file} {parameters}").trim().to_owned()
    }

    fn script(&self, code: &Object, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let code = match code {
            _ if !self.is_readable => String::new(),
            Object::Text(text) => string(text.get(..LONGEST_SCRIPT).unwrap_or(text)),
            Object::Stream(stream) => {
                let data = filters::load_plain(self.document, stream, reading)?.unwrap_or_default();
                string(data.get(..LONGEST_SCRIPT).unwrap_or(&data))
            }
            _ => String::new(),
        };
        let line = code.split_whitespace().take(60).collect::<Vec<_>>().join(" ");
        reading.is(TraitKind::JavaScript, &line);
        addresses(&code).iter().for_each(|uri| reading.uri(uri));
        Ok(())
    }

    /// A form in XML, which may have scripts of its own.
    fn form(&self, form: &Object, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let parts = match form {
            Object::Array(array) => array.as_slice(),
            other => std::slice::from_ref(other),
        };
        for part in parts.iter().take(40) {
            reading.time()?;
            let Object::Stream(stream) = self.document.resolve(part) else { continue };
            if !self.is_readable {
                continue;
            }
            let data = filters::load_plain(self.document, stream, reading)?.unwrap_or_default();
            let text =
                String::from_utf8_lossy(data.get(..LONGEST_SCRIPT).unwrap_or(&data)).to_lowercase();
            if text.contains("<script") && text.contains("javascript") {
                reading.is(TraitKind::JavaScript, "script in a form (XFA)");
            }
        }
        Ok(())
    }

    fn action(&self, dict: &Dict, reading: &mut Reading<'_>) {
        let Some(action) = self.document.entry(dict, "S").as_name() else { return };
        match action {
            "Launch" => reading.is(TraitKind::Launch, &self.target(dict)),
            "GoToR" | "GoToE" | "SubmitForm" | "ImportData" => {
                let target = self.target(dict);
                let url = self.document.entry(dict, "F").as_dict().map(|file| self.text(file, "F"));
                if is_remote(&target) {
                    reading.is(TraitKind::External, &target);
                    reading.uri(url.as_deref().unwrap_or(&target));
                }
            }
            _ => {}
        }
    }

    /// Something that happens by itself. To be shown at some page (a destination) is nothing special.
    fn opening(&self, dict: &Dict, reading: &mut Reading<'_>) {
        if let Some(action) = self.document.entry(dict, "OpenAction").as_dict() {
            match self.document.entry(action, "S").as_name() {
                None | Some("GoTo") => {}
                Some(name) => reading.is(TraitKind::OpenAction, name),
            }
        }
        if let Some(actions) = self.document.entry(dict, "AA").as_dict() {
            let names = actions.0.iter().take(20).filter_map(|(_, action)| {
                self.document.entry(self.document.resolve(action).as_dict()?, "S").as_name()
            });
            let names: Vec<&str> = names.collect();
            if !names.is_empty() {
                reading.is(TraitKind::OpenAction, &format!("AA: {}", names.join(", ")));
            }
        }
    }

    /// What notes and fields of forms say.
    fn note(&mut self, dict: &Dict) {
        let name = match self.document.entry(dict, "Subtype").as_name() {
            Some("FreeText" | "Text") => "Contents",
            Some("Widget") | None if self.document.entry(dict, "FT").as_name() == Some("Tx") => "V",
            _ => return,
        };
        let text = self.text(dict, name);
        if !text.trim().is_empty() && self.notes.len() < 64 << 10 {
            self.notes.push_str(&text);
            self.notes.push('\n');
        }
    }
}
