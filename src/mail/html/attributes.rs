//! What single attributes say.

use std::borrow::Cow;

use super::{entities, tokens::Attribute};

/// The value of the first attribute of a name, entities read.
pub(super) fn get<'a>(list: &[Attribute<'a>], name: &str) -> Option<Cow<'a, str>> {
    let found = list.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))?;
    Some(entities::decode(found.value, false).0)
}

/// As [`get`], or of an attribute that is glued to another (`title/href`).
pub(super) fn get_even_glued<'a>(list: &[Attribute<'a>], name: &str) -> Option<Cow<'a, str>> {
    let is_glued = |attribute: &&Attribute<'_>| {
        if !attribute.name.contains('/') {
            return false;
        }
        let key = attribute.name.to_ascii_lowercase();
        let behind_word = |at: usize| {
            let before = key.get(..at).unwrap_or_default().chars().next_back();
            before.is_some_and(|c| c.is_alphanumeric() || c == '_')
        };
        key.match_indices('/').any(|(at, _)| {
            behind_word(at) && key.get(at + 1..).is_some_and(|rest| rest.starts_with(name))
        })
    };
    match list.iter().find(is_glued) {
        Some(glued) => Some(entities::decode(glued.value, false).0),
        None => get(list, name),
    }
}

/// Where `<meta http-equiv=refresh content="0; url=…">` leads.
pub(super) fn refresh(list: &[Attribute<'_>]) -> Option<String> {
    if !get(list, "http-equiv")?.to_ascii_lowercase().contains("refresh") {
        return None;
    }
    let content = get(list, "content")?;
    let (_, behind) = rfind_key(&content, "url")?;
    let end = behind.find(';').unwrap_or(behind.len());
    Some(behind.get(..end)?.trim_end().to_owned())
}

/// The last `key =` that begins a word, and what stands behind it.
fn rfind_key<'t>(text: &'t str, key: &str) -> Option<(usize, &'t str)> {
    let lower = text.to_ascii_lowercase();
    lower.rmatch_indices(key).find_map(|(at, _)| {
        let before = lower.get(..at)?.chars().next_back();
        let is_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let behind = text.get(at + key.len()..)?.trim_start().strip_prefix('=')?;
        (!is_word).then(|| (at, behind.trim_start()))
    })
}

/// The pixels that a width or height stands for; `per_cent` is one hundredth of a usual screen.
/// Where none are given, 200 are guessed.
pub(super) fn pixels(value: &str, per_cent: f64) -> f64 {
    let value = value.strip_suffix('\n').unwrap_or(value);
    let (digits, unit) = match value.strip_suffix('%') {
        Some(digits) => (digits, per_cent),
        None => (value, 1.0),
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let pixels = if is_number { digits.parse::<f64>().unwrap_or(0.0) * unit } else { 0.0 };
    if pixels > 0.0 { pixels } else { 200.0 }
}

/// Whether a `face` is a list of font names.
pub(super) fn is_face(face: &str) -> bool {
    let face = face.strip_suffix('\n').unwrap_or(face);
    let start = face.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let blank = face.len() > start.len()
        && face.as_bytes().get(face.len() - start.len() - 1) == Some(&b' ');
    let (first, has_quote) = match start.strip_prefix(['"', '\'', '.']) {
        Some(rest) => (rest, true),
        None => (start, false),
    };
    let Some(mut rest) = font_name(first, blank && !has_quote, true) else { return false };
    while let Some(next) = rest.strip_prefix(',') {
        let next = next.trim_start();
        let next = next.strip_prefix(['"', '\'']).unwrap_or(next);
        match font_name(next, false, false) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty() || rest == ";"
}

/// What stands behind a font name: at least two letters, blanks or hyphens, a digit, a quote.
fn font_name(text: &str, is_behind_blank: bool, may_begin_blank: bool) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphabetic() || matches!(c, ' ' | '-');
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let first = name.bytes().next()?;
    let begins = first.is_ascii_alphabetic() || first == b' ' && may_begin_blank;
    let is_long = name.len() > 1 || is_behind_blank;
    if !is_long || !begins || !name.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let rest = rest.strip_prefix(|c: char| c.is_ascii_digit()).unwrap_or(rest);
    Some(rest.strip_prefix(['"', '\'']).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_lists_of_names() {
        for (face, is_good) in [
            ("Arial", true),
            ("\"Times New Roman\", serif;", true),
            ("'Montserrat', sans-serif", true),
            (".SFUIDisplay", true),
            ("hirakakupro-w3", true),
            ("a", false),
            (" a", true),
            ("Arial,", false),
            ("Arial, 1x", false),
            ("=arial", false),
            ("", false),
        ] {
            assert_eq!(is_face(face), is_good, "{face}");
        }
    }

    #[test]
    fn attributes_lead_and_name() {
        let of = |content| {
            let equiv = |value| Attribute { name: "http-equiv", value };
            let content = Attribute { name: "Content", value: content };
            refresh(&[equiv("Refresh"), content])
        };
        assert_eq!(of("0; URL = http://a.example/ ; x").as_deref(), Some("http://a.example/"));
        assert_eq!(of("0; curl=x"), None);
        let glued = [Attribute { name: "x/href", value: "a&amp;b" }];
        assert_eq!(get_even_glued(&glued, "href").as_deref(), Some("a&b"));
        assert_eq!(get(&glued, "href"), None);
        for (value, area) in [("10", 10.0), ("50%", 400.0), ("0", 200.0), ("x", 200.0)] {
            assert_eq!(pixels(value, 8.0), area, "{value}");
        }
    }
}
