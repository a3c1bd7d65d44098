//! The MIME tree (RFC 2045, 2046): where each part begins and ends.
//!
//! Our own splitter. mail-parser descends without limit: some ten thousand messages attached to
//! each other overflow the stack and end the process, and inside a transfer encoding no look at
//! the raw bytes can foresee them. This one goes through the lines once with a stack of the
//! boundaries that are open, so the time is linear and [`Limits`] hold wherever a part hides.
//!
//! Readings of what the standard leaves open:
//! - a boundary that never closes: the last part goes on to the end of the enclosing part;
//! - parts behind the closing boundary: parts like the others, since some readers show them;
//! - a multipart in which its boundary never appears, or without one: one opaque text;
//! - nesting beyond the depth limit: the part is not opened but kept as one opaque text;
//! - parts beyond the limit: everything that follows is one last opaque text;
//! - `message/rfc822` in a transfer encoding (forbidden, but seen): decoded and opened, up to
//!   three such levels in one another.
//!
//! An *opaque text* is read like text/plain, so that rules see what it hides.

mod fields;

use std::ops::Range;

use self::fields::{MimeFields, is_composite, is_message, part};
use super::{
    Limits, Oddity, Part,
    decode::{Encoding, unicode},
    header::{self, MOST_FIELDS, Scope},
    lines::{next_line, without_line_end},
};

/// How many messages in a transfer encoding are opened in one another.
const ENCODED_LEVELS: usize = 3;

/// How much of a text part is turned into Unicode, in bytes.
pub(super) const TEXT_SCAN: usize = 512 * 1024;

/// The parts of a message, depth first, and what was odd.
pub(super) fn read(raw: &[u8], limits: Limits) -> (Vec<Part>, Vec<Oddity>) {
    let mut tree = Tree { limits, fields: MOST_FIELDS, ..Tree::default() };
    let source = Source { bytes: raw, outer: None };
    tree.read_source(source, Node::default());
    if tree.fields == 0 {
        tree.oddities.push(Oddity::TooManyFields);
    }
    tree.oddities.sort_unstable();
    tree.oddities.dedup();
    (tree.parts, tree.oddities)
}

/// Bytes that hold parts: the raw message, or an attached message that had to be decoded.
#[derive(Clone)]
struct Source<'b> {
    bytes: &'b [u8],
    /// For decoded bytes, where the encoded ones stand in the raw message.
    outer: Option<Range<usize>>,
}

impl Source<'_> {
    fn slice(&self, range: Range<usize>) -> &[u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// A range of these bytes as a range of the raw message.
    fn in_raw(&self, range: Range<usize>) -> Range<usize> {
        self.outer.clone().unwrap_or(range)
    }
}

/// Where a part hangs in the tree.
#[derive(Clone, Copy, Default)]
struct Node {
    depth: usize,
    parent: Option<usize>,
    encoded_levels: usize,
}

impl Node {
    fn below(self, part: usize) -> Self {
        Self { depth: self.depth + 1, parent: Some(part), ..self }
    }
}

/// A part that holds others and whose end was not met yet.
struct Open {
    part: usize,
    node: Node,
    body: usize,
    /// `None` for an attached message, which ends where the part around it ends.
    boundary: Option<Vec<u8>>,
    is_digest: bool,
    /// Whether the closing boundary was met; what follows is epilogue, until a part begins anew.
    is_closed: bool,
}

impl Open {
    /// What a line is to this multipart; the two hyphens before it are taken off.
    fn delimiter(&self, level: usize, line: &[u8]) -> Option<Delimiter> {
        match line.strip_prefix(self.boundary.as_deref()?)? {
            b"" => Some(Delimiter { level, is_closing: false }),
            b"--" => Some(Delimiter { level, is_closing: true }),
            _ => None,
        }
    }
}

/// A part that holds no others and whose end was not met yet.
struct Leaf {
    part: usize,
    node: Node,
    body: usize,
    encoding: Encoding,
    /// Read as text whatever its type says.
    is_opaque: bool,
}

/// The tree as far as it was read.
#[derive(Default)]
struct Tree {
    limits: Limits,
    parts: Vec<Part>,
    oddities: Vec<Oddity>,
    /// How many header fields may still be read.
    fields: usize,
}

/// The way from the root of a source to the part being read.
#[derive(Default)]
struct Path {
    open: Vec<Open>,
    /// `None` in the preamble and epilogue of a multipart.
    leaf: Option<Leaf>,
}

/// A line that separates the parts of the `level`th open part.
struct Delimiter {
    level: usize,
    is_closing: bool,
}

impl Path {
    /// What the line is, if anything. Inner multiparts are asked first, closed ones last.
    fn delimiter(&self, line: &[u8]) -> Option<Delimiter> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        let ask = |is_closed: bool| {
            let open = self.open.iter().enumerate().rev();
            open.filter(|(_, open)| open.is_closed == is_closed)
                .find_map(|(level, open)| open.delimiter(level, line))
        };
        ask(false).or_else(|| ask(true))
    }
}

impl Tree {
    /// Reads an entity that fills a whole source.
    fn read_source(&mut self, source: Source<'_>, node: Node) {
        let mut path = Path::default();
        let mut at = self.begin(&source, &mut path, 0, node, "text/plain");
        while at < source.bytes.len() {
            let end = next_line(source.bytes, at);
            match path.delimiter(source.slice(at..end)) {
                Some(delimiter) => {
                    at = self.delimit(&source, &mut path, &delimiter, at..end);
                }
                None => at = end,
            }
        }
        self.end_leaf(&source, &mut path, source.bytes.len());
        self.end_open(&source, &mut path, 0, source.bytes.len());
    }

    /// Ends what the delimiter in `line` ends and begins what it begins; returns where to go on.
    fn delimit(
        &mut self,
        source: &Source<'_>,
        path: &mut Path,
        delimiter: &Delimiter,
        line: Range<usize>,
    ) -> usize {
        // The line end before a delimiter belongs to the delimiter (RFC 2046, section 5.1.1).
        let end = without_last_line_end(source.bytes, line.start);
        self.end_leaf(source, path, end);
        self.end_open(source, path, delimiter.level + 1, end);
        let Some(open) = path.open.last_mut() else { return line.end };
        open.is_closed |= delimiter.is_closing;
        if delimiter.is_closing {
            return line.end;
        }
        let default = if open.is_digest { "message/rfc822" } else { "text/plain" };
        let node = open.node.below(open.part);
        self.begin(source, path, line.end, node, default)
    }

    /// Begins a part: reads its header and, if it opens with other parts, theirs. Returns where
    /// to go on looking for delimiters.
    fn begin(
        &mut self,
        source: &Source<'_>,
        path: &mut Path,
        mut at: usize,
        mut node: Node,
        mut default: &str,
    ) -> usize {
        loop {
            if self.parts.len() + 1 >= self.limits.parts {
                return self.begin_last(source, path, at, node);
            }
            let scope = if path.open.is_empty() { Scope::Message } else { Scope::Part };
            let head = header::read(source.bytes, at, scope, &mut self.fields);
            if node.depth == 0 && !head.is_separated {
                self.oddities.push(Oddity::NoSeparator);
            }
            at = head.body;
            let index = self.parts.len();
            let fields = MimeFields::read(source, &head, default);
            let part = part(source, head, &fields, node);
            match self.container(&part, &fields, node, index) {
                Some(open) => {
                    let is_message = open.boundary.is_none();
                    self.parts.push(Part { is_container: true, ..part });
                    path.open.push(open);
                    if !is_message {
                        return at;
                    }
                    (node, default) = (node.below(index), "text/plain");
                }
                None => {
                    let is_opaque = is_composite(&part.content_type, fields.encoding);
                    self.parts.push(part);
                    let encoding = fields.encoding;
                    path.leaf = Some(Leaf { part: index, node, body: at, encoding, is_opaque });
                    return at;
                }
            }
        }
    }

    /// The last part that may be: all that follows, unread.
    fn begin_last(&mut self, source: &Source<'_>, path: &mut Path, at: usize, node: Node) -> usize {
        self.oddities.push(Oddity::TooManyParts);
        let part = self.parts.len();
        let (depth, parent) = (node.depth, node.parent);
        let content_type = "text/plain".to_owned();
        self.parts.push(Part { depth, parent, content_type, ..Part::default() });
        let encoding = Encoding::Identity;
        path.leaf = Some(Leaf { part, node, body: at, encoding, is_opaque: true });
        source.bytes.len()
    }

    /// The part as one that holds others, if it does and may.
    fn container(
        &mut self,
        part: &Part,
        fields: &MimeFields,
        node: Node,
        index: usize,
    ) -> Option<Open> {
        let is_multipart = part.content_type.starts_with("multipart/");
        let holds_parts = if is_multipart {
            fields.boundary.is_some()
        } else {
            is_message(&part.content_type) && fields.encoding == Encoding::Identity
        };
        if holds_parts && node.depth >= self.limits.depth {
            self.oddities.push(Oddity::TooDeep);
            return None;
        }
        holds_parts.then(|| Open {
            part: index,
            node,
            body: part.raw_body.start,
            boundary: fields.boundary.clone().filter(|_| is_multipart),
            is_digest: part.content_type == "multipart/digest",
            is_closed: false,
        })
    }

    /// Ends the open parts from the `level`th on.
    fn end_open(&mut self, source: &Source<'_>, path: &mut Path, level: usize, end: usize) {
        while path.open.len() > level {
            let Some(open) = path.open.pop() else { return };
            let is_multipart = open.boundary.is_some();
            if is_multipart && !open.is_closed {
                self.oddities.push(Oddity::OpenMultipart);
            }
            if is_multipart && self.parts.len() == open.part + 1 {
                let Open { part, node, body, .. } = open;
                let encoding = Encoding::Identity;
                path.leaf = Some(Leaf { part, node, body, encoding, is_opaque: true });
                self.end_leaf(source, path, end);
            } else if let Some(part) = self.parts.get_mut(open.part) {
                part.raw_body = source.in_raw(open.body..end.max(open.body));
            }
        }
    }

    /// Ends the part being read: its body is decoded and, for a message, opened.
    fn end_leaf(&mut self, source: &Source<'_>, path: &mut Path, end: usize) {
        let Some(leaf) = path.leaf.take() else { return };
        let range = leaf.body..end.max(leaf.body);
        let is_full = self.parts.len() + 1 >= self.limits.parts;
        let Some(part) = self.parts.get_mut(leaf.part) else { return };
        let body = source.slice(range.clone());
        part.is_container = false;
        part.raw_body = source.in_raw(range);
        part.decoded = match leaf.encoding.decode(body) {
            None if source.outer.is_some() => Some(body.to_vec()),
            decoded => decoded,
        };
        let content = part.decoded.as_deref().unwrap_or(body);
        if leaf.is_opaque || part.content_type.starts_with("text/") {
            let scanned = content.get(..TEXT_SCAN).unwrap_or(content);
            part.text = Some(unicode(part.charset.as_deref(), scanned));
        }
        let is_near = leaf.node.encoded_levels < ENCODED_LEVELS;
        if is_message(&part.content_type) && !leaf.is_opaque && is_near && !is_full {
            self.open_decoded(leaf.part, leaf.node);
        }
    }

    /// Opens a message that was attached in a transfer encoding.
    fn open_decoded(&mut self, index: usize, node: Node) {
        if node.depth >= self.limits.depth {
            self.oddities.push(Oddity::TooDeep);
            return;
        }
        let Some(part) = self.parts.get_mut(index) else { return };
        let Some(bytes) = part.decoded.take() else { return };
        part.is_container = true;
        let outer = Some(part.raw_body.clone());
        let below = node.below(index);
        let encoded_levels = node.encoded_levels + 1;
        self.read_source(Source { bytes: &bytes, outer }, Node { encoded_levels, ..below });
        if let Some(part) = self.parts.get_mut(index) {
            part.decoded = Some(bytes);
        }
    }
}

/// A body that ends before `at`, without the line end that stands there.
fn without_last_line_end(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or(bytes);
    without_line_end(before).len()
}

/// A message as a header and one opaque text, read without any decoder.
pub(super) fn opaque(raw: &[u8]) -> Part {
    let head = header::read(raw, 0, Scope::Message, &mut MOST_FIELDS.clone());
    let body = raw.get(head.body..).unwrap_or_default();
    let scanned = body.get(..TEXT_SCAN).unwrap_or(body);
    Part {
        headers: head.block,
        content_type: "text/plain".to_owned(),
        raw_body: head.body..raw.len(),
        text: Some(String::from_utf8_lossy(scanned).into_owned()),
        ..Part::default()
    }
}
