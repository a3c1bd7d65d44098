//! `check_for_mime`: facts by the names that rules know them by.

use super::super::super::scene::Scene;

/// A fact by its name.
#[derive(Clone, Copy, Debug)]
pub(super) enum NamedFact {
    AsciiTextIllegal,
    Attachment,
    BadIsoCharset,
    Base64Count,
    Base64EncodedText,
    BodyHtmlCount,
    BodyTextCount,
    Charsets,
    FarawayCharset,
    MissingBoundary,
    MultipartAlternative,
    MultipartRatio,
    QpBytes,
    QpCount,
    QpLongLine,
    QpRatio,
    TextUnicodeRatio,
    /// A name that rules use and that SpamAssassin does not fill, either.
    Never,
}

impl NamedFact {
    /// By its name; `None` if nobody knows it.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "mime_ascii_text_illegal" => Self::AsciiTextIllegal,
            "mime_attachment" => Self::Attachment,
            "mime_bad_iso_charset" => Self::BadIsoCharset,
            "mime_base64_count" => Self::Base64Count,
            "mime_base64_encoded_text" => Self::Base64EncodedText,
            "mime_body_html_count" => Self::BodyHtmlCount,
            "mime_body_text_count" => Self::BodyTextCount,
            "mime_html_charsets" => Self::Charsets,
            "mime_faraway_charset" => Self::FarawayCharset,
            "mime_missing_boundary" => Self::MissingBoundary,
            "mime_multipart_alternative" => Self::MultipartAlternative,
            "mime_multipart_ratio" => Self::MultipartRatio,
            "mime_qp_bytes" => Self::QpBytes,
            "mime_qp_count" => Self::QpCount,
            "mime_qp_long_line" => Self::QpLongLine,
            "mime_qp_ratio" => Self::QpRatio,
            "mime_text_unicode_ratio" => Self::TextUnicodeRatio,
            "mime_base64_blanks"
            | "mime_base64_illegal"
            | "mime_base64_latin"
            | "mime_html_no_charset"
            | "mime_qp_illegal"
            | "mime_qp_inline_no_charset"
            | "mimepart_limit_exceeded" => Self::Never,
            _ => return None,
        })
    }

    /// Whether it is true of a message, or above 0.
    pub(super) fn holds(self, scene: &Scene<'_>) -> bool {
        let facts = scene.mime();
        match self {
            Self::AsciiTextIllegal => facts.has_illegal_ascii,
            Self::Attachment => facts.has_attachment,
            Self::BadIsoCharset => facts.has_bad_iso_charset,
            Self::Base64Count => facts.base64_parts > 0,
            Self::Base64EncodedText => facts.has_base64_text,
            Self::BodyHtmlCount => facts.html_parts > 0,
            Self::BodyTextCount => facts.text_parts > 0,
            Self::Charsets => !facts.charsets.is_empty(),
            Self::FarawayCharset => {
                facts.charsets.iter().any(|name| !scene.conf.locales.expect(name))
            }
            Self::MissingBoundary => scene.case.message.entities().has_open_boundary(),
            Self::MultipartAlternative => facts.has_alternative,
            Self::MultipartRatio => facts.alternative_ratio > 0.0,
            Self::QpBytes => facts.qp_bytes > 0,
            // Counts parts, and where they have text, needless escapes in it instead.
            Self::QpCount if facts.qp_bytes > 0 => facts.qp_escapes > 0,
            Self::QpCount => facts.qp_parts > 0,
            Self::QpLongLine => facts.has_long_qp_line,
            Self::QpRatio => facts.qp_escapes > 0,
            Self::TextUnicodeRatio => facts.unicode_ratio > 0.0,
            Self::Never => false,
        }
    }
}
