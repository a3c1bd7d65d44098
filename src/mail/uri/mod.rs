//! The URIs of a message: those its texts name and those its pages lead to, with their other
//! forms, as SpamAssassin lists them for `uri` and `uri_detail` rules.

mod canonical;
mod found;
mod host;
mod registry;
mod wrapped;

use std::collections::{HashMap, HashSet};

pub use self::registry::Registry;
use super::{
    Message,
    html::{Link, LinkType},
};

/// The most URIs that are listed of one message. SpamAssassin has no such limit.
const MOST: usize = 10_000;

/// The longest form of a URI, in characters.
const LONGEST: usize = 8_192;

/// What knows sites that lead on to others.
pub trait Redirectors {
    /// Where a URI of such a site leads on to, as far as it says so itself. It must hold a dot.
    fn target(&self, uri: &str) -> Option<String>;
}

/// Knows none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoRedirectors;

impl Redirectors for NoRedirectors {
    fn target(&self, _uri: &str) -> Option<String> {
        None
    }
}

/// A URI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uri {
    /// As it stands in the message: from a text with a scheme, from a page as
    /// [`Link::uri`](super::Link).
    pub uri: String,
    /// In what it stands.
    pub types: Vec<LinkType>,
    /// Itself and its other forms, and those of what it leads on to; each once. Empty for the
    /// domain of a signature, which `uri` rules do not see.
    pub cleaned: Vec<String>,
    /// The registered domains of those, each once.
    pub domains: Vec<String>,
    /// Their hosts, each once, with the registered domain.
    pub hosts: Vec<(String, String)>,
    /// The texts of its links, each once a page.
    pub anchor_texts: Vec<String>,
}

/// The URIs of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uris {
    /// Each once, in order: those of the texts, of the pages, of files inside, the domains of signatures.
    pub list: Vec<Uri>,
    /// Whether one was too long (`check_uri_truncated`).
    pub is_truncated: bool,
}

impl Uris {
    /// What `uri` rules read: all forms of all URIs, each once.
    pub fn flat(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let all = self.list.iter().flat_map(|uri| &uri.cleaned).map(String::as_str);
        all.filter(|uri| seen.insert(*uri)).collect()
    }
}

/// Lists the URIs of a message.
pub fn uris(message: &Message, registry: &Registry, redirectors: &dyn Redirectors) -> Uris {
    let mut lister =
        Lister { registry, redirectors, uris: Uris::default(), places: HashMap::new() };
    let mut seen = HashSet::new();
    for text in message.body() {
        found::each(text, registry, |raw, found| {
            if seen.insert(raw.to_owned())
                && let Some(found) = found
            {
                lister.add(&found.uri, &found.types, Source::Text);
            }
        });
    }
    for facts in message.html() {
        lister.uris.is_truncated |= facts.uri_truncated;
        for link in facts.links.iter() {
            lister.add_link(link);
        }
    }
    for uri in message.inside().items.iter().flat_map(|item| &item.uris) {
        lister.add(uri, &[LinkType::Element("a")], Source::Page);
    }
    for field in ["DomainKey-Signature", "DKIM-Signature"] {
        let fields =
            message.entities().iter().take(1).flat_map(|message| message.fields.named(field));
        fields.for_each(|field| lister.add_signature(field.decoded()));
    }
    lister.uris
}

/// Where a URI comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// A text, in which each character is a byte. It must name a host.
    Text,
    /// A page.
    Page,
}

/// Lists URIs.
struct Lister<'r> {
    registry: &'r Registry,
    redirectors: &'r dyn Redirectors,
    uris: Uris,
    places: HashMap<String, usize>,
}

impl Lister<'_> {
    fn add_link(&mut self, link: &Link) {
        let types = if link.types.is_empty() { &[LinkType::Parsed][..] } else { &link.types };
        let Some(uri) = self.add(&link.uri, types, Source::Page) else { return };
        let mut seen = HashSet::new();
        let texts = link.anchor_texts.iter().filter(|text| seen.insert(*text));
        uri.anchor_texts.extend(texts.cloned());
    }

    fn add(&mut self, uri: &str, types: &[LinkType], source: Source) -> Option<&mut Uri> {
        let mut forms = canonical::forms(uri, self.registry, self.redirectors);
        for form in &mut forms {
            self.uris.is_truncated |= truncate(form);
        }
        let named = |form: &String| self.registry.domain_and_host(form);
        let hosts: Vec<_> = forms.iter().filter_map(named).collect();
        if source == Source::Text && hosts.is_empty() {
            return None;
        }
        let entry = self.entry(in_unicode(uri.to_owned(), source))?;
        push_new(&mut entry.cleaned, forms.into_iter().map(|form| in_unicode(form, source)));
        push_new(&mut entry.types, types.iter().copied());
        for (domain, host) in hosts {
            push_new(&mut entry.domains, Some(domain.clone()));
            push_new(&mut entry.hosts, Some((host, domain)));
        }
        Some(entry)
    }

    /// The domains that signed, which are looked up but are no URIs.
    fn add_signature(&mut self, value: &str) {
        for (at, _) in value.match_indices('d') {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let before = value.get(..at).unwrap_or_default();
            let behind = value.get(at + 1..).unwrap_or_default().trim_start().strip_prefix('=');
            let Some(behind) = behind.filter(|_| !before.ends_with(is_word)) else { continue };
            let mut uri = "domainkeys:".to_owned();
            let domain = behind.split(';').next().unwrap_or_default();
            uri.extend(domain.chars().filter(|c| !c.is_whitespace()));
            let Some((domain, host)) = self.registry.domain_and_host(&uri) else { continue };
            let Some(entry) = self.entry(uri) else { return };
            push_new(&mut entry.types, Some(LinkType::Domainkeys));
            push_new(&mut entry.domains, Some(domain.clone()));
            push_new(&mut entry.hosts, Some((host, domain)));
        }
    }

    fn entry(&mut self, uri: String) -> Option<&mut Uri> {
        let next = self.uris.list.len();
        if next == MOST && !self.places.contains_key(&uri) {
            return None;
        }
        let place = *self.places.entry(uri.clone()).or_insert(next);
        if place == next {
            self.uris.list.push(Uri { uri, ..Uri::default() });
        }
        self.uris.list.get_mut(place)
    }
}

fn push_new<T: PartialEq>(list: &mut Vec<T>, items: impl IntoIterator<Item = T>) {
    for item in items {
        if !list.contains(&item) {
            list.push(item);
        }
    }
}

/// Cuts a URI that is too long.
fn truncate(uri: &mut String) -> bool {
    let end = if uri.len() > LONGEST { uri.char_indices().nth(LONGEST) } else { None };
    if let Some((end, _)) = end {
        uri.truncate(end);
    }
    end.is_some()
}

/// Characters that are bytes as the text they are.
fn in_unicode(uri: String, source: Source) -> String {
    if source == Source::Page || uri.is_ascii() {
        return uri;
    }
    let bytes = uri.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    String::from_utf8(bytes).unwrap_or(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Leads;

    impl Redirectors for Leads {
        fn target(&self, uri: &str) -> Option<String> {
            Some(uri.strip_prefix("http://r.example.com/")?.to_owned())
        }
    }

    fn listed(text: &str) -> Uris {
        let message = Message::parse(text.replace('\n', "\r\n").into_bytes());
        uris(&message, Registry::built_in(), &Leads)
    }

    #[test]
    fn a_list_says_where_each_stands_and_what_it_means() {
        let uris = listed(
            "Content-Type: text/html\n\n<base href='http://www.b.example.com/x.html'>\
             <a href=c>http://a.example.com/</a> <a href=c>t</a><img src='http://r.example.com/d.com'>",
        );
        let lines = uris.list.iter().map(|uri| {
            let types: Vec<_> = uri.types.iter().map(|kind| kind.as_str()).collect();
            let (cleaned, domains) = (uri.cleaned.join(" "), uri.domains.join(" "));
            format!(
                "{} | {} | {cleaned} | {domains} | {}",
                uri.uri,
                types.join(" "),
                uri.anchor_texts.join("+")
            )
        });
        let lines: Vec<_> = lines.collect();
        let expected = [
            "http://a.example.com/ | parsed | http://a.example.com/ | example.com | ",
            "http://www.b.example.com/x.html | base | http://www.b.example.com/x.html | example.com | ",
            "http://www.b.example.com/c | a | http://www.b.example.com/c | example.com | ",
            "c | parsed | c |  | http://a.example.com/+t",
            "http://r.example.com/d.com | img | http://r.example.com/d.com d.com http://d.com | example.com d.com | ",
        ];
        assert_eq!(lines, expected);
        assert_eq!(uris.flat().len(), 7);
    }

    #[test]
    fn each_is_listed_once_and_their_number_is_bounded() {
        let twice = listed("Subject: www.example.com\n\nwww.example.com http://www.example.com");
        assert_eq!(twice.flat(), ["http://www.example.com"]);
        let text: String = (0..20_000).map(|i| format!("http://h{i}.com/ ")).collect();
        let pages = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned()
            + &format!("--b\n\n{text}\n").repeat(20);
        assert!(listed(&pages).list.len() <= MOST);
        let long =
            format!("Content-Type: text/html\n\n<a href='http://a.com/{}'>", "x".repeat(9_000));
        assert!(listed(&long).is_truncated);
    }
}
