//! Which reader a file gets, by what it is.

use super::{archive, document, reading::Reader};

/// The reader for a kind of file, as of [`FileType`](crate::mail::FileType); `None`: nothing is in it.
pub(super) fn reader(kind: &str, bytes: &[u8]) -> Option<Reader> {
    if kind == "zip"
        && let Some(reader) = document::packaged(bytes)
    {
        return Some(reader);
    }
    let reader: Reader = match kind {
        "zip" | "jar" | "apk" | "epub" => archive::zip::read,
        "tar" => archive::tar::read,
        "gz" | "bz2" | "xz" | "zst" | "lzma" | "Z" => archive::packed::read,
        "7z" => archive::seven_z::read,
        "rar" => archive::rar::read,
        "cab" => archive::cab::read,
        "iso" => archive::iso::read,
        "tnef" => archive::tnef::read,
        "docx" | "xlsx" | "pptx" => document::ooxml::read,
        "odt" | "ods" | "odp" => document::open_document::read,
        "doc" | "xls" | "ppt" | "msg" | "ole" | "msi" => document::ole::read,
        "rtf" => document::rtf::read,
        "pdf" => document::pdf::read,
        "html" | "svg" | "hta" => document::page::read,
        _ => return text_reader(kind, bytes),
    };
    Some(reader)
}

/// Plain texts, scripts and mail have no sure first bytes.
fn text_reader(kind: &str, bytes: &[u8]) -> Option<Reader> {
    let is_text = kind.is_empty() && document::plain::is_text(bytes);
    is_text.then_some(document::plain::read as Reader)
}

/// Whether it is a picture that can be looked at.
pub(super) fn is_picture(kind: &str) -> bool {
    matches!(kind, "png" | "jpg" | "gif" | "bmp" | "webp" | "tif" | "tiff")
}
