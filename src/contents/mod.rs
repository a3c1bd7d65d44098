//! What is inside the parts of a message: archives, documents, pictures.
//!
//! Hostile formats and large readers: none of that runs in the process that holds the SMTP sessions. [`Readers`]
//! hand it to workers ([`process`]), processes of this same program that may do nothing but compute, by way of a
//! [`pool`] that kills what is late and turns away what is too much.
//!
//! In a worker, `reading` walks through what is in what, each format by its reader (`formats`: `archive`,
//! `document`), all within one `budget`. What it finds are words ([`crate::mail::Inside`]), and the bytes
//! that others have to see. `picture` looks at pictures and has them read.

mod archive;
mod budget;
mod campaign;
mod document;
mod formats;
mod parts;
mod passwords;
pub mod picture;
pub mod pool;
pub mod process;
mod readers;
mod reading;
mod settings;
mod slices;
pub mod task;
mod unpack;
pub mod wire;

pub use budget::{Bounds, Budget};
pub use campaign::Sight;
pub use parts::{Parcel, Picture};
pub use readers::{Readers, SeeError, Status};
pub use reading::{Found, ReadError};
pub use settings::{Pictures, Settings};

/// Walks through parts of a message: number, name, bytes. It runs where hostile formats may be read: in a
/// worker, and under a fuzzer.
pub fn walk<'p>(
    parts: impl IntoIterator<Item = (u32, &'p str, &'p [u8])>,
    passwords: &[String],
    bounds: Bounds,
) -> Found {
    let mut reading = reading::Reading::new(bounds, passwords);
    for (number, name, bytes) in parts {
        reading.part(number, name, bytes);
    }
    reading.finish()
}
