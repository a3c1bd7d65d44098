//! Words for mail: envelope, message, headers, parts, texts, URIs, trace. Pure data and parsing,
//! no I/O.
//!
//! Two things come in: what SMTP said ([`Envelope`], [`Client`]) and the raw bytes of a message
//! ([`Message::parse`]). While only the header is there, [`HeaderBlock::parse`] and [`trace`] read
//! that. Nothing here fails: a message is read as far as it can be, and what is odd about it is a
//! fact ([`Oddity`]) that checks may weigh.
//!
//! Every input is hostile. What holds for all readers here, and is tested:
//! - no panic, and no recursion as deep as the input;
//! - time and memory linear in the input, with constants beside the code for what is cut off;
//! - ranges into the raw message are exact, so that bytes can be signed, hashed or removed.
//!
//! There are two readers of MIME, on purpose. `mime` reads as mail readers do, and where these
//! disagree it opens what any of them may show: what the virus scanner, attachments and file types
//! rest on, so that nothing hides. `entity` reads as SpamAssassin does, with its habits: rules hit
//! the same only on the same texts. It runs when the first rule asks for it.
//!
//! From the outside in: `lines`, `header` (fields), `mime` (the tree), `part`; `decode`,
//! `encoded_word`, `parameters`, `charset` (what fields and bodies mean); `entity`, `html`,
//! `target`, `uri`, `texts` (what rules read, as SpamAssassin reads it); `trace`, `mailbox` (what
//! some fields say); `look_alike` (names that are taken for others); `file_type` (what a file is).
//!
//! This is the only module that names mail-parser (of which it takes the charsets: see `mime` and
//! `parameters` for why the rest is ours) and infer.

mod address;
mod charset;
mod decode;
mod domain;
mod encoded_word;
mod entity;
mod envelope;
mod file_type;
mod header;
mod html;
mod inside;
mod lines;
mod look_alike;
mod mailbox;
mod mbox;
mod message;
mod mime;
mod parameters;
mod part;
mod public;
mod target;
mod texts;
mod trace;
mod uri;

#[cfg(test)]
mod tests;

pub use address::{Address, AddressError};
pub use domain::{is_in_domain, plain_domain};
pub use encoded_word::decode as decode_words;
pub use entity::{ContentType, Entities, Entity, Field, Fields, Flags, content_type};
pub use envelope::{Client, Envelope, ListenerName, Tls};
pub use file_type::{FileType, file_type};
pub use header::{Header, HeaderBlock};
pub use html::{HtmlFacts, Link, LinkType};
pub use inside::{FoundText, Inside, Item, Limit, Lock, Origin, Trait, TraitKind};
pub use look_alike::{KnownNames, OwnDomains, mixes_alphabets};
pub use mailbox::{Mailbox, addresses};
pub use mbox::mbox;
pub use message::{Limits, Message, Oddity};
pub use part::Part;
pub use public::is_public;
pub use texts::LeafText;
pub use trace::{Hop, trace};
pub use uri::{NoRedirectors, Redirectors, Registry, Uri, Uris, uris};
