//! What other checks are told about a message: what the rules know of it.

use std::collections::HashSet;

use super::{
    RuleSet, addresses, domains, eval,
    network::Network,
    relays::{Networks, Relays, is_private},
    scene::Scene,
    text::HeaderQuery,
};
use crate::{
    checks::{Case, Facts, LastExternal, Link, Reader, Relay, Wanted, Way},
    mail::{LinkType, Uri, Uris},
};

/// The most links and addresses that are told of; nobody asks about so many.
const MOST: usize = 200;

impl Reader for RuleSet {
    fn facts(&self, case: &Case, wanted: Wanted) -> Facts {
        let scene = Scene::new(case, &self.conf);
        let network = &self.conf.network;
        let mut facts = Facts::default();
        if wanted.way {
            facts.way = way(scene.relays(), &self.conf.networks);
        }
        if wanted.sender {
            let sender = scene.envelope_from().map(str::to_owned);
            facts.sender = sender.filter(|sender| !sender.is_empty());
        }
        if wanted.authors {
            facts.authors = of_field(&scene, "from");
        }
        if wanted.senders {
            facts.senders = addresses::senders(&scene).iter().map(readable).collect();
        }
        if wanted.reply_to {
            facts.reply_to = of_field(&scene, "reply-to");
        }
        if wanted.signers {
            facts.signers = signers(&scene);
        }
        if wanted.links {
            facts.links = links(scene.uris(), network);
        }
        if wanted.uris {
            facts.uris = uris(scene.uris(), network);
        }
        if wanted.addresses {
            facts.addresses = addresses_in(&scene);
        }
        facts
    }

    fn registered<'n>(&self, name: &'n str) -> &'n str {
        self.conf.sites.registry().registered(name)
    }

    fn is_restricted(&self) -> bool {
        self.conf.network.is_restricted()
    }

    fn may_ask(&self, name: &str) -> bool {
        self.conf.network.allows(name)
    }
}

fn readable(text: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(text.as_ref()).into_owned()
}

fn way(relays: &Relays, networks: &Networks) -> Way {
    let relay = |relay: &super::relays::Relay| {
        let address = relay.address()?.to_canonical();
        let is_trusted = networks.trusts(address);
        (!is_private(address)).then_some(Relay { address, is_trusted })
    };
    let once_each = |relays: &mut dyn Iterator<Item = Relay>| {
        let mut seen = HashSet::new();
        relays.filter(|relay| seen.insert(relay.address)).collect()
    };
    let last_external = relays.external().first().map(|relay| LastExternal {
        address: relay.ip.clone(),
        name: relay.rdns.clone(),
        helo: relay.helo.clone(),
    });
    Way {
        external: once_each(&mut relays.external().iter().filter_map(relay)),
        untrusted: once_each(&mut relays.untrusted().iter().filter_map(relay)),
        last_external,
    }
}

fn of_field(scene: &Scene<'_>, name: &'static str) -> Vec<String> {
    let addresses = addresses::of_field(scene, &HeaderQuery::addresses_of(name));
    addresses.into_iter().map(readable).collect()
}

/// The `d=` of each signature (RFC 6376, section 3.5).
fn signers(scene: &Scene<'_>) -> Vec<String> {
    let mut signers: Vec<String> = Vec::new();
    for field in scene.headers.named("dkim-signature") {
        let tags = field.decoded().split(';').filter_map(|tag| tag.split_once('='));
        let domains = tags.filter(|(name, _)| name.trim() == "d");
        for (_, domain) in domains {
            let domain = domain.trim().to_ascii_lowercase();
            if !domain.is_empty() && !signers.contains(&domain) {
                signers.push(domain);
            }
        }
    }
    signers
}

/// How likely a link is followed: 0 the most.
fn rank(uri: &Uri) -> u8 {
    let is = |name: &'static str| uri.types.contains(&LinkType::Element(name));
    if is("a") {
        let has_text = uri.anchor_texts.iter().any(|text| !text.is_empty());
        return if has_text { 0 } else { 5 };
    }
    match (is("form"), is("img"), uri.types.as_slice()) {
        (true, ..) => 1,
        (_, true, _) => 2,
        (.., [LinkType::Parsed]) => 4,
        _ => 3,
    }
}

fn is_mail(uri: &Uri) -> bool {
    uri.uri.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:"))
}

fn links(uris: &Uris, network: &Network) -> Vec<Link> {
    let mut ranked: Vec<(u8, &Uri)> =
        uris.list.iter().filter(|uri| !is_mail(uri)).map(|uri| (rank(uri), uri)).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut seen = HashSet::new();
    let hosts = ranked.into_iter().flat_map(|(_, uri)| &uri.hosts);
    let asked = hosts.filter(|(host, domain)| !network.skips(host) && !network.skips(domain));
    let fresh = asked.filter(|(host, _)| seen.insert(host.as_str()));
    let link = |(host, domain): &(String, String)| Link {
        host: host.to_ascii_lowercase(),
        domain: domain.to_ascii_lowercase(),
    };
    fresh.take(MOST).map(link).collect()
}

/// Links that a reader follows, not pictures.
fn uris(uris: &Uris, network: &Network) -> Vec<String> {
    let is_link = |uri: &&Uri| {
        let types = [LinkType::Parsed, LinkType::Element("a")];
        !is_mail(uri) && uri.types.iter().any(|kind| types.contains(kind))
    };
    let is_skipped =
        |(host, domain): &(String, String)| network.skips(host) || network.skips(domain);
    let asked = uris
        .list
        .iter()
        .filter(is_link)
        .filter(|uri| !uri.hosts.is_empty() && !uri.hosts.iter().any(is_skipped));
    let mut seen = HashSet::new();
    let forms = asked.flat_map(|uri| &uri.cleaned).filter(|form| seen.insert(form.as_str()));
    forms.take(MOST).cloned().collect()
}

/// Addresses in the paragraphs, and those that links to write mail lead to.
fn addresses_in(scene: &Scene<'_>) -> Vec<String> {
    let is_tld = |label: &[u8]| domains::is_top_level(scene, label);
    let mut found: Vec<String> = Vec::new();
    let links = domains::mail_links(scene).map(str::as_bytes);
    for text in links.chain(scene.paragraphs()) {
        let mut from = 0;
        while let Some(place) = eval::find_address(text, from, &is_tld) {
            from = place.end;
            let address = readable(text.get(place).unwrap_or_default());
            if found.len() < MOST && !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mail::{Envelope, Message};

    const RULES: &str = "
        trusted_networks 198.51.100.0/24
        internal_networks 198.51.100.1
        uridnsbl_skip_domain skipped.com";

    const MESSAGE: &str = "Return-Path: <bounce@list.example>\n\
        Received: from t.example (t.example [198.51.100.2]) by mx.example with SMTP id 1\n\
        Received: from u.example (u.example [203.0.113.1]) by t.example with SMTP id 2\n\
        Received: from u.example (u.example [192.168.0.1]) by u.example with SMTP id 3\n\
        Received: from v.example (v.example [203.0.113.2]) by u.example with SMTP id 4\n\
        Received: from v.example (v.example [203.0.113.1]) by u.example with SMTP id 5\n\
        From: A <a@author.example>\n\
        Reply-To: r@reply.example\n\
        DKIM-Signature: v=1; a=rsa-sha256; d=Signer.example; s=x; bh=d=; b=y\n\
        Content-Type: text/html\n\n\
        <a href='http://www.empty.com/'></a> <a href='http://www.First.com/x'>text</a>\
        <img src='http://i.picture.com/1.gif'> <a href='http://a.skipped.com/'>x</a>\
        <a href='mailto:hidden@mail.com'>write</a> or to shown@mail.com";

    fn all() -> Wanted {
        Wanted {
            way: true,
            sender: true,
            authors: true,
            senders: true,
            reply_to: true,
            signers: true,
            links: true,
            uris: true,
            addresses: true,
        }
    }

    fn facts(wanted: Wanted) -> Facts {
        let case = Case {
            envelope: Arc::new(Envelope::default()),
            message: Arc::new(Message::parse(MESSAGE.as_bytes().to_vec())),
        };
        RuleSet::parse(&[("x.cf", RULES)]).facts(&case, wanted)
    }

    #[test]
    fn the_way_leads_from_the_last_host_to_the_first() {
        let way = facts(Wanted { way: true, ..Wanted::default() }).way;
        let shown = |relays: &[Relay]| {
            let shown = relays.iter().map(|relay| {
                format!("{}{}", relay.address, if relay.is_trusted { " trusted" } else { "" })
            });
            shown.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(shown(&way.external), "198.51.100.2 trusted, 203.0.113.1, 203.0.113.2");
        assert_eq!(shown(&way.untrusted), "203.0.113.1, 203.0.113.2");
        let last = way.last_external.unwrap();
        assert_eq!((last.address.as_str(), last.helo.as_str()), ("198.51.100.2", "t.example"));
    }

    #[test]
    fn a_message_says_whom_it_is_from() {
        let facts = facts(all());
        assert_eq!(facts.sender.as_deref(), Some("bounce@list.example"));
        assert_eq!(facts.authors, ["a@author.example"]);
        assert_eq!(facts.senders, ["a@author.example", "bounce@list.example"]);
        assert_eq!(facts.reply_to, ["r@reply.example"]);
        assert_eq!(facts.signers, ["signer.example"]);
        assert_eq!(facts.addresses, ["hidden@mail.com", "shown@mail.com"]);
    }

    #[test]
    fn links_that_are_followed_come_first() {
        let facts = facts(all());
        let hosts: Vec<_> = facts.links.iter().map(|link| link.host.as_str()).collect();
        assert_eq!(hosts[0], "www.first.com");
        assert_eq!(facts.links[0].domain, "first.com");
        assert_eq!(hosts.last(), Some(&"www.empty.com"));
        assert!(!hosts.contains(&"a.skipped.com"));
        assert_eq!(facts.uris, ["http://www.empty.com/", "http://www.First.com/x"]);
    }

    #[test]
    fn what_is_not_wanted_is_not_read() {
        assert_eq!(facts(Wanted::default()), Facts::default());
    }
}
