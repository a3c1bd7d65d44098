//! AntiVirus: attachments that are programs, and names that do not fit types.
//!
//! Rules for those who have no scanner; SpamAssassin does not load that plugin by itself.

use memchr::{memchr, memmem};

use super::{Entity, Function, Question, Standing};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "check_microsoft_executable",
        standing: Standing::Same,
        make: |_, _| Ok(Question::yes_no(|scene| leaves(scene.entities()).any(is_executable))),
    },
    Function {
        name: "check_suspect_name",
        standing: Standing::Same,
        make: |_, _| Ok(Question::yes_no(|scene| leaves(scene.entities()).any(is_misnamed))),
    },
];

fn leaves<'e, 'c>(entities: &'e [Entity<'c>]) -> impl Iterator<Item = &'e Entity<'c>> {
    entities.iter().filter(|entity| entity.is_leaf())
}

/// Endings of names that Windows runs, or opens with something that runs them.
const EXECUTABLE: &[&str] = &[
    "ade", "adp", "asx", "bas", "bat", "chm", "cmd", "com", "cpl", "crt", "dll", "exe", "hlp",
    "hta", "inf", "ins", "isp", "js", "jse", "lnk", "mda", "mdb", "mde", "mdt", "mdw", "mdz",
    "msc", "msi", "msp", "mst", "nws", "ops", "pcd", "pif", "prf", "reg", "scf", "scr", "scr?",
    "sct", "shb", "shs", "shm", "swf", "url", "vb", "vbe", "vbs", "vbx", "vxd", "wsc", "wsf",
    "wsh",
];

/// Whether an entity is a program: by its name, or its first bytes in base64 or uuencode.
fn is_executable(entity: &Entity<'_>) -> bool {
    let name = entity.declared_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    if ending.is_some_and(|ending| EXECUTABLE.contains(&ending)) {
        return true;
    }
    if entity.encoding.contains("base64") && has_dos_header(entity.encoded) {
        return true;
    }
    let is_text =
        entity.declared_type.strip_prefix("text").is_some_and(|rest| !rest.starts_with(is_word));
    is_text && is_uuencoded(entity.encoded)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The header of a DOS program in base64: `MZ`, few pages, few relocations.
fn has_dos_header(body: &[u8]) -> bool {
    let line = body.split(|&byte| byte == b'\n').next().unwrap_or_default();
    matches!(
        line,
        [b'T', b'V', b'o'..=b'r', _, b'A', _, _, pages, _, relocations, b'A'..=b'H', _, b'A', ..]
            if b"AB".contains(pages) && b"AQgw".contains(relocations)
    )
}

/// Whether a line is the beginning of a DOS program in uuencode.
fn is_uuencoded(body: &[u8]) -> bool {
    let is_start = |start: usize| {
        let line = body.get(start..).unwrap_or_default();
        let [b'M', b'3', b'5', b'G'..=b'K', _, b'`', _, _, b'`', _, rest @ ..] = line else {
            return false;
        };
        let rest = rest.get(..memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
        memmem::find(rest, b"````").is_some()
    };
    is_start(0) || memmem::find_iter(body, b"\nM35").any(|at| is_start(at + 1))
}

/// Whether the ending of the name belongs to another type.
fn is_misnamed(entity: &Entity<'_>) -> bool {
    let name = entity.declared_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    if name.is_empty() || entity.declared_type == "application/octet-stream" {
        return false;
    }
    let ending = name.rsplit_once('.').map_or(name.as_str(), |(_, ending)| ending);
    let content_type = entity.declared_type.replacen("/x-", "/", 1).replacen("/vnd.", "/", 1);
    let begins = |starts: &[&str]| starts.iter().any(|start| content_type.starts_with(start));
    let is_application = |ends: &[&str]| {
        let rest = content_type.strip_prefix("application/");
        rest.is_some_and(|rest| ends.iter().any(|end| rest.ends_with(end)))
    };
    match ending {
        "txt" | "htm" | "html" | "phtm" | "phtml" | "xhtm" | "xhtml" | "xml" => !begins(TEXTS),
        "jpg" | "jpeg" | "tif" | "tiff" | "gif" | "png" => {
            !begins(&["image/", "application/mac-binhex"])
        }
        "vcf" => content_type != "text/vcard",
        "bat" | "com" | "exe" | "pif" | "scr" | "swf" | "vbs" => !begins(&["application/"]),
        "doc" => !is_application(&["word"]),
        "ppt" => !is_application(&["powerpoint", "ppt"]),
        "xls" => !is_application(&["excel"]),
        _ => false,
    }
}

/// What types of texts begin with.
const TEXTS: &[&str] = &[
    "text/plain",
    "text/htm",
    "text/phtm",
    "text/xhtm",
    "text/english",
    "text/sgml",
    "text/xml",
    "text/enriched",
    "text/richtext",
    "message/external-body",
];

#[cfg(test)]
mod tests {
    use super::super::examples;

    #[test]
    fn examples_are_answered_so() {
        examples::check(include_str!("antivirus.examples"));
    }
}
