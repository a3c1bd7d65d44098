//! `subject =~ /…/ [if-unset: …]`, as header rules and their like write it.

/// What stands before `=~` or `!~`, and the rest with that operator in front.
pub(in super::super) fn subject(text: &str) -> Option<(&str, &str)> {
    text.split_at_checked(text.find(['=', '!'])?)
}

/// Whether a test begins with `!~` rather than `=~`, and what stands behind; `None` for anything
/// else.
pub(in super::super) fn operator(test: &str) -> Option<(bool, &str)> {
    match (test.strip_prefix("=~"), test.strip_prefix("!~")) {
        (Some(pattern), _) => Some((false, pattern)),
        (_, Some(pattern)) => Some((true, pattern)),
        _ => None,
    }
}

/// A pattern without the text behind it that is read if there is nothing to match, and that text.
pub(in super::super) fn if_unset(pattern: &str) -> (&str, Option<&str>) {
    let unset = pattern.strip_suffix(']').and_then(|text| text.rsplit_once("[if-unset:"));
    unset.map_or((pattern, None), |(pattern, text)| (pattern, Some(text.trim_start())))
}
