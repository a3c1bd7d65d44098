//! Pictures in streams of office drawings ([MS-ODRAW], 2.2.23): PNG and JPEG, by the records around them.

use std::io::Cursor;

use memchr::memmem;

use crate::contents::{
    document::little::{size_at, u16_at},
    reading::{Entry, ReadError, Reading},
};

/// First bytes of pictures, and the records they may stand in.
const KINDS: &[(&[u8], &[u16])] =
    &[(b"\x89PNG\r\n\x1a\n", &[0xf01e]), (b"\xff\xd8\xff", &[0xf01d, 0xf02a])];

/// Reads all pictures of a stream as members; how many there are.
pub(super) fn read(stream: &[u8], reading: &mut Reading<'_>) -> Result<usize, ReadError> {
    let mut count = 0;
    for (magic, records) in KINDS {
        let mut from = 0;
        while let Some(at) = stream.get(from..).and_then(|rest| memmem::find(rest, magic)) {
            reading.time()?;
            let start = from + at;
            from = start + 1;
            let Some(end) = end(stream, start, records) else { continue };
            count += 1;
            let picture = stream.get(start..end).unwrap_or_default();
            from = end.max(from);
            let entry = Entry {
                name: format!("picture {count}"),
                packed: picture.len() as u64,
                ..Entry::default()
            };
            reading.member(entry, &mut Cursor::new(picture))?;
        }
    }
    Ok(count)
}

/// Where the record ends in which a picture begins here: behind its head, one or two digests, and a mark.
fn end(stream: &[u8], start: usize, records: &[u16]) -> Option<usize> {
    [17, 33].into_iter().find_map(|before| {
        let body = start.checked_sub(before)?;
        let head = body.checked_sub(8)?;
        let is_record = u16_at(stream, head + 2).is_some_and(|kind| records.contains(&kind));
        let end = body.checked_add(size_at(stream, head + 4)?)?.min(stream.len());
        (is_record && end > start).then_some(end)
    })
}
