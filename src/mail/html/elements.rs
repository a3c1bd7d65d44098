//! The elements that SpamAssassin knows, and what each does to a text.

/// What an element does to the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    No,
    Blank,
    Line,
    Paragraph,
}

/// Which attribute of an element leads somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leads {
    No,
    Background,
    Href,
    Src,
    Action,
    Base,
    Refresh,
}

/// An element.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: &'static str,
    /// Whether HTML 4 or XHTML 1 has it.
    pub(super) is_valid: bool,
    /// Whether it can change how text looks.
    pub(super) has_style: bool,
    pub(super) breaks: Break,
    pub(super) leads: Leads,
}

/// The place of an element in the list of all.
pub(super) type Index = usize;

/// How many there are.
pub(super) const COUNT: usize = ELEMENTS.len();

/// The longest name, in bytes.
const LONGEST: usize = 10;

/// The place of the element with a name in lower case.
pub(super) fn find(name: &[u8]) -> Option<Index> {
    if name.len() > LONGEST {
        return None;
    }
    ELEMENTS.binary_search_by(|element| element.name.as_bytes().cmp(name)).ok()
}

/// The element at a place.
pub(super) fn get(index: Index) -> &'static Element {
    ELEMENTS.get(index).unwrap_or(&NONE)
}

static NONE: Element = plain("");

const fn plain(name: &'static str) -> Element {
    Element { name, is_valid: true, has_style: false, breaks: Break::No, leads: Leads::No }
}

const fn breaking(name: &'static str, breaks: Break) -> Element {
    Element { breaks, ..plain(name) }
}

const fn styled(name: &'static str, breaks: Break, leads: Leads) -> Element {
    Element { has_style: true, breaks, leads, ..plain(name) }
}

const fn leading(name: &'static str, leads: Leads) -> Element {
    Element { leads, ..plain(name) }
}

/// Elements that are drawn but that no standard has.
const fn invalid(name: &'static str, breaks: Break, leads: Leads) -> Element {
    Element { is_valid: false, breaks, leads, ..plain(name) }
}

/// By name.
static ELEMENTS: [Element; 99] = [
    styled("a", Break::No, Leads::Href),
    plain("abbr"),
    plain("acronym"),
    plain("address"),
    plain("applet"),
    leading("area", Leads::Href),
    plain("b"),
    leading("base", Leads::Base),
    styled("basefont", Break::No, Leads::No),
    plain("bdo"),
    invalid("bgsound", Break::No, Leads::Src),
    styled("big", Break::No, Leads::No),
    breaking("blockquote", Break::Paragraph),
    styled("body", Break::No, Leads::Background),
    breaking("br", Break::Line),
    plain("button"),
    plain("caption"),
    plain("center"),
    plain("cite"),
    plain("code"),
    plain("col"),
    plain("colgroup"),
    breaking("dd", Break::Blank),
    plain("del"),
    plain("dfn"),
    plain("dir"),
    styled("div", Break::Line, Leads::No),
    plain("dl"),
    breaking("dt", Break::Blank),
    plain("em"),
    invalid("embed", Break::Blank, Leads::Src),
    plain("fieldset"),
    styled("font", Break::No, Leads::No),
    leading("form", Leads::Action),
    leading("frame", Leads::Src),
    plain("frameset"),
    breaking("h1", Break::Blank),
    breaking("h2", Break::Blank),
    breaking("h3", Break::Blank),
    breaking("h4", Break::Blank),
    breaking("h5", Break::Blank),
    breaking("h6", Break::Blank),
    plain("head"),
    breaking("hr", Break::Paragraph),
    plain("html"),
    plain("i"),
    leading("iframe", Leads::Src),
    leading("img", Leads::Src),
    plain("input"),
    plain("ins"),
    plain("isindex"),
    plain("kbd"),
    plain("label"),
    plain("legend"),
    breaking("li", Break::Blank),
    leading("link", Leads::Href),
    invalid("listing", Break::Paragraph, Leads::No),
    plain("map"),
    plain("menu"),
    leading("meta", Leads::Refresh),
    plain("nobr"),
    plain("noframes"),
    plain("noscript"),
    plain("object"),
    plain("ol"),
    plain("optgroup"),
    plain("option"),
    styled("p", Break::Paragraph, Leads::No),
    plain("param"),
    invalid("plaintext", Break::Paragraph, Leads::No),
    breaking("pre", Break::Paragraph),
    plain("q"),
    plain("s"),
    plain("samp"),
    leading("script", Leads::Src),
    plain("select"),
    styled("small", Break::No, Leads::No),
    styled("span", Break::No, Leads::No),
    plain("strike"),
    plain("strong"),
    plain("style"),
    plain("sub"),
    plain("sup"),
    styled("table", Break::No, Leads::Background),
    plain("tbody"),
    styled("td", Break::Blank, Leads::Background),
    plain("textarea"),
    plain("tfoot"),
    styled("th", Break::Blank, Leads::No),
    plain("thead"),
    breaking("title", Break::Paragraph),
    styled("tr", Break::No, Leads::Background),
    plain("tt"),
    plain("u"),
    plain("ul"),
    plain("var"),
    plain("x-sigsep"),
    plain("x-tab"),
    invalid("xmp", Break::Paragraph, Leads::No),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name() {
        assert!(ELEMENTS.is_sorted_by_key(|element| element.name));
        assert!(ELEMENTS.iter().all(|element| element.name.len() <= LONGEST));
        assert_eq!(get(find(b"td").unwrap()).breaks, Break::Blank);
        assert_eq!(get(find(b"embed").unwrap()).leads, Leads::Src);
        assert!(!get(find(b"xmp").unwrap()).is_valid);
        assert_eq!(find(b"blink"), None);
        assert_eq!(find(b"TD"), None);
    }
}
