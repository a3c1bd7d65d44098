//! Finding records and organisational domains by walking up the tree of names (RFC 9989, section 4.10).

use futures_util::future::join_all;

use super::record::Record;
use crate::{
    dns::{DnsError, Resolver},
    verdict::Witness,
};

/// Questions of one walk: the domain, then its last so many labels, one fewer each time.
const MOST: usize = 8;

/// The records at a domain and above it.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    domain: String,
    /// With the names they stand at, the longest first.
    found: Vec<(String, Record)>,
}

impl Walk {
    /// Asks for all of them at once.
    ///
    /// # Errors
    /// A server failed, other than that of the top-level domain, so that it is not known which record
    /// applies.
    pub(super) async fn up_from(
        domain: &str,
        resolver: &Resolver,
        witness: &Witness,
    ) -> Result<Self, DnsError> {
        let names = names(domain);
        let asked = names.iter().map(|name| {
            let name = format!("_dmarc.{name}");
            async move { resolver.texts(&name, witness).await }
        });
        let mut found = Vec::new();
        for (name, texts) in names.iter().zip(join_all(asked).await) {
            let texts = match texts {
                Ok(texts) => texts.answers,
                Err(DnsError::Name { .. }) => continue,
                Err(_) if !name.contains('.') => continue,
                Err(error) => return Err(error),
            };
            let Some(record) = the_one(&texts) else { continue };
            let is_last = record.is_public_suffix.is_some();
            found.push(((*name).to_owned(), record));
            if is_last {
                break;
            }
        }
        Ok(Self { domain: domain.to_owned(), found })
    }

    /// The organisational domain: the domain itself where there is no record.
    pub(super) fn organisation(&self) -> &str {
        for (name, record) in &self.found {
            match record.is_public_suffix {
                Some(false) => return name,
                Some(true) if *name != self.domain => return one_label_more(&self.domain, name),
                _ => {}
            }
        }
        self.found.last().map_or(&self.domain, |(name, _)| name)
    }

    /// The record that applies to the domain, and whether it is the domain's own: else that of the
    /// organisation, else that of the public suffix above.
    pub(super) fn record(&self) -> Option<(&Record, bool)> {
        let at = |name: &str| self.found.iter().find(|(n, _)| n == name).map(|(_, record)| record);
        let own = at(&self.domain).map(|record| (record, true));
        let above = || at(self.organisation()).or(self.found.last().map(|(_, record)| record));
        own.or_else(|| above().map(|record| (record, false)))
    }
}

/// The only DMARC record; several are none.
fn the_one(texts: &[String]) -> Option<Record> {
    let mut records = texts.iter().filter_map(|text| Record::parse(text));
    let record = records.next()?;
    records.next().is_none().then_some(record)
}

/// The names that are asked about, the longest first.
fn names(domain: &str) -> Vec<&str> {
    let labels = domain.split('.').count();
    let above = (1..labels.min(MOST)).rev();
    let suffix = |labels: usize| {
        let start = domain.rmatch_indices('.').nth(labels - 1).map_or(0, |(dot, _)| dot + 1);
        domain.get(start..).unwrap_or(domain)
    };
    std::iter::once(domain).chain(above.map(suffix)).collect()
}

/// The domain's suffix that is one label longer than this one.
fn one_label_more<'d>(domain: &'d str, suffix: &str) -> &'d str {
    let Some(head) = domain.strip_suffix(suffix).and_then(|head| head.strip_suffix('.')) else {
        return domain;
    };
    let start = head.rfind('.').map_or(0, |dot| dot + 1);
    domain.get(start..).unwrap_or(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_up_to_the_top_level_domain() {
        assert_eq!(names("example"), ["example"]);
        assert_eq!(names("a.b.example"), ["a.b.example", "b.example", "example"]);
        // RFC 9989, section 4.10: eight questions whatever the length.
        let long = names("a.b.c.d.e.f.g.h.i.j.mail.example.com");
        assert_eq!(long.len(), 8);
        assert_eq!((long[1], long[7]), ("g.h.i.j.mail.example.com", "com"));
        assert_eq!(one_label_more("a.b.co.example", "co.example"), "b.co.example");
        assert_eq!(one_label_more("b.co.example", "co.example"), "b.co.example");
    }
}
