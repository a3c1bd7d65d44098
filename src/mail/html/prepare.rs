//! What SpamAssassin changes in a page before it is parsed.

use std::borrow::Cow;

use memchr::memmem;

/// `&nbsp;` becomes a blank, `<br/>` becomes `<br>`, and curly quotes become straight ones, since
/// they stand around attributes.
pub(super) fn prepare(html: &str) -> Cow<'_, str> {
    let html = replace(Cow::Borrowed(html), "&nbsp;", " ");
    let html = open_slashes(html);
    let html = replace(html, "\u{201c}", "\"");
    replace(html, "\u{201d}", "\"")
}

fn replace<'h>(html: Cow<'h, str>, what: &str, with: &str) -> Cow<'h, str> {
    let finder = memmem::Finder::new(what);
    let Some(first) = finder.find(html.as_bytes()) else { return html };
    let mut out = String::with_capacity(html.len());
    let mut rest: &str = &html;
    let mut next = Some(first);
    while let Some(at) = next {
        out.push_str(rest.get(..at).unwrap_or_default());
        out.push_str(with);
        rest = rest.get(at + what.len()..).unwrap_or_default();
        next = finder.find(rest.as_bytes());
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Takes the slash out of tags without attributes.
fn open_slashes(html: Cow<'_, str>) -> Cow<'_, str> {
    let places: Vec<(usize, usize)> = memmem::find_iter(html.as_bytes(), "/>")
        .filter_map(|slash| Some((name_end(html.get(..slash)?)?, slash + 1)))
        .collect();
    if places.is_empty() {
        return html;
    }
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    for (end, next) in places {
        out.push_str(html.get(from..end).unwrap_or_default());
        from = next;
    }
    out.push_str(html.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where the name ends with which a text ends that is `<name`, blanks aside.
fn name_end(text: &str) -> Option<usize> {
    let tag = text.trim_end();
    let before = tag.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
    (before.len() < tag.len() && before.ends_with('<')).then_some(tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_prepared() {
        for (html, prepared) in [
            ("a", "a"),
            ("a&nbsp;b&nbsp;", "a b "),
            ("a<br/>b<hr />c<img src='x'/></>", "a<br>b<hr>c<img src='x'/></>"),
            ("<a href=“x”>", "<a href=\"x\">"),
            ("/> />", "/> />"),
        ] {
            assert_eq!(prepare(html), prepared, "{html}");
        }
    }
}
