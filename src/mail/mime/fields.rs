//! What the header of a part says about its body.

use super::{
    super::{
        HeaderBlock, Part, decode::Encoding, encoded_word::unfolded, header::Head,
        parameters::Structured,
    },
    Node, Source,
};

/// What the header of a part says about its body.
pub(super) struct MimeFields {
    content: Structured,
    disposition: Structured,
    /// Content-Transfer-Encoding.
    pub(super) encoding: Encoding,
    /// The boundary of a multipart; never empty.
    pub(super) boundary: Option<Vec<u8>>,
}

impl MimeFields {
    /// From the fields of a part; `default` is the type of one that declares none.
    pub(super) fn read(source: &Source<'_>, head: &Head, default: &str) -> Self {
        let structured = |name: &str| {
            let field = head.block.named(name).next()?;
            Some(Structured::parse(&unfolded(source.slice(field.value.clone()))))
        };
        let mut content = structured("content-type").unwrap_or_default();
        if content.value.is_empty() {
            content.value = default.to_owned();
        } else if !content.value.contains('/') {
            content.value = "text/plain".to_owned();
        }
        let encoding = head.block.first("content-transfer-encoding").unwrap_or_default();
        let split = || content.text("boundary").map(String::into_bytes);
        let boundary = content.bytes("boundary").map(<[u8]>::to_vec).or_else(split);
        let boundary = boundary.map(|boundary| boundary.trim_ascii_end().to_vec());
        Self {
            boundary: boundary.filter(|boundary| !boundary.is_empty()),
            disposition: structured("content-disposition").unwrap_or_default(),
            encoding: Encoding::from_field(encoding),
            content,
        }
    }
}

/// A part with everything its header says; its body is not known yet.
pub(super) fn part(source: &Source<'_>, head: Head, fields: &MimeFields, node: Node) -> Part {
    let content_type = fields.content.value.clone();
    let file_name = fields.disposition.text("filename").or_else(|| fields.content.text("name"));
    let is_shown = content_type.starts_with("text/") || content_type.starts_with("multipart/");
    let mut headers = head.block;
    if source.outer.is_some() {
        hide_places(&mut headers, source);
    }
    Part {
        depth: node.depth,
        parent: node.parent,
        headers,
        charset: fields.content.text("charset").map(|name| name.trim().to_ascii_lowercase()),
        is_attachment: fields.disposition.value == "attachment" || file_name.is_some() || !is_shown,
        file_name: file_name.filter(|name| !name.is_empty()),
        content_type,
        raw_body: head.body..head.body,
        ..Part::default()
    }
}

/// Fields that do not stand in the raw message have an empty place there.
fn hide_places(headers: &mut HeaderBlock, source: &Source<'_>) {
    let start = source.outer.as_ref().map_or(0, |outer| outer.start);
    for field in &mut headers.fields {
        field.field = start..start;
        field.value = start..start;
    }
}

/// Types that hold a message.
pub(super) fn is_message(content_type: &str) -> bool {
    matches!(content_type, "message/rfc822" | "message/global")
}

/// Types that should have been opened, had they been readable.
pub(super) fn is_composite(content_type: &str, encoding: Encoding) -> bool {
    content_type.starts_with("multipart/")
        || (is_message(content_type) && encoding == Encoding::Identity)
}
