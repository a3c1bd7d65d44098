//! Where a page leads.

use std::collections::HashMap;

/// The most different links that are kept of one page. SpamAssassin has no such limit.
const MOST: usize = 10_000;

/// In what a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkType {
    /// The element of that name.
    Element(&'static str),
    /// A text, not markup.
    Parsed,
    /// A text without a scheme.
    Schemeless,
    /// A text that mail readers make no link of.
    Unlinked,
    /// The domain of a DKIM or DomainKeys signature.
    Domainkeys,
}

impl LinkType {
    /// The name by which `uri_detail` rules know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Element(name) => name,
            Self::Parsed => "parsed",
            Self::Schemeless => "schemeless",
            Self::Unlinked => "unlinked",
            Self::Domainkeys => "domainkeys",
        }
    }
}

/// One link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// As written, entities decoded, made absolute where the page has a base.
    pub uri: String,
    /// In what it stands. Empty for the target of an `a` as written, where that is not the
    /// absolute one.
    pub types: Vec<LinkType>,
    /// The texts of the `a` elements with this target as written.
    pub anchor_texts: Vec<String>,
}

/// The links of a page, each once, in order.
#[derive(Debug, Default)]
pub struct Links {
    list: Vec<Link>,
    places: HashMap<String, usize>,
    /// All `a` elements: the link and which of its texts.
    anchors: Vec<(usize, usize)>,
}

impl Links {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.list.iter()
    }

    /// The texts of all `a` elements, in order.
    pub fn anchors(&self) -> impl Iterator<Item = &str> {
        let text = |&(link, text): &(usize, usize)| {
            Some(self.list.get(link)?.anchor_texts.get(text)?.as_str())
        };
        self.anchors.iter().filter_map(text)
    }

    fn place(&mut self, uri: String) -> Option<usize> {
        if let Some(&place) = self.places.get(&uri) {
            return Some(place);
        }
        let place = self.list.len();
        if place == MOST {
            return None;
        }
        self.places.insert(uri.clone(), place);
        self.list.push(Link { uri, ..Link::default() });
        Some(place)
    }

    pub(super) fn add(&mut self, uri: String, element: &'static str) {
        let place = self.place(uri);
        let Some(link) = place.and_then(|place| self.list.get_mut(place)) else { return };
        if !link.types.contains(&LinkType::Element(element)) {
            link.types.push(LinkType::Element(element));
        }
    }

    /// Begins the text of an `a`.
    pub(super) fn open_anchor(&mut self, uri: String) {
        let Some(place) = self.place(uri) else { return };
        let Some(link) = self.list.get_mut(place) else { return };
        link.anchor_texts.push(String::new());
        self.anchors.push((place, link.anchor_texts.len() - 1));
    }

    /// Adds to the text of the `a` that began last.
    pub(super) fn add_to_anchor(&mut self, text: &str) {
        let Some(&(link, number)) = self.anchors.last() else { return };
        let texts = self.list.get_mut(link).map(|link| &mut link.anchor_texts);
        if let Some(anchor) = texts.and_then(|texts| texts.get_mut(number)) {
            anchor.push_str(text);
        }
    }
}
