//! Addresses in scripts, macros and field instructions.

/// How they begin, lower case.
const SCHEMES: &[&str] = &["http://", "https://", "ftp://"];

/// The longest that is looked at, in bytes.
const LONGEST: usize = 2_048;

/// All addresses with a scheme in a text.
pub(super) fn addresses(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        if let Some(address) = one(before, after) {
            found.push(address);
        }
        rest = after;
    }
    found
}

/// The address whose scheme `before` ends in.
fn one(before: &str, after: &str) -> Option<String> {
    let tail = before
        .get(before.len().saturating_sub(8)..)
        .or_else(|| before.get(before.len().saturating_sub(7)..))?;
    let lower = tail.to_ascii_lowercase();
    let scheme = SCHEMES.iter().rev().find(|scheme| lower.ends_with(**scheme))?;
    let end = after.char_indices().take(LONGEST).find(|(_, c)| ends(*c));
    let host = after.get(..end.map_or(after.len().min(LONGEST), |(at, _)| at))?;
    let host = host.trim_end_matches(['.', ',', ';', ')', ']', '}']);
    host.starts_with(|c: char| c.is_alphanumeric() || c == '[').then(|| format!("{scheme}{host}"))
}

fn ends(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character, '"' | '\'' | '<' | '>' | '|' | '`' | '\\' | '^')
}

/// Whether something that is opened is elsewhere: an address, or a path on another machine.
pub(super) fn is_remote(target: &str) -> bool {
    let target = target.trim();
    let lower = target.get(..16).unwrap_or(target).to_ascii_lowercase();
    let local = lower.starts_with("file:///") && !lower.starts_with("file:////");
    target.starts_with("\\\\") || lower.contains("://") && !local || lower.starts_with("mhtml:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_where_scripts_end_them() {
        let cases: &[(&str, &[&str])] = &[
            (r#"x = "http://a.example/b.exe": y"#, &["http://a.example/b.exe"]),
            ("(HTTPS://b.example/), ftp://c.example", &["https://b.example/", "ftp://c.example"]),
            ("nohttp:// http://. ://", &[]),
            ("é://x http://ü.example", &["http://ü.example"]),
        ];
        for (text, expected) in cases {
            assert_eq!(addresses(text), *expected, "{text}");
        }
    }

    #[test]
    fn other_machines_are_remote() {
        let cases = [
            ("http://a.example/t.dotm", true),
            (r"\\host\share\x", true),
            ("mhtml:http://x", true),
            ("file:////host/x", true),
            ("file:///C:/Templates/Normal.dotm", false),
            ("Normal.dotm", false),
            ("", false),
        ];
        for (target, expected) in cases {
            assert_eq!(is_remote(target), expected, "{target}");
        }
    }
}
