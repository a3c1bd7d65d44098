//! What the first bytes of an attachment say, against what its type and name declare.
//!
//! Only lies that matter are told: a PNG declared as JPEG is a habit, a program declared as one
//! is an attack. A part makes a claim by its declared type and by its extension; either is
//! enough. Some mismatches are customary and not counted: tables saved as `.xls` that are web
//! pages, scripts sent as `text/plain`.

use super::name;
use crate::mail::{Part, file_type};

/// What a part claims to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Something to look at or listen to: picture, sound, film, PDF.
    Show,
    /// A document of an office program.
    Office,
    /// Plain text.
    Text,
}

/// What a part turns out to be, as far as it is no document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// Something that runs or mounts.
    Program,
    /// A script in plain text.
    Script,
    /// A web page.
    Page,
}

const PROGRAMS: &[&str] = &[
    "exe", "dll", "elf", "macho", "mach", "msi", "lnk", "chm", "hta", "iso", "vhd", "vhdx", "cab",
    "jar", "class", "dex", "dey", "wasm", "deb", "rpm", "apk", "dmg",
];
const SCRIPTS: &[&str] =
    &["bat", "cmd", "ps1", "sh", "py", "pl", "rb", "php", "js", "vbs", "wsf", "reg", "url"];

const SHOWN_EXTENSIONS: &[&str] = &[
    "pdf", "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "heic", "mp3", "wav", "ogg",
    "m4a", "mp4", "avi", "mov", "mpg", "mpeg", "mkv",
];
const OFFICE_EXTENSIONS: &[&str] = &[
    "doc", "docx", "docm", "rtf", "odt", "xls", "xlsx", "xlsm", "xlsb", "ods", "ppt", "pptx",
    "pps", "ppsx", "odp",
];
const TEXT_EXTENSIONS: &[&str] = &["txt", "log", "csv", "md"];

/// In words, how the content belies the declaration; `None` where it does not.
pub(super) fn mismatch(part: &Part, file_name: &str, raw: &[u8]) -> Option<String> {
    let extension = name::extension(file_name);
    let claims = [claim_of_type(&part.content_type), extension.as_deref().and_then(claim_of_name)];
    if claims == [None, None] {
        return None;
    }
    let found = file_type(&part.content(raw))?;
    let nature = nature(found.extension)?;
    let is_lie = claims.into_iter().flatten().any(|claim| belies(nature, claim));
    is_lie.then(|| {
        let extension = extension.map(|extension| format!(" .{extension}")).unwrap_or_default();
        format!("declared {}{extension}, is {}", name::printable(&part.content_type), found.mime)
    })
}

/// In words, how the content of a file in an archive belies its name; `None` where it does not.
pub(super) fn lie(file_name: &str, kind: &str) -> Option<String> {
    let extension = name::extension(file_name)?;
    let nature = nature(kind)?;
    belies(nature, claim_of_name(&extension)?).then(|| format!("named .{extension}, is {kind}"))
}

/// Whether no harmless explanation is left.
fn belies(nature: Nature, claim: Claim) -> bool {
    match nature {
        Nature::Program => true,
        Nature::Script => claim != Claim::Text,
        Nature::Page => claim == Claim::Show,
    }
}

fn claim_of_type(content_type: &str) -> Option<Claim> {
    let (kind, subtype) = content_type.split_once('/')?;
    match kind {
        // SVG is a text that holds pages and scripts by design.
        "image" if !subtype.starts_with("svg") => Some(Claim::Show),
        "audio" | "video" => Some(Claim::Show),
        "text" if subtype == "plain" || subtype == "csv" => Some(Claim::Text),
        "application" if subtype == "pdf" => Some(Claim::Show),
        "application" if is_office(subtype) => Some(Claim::Office),
        _ => None,
    }
}

fn is_office(subtype: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "msword",
        "rtf",
        "vnd.ms-excel",
        "vnd.ms-powerpoint",
        "vnd.ms-word",
        "vnd.openxmlformats-officedocument",
        "vnd.oasis.opendocument",
    ];
    BEGINNINGS.iter().any(|beginning| subtype.starts_with(beginning))
}

fn claim_of_name(extension: &str) -> Option<Claim> {
    [
        (SHOWN_EXTENSIONS, Claim::Show),
        (OFFICE_EXTENSIONS, Claim::Office),
        (TEXT_EXTENSIONS, Claim::Text),
    ]
    .into_iter()
    .find_map(|(extensions, claim)| extensions.contains(&extension).then_some(claim))
}

fn nature(extension: &str) -> Option<Nature> {
    if PROGRAMS.contains(&extension) {
        Some(Nature::Program)
    } else if SCRIPTS.contains(&extension) {
        Some(Nature::Script)
    } else {
        (extension == "html").then_some(Nature::Page)
    }
}
