//! The objects of a PDF file.
//!
//! They are found by looking for `obj` through all of the file, never by its tables: those of hostile files
//! lie, loop, or are damaged on purpose, and nothing that a reader could show stands outside of an object.
//! Of two objects with one number the later counts, as it does for incremental updates.

use std::collections::{BTreeMap, HashSet};

use memchr::memmem;

use super::{
    crypt::Crypt,
    filters,
    object::{Dict, Lexer, Object, Stream, Token, is_space},
};
use crate::contents::reading::{ReadError, Reading};

/// How many objects a file may hold, nested ones counted.
const MOST_OBJECTS: usize = 1_000_000;

/// How many trailers are looked at, and how many objects they may hold together.
const MOST_TRAILERS: usize = 300;
const TRAILER_OBJECTS: usize = 100_000;

/// How many members of the tree of pages are looked at: nodes may share theirs.
const MOST_KIDS: usize = 200_000;

/// How long a chain of references may be.
const LONGEST_CHAIN: usize = 16;

/// A file.
pub(super) struct Document<'b> {
    pub(super) bytes: &'b [u8],
    /// By number; where each was found, and itself.
    objects: BTreeMap<u32, (usize, Object)>,
    /// Entries of all trailers, the last of each name.
    pub(super) trailer: Dict,
    /// Opens what is encrypted.
    pub(super) crypt: Option<Crypt>,
    fuel: usize,
}

impl<'b> Document<'b> {
    /// Finds the objects that stand in the file itself.
    pub(super) fn new(bytes: &'b [u8], reading: &mut Reading<'_>) -> Result<Self, ReadError> {
        let mut document = Self {
            bytes,
            objects: BTreeMap::new(),
            trailer: Dict::default(),
            crypt: None,
            fuel: MOST_OBJECTS,
        };
        document.find(reading)?;
        document.find_trailers(reading)?;
        Ok(document)
    }

    fn find(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let finder = memmem::Finder::new(b"obj");
        // Objects are looked for in strings of others, too, up to some times the length of the file.
        let mut allowance = self.bytes.len().saturating_mul(4).saturating_add(1 << 20);
        let (mut from, mut end_of_stream, mut has_ends) = (0, 0, true);
        while let Some(at) = self.bytes.get(from..).and_then(|rest| finder.find(rest)) {
            reading.time()?;
            let place = from + at;
            from = place + 3;
            let Some(id) = id_before(self.bytes, place) else { continue };
            let mut lexer = Lexer::new(self.bytes, from, self.fuel);
            let object = lexer.object();
            self.fuel = lexer.fuel;
            allowance = allowance.saturating_sub(lexer.at - from);
            if allowance == 0 {
                from = lexer.at;
            }
            let Some(object) = object else { continue };
            let is_inner = place < end_of_stream;
            let object = match object {
                Object::Dict(dict) => self.dict_or_stream(dict, id, &mut lexer, &mut has_ends),
                other => other,
            };
            if let Object::Stream(stream) = &object {
                end_of_stream = stream.range.end.max(end_of_stream);
            }
            self.put(id.0, place, object, is_inner);
        }
        Ok(())
    }

    /// Objects that seem to stand within a stream never take the place of others.
    fn put(&mut self, number: u32, place: usize, object: Object, is_inner: bool) {
        let known = self.objects.get(&number).map(|(place, _)| *place);
        if known.is_none_or(|known| known <= place && !is_inner) {
            self.objects.insert(number, (place, object));
        }
    }

    fn dict_or_stream(
        &self,
        dict: Dict,
        id: (u32, u16),
        lexer: &mut Lexer<'b>,
        has_ends: &mut bool,
    ) -> Object {
        if lexer.token() != Some(Token::Word(b"stream")) {
            return Object::Dict(dict);
        }
        let rest = self.bytes.get(lexer.at..).unwrap_or_default();
        let start = lexer.at
            + match rest {
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                _ => 0,
            };
        let claimed = dict.get("Length").and_then(|length| self.resolve(length).as_size());
        let end = claimed
            .and_then(|length| start.checked_add(length))
            .filter(|&end| self.ends_stream(end))
            .unwrap_or_else(|| self.search_end(start, has_ends));
        Object::Stream(Box::new(Stream { dict, range: start..end, id }))
    }

    fn ends_stream(&self, end: usize) -> bool {
        let Some(rest) = self.bytes.get(end..) else { return false };
        let spaces = rest.iter().take(4).take_while(|&&byte| is_space(byte)).count();
        rest.get(spaces..).is_some_and(|rest| rest.starts_with(b"endstream"))
    }

    /// The next `endstream`; once there is none, nobody looks again.
    fn search_end(&self, start: usize, has_ends: &mut bool) -> usize {
        let rest = self.bytes.get(start..).filter(|_| *has_ends).unwrap_or_default();
        let found = memmem::find(rest, b"endstream");
        *has_ends = found.is_some();
        found.map_or(self.bytes.len(), |at| start + at).max(start.min(self.bytes.len()))
    }

    fn find_trailers(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let bytes = self.bytes;
        let mut trailers = Vec::new();
        let mut fuel = TRAILER_OBJECTS;
        // The last ones: false ones before them would hide what counts.
        for at in memmem::rfind_iter(bytes, b"trailer").take(MOST_TRAILERS) {
            reading.time()?;
            let mut lexer = Lexer::new(bytes, at + 7, fuel);
            if let Some(Object::Dict(dict)) = lexer.object() {
                trailers.push((at, dict));
            }
            fuel = lexer.fuel;
        }
        for (place, object) in self.objects.values() {
            if let Object::Stream(stream) = object
                && stream.dict.name("Type") == Some("XRef")
            {
                trailers.push((*place, stream.dict.clone()));
            }
        }
        trailers.sort_by_key(|(place, _)| *place);
        for (name, object) in trailers.into_iter().flat_map(|(_, dict)| dict.0) {
            if matches!(&*name, "Root" | "Info" | "Encrypt" | "ID") {
                self.trailer.0.retain(|(known, _)| *known != name);
                self.trailer.0.push((name, object));
            }
        }
        Ok(())
    }

    /// Opens what is encrypted, from now on.
    pub(super) fn unlock(&mut self, crypt: Crypt) {
        let encrypt = match self.trailer.get("Encrypt") {
            Some(Object::Ref(number)) => Some(*number),
            _ => None,
        };
        for (number, (_, object)) in &mut self.objects {
            if Some(*number) != encrypt {
                let generation = if let Object::Stream(stream) = &object { stream.id.1 } else { 0 };
                crypt.open_strings(object, (*number, generation));
            }
        }
        self.crypt = Some(crypt);
    }

    /// Finds the objects that stand in streams of objects (7.5.7).
    pub(super) fn find_packed(&mut self, reading: &mut Reading<'_>) -> Result<(), ReadError> {
        let packs: Vec<(usize, Stream)> = self
            .objects
            .values()
            .filter_map(|(place, object)| match object {
                Object::Stream(stream) if stream.dict.name("Type") == Some("ObjStm") => {
                    Some((*place, Stream::clone(stream)))
                }
                _ => None,
            })
            .collect();
        for (place, stream) in packs {
            let Some(data) = filters::load_plain(self, &stream, reading)? else { continue };
            let count = self.size_of(&stream.dict, "N").min(data.len());
            let first = self.size_of(&stream.dict, "First");
            self.unpack(&data, (count, first), place, reading)?;
        }
        Ok(())
    }

    fn unpack(
        &mut self,
        data: &[u8],
        (count, first): (usize, usize),
        place: usize,
        reading: &mut Reading<'_>,
    ) -> Result<(), ReadError> {
        let mut heads = Lexer::new(data, 0, 0);
        // Many numbers may name one place; it is read as often as its length allows.
        let mut allowance = data.len().saturating_mul(4).saturating_add(1 << 16);
        for _ in 0..count {
            reading.time()?;
            let (Some(Token::Number(number)), Some(Token::Number(offset))) =
                (heads.token(), heads.token())
            else {
                break;
            };
            let start = first.saturating_add(offset as usize);
            let mut lexer = Lexer::new(data, start, self.fuel);
            let object = lexer.object();
            self.fuel = lexer.fuel;
            allowance = allowance.saturating_sub(lexer.at.saturating_sub(start));
            if let Some(object) = object {
                self.put(number as u32, place, object, false);
            }
            if allowance == 0 {
                break;
            }
        }
        Ok(())
    }

    /// The object itself, whatever refers to it.
    pub(super) fn resolve<'d>(&'d self, object: &'d Object) -> &'d Object {
        let mut object = object;
        for _ in 0..LONGEST_CHAIN {
            let Object::Ref(number) = object else { return object };
            object = self.objects.get(number).map_or(&Object::Null, |(_, object)| object);
        }
        &Object::Null
    }

    /// The entry of a dictionary, itself.
    pub(super) fn entry<'d>(&'d self, dict: &'d Dict, name: &str) -> &'d Object {
        dict.get(name).map_or(&Object::Null, |object| self.resolve(object))
    }

    /// The count or place that an entry is; 0 if it is none.
    pub(super) fn size_of(&self, dict: &Dict, name: &str) -> usize {
        self.entry(dict, name).as_size().unwrap_or(0)
    }

    /// All objects, by their numbers.
    pub(super) fn objects(&self) -> impl Iterator<Item = (u32, &Object)> {
        self.objects.iter().map(|(number, (_, object))| (*number, object))
    }

    /// Whether there were more objects than are read.
    pub(super) fn is_cut(&self) -> bool {
        self.fuel == 0
    }

    /// The root, where no trailer names it.
    fn catalog(&self) -> Option<&Dict> {
        let mut dicts = self.objects().filter_map(|(_, object)| object.as_dict());
        dicts.find(|dict| dict.name("Type") == Some("Catalog"))
    }

    /// The pages in their order, each with the resources it uses; those that no tree holds are behind.
    pub(super) fn pages(&self) -> Vec<(&Dict, &Dict)> {
        static NONE: Dict = Dict(Vec::new());
        let root = self.entry(&self.trailer, "Root").as_dict().or_else(|| self.catalog());
        let tree = root.and_then(|root| root.get("Pages"));
        let mut stack: Vec<(&Object, &Dict)> = tree.map(|tree| (tree, &NONE)).into_iter().collect();
        let (mut seen, mut pages, mut left) = (HashSet::new(), Vec::new(), MOST_KIDS);
        while let Some((node, resources)) = stack.pop() {
            // Shared kids, and kids that are their own parents.
            if let Object::Ref(number) = node
                && !seen.insert(*number)
            {
                continue;
            }
            let Some(dict) = self.resolve(node).as_dict() else { continue };
            let resources = self.entry(dict, "Resources").as_dict().unwrap_or(resources);
            match self.entry(dict, "Kids").as_array() {
                Some(kids) => {
                    let kids = kids.get(..left).unwrap_or(kids);
                    left -= kids.len();
                    stack.extend(kids.iter().rev().map(|kid| (kid, resources)));
                }
                None => pages.push((dict, resources)),
            }
        }
        let stray = self.objects().filter(|(number, _)| !seen.contains(number));
        pages.extend(stray.filter_map(|(_, object)| {
            let dict = object.as_dict().filter(|dict| dict.name("Type") == Some("Page"))?;
            Some((dict, self.entry(dict, "Resources").as_dict().unwrap_or(&NONE)))
        }));
        pages
    }
}

/// Number and generation of the object whose `obj` stands here.
fn id_before(bytes: &[u8], place: usize) -> Option<(u32, u16)> {
    // Room for two numbers of ten digits, and some space.
    let before = bytes.get(place.saturating_sub(32)..place)?;
    let (before, generation) = number_at_end(before)?;
    let (_, number) = number_at_end(before)?;
    Some((number, u16::try_from(generation).unwrap_or(0)))
}

fn number_at_end(bytes: &[u8]) -> Option<(&[u8], u32)> {
    let end = bytes.iter().rposition(|&byte| !is_space(byte))? + 1;
    let start =
        bytes.get(..end)?.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    let number = std::str::from_utf8(bytes.get(start..end)?).ok()?.parse().ok()?;
    Some((bytes.get(..start)?, number))
}
