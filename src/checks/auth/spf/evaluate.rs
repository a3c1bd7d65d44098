//! check_host (RFC 7208, section 4): from a record to a result, asking as it goes.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, join_all},
};
use ipnet::{Ipv4Net, Ipv6Net};

use super::{
    Outcome, Question,
    macros::{DomainSpec, MacroString, Values},
    record::{Directive, Mechanism, Prefixes, Record, is_record},
};
use crate::{
    dns::{DnsError, Records, Resolver},
    verdict::{AuthResult, Witness},
};

/// Terms that ask DNS.
const MOST_TERMS: usize = 10;
/// Questions of such terms that find nothing.
const MOST_VOID: usize = 2;
/// Mail exchangers of one term; names of a client that are looked at.
pub(super) const MOST_NAMES: usize = 10;
/// Characters of an explanation.
const MOST_EXPLANATION: usize = 400;

/// The evaluation ends without a match.
pub(super) enum Stop {
    Temperror(String),
    Permerror(String),
}

/// What a record says.
struct Said {
    result: AuthResult,
    /// The term that matched.
    because: String,
    /// Whose record it was.
    domain: String,
    /// `exp=` of that record.
    explanation: Option<DomainSpec>,
}

pub(super) struct Evaluation<'e> {
    question: &'e Question,
    pub(super) resolver: &'e Resolver,
    pub(super) witness: &'e Witness,
    sender: String,
    terms: usize,
    void: usize,
    /// The client's names that lead back to it, once they have been asked for.
    pub(super) validated: Option<Vec<String>>,
}

pub(super) async fn evaluate(
    question: &Question,
    resolver: &Resolver,
    witness: &Witness,
) -> Outcome {
    let mut evaluation = Evaluation {
        question,
        resolver,
        witness,
        sender: format!("{}@{}", question.local_part, question.domain),
        terms: 0,
        void: 0,
        validated: None,
    };
    match evaluation.check_host(question.domain.clone()).await {
        Ok(Some(said)) => evaluation.outcome(said).await,
        Ok(None) => Outcome { because: "no record".to_owned(), ..Outcome::default() },
        Err(Stop::Temperror(because)) => {
            Outcome { result: AuthResult::Temperror, because, explanation: None }
        }
        Err(Stop::Permerror(because)) => {
            Outcome { result: AuthResult::Permerror, because, explanation: None }
        }
    }
}

impl Evaluation<'_> {
    /// `None`: the domain has no record, or is none.
    fn check_host(&mut self, domain: String) -> BoxFuture<'_, Result<Option<Said>, Stop>> {
        async move {
            let Some(record) = self.record(&domain).await? else { return Ok(None) };
            for Directive { qualifier, mechanism, term } in &record.directives {
                if self.matches(mechanism, &domain).await? {
                    return Ok(Some(Said {
                        result: *qualifier,
                        because: format!("{domain}: {term}"),
                        domain,
                        explanation: record.explanation,
                    }));
                }
            }
            match &record.redirect {
                Some(target) => self.redirect(target, &domain).await.map(Some),
                None => Ok(Some(Said {
                    result: AuthResult::Neutral,
                    because: format!("{domain}: no term matches"),
                    domain,
                    explanation: None,
                })),
            }
        }
        .boxed()
    }

    async fn record(&self, domain: &str) -> Result<Option<Record>, Stop> {
        if !is_checkable(domain) {
            return Ok(None);
        }
        let texts = found(self.resolver.texts(domain, self.witness).await)?;
        let mut records = texts.iter().filter(|text| is_record(text));
        let Some(text) = records.next() else { return Ok(None) };
        if records.next().is_some() {
            return Err(Stop::Permerror(format!("{domain} has several records")));
        }
        match Record::parse(text) {
            Ok(record) => Ok(Some(record)),
            Err(error) => Err(Stop::Permerror(format!("{domain}: {error}"))),
        }
    }

    async fn redirect(&mut self, target: &DomainSpec, domain: &str) -> Result<Said, Stop> {
        self.count_term()?;
        let target = self.expanded(target, domain).await;
        let said = self.check_host(target.clone()).await?;
        said.ok_or_else(|| Stop::Permerror(format!("{target}: no record to redirect to")))
    }

    async fn matches(&mut self, mechanism: &Mechanism, domain: &str) -> Result<bool, Stop> {
        match (mechanism, self.address()) {
            (Mechanism::All, _) => Ok(true),
            (Mechanism::Ip4(network), IpAddr::V4(client)) => Ok(network.contains(&client)),
            (Mechanism::Ip6(network), IpAddr::V6(client)) => Ok(network.contains(&client)),
            (Mechanism::Ip4(_) | Mechanism::Ip6(_), _) => Ok(false),
            (asking, _) => {
                self.count_term()?;
                self.ask(asking, domain).await
            }
        }
    }

    /// Whether a mechanism matches that asks DNS.
    async fn ask(&mut self, mechanism: &Mechanism, domain: &str) -> Result<bool, Stop> {
        match mechanism {
            Mechanism::Include(target) => self.include(target, domain).await,
            Mechanism::A(target, prefixes) => {
                let target = self.target(target.as_ref(), domain).await;
                let hit = self.host(&target, *prefixes).await?;
                self.count_void(hit.is_none())?;
                Ok(hit == Some(true))
            }
            Mechanism::Mx(target, prefixes) => {
                let target = self.target(target.as_ref(), domain).await;
                self.exchangers(&target, *prefixes).await
            }
            Mechanism::Ptr(target) => {
                let target = self.target(target.as_ref(), domain).await;
                self.names(&target).await
            }
            Mechanism::Exists(target) => self.exists(target, domain).await,
            Mechanism::All | Mechanism::Ip4(_) | Mechanism::Ip6(_) => Ok(false),
        }
    }

    async fn exists(&mut self, target: &DomainSpec, domain: &str) -> Result<bool, Stop> {
        let target = self.expanded(target, domain).await;
        let addresses = found(self.resolver.addresses(&target, self.witness).await)?;
        self.count_void(addresses.is_empty())?;
        Ok(!addresses.is_empty())
    }

    async fn include(&mut self, target: &DomainSpec, domain: &str) -> Result<bool, Stop> {
        let target = self.expanded(target, domain).await;
        match self.check_host(target.clone()).await? {
            Some(said) => Ok(said.result == AuthResult::Pass),
            None => Err(Stop::Permerror(format!("{target}: no record to include"))),
        }
    }

    /// Whether the host has the client's address; `None` if it has none of that family.
    pub(super) async fn host(&self, name: &str, prefixes: Prefixes) -> Result<Option<bool>, Stop> {
        let (resolver, witness) = (self.resolver, self.witness);
        let hits: Vec<bool> = match self.address() {
            IpAddr::V4(client) => {
                let addresses = found(resolver.addresses(name, witness).await)?;
                addresses.iter().map(|&address| same_v4(address, client, prefixes.v4)).collect()
            }
            IpAddr::V6(client) => {
                let addresses = found(resolver.addresses_v6(name, witness).await)?;
                addresses.iter().map(|&address| same_v6(address, client, prefixes.v6)).collect()
            }
        };
        Ok((!hits.is_empty()).then(|| hits.contains(&true)))
    }

    async fn exchangers(&mut self, domain: &str, prefixes: Prefixes) -> Result<bool, Stop> {
        let exchangers = found(self.resolver.exchangers(domain, self.witness).await)?;
        self.count_void(exchangers.is_empty())?;
        if exchangers.len() > MOST_NAMES {
            return Err(Stop::Permerror(format!("{domain} has more than {MOST_NAMES} MX")));
        }
        let hosts = exchangers.iter().map(|exchanger| self.host(&exchanger.host, prefixes));
        for hit in join_all(hosts).await {
            if hit? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn target(&mut self, target: Option<&DomainSpec>, domain: &str) -> String {
        match target {
            Some(target) => self.expanded(target, domain).await,
            None => domain.to_owned(),
        }
    }

    async fn expanded(&mut self, spec: &DomainSpec, domain: &str) -> String {
        if spec.macros().needs_validated_name() {
            self.validate_names().await;
        }
        self.with_values(domain, |values| spec.expand(values))
    }

    fn with_values<T>(&self, domain: &str, use_them: impl FnOnce(&Values<'_>) -> T) -> T {
        let client = self.address();
        use_them(&Values {
            sender: &self.sender,
            domain,
            address: &dotted(client),
            readable_address: &client.to_string(),
            version: if client.is_ipv4() { "in-addr" } else { "ip6" },
            helo: &self.question.helo,
            validated: self.validated_name(domain),
            receiver: &self.question.receiver,
            seconds: self.question.seconds,
        })
    }

    async fn outcome(&mut self, said: Said) -> Outcome {
        let explanation = match &said.explanation {
            Some(spec) if said.result == AuthResult::Fail => self.explain(spec, &said.domain).await,
            _ => None,
        };
        Outcome { result: said.result, because: said.because, explanation }
    }

    /// Whatever goes wrong here leaves no explanation (RFC 7208, section 6.2).
    async fn explain(&mut self, spec: &DomainSpec, domain: &str) -> Option<String> {
        let name = self.expanded(spec, domain).await;
        let texts = self.resolver.texts(&name, self.witness).await.ok()?.answers;
        let [text] = texts.as_slice() else { return None };
        let text = MacroString::parse_explanation(text)?;
        if text.needs_validated_name() {
            self.validate_names().await;
        }
        let explanation = self.with_values(domain, |values| text.expand(values));
        let printable = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
        Some(explanation.chars().map(printable).take(MOST_EXPLANATION).collect())
    }

    pub(super) fn address(&self) -> IpAddr {
        self.question.address.to_canonical()
    }

    fn count_term(&mut self) -> Result<(), Stop> {
        self.terms += 1;
        if self.terms > MOST_TERMS {
            return Err(Stop::Permerror(format!("more than {MOST_TERMS} terms that ask DNS")));
        }
        Ok(())
    }

    pub(super) fn count_void(&mut self, void: bool) -> Result<(), Stop> {
        self.void += usize::from(void);
        if self.void > MOST_VOID {
            return Err(Stop::Permerror(format!("more than {MOST_VOID} questions find nothing")));
        }
        Ok(())
    }
}

/// What a name has; nothing where it is no name at all.
fn found<T>(records: Result<Records<T>, DnsError>) -> Result<Vec<T>, Stop> {
    match records {
        Ok(records) => Ok(records.answers),
        Err(DnsError::Name { .. }) => Ok(Vec::new()),
        Err(error) => Err(Stop::Temperror(crate::chain(&error))),
    }
}

/// Whether a domain can have a record: several labels of 1 to 63 bytes (RFC 7208, section 4.3).
fn is_checkable(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let is_label = |label: &str| (1..=63).contains(&label.len());
    domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label)
}

fn same_v4(address: Ipv4Addr, client: Ipv4Addr, bits: u8) -> bool {
    Ipv4Net::new(address, bits).is_ok_and(|network| network.contains(&client))
}

fn same_v6(address: Ipv6Addr, client: Ipv6Addr, bits: u8) -> bool {
    Ipv6Net::new(address, bits).is_ok_and(|network| network.contains(&client))
}

/// An address as `%{i}` has it: parted by dots.
fn dotted(address: IpAddr) -> String {
    let IpAddr::V6(address) = address else { return address.to_string() };
    let mut text = String::with_capacity(63);
    for (index, octet) in address.octets().into_iter().enumerate() {
        let dot = if index == 0 { "" } else { "." };
        // Writing into a string cannot fail.
        let _ = write!(text, "{dot}{:x}.{:x}", octet >> 4, octet & 15);
    }
    text
}
