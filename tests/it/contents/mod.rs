//! What is inside attachments, end to end: the program looks into them by its own workers.

mod archives;
mod bombs;
mod documents;
mod hidden;
mod letter;
mod pictures;
mod service;
mod virus;
