//! Mail that lies in files: messages of directories, mbox files and Maildirs, and the index files
//! that say what they are.

mod index;
mod sources;

pub use index::{Entry, Index, IndexError, is_index};
pub use sources::{Item, Messages, SourceError, files, items, mbox_places, message_at, messages};
