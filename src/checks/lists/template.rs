//! Names with tags in them, such as `_AUTHORDOMAIN_.list.example`: one is asked for each value of the
//! tag. The tags are those of SpamAssassin's `askdns`.

use super::labels;
use crate::checks::{Facts, Wanted};

/// The most names that one template makes.
const MOST: usize = 50;

/// A name in pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Tag(Tag),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    AuthorDomain,
    SenderDomain,
    DkimDomain,
    LastExternalIp,
    LastExternalRevIp,
    LastExternalRdns,
    LastExternalHelo,
    UriDomains,
    UriHosts,
}

/// The tags by their names.
const TAGS: [(&str, Tag); 9] = [
    ("_AUTHORDOMAIN_", Tag::AuthorDomain),
    ("_SENDERDOMAIN_", Tag::SenderDomain),
    ("_DKIMDOMAIN_", Tag::DkimDomain),
    ("_LASTEXTERNALIP_", Tag::LastExternalIp),
    ("_LASTEXTERNALREVIP_", Tag::LastExternalRevIp),
    ("_LASTEXTERNALRDNS_", Tag::LastExternalRdns),
    ("_LASTEXTERNALHELO_", Tag::LastExternalHelo),
    ("_URIDOMAINS_", Tag::UriDomains),
    ("_URIHOSTS_", Tag::UriHosts),
];

impl Template {
    /// Reads a template; `None` if a tag is in it that nobody here knows.
    pub fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text.trim_end_matches('.');
        while let Some(at) = tag_start(rest) {
            let (before, tagged) = rest.split_at_checked(at)?;
            let (name, tag) = TAGS.iter().find(|(name, _)| tagged.starts_with(name))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_ascii_lowercase()));
            }
            pieces.push(Piece::Tag(*tag));
            rest = tagged.get(name.len()..)?;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_ascii_lowercase()));
        }
        Some(Self { pieces })
    }

    /// The zone of the list that is asked: what stands behind the last tag; `None` if nothing does,
    /// so that no list is asked but what the tag says itself.
    pub(super) fn zone(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [.., Piece::Tag(_), Piece::Text(zone)] => zone.strip_prefix('.'),
            _ => None,
        }
    }

    pub(super) fn want(&self, wanted: &mut Wanted) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(_) => {}
                Piece::Tag(Tag::AuthorDomain) => wanted.authors = true,
                Piece::Tag(Tag::SenderDomain) => wanted.sender = true,
                Piece::Tag(Tag::DkimDomain) => wanted.signers = true,
                Piece::Tag(Tag::UriDomains | Tag::UriHosts) => wanted.links = true,
                Piece::Tag(_) => wanted.way = true,
            }
        }
    }

    /// The names to ask for, each once; none if a tag has no value.
    pub(super) fn names(&self, facts: &Facts) -> Vec<String> {
        let mut names = vec![String::new()];
        for piece in &self.pieces {
            let values = match piece {
                Piece::Text(text) => vec![text.clone()],
                Piece::Tag(tag) => values(*tag, facts),
            };
            let with = |name: &String| -> Vec<String> {
                values.iter().map(|value| format!("{name}{value}")).collect()
            };
            names = names.iter().flat_map(with).take(MOST).collect();
        }
        names.retain(|name| labels::is_host_name(name));
        names
    }
}

/// Where the next tag begins: two underscores with capitals between them.
fn tag_start(text: &str) -> Option<usize> {
    text.match_indices('_').map(|(at, _)| at).find(|&at| {
        let behind = text.get(at + 1..).unwrap_or_default();
        let length = behind.bytes().take_while(u8::is_ascii_uppercase).count();
        length > 0 && behind.as_bytes().get(length) == Some(&b'_')
    })
}

fn values(tag: Tag, facts: &Facts) -> Vec<String> {
    let last = facts.way.last_external.as_ref();
    let one = |text: Option<&str>| -> Vec<String> {
        text.filter(|text| !text.is_empty()).map(str::to_ascii_lowercase).into_iter().collect()
    };
    match tag {
        Tag::AuthorDomain => once_each(facts.authors.iter().filter_map(|a| labels::domain(a))),
        Tag::SenderDomain => once_each(facts.sender.iter().filter_map(|a| labels::domain(a))),
        Tag::DkimDomain => facts.signers.clone(),
        Tag::LastExternalIp => one(last.map(|last| last.address.as_str())),
        Tag::LastExternalRevIp => {
            let address = last.and_then(|last| last.address.parse().ok());
            address.map(labels::reversed).into_iter().collect()
        }
        Tag::LastExternalRdns => one(last.map(|last| last.name.as_str())),
        Tag::LastExternalHelo => one(last.map(|last| last.helo.as_str())),
        Tag::UriDomains => once_each(facts.links.iter().map(|link| link.domain.clone())),
        Tag::UriHosts => once_each(facts.links.iter().map(|link| link.host.clone())),
    }
}

fn once_each(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut each: Vec<String> = Vec::new();
    for value in values {
        if !each.contains(&value) {
            each.push(value);
        }
    }
    each
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::{LastExternal, Way};

    #[test]
    fn tags_are_replaced_by_each_of_their_values() {
        let last = LastExternal {
            address: "203.0.113.7".to_owned(),
            name: String::new(),
            helo: "mx.a_b.Example.org".to_owned(),
        };
        let facts = Facts {
            way: Way { last_external: Some(last), ..Way::default() },
            sender: Some("x@Sender.example".to_owned()),
            authors: vec!["a@one.example".to_owned(), "b@Two.example.".to_owned()],
            signers: vec!["s.example".to_owned()],
            ..Facts::default()
        };
        for (template, zone, names) in [
            (
                "_AUTHORDOMAIN_.l.example.",
                Some("l.example"),
                "one.example.l.example two.example.l.example",
            ),
            ("_SENDERDOMAIN_", None, "sender.example"),
            (
                "_LASTEXTERNALREVIP_.rev.l.example",
                Some("rev.l.example"),
                "7.113.0.203.rev.l.example",
            ),
            ("_LASTEXTERNALHELO_", None, "mx.a_b.example.org"),
            (
                "_DKIMDOMAIN_._vouch.l.example",
                Some("_vouch.l.example"),
                "s.example._vouch.l.example",
            ),
            (
                "_SENDERDOMAIN_.x._DKIMDOMAIN_.l.example",
                Some("l.example"),
                "sender.example.x.s.example.l.example",
            ),
            ("_LASTEXTERNALRDNS_.l.example", Some("l.example"), ""),
            ("fixed.example", None, "fixed.example"),
        ] {
            let parsed = Template::parse(template).unwrap();
            assert_eq!(parsed.zone(), zone, "{template}");
            assert_eq!(parsed.names(&facts).join(" "), names, "{template}");
        }
        assert_eq!(Template::parse("_NOSUCHTAG_.l.example"), None);
    }
}
