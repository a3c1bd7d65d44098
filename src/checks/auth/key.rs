//! Public keys in DNS (RFC 6376, section 3.6; RFC 8301, 8463).

use std::collections::HashMap;

use futures_util::future::join_all;
use mail_auth::{
    common::{
        crypto::{Algorithm, CryptoError},
        parse::TxtRecordParser,
        verify::{DomainKey, VerifySignature},
    },
    dkim::Canonicalization,
};

use super::tags;
use crate::{
    dns::{DnsError, Resolver},
    verdict::{AuthResult, Witness},
};

/// The least bits of an RSA key (RFC 8301, section 3.2).
const LEAST_RSA_BITS: usize = 1_024;

/// A key, and what it is for.
pub(super) struct Key {
    key: DomainKey,
    /// `t=s`: the identity must be of the very domain.
    pub(super) is_strict: bool,
    /// `h=` without sha256, or `s=` without mail.
    is_for_others: bool,
}

/// Why a signature cannot be verified: how it ends, and what is wrong.
pub(super) type Unverifiable = (AuthResult, String);

/// Keys by the names they were asked for under.
#[derive(Default)]
pub(super) struct Keys(HashMap<String, Result<Key, Unverifiable>>);

impl Keys {
    /// Asks for all at once.
    pub(super) async fn ask(
        mut names: Vec<String>,
        resolver: &Resolver,
        witness: &Witness,
    ) -> Self {
        names.sort_unstable();
        names.dedup();
        let asked = names.into_iter().map(|name| async move {
            let texts = resolver.texts(&name, witness).await.map(|records| records.answers);
            let key = read(texts, &name);
            (name, key)
        });
        Self(join_all(asked).await.into_iter().collect())
    }

    /// The key for a signature of this algorithm.
    pub(super) fn get(&self, name: &str, algorithm: Algorithm) -> Result<&Key, Unverifiable> {
        let missing = || (AuthResult::Temperror, format!("{name} was not asked for"));
        let key = self.0.get(name).ok_or_else(missing)?.as_ref().map_err(Clone::clone)?;
        if key.is_for_others {
            return Err((AuthResult::Permerror, format!("{name} is a key for something else")));
        }
        let bits = key.key.p.public_key_bits();
        if algorithm == Algorithm::RsaSha256 && bits < LEAST_RSA_BITS {
            return Err((AuthResult::Policy, format!("a key of {bits} bits")));
        }
        Ok(key)
    }
}

impl Key {
    /// Whether these fields are what was signed.
    pub(super) fn verify(
        &self,
        fields: Vec<(&[u8], &[u8])>,
        signature: &impl VerifySignature,
        form: Canonicalization,
    ) -> Result<(), Unverifiable> {
        let (bytes, algorithm) = (signature.signature(), signature.algorithm());
        let verified = self.key.p.verify(&mut fields.into_iter(), bytes, form, algorithm);
        verified.map_err(|error| match error {
            mail_auth::Error::Crypto(CryptoError::IncompatibleAlgorithms) => {
                (AuthResult::Permerror, "the key is of another kind".to_owned())
            }
            _ => (AuthResult::Fail, "the signature does not fit the header".to_owned()),
        })
    }
}

/// Where a key stands.
pub(super) fn name(selector: &str, domain: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

fn read(texts: Result<Vec<String>, DnsError>, name: &str) -> Result<Key, Unverifiable> {
    let texts = match texts {
        Ok(texts) => texts,
        Err(DnsError::Name { .. }) => Vec::new(),
        Err(error) => return Err((AuthResult::Temperror, crate::chain(&error))),
    };
    // Of several, which nobody may publish, the first that can be read.
    let mut wrong = format!("no key at {name}");
    for text in &texts {
        match DomainKey::parse(text.as_bytes()) {
            Ok(key) => return Ok(described(key, text)),
            Err(error) => wrong = format!("{name}: {error}"),
        }
    }
    Err((AuthResult::Permerror, wrong))
}

fn described(key: DomainKey, text: &str) -> Key {
    let has = |tag: &str, wanted: &[&str]| {
        tags::first(text, tag).map(|value| {
            value.split(':').any(|word| wanted.iter().any(|w| word.trim().eq_ignore_ascii_case(w)))
        })
    };
    Key {
        key,
        is_strict: has("t", &["s"]) == Some(true),
        is_for_others: has("h", &["sha256"]) == Some(false)
            || has("s", &["*", "email"]) == Some(false),
    }
}
