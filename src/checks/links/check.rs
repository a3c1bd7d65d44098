//! The check itself.

use std::{collections::HashSet, sync::Arc};

use crate::{
    checks::{Case, Check, Work},
    mail::{KnownNames, LinkType, OwnDomains, Uri, mixes_alphabets},
    verdict::{Answer, Evidence, Finding, Name, Points, Witness},
};

/// A finding's name and its weight where no rule gives it another.
type Sign = (&'static str, Points);

const LOOKALIKE: Sign = ("LINK_LOOKALIKE", Points::from_micros(2_000_000));
const LOOKALIKE_OWN: Sign = ("LINK_LOOKALIKE_OWN", Points::from_micros(2_500_000));
const MIXED_ALPHABETS: Sign = ("LINK_MIXED_ALPHABETS", Points::from_micros(1_500_000));
const HOLDS_OWN_DOMAIN: Sign = ("LINK_HOLDS_OWN_DOMAIN", Points::from_micros(1_500_000));
const SHOWS_OWN_DOMAIN: Sign = ("LINK_SHOWS_OWN_DOMAIN", Points::from_micros(500_000));

/// The most hosts of a message that are looked at.
const MOST_HOSTS: usize = 500;

/// The longest text of a link that is an address, in bytes.
const LONGEST_TEXT: usize = 300;

/// The check `links`. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Links {
    own_domains: Arc<[String]>,
}

impl Links {
    /// With the domains that are ours whoever the recipients are.
    pub fn new(own_domains: &[String]) -> Self {
        Self { own_domains: own_domains.into() }
    }

    fn examine(&self, case: &Case) -> Answer {
        let own = OwnDomains::new(&self.own_domains, &case.envelope.recipients);
        let mut found = Found::default();
        let mut seen = HashSet::new();
        let uris = || case.message.uris().list.iter().filter(|uri| is_link(uri));
        let hosts = uris().flat_map(|uri| &uri.hosts).map(|(host, _)| host.as_str());
        for host in hosts.filter(|host| seen.insert(*host)).take(MOST_HOSTS) {
            found.host(host, &own);
        }
        for uri in uris().filter(|uri| !uri.hosts.is_empty()) {
            found.texts(uri, &own);
        }
        Answer { findings: found.findings, ..Answer::default() }
    }
}

impl Check for Links {
    fn name(&self) -> &'static str {
        "links"
    }

    fn of_message(&self, case: &Case, _: &Witness) -> Option<Work> {
        let (links, case) = (self.clone(), case.clone());
        Some(Work::Cpu(Box::new(move || Ok(links.examine(&case)))))
    }
}

/// Whether it leads to a page: signatures and mail addresses do not.
fn is_link(uri: &Uri) -> bool {
    let is_mail = uri.uri.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    !is_mail && !uri.types.contains(&LinkType::Domainkeys)
}

/// What was found so far.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
}

impl Found {
    fn host(&mut self, host: &str, own: &OwnDomains<'_>) {
        if own.hold(host) {
            return;
        }
        if let Some(name) = own.imitated_by(host) {
            self.add(LOOKALIKE_OWN, format!("{host} looks like {name}"));
        } else if let Some(name) = KnownNames::well_known().imitated_by(host) {
            self.add(LOOKALIKE, format!("{host} looks like {name}"));
        }
        if mixes_alphabets(host) {
            self.add(MIXED_ALPHABETS, host.to_owned());
        }
        if let Some(domain) = own.held_by(host) {
            self.add(HOLDS_OWN_DOMAIN, format!("{host} holds {domain}"));
        }
    }

    /// A text that is an address of ours over a link that leads elsewhere.
    fn texts(&mut self, uri: &Uri, own: &OwnDomains<'_>) {
        if uri.hosts.iter().any(|(host, _)| own.hold(host)) {
            return;
        }
        let texts = uri.anchor_texts.iter().map(|text| text.trim());
        let mut shown = texts.filter_map(|text| Some((text, host_of(text)?)));
        if let Some((text, _)) = shown.find(|(_, host)| own.hold(host)) {
            self.add(SHOWS_OWN_DOMAIN, format!("{text} leads to {}", uri.uri));
        }
    }

    fn add(&mut self, (name, weight): Sign, what: String) {
        if !self.findings.iter().any(|known| known.name.as_str() == name) {
            let evidence = Evidence::matched("link", what.as_bytes());
            self.findings.push(Finding { name: Name::from(name), weight, evidence });
        }
    }
}

/// The host that a text names, if it is a web address and nothing else.
fn host_of(text: &str) -> Option<&str> {
    if text.len() > LONGEST_TEXT || text.contains(char::is_whitespace) || text.contains('@') {
        return None;
    }
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#', ':']).next()?;
    host.contains('.').then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Address, Envelope, Message};

    /// What is found in a page for `reader@firm-of-readers.example`.
    fn found(page: &str) -> String {
        let raw = format!("Subject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{page}\r\n");
        let recipients = vec![Address::from_path("<reader@firm-of-readers.example>")];
        let envelope = Arc::new(Envelope { recipients, ..Envelope::default() });
        let case = Case { envelope, message: Arc::new(Message::parse(raw.into_bytes())) };
        let check = Links::new(&["ours-firm.example".to_owned()]);
        let Some(Work::Cpu(work)) = check.of_message(&case, &Witness::live()) else {
            panic!("it computes")
        };
        let answer = work().unwrap();
        let names: Vec<&str> = answer.findings.iter().map(|found| found.name.as_str()).collect();
        names.join(" ")
    }

    #[test]
    fn links_lead_to_others() {
        for (page, findings) in [
            ("<a href='https://www.example.com/'>x</a>", ""),
            ("<a href='https://www.paypal.com/'>x</a>", ""),
            ("<a href='https://www.paypa1.com/'>x</a>", "LINK_LOOKALIKE"),
            (
                "<a href='https://paypa1.com/'>x</a><img src='https://micros0ft.com/'>",
                "LINK_LOOKALIKE",
            ),
            ("see www.rnicrosoft.com for more", "LINK_LOOKALIKE"),
            ("<a href='https://p\u{430}ypal.com/'>x</a>", "LINK_LOOKALIKE LINK_MIXED_ALPHABETS"),
            ("<a href='https://xn--pypal-4ve.com/'>x</a>", "LINK_LOOKALIKE LINK_MIXED_ALPHABETS"),
            (
                "<a href='https://www.bing.com/ck/a?!&u=a1aHR0cHM6Ly9wYXlwYTEuY29tLw'>x</a>",
                "LINK_LOOKALIKE",
            ),
            ("<a href='https://ours-firrn.example/'>x</a>", "LINK_LOOKALIKE_OWN"),
            ("<a href='https://ours-firm.example/'>x</a>", ""),
            (
                "<a href='https://firm-of-readers.example.login.example/'>x</a>",
                "LINK_HOLDS_OWN_DOMAIN",
            ),
            ("<a href='https://login-ours-firm.example/'>x</a>", ""),
            (
                "<a href='https://example.com/'>https://mail.ours-firm.example/login</a>",
                "LINK_SHOWS_OWN_DOMAIN",
            ),
            ("<a href='https://example.com/'> www.ours-firm.example</a>", "LINK_SHOWS_OWN_DOMAIN"),
            ("<a href='https://www.ours-firm.example/x'>ours-firm.example</a>", ""),
            ("<a href='https://example.com/'>write to a@ours-firm.example</a>", ""),
            ("<a href='mailto:a@paypa1.com'>x</a>", ""),
            ("<a href='#top'>ours-firm.example</a>", ""),
        ] {
            assert_eq!(found(page), findings, "{page}");
        }
        let many: String =
            (0..MOST_HOSTS).map(|n| format!("<a href='https://h{n}.com/'>x</a>")).collect();
        let last = "<a href='https://paypa1.com/'>x</a>";
        assert_eq!(found(&format!("{last}{many}")), "LINK_LOOKALIKE");
        assert_eq!(found(&format!("{many}{last}")), "", "their number is bounded");
    }
}
