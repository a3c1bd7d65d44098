//! Members of RAR archives, by a crate that reads all versions. It pushes what it unpacks, so that each member
//! is collected here, within what may come of it, before it is read.

use std::{
    cell::RefCell,
    io::{self, Write},
    rc::Rc,
    time::Instant,
};

use rars::{
    ArchiveMember, ArchiveReadOptions, ArchiveReader, Error, ExtractionDecision,
    ExtractionErrorAction,
};

use super::LARGEST_WINDOW;

/// How many headers of how many bytes are read, and how much memory a decoder may take, in bytes.
const MOST_HEADERS: u64 = 100_000;
const MOST_HEADER_BYTES: u64 = 16 << 20;
const MOST_MEMORY: u64 = 2 * LARGEST_WINDOW as u64;

/// A member of an archive.
pub(in crate::contents) struct Member {
    pub name: String,
    /// What is claimed.
    pub size: u64,
    /// 0 in a solid archive, where it says nothing.
    pub packed: u64,
    pub is_locked: bool,
    /// What came out of it; `None` if it was not opened.
    pub content: Option<Vec<u8>>,
    /// Why not all of it came.
    pub error: Option<String>,
}

/// Who is told of members: what it answers ends the reading, or not.
pub(in crate::contents) trait Visitor {
    /// How many bytes may come of so many packed ones.
    fn room(&mut self, packed: u64) -> u64;
    /// Until when.
    fn deadline(&self) -> Instant;
    /// A member; whether to go on.
    fn member(&mut self, member: Member) -> bool;
}

/// Unpacks all members, one after the other.
///
/// # Errors
/// The archive is damaged, or its headers are locked: what was told before stands.
pub(in crate::contents) fn members(
    bytes: &[u8],
    password: Option<&str>,
    visitor: &mut dyn Visitor,
) -> io::Result<()> {
    let walk = RefCell::new(Walk { visitor, waiting: None });
    let archive = ArchiveReader::read_with_options(bytes, options(password)).map_err(other)?;
    let unpacked = archive.extract_with_control_and_errors(
        options(password),
        |member| Ok(walk.borrow_mut().decide(member, password.is_some())),
        |_, error| {
            walk.borrow_mut().failed(error);
            Ok(ExtractionErrorAction::Continue)
        },
    );
    let mut walk = walk.into_inner();
    if let Err(error) = &unpacked {
        walk.failed(error);
    }
    walk.flush();
    unpacked.map(drop).map_err(other)
}

/// Whether a password opens an archive: the headers, and the first member that is locked.
pub(in crate::contents) fn opens(bytes: &[u8], password: &str, deadline: Instant) -> bool {
    let Ok(archive) = ArchiveReader::read_with_options(bytes, options(Some(password))) else {
        return false;
    };
    let mut is_done = false;
    let opened = archive.extract_with_control(options(Some(password)), |member| {
        if is_done {
            return Ok(ExtractionDecision::Stop);
        }
        is_done = member.meta.is_encrypted && !member.meta.is_directory;
        if !is_done && !member.is_solid() {
            return Ok(ExtractionDecision::Skip);
        }
        let target = Target { bytes: Rc::default(), room: MOST_MEMORY, deadline };
        Ok(ExtractionDecision::Extract(Box::new(target)))
    });
    opened.is_ok()
}

fn options(password: Option<&str>) -> ArchiveReadOptions<'_> {
    ArchiveReadOptions::with_optional_password(password.map(str::as_bytes))
        .with_max_header_count(MOST_HEADERS)
        .with_max_header_bytes(MOST_HEADER_BYTES)
        .with_max_reader_workspace_bytes(MOST_MEMORY)
        .with_rar50_dictionary_size_limit(u64::from(LARGEST_WINDOW))
}

fn other(error: Error) -> io::Error {
    io::Error::other(error)
}

/// Between the crate and the visitor: what is being unpacked is told when it is done.
struct Walk<'v> {
    visitor: &'v mut dyn Visitor,
    waiting: Option<Waiting>,
}

/// A member being unpacked, and where to; `None`: it is passed over.
struct Waiting {
    member: Member,
    bytes: Option<Rc<RefCell<Vec<u8>>>>,
}

impl Walk<'_> {
    fn decide(&mut self, found: &ArchiveMember, has_password: bool) -> ExtractionDecision {
        let meta = &found.meta;
        if !self.flush() {
            return ExtractionDecision::Stop;
        }
        if meta.is_directory || meta.is_redirection {
            return ExtractionDecision::Skip;
        }
        let packed = if found.is_solid() { 0 } else { meta.packed_size };
        let member = Member {
            name: meta_name(found),
            size: meta.unpacked_size,
            packed,
            is_locked: meta.is_encrypted,
            content: None,
            error: None,
        };
        let is_part = meta.is_split_before || meta.is_split_after;
        if is_part || meta.is_encrypted && !has_password {
            self.waiting = Some(Waiting { member, bytes: None });
            return ExtractionDecision::Skip;
        }
        let bytes = Rc::default();
        // One more, so that whoever reads it sees that it is too many.
        let room = self.visitor.room(packed).saturating_add(1);
        let deadline = self.visitor.deadline();
        let target = Target { bytes: Rc::clone(&bytes), room, deadline };
        self.waiting = Some(Waiting { member, bytes: Some(bytes) });
        ExtractionDecision::Extract(Box::new(target))
    }

    fn failed(&mut self, error: &Error) {
        if let Some(Waiting { member, .. }) = &mut self.waiting {
            member.error = Some(error.to_string());
        }
    }

    /// Tells the member before; whether to go on.
    fn flush(&mut self) -> bool {
        let Some(Waiting { mut member, bytes }) = self.waiting.take() else { return true };
        member.content = bytes.map(|bytes| bytes.take());
        self.visitor.member(member)
    }
}

fn meta_name(found: &ArchiveMember) -> String {
    let name = found.decoded_name(None);
    String::from_utf8_lossy(name.as_deref().unwrap_or(&found.meta.name)).into_owned()
}

/// Where a member goes.
struct Target {
    bytes: Rc<RefCell<Vec<u8>>>,
    room: u64,
    deadline: Instant,
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 || Instant::now() >= self.deadline {
            return Err(io::Error::other("beyond the limit"));
        }
        let taken = bytes.len().min(usize::try_from(self.room).unwrap_or(usize::MAX));
        self.room -= taken as u64;
        self.bytes.borrow_mut().extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
