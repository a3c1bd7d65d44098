//! DKIM signatures (RFC 6376): reading them, and verifying them once their keys are there.

use data_encoding::BASE64;
use mail_auth::{common::crypto::Algorithm, dkim};

use super::{
    body_hash::BodyHashes,
    domain::{is_in, normal},
    key::{self, Keys, Unverifiable},
    source::Source,
    tags::{first, without_signature},
};
use crate::verdict::{AuthResult, Signature};

/// Signatures that are looked at. Those that could be the author's come first.
const MOST: usize = 10;
/// Names of fields that a signature may sign; each costs a walk through the header.
pub(super) const MOST_NAMES: usize = 200;
/// Characters of `b=` that are shown (RFC 6008).
const BEGINNING: usize = 8;

/// A DKIM-Signature field as read.
pub(super) struct Read {
    /// Its place among the header fields.
    place: usize,
    parsed: Result<dkim::Signature, Unverifiable>,
    /// `l=`
    signed_bytes: Option<u64>,
    /// `v`, `d`, `s`, `i`, `a` as they will be shown.
    shown: Signature,
}

/// The signatures of a message; of more than are looked at those of the author's domain first.
pub(super) fn read(source: &Source, author: Option<&str>) -> Vec<Read> {
    let fields = source.fields().iter().enumerate();
    let is_signature = |name: &str| name.eq_ignore_ascii_case("DKIM-Signature");
    let (mut own, others): (Vec<_>, Vec<_>) = fields
        .filter(|(_, field)| is_signature(&field.name))
        .map(|(place, field)| read_one(place, source.value(field)))
        .take(MOST * MOST)
        .partition(|read| author.is_some_and(|author| is_related(author, &read.shown.domain)));
    own.extend(others);
    own.truncate(MOST);
    own.sort_by_key(|read| read.place);
    own
}

/// Whether one domain is the other or in it.
fn is_related(one: &str, other: &str) -> bool {
    is_in(one, other) || is_in(other, one)
}

fn read_one(place: usize, value: &[u8]) -> Read {
    let text = String::from_utf8_lossy(value);
    let parsed = dkim::Signature::parse(value);
    let parsed = parsed.map_err(|error| (AuthResult::Neutral, error.to_string()));
    let mut shown = Signature::default();
    if let Ok(signature) = &parsed {
        shown.domain = normal(&signature.d);
        shown.selector = signature.s.clone();
        shown.identity = signature.i.clone();
        shown.algorithm = algorithm(signature.a);
        shown.beginning = BASE64.encode(&signature.b).chars().take(BEGINNING).collect();
        shown.is_partial = first(&text, "l").is_some();
    }
    let signed_bytes = first(&text, "l").map(|l| l.parse().unwrap_or(u64::MAX));
    let parsed = parsed.and_then(|signature| well_formed(signature, &text));
    Read { place, parsed, signed_bytes, shown }
}

fn algorithm(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::RsaSha1 => "rsa-sha1",
        Algorithm::RsaSha256 => "rsa-sha256",
        Algorithm::Ed25519Sha256 => "ed25519-sha256",
    }
}

/// What every signature must be (RFC 6376, section 6.1.1), whatever its key.
fn well_formed(signature: dkim::Signature, text: &str) -> Result<dkim::Signature, Unverifiable> {
    let wrong = |what: &str| Err((AuthResult::Permerror, what.to_owned()));
    if signature.v != 1 {
        return wrong("it has no `v=1`");
    }
    if !signature.h.iter().any(|name| name.eq_ignore_ascii_case("from")) {
        return wrong("From is not signed");
    }
    if signature.h.len() > MOST_NAMES {
        return wrong("it signs too many fields");
    }
    let identity = signature.i.rsplit_once('@').map(|(_, domain)| domain);
    let identity = identity.map(normal);
    if identity.is_some_and(|domain| !is_in(&domain, &normal(&signature.d))) {
        return wrong("its identity is of another domain");
    }
    if first(text, "q").is_some_and(|q| !q.split(':').any(|q| q.trim() == "dns/txt")) {
        return wrong("its key is not in DNS");
    }
    if signature.a == Algorithm::RsaSha1 {
        // RFC 8301, section 3.1.
        return Err((AuthResult::Policy, "SHA-1 proves nothing".to_owned()));
    }
    Ok(signature)
}

impl Read {
    /// Under which name its key stands; `None` if it needs none.
    pub(super) fn key_name(&self) -> Option<String> {
        let signature = self.parsed.as_ref().ok()?;
        Some(key::name(&signature.s, &self.shown.domain))
    }

    /// The domain that signs; empty if the field makes no sense.
    pub(super) fn domain(&self) -> &str {
        &self.shown.domain
    }

    /// How it ends. `now` is in seconds since 1970.
    pub(super) fn verify(
        self,
        source: &Source,
        keys: &Keys,
        bodies: &mut BodyHashes<'_>,
        now: u64,
    ) -> Signature {
        let verified = self.verified(source, keys, bodies, now);
        let (result, because) = match verified {
            Ok(()) => (AuthResult::Pass, String::new()),
            Err(unverifiable) => unverifiable,
        };
        Signature { result, because, ..self.shown }
    }

    fn verified(
        &self,
        source: &Source,
        keys: &Keys,
        bodies: &mut BodyHashes<'_>,
        now: u64,
    ) -> Result<(), Unverifiable> {
        let signature = self.parsed.as_ref().map_err(Clone::clone)?;
        let fails = |what: &str| Err((AuthResult::Fail, what.to_owned()));
        if signature.x != 0 && (signature.x < signature.t || signature.x < now) {
            return fails("expired");
        }
        let key = keys.get(&key::name(&signature.s, &self.shown.domain), signature.a)?;
        let of_domain = signature.i.is_empty()
            || signature
                .i
                .rsplit_once('@')
                .is_some_and(|(_, domain)| normal(domain) == self.shown.domain);
        if key.is_strict && !of_domain {
            return fails("its identity is of a subdomain, which the key forbids");
        }
        if source.is_cut_off() {
            return Err((AuthResult::Temperror, "the message is longer than what is read".into()));
        }
        match bodies.get(signature.cb, self.signed_bytes) {
            Some(hash) if hash == signature.bh => {}
            Some(_) => return fails("the body was changed"),
            None => return fails("the body is shorter than what was signed"),
        }
        let own = source.fields().get(self.place);
        let mut fields = signed_fields(source, &signature.h);
        let own = own.map(|field| {
            let (name, _) = source.written(field);
            (name, without_signature(source.value(field)))
        });
        fields.extend(own.iter().map(|(name, value)| (*name, value.as_slice())));
        key.verify(fields, signature, signature.ch)
    }
}

/// The fields that are signed: of several of one name the lowest first (RFC 6376, section 5.4.2). Those
/// that are not there sign nothing.
pub(super) fn signed_fields<'s>(source: &'s Source, names: &[String]) -> Vec<(&'s [u8], &'s [u8])> {
    // For each name how many of it have been taken.
    let mut taken: Vec<(&str, usize)> = Vec::new();
    let mut fields = Vec::with_capacity(names.len() + 1);
    for name in names {
        let same = taken.iter().position(|(other, _)| other.eq_ignore_ascii_case(name));
        let place = same.unwrap_or_else(|| {
            taken.push((name, 0));
            taken.len() - 1
        });
        let Some((_, count)) = taken.get_mut(place) else { continue };
        let of_name = source.fields().iter().rev().filter(|f| f.name.eq_ignore_ascii_case(name));
        if let Some(field) = of_name.clone().nth(*count) {
            fields.push(source.written(field));
            *count += 1;
        }
    }
    fields
}
