//! Relative references made absolute (RFC 3986, section 5.2, without its strictness: a reference
//! with the scheme of the base is relative, too).

/// A reference in its parts (RFC 3986, appendix B).
#[derive(Clone, Copy, Default)]
struct Reference<'u> {
    scheme: Option<&'u str>,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

impl<'u> Reference<'u> {
    fn read(uri: &'u str) -> Self {
        let scheme_end = uri
            .find([':', '/', '?', '#'])
            .filter(|&end| end > 0 && uri.get(end..).is_some_and(|rest| rest.starts_with(':')));
        let scheme = scheme_end.and_then(|end| uri.get(..end));
        let rest = scheme_end.and_then(|end| uri.get(end + 1..)).unwrap_or(uri);
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                (rest.get(..end), rest.get(end..).unwrap_or_default())
            }
            None => (None, rest),
        };
        let (rest, fragment) = split(rest, '#');
        let (path, query) = split(rest, '?');
        Self { scheme, authority, path, query, fragment }
    }
}

/// What stands before and behind a character.
fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, behind)) => (before, Some(behind)),
        None => (text, None),
    }
}

/// A reference made absolute. What names no scheme but begins with `//www` or `//ftp` gets one.
pub(super) fn resolve(base: &str, uri: &str) -> String {
    let mut reference = Reference::read(uri);
    let base = Reference::read(base);
    if base.scheme.is_some() && reference.scheme == base.scheme {
        reference.scheme = None;
    }
    if reference.scheme.is_some() || reference.authority.is_some() {
        let scheme = reference.scheme.or(base.scheme);
        let path = without_dots(reference.path);
        return compose(Reference { scheme, ..reference }, &path);
    }
    let (path, query) = match reference.path {
        "" => (base.path.to_owned(), reference.query.or(base.query)),
        path if path.starts_with('/') => (without_dots(path), reference.query),
        path => (without_dots(&merged(&base, path)), reference.query),
    };
    let whole = Reference { scheme: base.scheme, authority: base.authority, query, ..reference };
    compose(whole, &path)
}

fn compose(parts: Reference<'_>, path: &str) -> String {
    let begins = |name: &str| {
        let Some(authority) = parts.authority else { return false };
        let start = authority.get(..name.len());
        let rest = authority.get(name.len()..).unwrap_or_default();
        start.is_some_and(|start| start.eq_ignore_ascii_case(name))
            && rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('.')
    };
    let mut out = String::new();
    match parts.scheme.filter(|scheme| *scheme != "0") {
        Some(scheme) => out.extend([scheme, ":"]),
        None if begins("www") => out.push_str("http:"),
        None if begins("ftp") => out.push_str("ftp:"),
        None => {}
    }
    for (mark, part) in
        [("//", parts.authority), ("", Some(path)), ("?", parts.query), ("#", parts.fragment)]
    {
        if let Some(part) = part {
            out.extend([mark, part]);
        }
    }
    out
}

/// A relative path behind that of the base.
fn merged(base: &Reference<'_>, path: &str) -> String {
    if base.authority.is_some() && matches!(base.path, "" | "0") {
        return format!("/{path}");
    }
    let folder = base.path.rfind('/').and_then(|end| base.path.get(..=end));
    format!("{}{path}", folder.unwrap_or_default())
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let path = match path.strip_prefix("./").or(path.strip_prefix("../")) {
        Some(_) => path.trim_start_matches('.'),
        None => path,
    };
    if !path.contains("/.") {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = rest.get(1..).and_then(|rest| rest.find('/')).map_or(rest.len(), |end| end + 1);
        let (segment, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        // The last segment leaves its slash.
        rest = if behind.is_empty() && matches!(segment, "/." | "/..") { "/" } else { behind };
        match segment {
            "/." => {}
            "/.." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    kept.concat()
}

/// The base that a `<base href>` sets: without a file name at its end, with a slash. Browsers take
/// only absolute URIs of the usual schemes.
pub(super) fn base(uri: &str) -> Option<String> {
    let (scheme, behind) = uri.split_once(':')?;
    let is_usual = ["http", "https", "ftp"].iter().any(|usual| scheme.eq_ignore_ascii_case(usual));
    if !is_usual {
        return None;
    }
    let path = behind.strip_prefix("//").or(behind.strip_prefix('/')).unwrap_or(behind);
    let folder = match path.find('/').filter(|&slash| slash > 0) {
        Some(slash) => uri.len() - path.len() + slash + 1,
        None => uri.len(),
    };
    let kept = file_start(uri, folder).unwrap_or(uri.len());
    let mut base = uri.get(..kept)?.to_owned();
    if !base.ends_with('/') {
        base.push('/');
    }
    Some(base)
}

/// Where a file name such as `index.html` begins at the end of a URI; not before `folder`.
fn file_start(uri: &str, folder: usize) -> Option<usize> {
    let path = uri.get(folder..)?;
    let (stem, ending) = path.rsplit_once('.')?;
    let is_ending = (2..=4).contains(&ending.chars().count()) && !ending.contains('/');
    let start = stem.rfind(['/', '.']).map_or(0, |at| at + 1);
    (is_ending && start < stem.len()).then_some(folder + start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        let site = "http://a.example/b/c?q";
        for (base, uri, target) in [
            (site, "d", "http://a.example/b/d"),
            (site, "/d?e#f", "http://a.example/d?e#f"),
            (site, "?e", "http://a.example/b/c?e"),
            (site, "", "http://a.example/b/c?q"),
            (site, "../../d", "http://a.example/d"),
            (site, "./d/./e/..", "http://a.example/b/d/"),
            (site, "//e.example", "http://e.example"),
            (site, "http:d", "http://a.example/b/d"),
            (site, "https://e.example/x/../y", "https://e.example/y"),
            ("http://a.example", "d", "http://a.example/d"),
            ("", "d/e", "d/e"),
            ("", "//www2.a.example/", "http://www2.a.example/"),
            ("", "//a.example/", "//a.example/"),
            ("", "../d", "/d"),
            ("", "javascript:x()", "javascript:x()"),
        ] {
            assert_eq!(resolve(base, uri), target, "{base} {uri}");
        }
    }

    #[test]
    fn bases_are_folders() {
        for (uri, expected) in [
            ("http://a.example/index.html", Some("http://a.example/")),
            ("http://a.example/b/c", Some("http://a.example/b/c/")),
            ("http://a.example/b/x.y.html", Some("http://a.example/b/x./")),
            ("http://a.example", Some("http://a.example/")),
            ("/b", None),
            ("javascript:x", None),
        ] {
            assert_eq!(base(uri).as_deref(), expected, "{uri}");
        }
    }
}
