//! Whom the header fields name as author, and whom he looks like.

use super::{
    sign::{
        DIRECT_TO_MX_DYNAMIC, FROM_DOMAIN_MIXED, FROM_LOOKALIKE, FROM_LOOKALIKE_OWN,
        FROM_NAME_OWN_DOMAIN, REPLYTO_LOOKALIKE,
    },
    subscriber::is_subscriber,
};
use crate::{
    mail::{Client, HeaderBlock, Hop, KnownNames, Mailbox, OwnDomains, addresses, mixes_alphabets},
    verdict::Finding,
};

/// So many authors and reply addresses are looked at.
const MOST: usize = 10;

/// What From and Reply-To give away.
pub(super) fn examine(headers: &HeaderBlock, own: &OwnDomains<'_>) -> Vec<Finding> {
    let (authors, replies) = (mailboxes(headers, "From"), mailboxes(headers, "Reply-To"));
    let mut findings = Vec::new();
    for author in &authors {
        let Some(domain) = domain(author) else { continue };
        findings.extend(likeness(domain, own));
        if mixes_alphabets(domain) {
            findings.push(FROM_DOMAIN_MIXED.read("header From", domain));
        }
        if !own.hold(domain)
            && let Some(shown) = own.shown_in(&author.name)
        {
            let seen = format!("\"{}\" <{}>: {shown}", author.name, author.address);
            findings.push(FROM_NAME_OWN_DOMAIN.read("header From", &seen));
        }
    }
    let author_domains = KnownNames::new(authors.iter().filter_map(domain));
    for domain in replies.iter().filter_map(domain) {
        let author = author_domains.imitated_by(domain);
        let imitated = author.or_else(|| author_domains.neighbour_of(domain));
        if let Some(name) = imitated.or_else(|| own.imitated_by(domain)) {
            let seen = format!("{domain} looks like {name}");
            findings.push(REPLYTO_LOOKALIKE.read("header Reply-To", &seen));
        }
    }
    once_each(findings)
}

/// Whether a subscriber's machine handed the message in itself: below the client's Received field
/// there is no other.
pub(super) fn direct(client: &Client, trace: &[Hop]) -> Option<Finding> {
    let name = client.name.as_deref().or(client.ptr.as_deref())?;
    let address = client.address?;
    let handed_in = trace.iter().position(|hop| hop.address == Some(address.to_canonical()));
    let below = trace.len() - handed_in.map_or(0, |at| at + 1);
    (below == 0 && is_subscriber(name, address)).then(|| DIRECT_TO_MX_DYNAMIC.seen(name))
}

/// What an author's domain looks like. Ours comes first.
fn likeness(domain: &str, own: &OwnDomains<'_>) -> Option<Finding> {
    let seen = |name: &str| format!("{domain} looks like {name}");
    if let Some(name) = own.imitated_by(domain) {
        return Some(FROM_LOOKALIKE_OWN.read("header From", &seen(name)));
    }
    let name = KnownNames::well_known().imitated_by(domain).filter(|_| !own.hold(domain))?;
    Some(FROM_LOOKALIKE.read("header From", &seen(name)))
}

fn mailboxes(headers: &HeaderBlock, name: &str) -> Vec<Mailbox> {
    let mut all = headers.first(name).map(addresses).unwrap_or_default();
    all.truncate(MOST);
    all
}

fn domain(mailbox: &Mailbox) -> Option<&str> {
    mailbox.address.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty())
}

/// Several authors weigh no more than one.
fn once_each(findings: Vec<Finding>) -> Vec<Finding> {
    let mut once: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !once.iter().any(|known| known.name == finding.name) {
            once.push(finding);
        }
    }
    once
}
