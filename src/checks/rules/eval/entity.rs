//! The entities of a message (RFC 2045: a header and its body) with what questions about parts
//! read in their headers.

use crate::mail::{ContentType, Message, content_type};

/// An entity.
#[derive(Debug)]
pub(in super::super) struct Entity<'c> {
    /// The type by which it is found, in lower case; one without a usable type is `text/plain`.
    pub(super) content_type: &'c str,
    /// The type its own Content-Type names, in lower case.
    pub(super) declared_type: String,
    /// The charset its Content-Type names, in lower case; `us-ascii` for one without that field.
    pub(super) charset: Option<String>,
    /// The name in its Content-Type.
    pub(super) declared_name: Option<String>,
    /// Its name, from Content-Disposition or Content-Type; never empty.
    pub(super) name: Option<&'c str>,
    /// Content-Transfer-Encoding in lower case; may be empty.
    pub(super) encoding: String,
    /// Content-Disposition in lower case; may be empty.
    pub(super) disposition: String,
    /// How deep it stands; the message is 0.
    pub(super) depth: usize,
    /// For one that holds no others, which of those it is.
    pub(super) leaf: Option<usize>,
    /// The body of a leaf as it stands, line ends as LF.
    pub(super) encoded: &'c [u8],
    /// The body of a leaf with its transfer encoding taken off; line ends of texts as LF.
    pub(super) content: &'c [u8],
}

impl Entity<'_> {
    /// Whether it holds no others.
    pub(super) fn is_leaf(&self) -> bool {
        self.leaf.is_some()
    }

    /// Whether it calls itself an attachment.
    pub(super) fn is_attachment(&self) -> bool {
        self.disposition.contains("attachment")
    }
}

/// The entities of a message, depth first; the first is the message itself.
pub(in super::super) fn entities(message: &Message) -> Vec<Entity<'_>> {
    let all = message.entities();
    let mut leaves = 0..;
    let view = all.iter().map(|entity| {
        let field = |name| entity.fields.last(name).unwrap_or_default();
        let ContentType { name, charset, file_name, .. } = content_type(field("content-type"));
        Entity {
            content_type: &entity.content_type,
            declared_type: name,
            charset: charset.map(|charset| charset.to_ascii_lowercase()),
            declared_name: file_name,
            name: entity.name.as_deref(),
            encoding: field("content-transfer-encoding").to_ascii_lowercase(),
            disposition: field("content-disposition").to_ascii_lowercase(),
            depth: entity.depth,
            leaf: if entity.is_leaf { leaves.next() } else { None },
            encoded: all.encoded(entity),
            content: all.content(entity),
        }
    });
    view.collect()
}
