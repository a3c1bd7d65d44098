//! What is inside the parts of a message: members of archives, objects and texts of documents, what
//! pictures show. Words only; `contents` reads them.

use serde::{Deserialize, Serialize};

/// All that was found inside a message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// What was looked at, each behind what holds it.
    pub items: Vec<Item>,
    /// What cut the reading short, each once.
    pub limits: Vec<Limit>,
}

/// A file: an attachment, or something in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which part of the message it is or is in, by its place in [`Message::parts`](super::Message::parts).
    pub part: u32,
    /// The item that holds it; `None` for the part itself.
    pub parent: Option<u32>,
    /// Its name as what holds it writes it, folders included; empty if it has none.
    pub name: String,
    /// What it is by its content: the usual extension, as of [`FileType`](super::FileType); empty if nobody
    /// knows.
    pub kind: String,
    /// Its size in bytes, unpacked; what is claimed where it could not be read.
    pub size: u64,
    /// SHA-256 of its bytes, if all of them were read.
    pub digest: Option<[u8; 32]>,
    /// Whether it is encrypted.
    pub lock: Lock,
    /// A virus scanner is not expected to reach it by itself.
    pub is_hidden: bool,
    /// What it can do, or pretends.
    pub traits: Vec<Trait>,
    /// What it says.
    pub texts: Vec<FoundText>,
    /// Where it points, as written.
    pub uris: Vec<String>,
}

/// Whether something is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lock {
    /// It is not.
    #[default]
    None,
    /// It is, and was not opened.
    Locked,
    /// It was, and a password that the message tells opened it.
    Opened,
}

/// A text in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundText {
    /// How it is found there.
    pub origin: Origin,
    /// Itself, in Unicode; paragraphs end in a line end.
    pub text: String,
}

/// How a text is found in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// A file of plain text, or a page.
    Plain,
    /// What a document shows.
    Document,
    /// What a document says about itself: title, subject, author.
    Properties,
    /// Read from a picture.
    Picture,
    /// A bar code or QR code in a picture.
    Code,
}

/// Something that a file can do, or pretends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trait {
    /// Which.
    pub kind: TraitKind,
    /// The words that show it, of at most 120 characters.
    pub detail: String,
}

/// What a file can do, or pretends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TraitKind {
    /// It holds VBA macros.
    Macro,
    /// A macro runs when the document is opened or closed.
    AutoRun,
    /// A macro calls what only malware needs: a shell, a download, the registry.
    SuspiciousCall,
    /// A macro hides what it does: long chains of characters, arithmetic, names of noise.
    Obfuscated,
    /// An Excel 4 macro sheet.
    ExcelMacro,
    /// A field or formula that starts a program (DDE).
    Dde,
    /// It loads a template or object from elsewhere when opened.
    External,
    /// Another file is embedded as an object.
    Object,
    /// It holds JavaScript.
    JavaScript,
    /// It starts a program or opens a file (PDF launch action).
    Launch,
    /// Something happens when it is opened (PDF open action, additional actions).
    OpenAction,
    /// Another file is attached to it.
    Attached,
    /// A page that makes a file of what it holds (HTML smuggling).
    Smuggled,
    /// A document of nothing but pictures.
    OnlyPictures,
    /// It can be read only in part: damaged, or made to be.
    Broken,
}

/// What cut the reading short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Limit {
    /// Things in things, too deep.
    Depth,
    /// Too many things.
    Members,
    /// Too many bytes, unpacked.
    Bytes,
    /// Too many bytes unpacked from too few.
    Ratio,
    /// It took too long.
    Time,
}

impl Item {
    /// Adds a trait; once each kind and detail, a dozen of a kind.
    pub fn add_trait(&mut self, kind: TraitKind, detail: &str) {
        const MOST: usize = 12;
        const LONGEST: usize = 120;
        let detail: String = detail.chars().take(LONGEST).collect();
        let same = self.traits.iter().filter(|known| known.kind == kind);
        if same.clone().count() < MOST && same.clone().all(|known| known.detail != detail) {
            self.traits.push(Trait { kind, detail });
        }
    }
}
