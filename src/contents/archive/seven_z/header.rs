//! What the header of a 7z archive tells.

/// A header: itself, or where it is, packed.
#[derive(Debug)]
pub(super) enum Header {
    Plain(Archive),
    Packed(Streams),
}

/// What is in an archive.
#[derive(Debug, Default)]
pub(super) struct Archive {
    pub streams: Streams,
    pub files: Vec<File>,
}

/// A file or folder.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub name: String,
    pub has_stream: bool,
    pub is_folder: bool,
}

/// Packed bytes, and how they are packed.
#[derive(Debug, Default)]
pub(super) struct Streams {
    /// Where the first packed stream begins, after the signature header.
    pub start: u64,
    /// How long each is.
    pub packed: Vec<u64>,
    pub folders: Vec<Folder>,
}

/// Streams packed as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    pub coders: Vec<Coder>,
    /// Which coder's output goes into which input.
    pub binds: Vec<Bind>,
    /// Which inputs are packed streams.
    pub packed: Vec<u64>,
    /// What comes out of each coder, in bytes.
    pub sizes: Vec<u64>,
    /// Of its output as a whole.
    pub crc: Option<u32>,
    /// The files in it.
    pub contents: Vec<Content>,
}

/// A file's bytes in a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub size: u64,
    pub crc: Option<u32>,
}

/// One step of unpacking.
#[derive(Clone, Debug)]
pub(super) struct Coder {
    pub method: Vec<u8>,
    pub inputs: u64,
    pub properties: Vec<u8>,
}

/// An output that is another's input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bind {
    pub input: u64,
    pub output: u64,
}

impl Folder {
    /// The coder whose output nothing else takes.
    pub(super) fn last(&self) -> Option<usize> {
        let is_taken = |at: usize| self.binds.iter().any(|bind| bind.output == at as u64);
        (0..self.coders.len()).find(|&at| !is_taken(at))
    }

    /// What comes out of it.
    pub(super) fn size(&self) -> u64 {
        self.last().and_then(|last| self.sizes.get(last)).copied().unwrap_or_default()
    }
}
