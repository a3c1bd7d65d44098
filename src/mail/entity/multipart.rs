//! A multipart: where its parts begin and end.

use std::{collections::VecDeque, ops::Range};

use super::{
    Entities, Entity, MOST_ENTITIES, MOST_PARTS, Place, Task,
    content_type::content_type,
    header::Fields,
    lines::{cut_long, delimiter, is_field, next_candidate, next_line},
};

/// A line that separates two parts, or the end of the multipart.
struct Border {
    line: Range<usize>,
    /// `None` at the end of a multipart that is not closed.
    is_closing: Option<bool>,
}

/// A part as it stands.
struct Found {
    fields: Fields,
    body: Range<usize>,
    /// Whether its last field is a Content-Type with the boundary of the multipart around it.
    has_same_boundary: bool,
    is_separator_missing: bool,
}

/// Reads the parts of a multipart; their bodies wait for their turn.
pub(super) fn read(entities: &mut Entities, task: Task, tasks: &mut VecDeque<Task>) {
    if let Some(entity) = entities.list.get_mut(task.entity) {
        entity.is_leaf = false;
    }
    // Taken out while its parts are added, which stand in it.
    let place = task.body.buffer;
    let Some(buffer) = entities.buffers.get_mut(place).map(std::mem::take) else { return };
    let bytes = buffer.get(task.body.range.clone()).unwrap_or_default();
    read_parts(entities, &task, bytes, tasks);
    if let Some(empty) = entities.buffers.get_mut(place) {
        *empty = buffer;
    }
}

fn read_parts(entities: &mut Entities, task: &Task, bytes: &[u8], tasks: &mut VecDeque<Task>) {
    let Some(boundary) = task.boundary.as_deref() else { return };
    let mut at = begin(entities, bytes, boundary);
    let mut parts = 0;
    while at < bytes.len() {
        let found = part(bytes, at, boundary);
        let border = border(bytes, at, &found, boundary);
        entities.flags.missing_mime_head_body_separator |= found.is_separator_missing;
        let end = found.body.start.max(match border.is_closing {
            Some(_) => without_line_end(bytes, border.line.start),
            None => border.line.start,
        });
        add(entities, task, found.fields, bytes, found.body.start..end, tasks);
        at = border.line.end;
        match border.is_closing {
            Some(true) => {
                *entities.boundaries.entry(boundary.to_vec()).or_default() -= 1;
                break;
            }
            Some(false) => note_header(entities, bytes, at),
            None => {}
        }
        parts += 1;
        if parts == MOST_PARTS || entities.list.len() >= MOST_ENTITIES {
            entities.flags.mimepart_limit_exceeded = true;
            return;
        }
    }
    let epilogue = bytes.get(at..).unwrap_or_default();
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t'..=b'\r' | b'.');
    entities.flags.mime_epilogue_exists |= epilogue.iter().any(is_text);
}

/// Where the first part begins: behind the first boundary, or at the beginning if there is none.
fn begin(entities: &mut Entities, bytes: &[u8], boundary: &[u8]) -> usize {
    let mut at = 0;
    while let Some(line) = next_candidate(bytes, at) {
        let end = next_line(bytes, line);
        let text = bytes.get(line..end).unwrap_or_default();
        if delimiter(text, boundary) == Some(false) {
            entities.boundaries.insert(boundary.to_vec(), 1);
            note_header(entities, bytes, end);
            return end;
        }
        at = end;
    }
    0
}

/// Notes when what follows a boundary is no field.
fn note_header(entities: &mut Entities, bytes: &[u8], at: usize) {
    let line = bytes.get(at..next_line(bytes, at)).unwrap_or_default();
    entities.flags.missing_mime_headers |= !line.is_empty() && !is_field(line, false);
}

/// The header of a part, and where its body begins. A boundary in the header ends both, and then
/// the last field is lost.
fn part(bytes: &[u8], start: usize, boundary: &[u8]) -> Found {
    let mut fields = Fields::default();
    let (mut at, mut open) = (start, None::<Range<usize>>);
    loop {
        let end = next_line(bytes, at);
        let line = bytes.get(at..end).unwrap_or_default();
        let is_last = end >= bytes.len();
        if is_last || delimiter(line, boundary).is_some() {
            let found = Found {
                fields,
                body: at..at,
                has_same_boundary: false,
                is_separator_missing: false,
            };
            return found;
        }
        let continues = line.starts_with(b" ") || line.starts_with(b"\t");
        if is_field(line, true) {
            flush(&mut fields, bytes, open.replace(at..end));
        } else if continues && open.is_some() {
            open = open.map(|field| field.start..end);
        } else {
            let is_content_type = flush(&mut fields, bytes, open);
            let is_empty = matches!(line, b"\n" | b"\r\n" | b"\r" | b"");
            let body = if is_empty { end } else { at };
            let inner = content_type(fields.last("content-type").unwrap_or_default()).boundary;
            return Found {
                has_same_boundary: is_content_type && inner.as_deref() == Some(boundary),
                is_separator_missing: !is_empty,
                fields,
                body: body..body,
            };
        }
        at = end;
    }
}

/// Adds a field that has ended; whether it was the Content-Type.
fn flush(fields: &mut Fields, bytes: &[u8], field: Option<Range<usize>>) -> bool {
    let Some(text) = field.and_then(|field| bytes.get(field)) else { return false };
    let colon = text.iter().position(|&byte| byte == b':').unwrap_or(text.len());
    let (name, value) = text.split_at_checked(colon).unwrap_or((text, &[]));
    let value = value.get(1..).unwrap_or_default();
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = value.iter().take_while(|byte| is_space(byte)).count();
    fields.add(name, value.get(start..).unwrap_or_default());
    name.eq_ignore_ascii_case(b"content-type")
}

/// The end of the part whose header was found.
fn border(bytes: &[u8], start: usize, found: &Found, boundary: &[u8]) -> Border {
    // In the header a boundary is one, too.
    let mut at = if found.body.start > start { found.body.start } else { start };
    let mut is_nested = found.has_same_boundary;
    while let Some(line) = next_candidate(bytes, at) {
        let end = next_line(bytes, line);
        let text = bytes.get(line..end).unwrap_or_default();
        match delimiter(text, boundary) {
            Some(is_closing) if !is_nested => {
                return Border { line: line..end, is_closing: Some(is_closing) };
            }
            Some(true) => is_nested = false,
            _ => {}
        }
        at = end;
    }
    Border { line: bytes.len()..bytes.len(), is_closing: None }
}

/// The end of a body before a boundary: the line end there belongs to the boundary.
fn without_line_end(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or_default();
    if before.ends_with(b"\n") { at - 1 } else { at }
}

/// Adds a part to the tree.
fn add(
    entities: &mut Entities,
    task: &Task,
    fields: Fields,
    bytes: &[u8],
    body: Range<usize>,
    tasks: &mut VecDeque<Task>,
) {
    let declared = content_type(fields.last("content-type").unwrap_or_default());
    let is_digest = entities
        .list
        .get(task.entity)
        .is_some_and(|parent| parent.content_type == "multipart/digest");
    let content_type = match declared.is_missing && is_digest {
        true => "message/rfc822".to_owned(),
        false => declared.name,
    };
    let place = match cut_long(bytes.get(body.clone()).unwrap_or_default()) {
        Some(cut) => entities.keep(cut),
        None => {
            let start = task.body.range.start;
            Place { buffer: task.body.buffer, range: start + body.start..start + body.end }
        }
    };
    let entity = Entity { content_type, fields, ..Entity::default() };
    let entity = entities.add(Some(task.entity), entity);
    let boundary = declared.boundary.or_else(|| task.boundary.clone());
    tasks.push_back(Task { entity, boundary, body: place, levels: task.levels - 1 });
}
