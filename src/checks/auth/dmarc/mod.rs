//! DMARC (RFC 9989): does the domain in From stand behind the message?
//!
//! [`author`] reads the domain, [`discover`] asks for its record, and [`evaluate`] compares it with
//! what SPF and DKIM have passed. Mail of which nobody can say who its author is (no From, several,
//! or several domains in it) is an error, never a pass.

mod record;
#[cfg(test)]
mod tests;
mod tree_walk;

use futures_util::future::join_all;

use self::tree_walk::Walk;
use super::{
    domain::{is_in, normal},
    source::Source,
};
use crate::{
    dns::Resolver,
    mail::addresses,
    verdict::{AuthResult, Disposition, DomainPolicy, SenderPolicy, Signature, Witness},
};

/// The author's domain as A-labels in lower case, or why there is no single one.
pub(super) fn author(source: &Source) -> Result<String, &'static str> {
    let mut fields = source.fields().iter().filter(|f| f.name.eq_ignore_ascii_case("From"));
    let field = fields.next().ok_or("there is no From")?;
    if fields.next().is_some() {
        return Err("there are several From fields");
    }
    // As written: encoded words in a name must not become addresses.
    let value = String::from_utf8_lossy(source.value(field)).replace(['\r', '\n'], " ");
    let mut domains: Vec<String> = addresses(&value)
        .iter()
        .filter_map(|mailbox| mailbox.address.rsplit_once('@'))
        .map(|(_, domain)| normal(domain.trim()))
        .filter(|domain| !domain.is_empty())
        .collect();
    domains.dedup();
    match domains.len() {
        0 => Err("From names no domain"),
        1 => domains.pop().ok_or("From names no domain"),
        _ => Err("From names several domains"),
    }
}

/// What DNS knows about the author's domain, and about those that may stand for it.
pub(super) struct Discovered {
    author: String,
    walk: Result<Walk, String>,
    /// Organisational domains of others; `None` where a server failed.
    organisations: Vec<(String, Option<String>)>,
    /// The author's domain does not exist.
    is_missing: bool,
}

/// Asks for records. `others` are the domains of the sender and the signatures.
pub(super) async fn discover(
    author: &str,
    others: impl Iterator<Item = String>,
    resolver: &Resolver,
    witness: &Witness,
) -> Discovered {
    let walk = Walk::up_from(author, resolver, witness).await;
    let mut discovered = Discovered {
        author: author.to_owned(),
        walk: walk.map_err(|error| crate::chain(&error)),
        organisations: Vec::new(),
        is_missing: false,
    };
    let Ok(walk) = &discovered.walk else { return discovered };
    let Some((record, is_own)) = walk.record() else { return discovered };
    let organisation = walk.organisation();
    let mut below: Vec<String> =
        others.filter(|other| other != author && is_in(other, organisation)).collect();
    below.sort_unstable();
    below.dedup();
    let asked = below.into_iter().map(|other| async move {
        let walk = Walk::up_from(&other, resolver, witness).await;
        let organisation = walk.ok().map(|walk| walk.organisation().to_owned());
        (other, organisation)
    });
    let organisations = join_all(asked).await;
    if !is_own && record.non_existent != record.subdomains {
        let known = resolver.addresses(author, witness).await;
        discovered.is_missing = known.is_ok_and(|records| records.code == NO_SUCH_NAME);
    }
    discovered.organisations = organisations;
    discovered
}

/// RFC 1035, section 4.1.1.
const NO_SUCH_NAME: u16 = 3;

/// Whether a domain stands for the author.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alignment {
    Aligned,
    Not,
    /// A server failed.
    Unknown,
}

impl Discovered {
    fn alignment(&self, domain: &str, organisation: &str, is_strict: bool) -> Alignment {
        if domain == self.author {
            return Alignment::Aligned;
        }
        if is_strict {
            return Alignment::Not;
        }
        match self.organisations.iter().find(|(other, _)| other == domain) {
            Some((_, Some(other))) if other == organisation => Alignment::Aligned,
            Some((_, None)) => Alignment::Unknown,
            _ => Alignment::Not,
        }
    }
}

/// How DMARC ends, by what passed. Excuses and the site's handling are not considered here.
pub(super) fn evaluate(
    discovered: &Discovered,
    sender: Option<&SenderPolicy>,
    signatures: &[Signature],
) -> DomainPolicy {
    let mut policy = DomainPolicy { domain: discovered.author.clone(), ..DomainPolicy::default() };
    let walk = match &discovered.walk {
        Ok(walk) => walk,
        Err(error) => {
            policy.result = AuthResult::Temperror;
            policy.because.clone_from(error);
            return policy;
        }
    };
    let Some((record, is_own)) = walk.record() else {
        policy.because = "no record".to_owned();
        return policy;
    };
    let stated = match (is_own, discovered.is_missing) {
        (true, _) => record.own,
        (false, true) => record.non_existent,
        (false, false) => record.subdomains,
    };
    policy.disposition = if record.is_test { milder(stated) } else { stated };
    let organisation = walk.organisation();
    let by_spf = sender.map(|sender| {
        let alignment = discovered.alignment(&sender.domain, organisation, record.strict_spf);
        (sender.result, alignment, format!("SPF of {}", sender.domain))
    });
    let by_dkim = signatures.iter().map(|signature| {
        let alignment = discovered.alignment(&signature.domain, organisation, record.strict_dkim);
        (signature.result, alignment, format!("DKIM of {}", signature.domain))
    });
    (policy.result, policy.because) = conclude(by_spf.into_iter().chain(by_dkim));
    policy
}

/// A pass of one that is aligned passes; else a failure that may go away leaves it open.
fn conclude(
    identifiers: impl Iterator<Item = (AuthResult, Alignment, String)>,
) -> (AuthResult, String) {
    let mut open = None;
    for (result, alignment, what) in identifiers {
        match (result, alignment) {
            (AuthResult::Pass, Alignment::Aligned) => return (AuthResult::Pass, what),
            (AuthResult::Pass, Alignment::Unknown)
            | (AuthResult::Temperror, Alignment::Aligned | Alignment::Unknown) => {
                open.get_or_insert(what);
            }
            _ => {}
        }
    }
    match open {
        Some(what) => (AuthResult::Temperror, format!("{what} may pass later")),
        None => (AuthResult::Fail, "nothing that is aligned passes".to_owned()),
    }
}

fn milder(disposition: Disposition) -> Disposition {
    match disposition {
        Disposition::Reject => Disposition::Quarantine,
        Disposition::Quarantine | Disposition::None => Disposition::None,
    }
}
