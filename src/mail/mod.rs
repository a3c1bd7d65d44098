//! Words for mail: envelope, message, headers, parts, texts, URIs, trace. Pure data and parsing,
//! no I/O. The only module that names mail-parser.

mod address;
mod envelope;
mod header;
mod message;
mod part;
mod trace;

pub use address::{Address, AddressError};
pub use envelope::{Client, Envelope, ListenerName, Tls};
pub use header::{Header, HeaderBlock};
pub use message::{Limits, Message, Oddity};
pub use part::Part;
pub use trace::Hop;
