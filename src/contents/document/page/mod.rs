//! Web pages: what they show, and files that their scripts make (HTML smuggling).

mod smuggled;

pub(in crate::contents) use smuggled::may_hide;

use crate::{
    contents::reading::{ReadError, Reading},
    mail::{Message, Origin},
};

/// Reads one.
pub(in crate::contents) fn read(bytes: &[u8], reading: &mut Reading<'_>) -> Result<(), ReadError> {
    // A page alone is a message of one part to those who read messages.
    let head = b"Content-Type: text/html; charset=utf-8\r\n\r\n";
    let message = Message::parse([head, bytes].concat());
    for text in message.visible() {
        reading.text(Origin::Plain, &String::from_utf8_lossy(text));
    }
    for uri in &message.uris().list {
        reading.uri(&uri.uri);
    }
    smuggled::read(bytes, reading)
}
