//! ARC (RFC 8617): the chain of those who handed a message on, each of whom sealed what it found.

use mail_auth::{
    arc::{ChainValidation, Results, Seal, Signature},
    common::{crypto::Algorithm, verify::VerifySignature},
    dkim::Canonicalization,
};

use super::{
    body_hash::BodyHashes,
    dkim::{MOST_NAMES, signed_fields},
    domain::{is_in, normal},
    key::{self, Keys, Unverifiable},
    source::Source,
    tags::without_signature,
};
use crate::{
    mail::Header,
    verdict::{AuthResult, Chain},
};

/// Sets that are looked at: each costs questions and signatures. The RFC allows 50.
const MOST: usize = 20;

/// The fields of one that handed the message on.
struct Set {
    results: usize,
    message: (usize, Signature),
    seal: (usize, Seal),
}

/// A chain as read, oldest set first.
pub(super) struct Read {
    sets: Vec<Set>,
    /// What is wrong with it, whatever the keys.
    wrong: Option<Unverifiable>,
}

/// `None`: no ARC fields at all.
pub(super) fn read(source: &Source) -> Option<Read> {
    let mut results = collect(source, "ARC-Authentication-Results", |value| {
        Results::parse(value).map(|results| (results.i, ()))
    });
    let mut messages = collect(source, "ARC-Message-Signature", |value| {
        Signature::parse(value).map(|signature| (signature.i, signature))
    });
    let mut seals =
        collect(source, "ARC-Seal", |value| Seal::parse(value).map(|seal| (seal.i, seal)));
    if results.is_empty() && messages.is_empty() && seals.is_empty() {
        return None;
    }
    let broken = |result, what: &str| {
        Some(Read { sets: Vec::new(), wrong: Some((result, what.to_owned())) })
    };
    if results.len().max(messages.len()).max(seals.len()) > MOST {
        return broken(AuthResult::Policy, "more sets than are looked at");
    }
    for list in [in_order(&mut results), in_order(&mut messages), in_order(&mut seals)] {
        if let Err(what) = list {
            return broken(AuthResult::Fail, &what);
        }
    }
    if results.len() != messages.len() || results.len() != seals.len() {
        return broken(AuthResult::Fail, "fields are missing");
    }
    let sets = results.into_iter().zip(messages).zip(seals);
    let sets: Vec<Set> = sets
        .filter_map(|((results, message), seal)| {
            Some(Set {
                results: results.place,
                message: (message.place, message.parsed.ok()?.1),
                seal: (seal.place, seal.parsed.ok()?.1),
            })
        })
        .collect();
    let wrong = validation(&sets).map(|what| (AuthResult::Fail, what));
    Some(Read { sets, wrong })
}

/// A field with its instance.
struct Field<T> {
    place: usize,
    parsed: Result<(u32, T), String>,
}

fn collect<T>(
    source: &Source,
    name: &str,
    parse: impl Fn(&[u8]) -> mail_auth::Result<(u32, T)>,
) -> Vec<Field<T>> {
    let fields = source.fields().iter().enumerate();
    let named = fields.filter(|(_, field)| field.name.eq_ignore_ascii_case(name));
    named
        .take(MOST + 1)
        .map(|(place, field)| {
            let parsed = parse(source.value(field));
            Field { place, parsed: parsed.map_err(|error| format!("{name}: {error}")) }
        })
        .collect()
}

/// Puts fields in the order of their instances, which must be 1, 2, 3 …
fn in_order<T>(fields: &mut [Field<T>]) -> Result<(), String> {
    fields.sort_by_key(|field| field.parsed.as_ref().map_or(0, |(instance, _)| *instance));
    for (expected, field) in (1..).zip(fields.iter()) {
        match &field.parsed {
            Ok((instance, _)) if *instance == expected => {}
            Ok((instance, _)) => return Err(format!("instance {instance} in place of {expected}")),
            Err(error) => return Err(error.clone()),
        }
    }
    Ok(())
}

/// What is wrong with `cv=`: the first says none, all others pass.
fn validation(sets: &[Set]) -> Option<String> {
    let expected = |index| if index == 0 { ChainValidation::None } else { ChainValidation::Pass };
    let wrong = |(index, set): (usize, &Set)| set.seal.1.cv != expected(index);
    sets.iter().enumerate().any(wrong).then(|| "a seal says that it was broken".into())
}

impl Read {
    /// Under which names its keys stand.
    pub(super) fn key_names(&self) -> Vec<String> {
        if self.wrong.is_some() {
            return Vec::new();
        }
        let newest = self.sets.last().map(|set| key_name(&set.message.1));
        self.sets.iter().map(|set| key_name(&set.seal.1)).chain(newest).collect()
    }

    /// How it ends. A chain that holds may be vouched for by the sealers who are trusted.
    pub(super) fn verify(
        &self,
        source: &Source,
        keys: &Keys,
        bodies: &mut BodyHashes<'_>,
        now: u64,
        trusted: &[String],
    ) -> Chain {
        let verified = match &self.wrong {
            Some(wrong) => Err(wrong.clone()),
            None => self.verified(source, keys, bodies, now),
        };
        let domain = |set: &Set| normal(&set.seal.1.d);
        let sealers = self.sets.iter().map(domain).collect();
        match verified {
            Ok(()) => Chain {
                result: AuthResult::Pass,
                vouched_by: self.vouched_by(source, trusted),
                sealers,
                because: String::new(),
            },
            Err((result, because)) => Chain { result, sealers, vouched_by: None, because },
        }
    }

    fn verified(
        &self,
        source: &Source,
        keys: &Keys,
        bodies: &mut BodyHashes<'_>,
        now: u64,
    ) -> Result<(), Unverifiable> {
        let Some(newest) = self.sets.last() else { return Ok(()) };
        verify_message(source, newest, keys, bodies, now)?;
        for (index, set) in self.sets.iter().enumerate().rev() {
            self.verify_seal(source, index, set, keys)?;
        }
        Ok(())
    }

    /// A seal signs all sets up to its own (RFC 8617, section 5.1.1).
    fn verify_seal(
        &self,
        source: &Source,
        index: usize,
        set: &Set,
        keys: &Keys,
    ) -> Result<(), Unverifiable> {
        let field = |place: usize| source.fields().get(place).map(|field| source.written(field));
        let earlier = self.sets.iter().take(index);
        let places = earlier.flat_map(|set| [set.results, set.message.0, set.seal.0]);
        let places = places.chain([set.results, set.message.0]);
        let own = source.fields().get(set.seal.0).map(|own| stripped(source, own));
        let mut fields: Vec<_> = places.filter_map(field).collect();
        fields.extend(own.iter().map(|(name, value)| (*name, value.as_slice())));
        verify(&set.seal.1, fields, Canonicalization::Relaxed, keys)
    }

    /// The oldest sealer that says that DMARC passes, if it and all who came after are trusted.
    fn vouched_by(&self, source: &Source, trusted: &[String]) -> Option<String> {
        let is_trusted = |domain: &str| trusted.iter().any(|known| is_in(domain, known));
        let newest_first = self.sets.iter().rev();
        let domains = newest_first.map(|set| (normal(&set.seal.1.d), set));
        let mut believed = domains.take_while(|(domain, _)| is_trusted(domain));
        let says_pass = |set: &Set| {
            let value = source.fields().get(set.results).map(|field| source.value(field));
            value.is_some_and(|value| reports_dmarc_pass(&String::from_utf8_lossy(value)))
        };
        believed.find(|(_, set)| says_pass(set)).map(|(domain, _)| domain)
    }
}

fn verify_message(
    source: &Source,
    set: &Set,
    keys: &Keys,
    bodies: &mut BodyHashes<'_>,
    now: u64,
) -> Result<(), Unverifiable> {
    let (place, signature) = &set.message;
    let fails = |what: &str| Err((AuthResult::Fail, what.to_owned()));
    if signature.x != 0 && signature.x < now {
        return fails("expired");
    }
    if signature.h.len() > MOST_NAMES {
        return fails("it signs too many fields");
    }
    if source.is_cut_off() {
        return Err((AuthResult::Temperror, "the message is longer than what is read".into()));
    }
    let signed = (signature.l != 0).then_some(signature.l);
    if bodies.get(signature.cb, signed).as_ref() != Some(&signature.bh) {
        return fails("the body was changed");
    }
    let mut fields = signed_fields(source, &signature.h);
    let own = source.fields().get(*place).map(|own| stripped(source, own));
    fields.extend(own.iter().map(|(name, value)| (*name, value.as_slice())));
    verify(signature, fields, signature.ch, keys)
}

fn verify(
    signature: &impl VerifySignature,
    fields: Vec<(&[u8], &[u8])>,
    form: Canonicalization,
    keys: &Keys,
) -> Result<(), Unverifiable> {
    if signature.algorithm() == Algorithm::RsaSha1 {
        return Err((AuthResult::Fail, "SHA-1 proves nothing".to_owned()));
    }
    keys.get(&key_name(signature), signature.algorithm())?.verify(fields, signature, form)
}

fn stripped<'s>(source: &'s Source, field: &Header) -> (&'s [u8], Vec<u8>) {
    (source.written(field).0, without_signature(source.value(field)))
}

fn key_name(signature: &impl VerifySignature) -> String {
    key::name(signature.selector(), &normal(signature.domain()))
}

/// Whether results hold `dmarc=pass`; what stands in comments or quotes is no result.
fn reports_dmarc_pass(value: &str) -> bool {
    let (mut depth, mut is_quoted) = (0_usize, false);
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            other => text.push(other),
        }
    }
    text.split(';').any(|result| {
        let result = result.trim_start().to_ascii_lowercase();
        let rest = result.strip_prefix("dmarc").map(str::trim_start);
        let rest = rest.and_then(|rest| rest.strip_prefix('=')).map(str::trim_start);
        rest.and_then(|rest| rest.split_whitespace().next()) == Some("pass")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_result_is_a_pass() {
        for (value, passes) in [
            ("i=1; mx.example; spf=pass; dmarc=pass header.from=a.example", true),
            ("i=1; mx.example; DMARC = pass (p=none)", true),
            ("i=1; mx.example; dmarc=fail (dmarc=pass)", false),
            ("i=1; mx.example (; dmarc=pass)", false),
            ("i=1; mx.example; spf=fail reason=\"; dmarc=pass\"", false),
            ("i=1; mx.example; xdmarc=pass", false),
            ("i=1; mx.example; dmarc=passable", false),
        ] {
            assert_eq!(reports_dmarc_pass(value), passes, "{value}");
        }
    }
}
