//! What is inside the parts of a message.

mod archive;
mod budget;
mod document;
mod formats;
pub mod picture;
pub mod pool;
pub mod process;
mod reading;
pub mod task;
pub mod wire;

pub use budget::{Bounds, Budget};
pub use reading::{Found, ReadError};
