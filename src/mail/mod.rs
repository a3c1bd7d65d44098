//! Words for mail: envelope, message, headers, parts, texts, URIs, trace. Pure data and parsing,
//! no I/O. The only module that names mail-parser.

mod address;
mod decode;
mod encoded_word;
mod envelope;
mod file_type;
mod header;
mod html;
mod lines;
mod mailbox;
mod mbox;
mod message;
mod mime;
mod parameters;
mod part;
mod render;
mod trace;
mod uri;

#[cfg(test)]
mod tests;

pub use address::{Address, AddressError};
pub use encoded_word::decode as decode_words;
pub use envelope::{Client, Envelope, ListenerName, Tls};
pub use file_type::{FileType, file_type};
pub use header::{Header, HeaderBlock};
pub use mailbox::{Mailbox, addresses};
pub use mbox::mbox;
pub use message::{Limits, Message, Oddity};
pub use part::Part;
pub use trace::{Hop, trace};
