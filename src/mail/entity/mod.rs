//! The message as SpamAssassin's parser cuts it, for the rules.
//!
//! [`super::mime`] reads as mail readers do, so that nothing hides from the virus scanner. Rules
//! were written against another reader with habits of its own, and hit the same only on the same
//! texts; this is that view. An *entity* is RFC 2045's word for a header and its body.
//!
//! Its habits: up to three broken header lines are passed over; of more than twenty empty lines in
//! a row some go; in a multipart, lines are cut after 2,048 bytes; what stands behind a closing
//! boundary is not read; a part without boundary of its own is searched for that of the part
//! around it; of several fields of one name the last counts.
//!
//! Nesting and the number of parts are bounded as there, and each level reads its bytes once.

mod content_type;
mod header;
mod lines;
mod multipart;
pub(super) mod transfer;

use std::{
    collections::{HashMap, VecDeque},
    ops::Range,
};

use self::content_type::disposition_name;
pub use self::content_type::{ContentType, content_type};
pub use self::header::{Field, Fields};

/// How deep entities nest, multiparts and messages together.
const DEPTH: usize = 20;

/// How many entities a multipart may hold.
const MOST_PARTS: usize = 1_000;

/// How many entities a message may hold in all. SpamAssassin has no such limit.
const MOST_ENTITIES: usize = 10_000;

/// How many bytes all copies of bodies may take, as a multiple of the message, for hostile nests
/// of transfer encodings.
const MOST_COPIES: usize = 16;

/// The entities of a message and what is odd about it.
#[derive(Debug, Default)]
pub struct Entities {
    list: Vec<Entity>,
    buffers: Vec<Vec<u8>>,
    /// What was odd on the way.
    pub flags: Flags,
    /// Bytes behind the header of the message, as they were sent.
    pub body_bytes: usize,
    /// Boundaries that were opened (1) and closed (0), or closed only (-1).
    boundaries: HashMap<Vec<u8>, i32>,
}

/// What SpamAssassin's parser notes about a message as a whole (`check_msg_parse_flags`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `missing_head_body_separator`
    pub missing_head_body_separator: bool,
    /// `truncated_header`: a name above 256 or a value above 8,192 bytes.
    pub truncated_header: bool,
    /// `missing_mime_headers`: what follows a boundary is no field.
    pub missing_mime_headers: bool,
    /// `missing_mime_head_body_separator`
    pub missing_mime_head_body_separator: bool,
    /// `mime_epilogue_exists`: text behind the last boundary.
    pub mime_epilogue_exists: bool,
    /// `mimepart_limit_exceeded`
    pub mimepart_limit_exceeded: bool,
}

/// A header and its body.
#[derive(Debug, Default)]
pub struct Entity {
    /// The type in lower case; text types that are not known by name are `text/plain`.
    pub content_type: String,
    /// The charset as declared.
    pub charset: Option<String>,
    /// The file name from Content-Disposition or Content-Type, not decoded.
    pub name: Option<String>,
    /// Its fields; those of the message without `X-Spam-*`, which no rule sees.
    pub fields: Fields,
    /// How deep it stands; the message is 0.
    pub depth: usize,
    /// Whether it holds no others. A multipart without any part is no leaf either.
    pub is_leaf: bool,
    children: Vec<usize>,
    body: Place,
    decoded: Option<Vec<u8>>,
}

/// Where a body stands: in which buffer, and where there.
#[derive(Clone, Debug, Default)]
struct Place {
    buffer: usize,
    range: Range<usize>,
}

/// An entity whose body is still to be read.
struct Task {
    entity: usize,
    boundary: Option<Vec<u8>>,
    body: Place,
    levels: usize,
}

impl Entity {
    /// The type by which it is read: what is named like a web page is one.
    pub fn effective_type(&self) -> &str {
        let name = self.name.as_deref().unwrap_or_default();
        let name = name.strip_suffix('\n').unwrap_or(name);
        let ends_in = |end: &str| {
            let start = name.len().checked_sub(end.len());
            let tail = start.and_then(|start| name.as_bytes().get(start..));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end.as_bytes()))
        };
        let is_page = [".htm", ".html", ".shtm", ".shtml"].into_iter().any(ends_in);
        if is_page { "text/html" } else { &self.content_type }
    }
}

impl Entities {
    /// Reads a message.
    pub(super) fn read(raw: &[u8]) -> Self {
        let mut entities = Self::default();
        let mut tasks = VecDeque::new();
        entities.read_message(raw, None, DEPTH, &mut tasks);
        while let Some(task) = tasks.pop_front() {
            entities.read_body(raw.len(), task, &mut tasks);
        }
        entities
    }

    /// All, depth first; the first is the message itself.
    pub fn iter(&self) -> impl Iterator<Item = &Entity> {
        let mut open = vec![0];
        std::iter::from_fn(move || {
            let entity = self.list.get(open.pop()?)?;
            open.extend(entity.children.iter().rev());
            Some(entity)
        })
    }

    /// Those that hold no others, depth first.
    pub fn leaves(&self) -> impl Iterator<Item = &Entity> {
        self.iter().filter(|entity| entity.is_leaf)
    }

    /// Whether a boundary was opened and never closed, or the other way round.
    pub fn has_open_boundary(&self) -> bool {
        self.boundaries.values().any(|&state| state != 0)
    }

    /// The body of a leaf with its transfer encoding taken off.
    pub fn content<'e>(&'e self, entity: &'e Entity) -> &'e [u8] {
        entity.decoded.as_deref().unwrap_or_else(|| self.body(&entity.body))
    }

    /// The body of a leaf as it stands, line ends as LF.
    pub fn encoded<'e>(&'e self, entity: &'e Entity) -> &'e [u8] {
        self.body(&entity.body)
    }

    fn body(&self, place: &Place) -> &[u8] {
        let buffer = self.buffers.get(place.buffer);
        buffer.and_then(|buffer| buffer.get(place.range.clone())).unwrap_or_default()
    }

    /// Keeps the bytes of a body.
    fn keep(&mut self, body: Vec<u8>) -> Place {
        let place = Place { buffer: self.buffers.len(), range: 0..body.len() };
        self.buffers.push(body);
        place
    }

    fn add(&mut self, parent: Option<usize>, entity: Entity) -> usize {
        let index = self.list.len();
        let depth = parent.and_then(|parent| {
            let parent = self.list.get_mut(parent)?;
            parent.is_leaf = false;
            parent.children.push(index);
            Some(parent.depth + 1)
        });
        self.list.push(Entity { depth: depth.unwrap_or(0), is_leaf: true, ..entity });
        index
    }

    /// Reads the header of a message; its body waits for its turn.
    fn read_message(
        &mut self,
        raw: &[u8],
        parent: Option<usize>,
        levels: usize,
        tasks: &mut VecDeque<Task>,
    ) {
        let mut head = header::read(raw);
        let is_outer = parent.is_none();
        if is_outer {
            self.flags.missing_head_body_separator = head.is_separator_missing;
            self.flags.truncated_header = head.is_truncated;
            self.body_bytes = raw.len().saturating_sub(head.body);
            head.fields.forget_verdicts();
        }
        let mut body = lines::of_body(raw.get(head.body..).unwrap_or_default(), head.has_crlf);
        let declared = content_type(head.fields.last("content-type").unwrap_or_default());
        let is_multipart = declared.name.starts_with("multipart/");
        if is_multipart && lines::needs_empty_line(&body, declared.boundary.as_deref()) {
            body.insert(0, b'\n');
        }
        let place = self.keep(body);
        let content_type = declared.name;
        let entity =
            self.add(parent, Entity { content_type, fields: head.fields, ..Entity::default() });
        tasks.push_back(Task { entity, boundary: declared.boundary, body: place, levels });
    }

    fn read_body(&mut self, message_length: usize, task: Task, tasks: &mut VecDeque<Task>) {
        let Some(entity) = self.list.get(task.entity) else { return };
        let is_multipart = entity.content_type.starts_with("multipart/");
        if is_multipart && task.boundary.is_some() && task.levels > 0 {
            return multipart::read(self, task, tasks);
        }
        self.finish_leaf(&task);
        let Some(entity) = self.list.get(task.entity) else { return };
        let is_message =
            matches!(entity.content_type.as_str(), "message/rfc822" | "message/global");
        let held: usize = self.buffers.iter().map(Vec::len).sum();
        let has_room = held / MOST_COPIES <= message_length && self.list.len() < MOST_ENTITIES;
        if !is_message || task.levels == 0 || !has_room || self.content(entity).is_empty() {
            return;
        }
        let content = self.content(entity).to_vec();
        self.read_message(&content, Some(task.entity), task.levels - 1, tasks);
    }

    /// Says what a leaf is and decodes it.
    fn finish_leaf(&mut self, task: &Task) {
        let body = self.body(&task.body);
        let Some(entity) = self.list.get(task.entity) else { return };
        let declared = content_type(entity.fields.last("content-type").unwrap_or_default());
        let mut name = entity.content_type.clone();
        if !declared.is_missing {
            let is_opaque = declared.name.starts_with("multipart/") && task.boundary.is_none();
            name = if is_opaque { "text/plain".to_owned() } else { declared.name };
        }
        let encoding = entity.fields.last("content-transfer-encoding").unwrap_or_default();
        let decoded = transfer::decode(encoding, body, is_text(&name));
        let disposition = entity.fields.last("content-disposition").unwrap_or_default();
        let shown = disposition_name(disposition).map(str::to_owned);
        let file_name = shown.or(declared.file_name.filter(|name| !name.is_empty()));
        let Some(entity) = self.list.get_mut(task.entity) else { return };
        entity.content_type = name;
        entity.charset = declared.charset;
        entity.name = file_name;
        entity.body = task.body.clone();
        entity.decoded = decoded;
    }
}

/// Whether line ends matter in a type.
fn is_text(content_type: &str) -> bool {
    ["text", "message"].iter().any(|start| {
        let rest = content_type.strip_prefix(start);
        rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
    })
}
