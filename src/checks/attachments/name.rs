//! What the name of an attachment says, and what it hides.

/// Extensions that look like something to read, see or hear.
const DOCUMENTS: &[&str] = &[
    "pdf", "doc", "docx", "docm", "dot", "dotx", "rtf", "odt", "txt", "log", "xls", "xlsx", "xlsm",
    "xlsb", "ods", "csv", "ppt", "pptx", "pps", "ppsx", "odp", "htm", "html", "xml", "eml", "msg",
    "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "heic", "svg", "mp3", "wav", "mp4",
    "avi", "mov", "mpg", "mpeg", "zip", "rar", "7z",
];

/// How much of a name is looked at, in bytes from its end; no file system takes a longer one.
const LONGEST: usize = 1024;

/// How much of a name is shown, in characters.
const SHOWN: usize = 120;

/// The extension that decides what opens the file, in lower case: what follows the last dot once
/// all that the reader's system drops or does not show is gone (trailing dots and blanks,
/// invisible characters, an NTFS stream).
pub(super) fn extension(name: &str) -> Option<String> {
    let bare = bare(name);
    let (stem, extension) = bare.rsplit_once('.')?;
    let extension = extension.trim();
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

/// A document's extension that stands before the last one, however much padding is between.
pub(super) fn document_extension_before_last(name: &str) -> Option<&'static str> {
    let bare = bare(name);
    let (stem, _) = bare.rsplit_once('.')?;
    // The first piece is the file's own name.
    stem.split('.').skip(1).filter_map(document).last()
}

/// Whether the name holds U+202E, which shows what follows backwards: `ann\u{202e}fdp.exe` reads
/// `annexe.pdf`. Right-to-left names do not need it; their letters carry their direction.
pub(super) fn has_override(name: &str) -> bool {
    name.contains('\u{202e}')
}

/// The name for logs and people: short, on one line, with invisible characters spelt out.
pub(super) fn printable(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars().take(SHOWN) {
        if is_invisible(c) || c.is_control() {
            text.push_str(&format!("<U+{:04X}>", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// The name as the file system will have it.
fn bare(name: &str) -> String {
    let visible: String = ending(name).chars().filter(|&c| !is_invisible(c)).collect();
    let file = visible.rsplit(['/', '\\']).next().unwrap_or_default();
    let file = file.split("::").next().unwrap_or_default();
    file.trim_end_matches(|c: char| c == '.' || c.is_whitespace() || c.is_control()).to_owned()
}

/// The last [`LONGEST`] bytes or a little less.
fn ending(name: &str) -> &str {
    let mut start = name.len().saturating_sub(LONGEST);
    while !name.is_char_boundary(start) {
        start += 1;
    }
    name.get(start..).unwrap_or_default()
}

fn document(piece: &str) -> Option<&'static str> {
    let piece = piece.trim_matches(|c: char| c.is_whitespace() || c == '_');
    DOCUMENTS.iter().copied().find(|document| document.eq_ignore_ascii_case(piece))
}

/// Directional marks, joiners and other characters with no width.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn extensions_are_what_the_system_sees() {
        for (name, expected) in [
            ("invoice.pdf", Some("pdf")),
            ("INVOICE.PDF.EXE", Some("exe")),
            ("invoice.exe. . ", Some("exe")),
            ("invoice.exe\u{a0}\u{a0}", Some("exe")),
            ("invoice.e\u{200b}xe", Some("exe")),
            ("invoice.ex\u{ad}e", Some("exe")),
            ("ann\u{202e}fdp.exe", Some("exe")),
            ("invoice.exe::$DATA", Some("exe")),
            ("..\\..\\start.d\\run.bat", Some("bat")),
            ("run.bat / readme", None),
            ("folder.exe/readme", None),
            ("invoice. exe", Some("exe")),
            (".profile", None),
            ("readme", None),
            ("readme.", None),
            ("", None),
        ] {
            assert_eq!(extension(name).as_deref(), expected, "{name:?}");
        }
    }

    #[test]
    fn documents_before_the_last_extension() {
        for (name, expected) in [
            ("invoice.pdf.exe", Some("pdf")),
            ("invoice.PDF                              .exe", Some("pdf")),
            ("invoice.doc_____.scr", Some("doc")),
            ("photo.jpg.zip.js", Some("zip")),
            ("photo.jpg.v2.js", Some("jpg")),
            ("jquery.min.js", None),
            ("setup.exe", None),
            ("invoice.pdf", None),
            ("pdf.exe", None),
            ("report.2024.exe", None),
        ] {
            assert_eq!(document_extension_before_last(name), expected, "{name:?}");
        }
    }

    #[test]
    fn shows_what_cannot_be_seen() {
        assert_eq!(printable("a\u{202e}b\nc"), "a<U+202E>b<U+000A>c");
        assert_eq!(printable(&"x".repeat(5_000)).len(), SHOWN);
        assert!(has_override("a\u{202e}fdp.exe"));
        assert!(!has_override("\u{200f}\u{5d7}\u{5e9}\u{5d1}\u{5d5}\u{5df}.pdf"));
    }

    proptest! {
        #[test]
        fn any_name_has_an_answer(name in "\\PC{0,40}[. \u{202e}/\\\\:]{0,5}\\PC{0,2000}") {
            if let Some(extension) = extension(&name) {
                prop_assert!(!extension.is_empty() && !extension.contains('.'));
            }
            let _ = document_extension_before_last(&name);
            prop_assert!(!has_override(&printable(&name)));
        }
    }
}
