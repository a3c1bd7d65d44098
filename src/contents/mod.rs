//! What is inside the parts of a message.

mod archive;
mod budget;
mod document;
mod formats;
mod picture;
mod reading;
mod unpack;

pub use budget::{Bounds, Budget};
pub use reading::{Found, ReadError};
