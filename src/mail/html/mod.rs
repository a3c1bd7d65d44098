//! HTML as SpamAssassin sees it: the text with its breaks, what of it cannot be seen, where it
//! leads, and the facts that rules ask for.
//!
//! Our own tokenizer with HTML::Parser's view of broken markup ([`tokens`]); a real browser's
//! tokenizer sees other texts there. It is one pass over the bytes, and so is everything behind it:
//! what looks back does so in a counted stack.
//! - Text is hidden by colour on its like, by size, and by `display` and `visibility`; both kinds
//!   are collected in one text, in order.
//! - Comments, scripts and style sheets are no text; titles are.
//! - Blanks collapse; elements break lines.

mod attributes;
mod colors;
mod document;
mod elements;
mod entities;
mod facts;
mod links;
mod prepare;
mod style;
mod tokens;

pub(super) use self::document::read;
pub use self::{
    facts::HtmlFacts,
    links::{Link, LinkType},
};
