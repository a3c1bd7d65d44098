//! The resolver: questions, shared and bounded.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    lookup::Lookup,
    net::{DnsError as Semantic, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData, RecordType},
    system_conf::read_system_conf,
};
use tokio::{sync::Semaphore, time::timeout};

use super::{
    DnsError, Kind, Server, Settings,
    cache::{self, Answers, Found, Key, Known, NO_ERROR},
    hidden::Hidden,
    spoken,
};
use crate::{metrics, verdict::Witness};

/// Questions on the wire at a time. Each holds a socket per server asked and per packet sent again,
/// up to six when nothing answers: they must not eat the descriptors that the listeners need.
const ON_THE_WIRE: usize = 256;
/// Payload that passes every path unfragmented (DNS flag day 2020).
const EDNS_PAYLOAD: u16 = 1_232;

/// The longest answer that is read, in bytes. Policies and lists need far less; what is read is kept
/// with the judgement.
const LONGEST: usize = 16 << 10;

/// What a name has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records<T> {
    /// The records; none if there is no such name or no such record.
    pub answers: Vec<T>,
    /// The response code (RFC 1035, section 4.1.1): 3, no such name, only where there are no records.
    pub code: u16,
    /// How long the answer is remembered.
    pub ttl: Duration,
}

/// A host that takes mail for a domain (RFC 5321, section 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchanger {
    /// Lower is tried first.
    pub preference: u16,
    /// Its name in lower case, without its final dot.
    pub host: String,
}

/// Asks, remembers, shares. Cheap to clone.
#[derive(Clone)]
pub struct Resolver {
    shared: Arc<Shared>,
    hidden: Hidden,
}

struct Shared {
    hickory: TokioResolver,
    answers: Answers,
    slots: Semaphore,
    timeout: Duration,
}

impl Resolver {
    /// A resolver with an empty cache. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// [`DnsError::Zero`] for a timeout of nothing; [`DnsError::System`] if there are no servers in the settings and none in
    /// `/etc/resolv.conf`; [`DnsError::Setup`] if hickory refuses the settings.
    pub fn new(settings: &Settings) -> Result<Self, DnsError> {
        if settings.timeout_ms == 0 {
            return Err(DnsError::Zero { key: "timeout_ms" });
        }
        let shared = Shared {
            hickory: hickory(settings)?,
            answers: cache::build(settings.cache_entries),
            slots: Semaphore::new(ON_THE_WIRE),
            timeout: settings.timeout(),
        };
        Ok(Self { shared: Arc::new(shared), hidden: Hidden::default() })
    }

    /// The same resolver for somebody who asks for names with these secrets in them.
    #[must_use]
    pub fn hiding(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        self.hidden = Hidden::new(secrets);
        self
    }

    /// The IPv4 addresses of a name (A). The name is absolute, with or without its final dot. The
    /// witness takes down what comes, or says what came then.
    ///
    /// # Errors
    /// Everything but "there is no such thing": no name, timeout, SERVFAIL, REFUSED; for a message
    /// that was judged before, [`DnsError::NotRecorded`].
    pub async fn addresses(
        &self,
        name: &str,
        witness: &Witness,
    ) -> Result<Records<Ipv4Addr>, DnsError> {
        self.ask(name, RecordType::A, witness).await.map(|found| records(&found, ipv4))
    }

    /// The texts of a name (TXT), each with its pieces joined; invalid UTF-8 replaced.
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn texts(&self, name: &str, witness: &Witness) -> Result<Records<String>, DnsError> {
        self.ask(name, RecordType::TXT, witness).await.map(|found| records(&found, text))
    }

    /// The IPv6 addresses of a name (AAAA).
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn addresses_v6(
        &self,
        name: &str,
        witness: &Witness,
    ) -> Result<Records<Ipv6Addr>, DnsError> {
        self.ask(name, RecordType::AAAA, witness).await.map(|found| records(&found, ipv6))
    }

    /// The mail exchangers of a domain (MX), as the server gave them: the null MX of RFC 7505 has an
    /// empty host.
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn exchangers(
        &self,
        name: &str,
        witness: &Witness,
    ) -> Result<Records<Exchanger>, DnsError> {
        self.ask(name, RecordType::MX, witness).await.map(|found| records(&found, exchanger))
    }

    /// The names of an address (PTR), in lower case, without their final dots.
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn names_of(
        &self,
        address: IpAddr,
        witness: &Witness,
    ) -> Result<Records<String>, DnsError> {
        let name = Name::from(address).to_ascii();
        self.ask(&name, RecordType::PTR, witness).await.map(|found| records(&found, pointer))
    }

    /// The name servers of a domain (NS), in lower case, without their final dots.
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn name_servers(
        &self,
        name: &str,
        witness: &Witness,
    ) -> Result<Records<String>, DnsError> {
        self.ask(name, RecordType::NS, witness).await.map(|found| records(&found, name_server_of))
    }

    /// Has the witness take down that nobody is asked for these records, and why.
    pub fn not_asked(&self, name: &str, kind: Kind, why: &str, witness: &Witness) {
        let now = (SystemTime::now(), Instant::now());
        if parse(name).is_ok() {
            let name = self.hidden.in_text(spelt(name));
            let aside = DnsError::SetAside { name: name.clone(), why: why.to_owned() };
            witness.looked_up(spoken::lookup(name, kind.record_type(), &Err(aside), now));
        }
    }

    /// As [`Resolver::addresses`], but asks a server now, whatever the cache holds, and does not
    /// remember the answer: for questions about the health of a zone.
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn addresses_now(&self, name: &str) -> Result<Records<Ipv4Addr>, DnsError> {
        let (name, kind) = (parse(name)?, RecordType::A);
        let known = self.shared.asked(&name, kind).await.map(|found| records(&found, ipv4));
        known.map_err(|error| self.hidden.in_error(error))
    }

    /// Drops what the cache holds about the records of a name.
    pub async fn forget(&self, name: &str, kind: Kind) {
        self.shared.answers.invalidate(&(spelt(name), kind.record_type())).await;
    }

    /// Has a question asked whose answer will be wanted soon. Nobody waits for it, and no witness
    /// hears it.
    pub fn expect(&self, name: &str, kind: Kind) {
        let key = (spelt(name), kind.record_type());
        if self.shared.answers.contains_key(&key) {
            return;
        }
        if let Ok(parsed) = parse(name) {
            let shared = Arc::clone(&self.shared);
            tokio::spawn(async move { shared.shared_answer(key, parsed).await });
        }
    }

    /// What came then, if that is asked for; else what comes now. The witness hears it.
    pub(super) async fn ask(&self, name: &str, kind: RecordType, witness: &Witness) -> Known {
        let parsed = || parse(name).map_err(|error| self.hidden.in_error(error));
        let key = (spelt(name), kind);
        let shown = self.hidden.in_text(key.0.clone());
        if witness.then().is_some() {
            parsed()?;
            return spoken::recalled(shown, kind, witness);
        }
        let asked = (SystemTime::now(), Instant::now());
        let known = match self.shared.answers.get(&key).await {
            Some(known) => {
                metrics::dns_cache_hit();
                known
            }
            None => self.unknown(key, parsed()?).await,
        };
        let known = known.map_err(|error| self.hidden.in_error(error));
        witness.looked_up(spoken::lookup(shown, kind, &known, asked));
        known
    }

    /// From the question that somebody else is asking, or by asking.
    async fn unknown(&self, key: Key, name: Name) -> Known {
        // A task of its own: a session that hangs up must not take the question away from the
        // others who wait for the same answer.
        let (shared, spelt) = (Arc::clone(&self.shared), key.0.clone());
        tokio::spawn(async move { shared.shared_answer(key, name).await })
            .await
            .unwrap_or(Err(DnsError::GivenUp { name: spelt }))
    }
}

impl Shared {
    /// Asks unless the same question is on its way; remembers what comes. `name` is the key's.
    async fn shared_answer(&self, key: Key, name: Name) -> Known {
        let asked = self.asked(&name, key.1);
        let entry = self.answers.entry(key).or_insert_with(asked).await;
        if !entry.is_fresh() {
            metrics::dns_cache_hit();
        }
        entry.into_value()
    }

    /// Asks a server; never takes longer than the timeout.
    async fn asked(&self, name: &Name, kind: RecordType) -> Known {
        let answer = timeout(self.timeout, self.on_the_wire(name.clone(), kind)).await;
        let known = match answer {
            Ok(Ok(lookup)) => self.not_too_long(name, found(&lookup, kind)),
            Ok(Err(error)) => self.denied_or_failed(name, error),
            Err(_elapsed) => Err(self.too_late(name)),
        };
        if known.is_err() {
            metrics::dns_failure();
        }
        known
    }

    fn not_too_long(&self, name: &Name, found: Found) -> Known {
        let bytes = cache::bytes(&found);
        match bytes > LONGEST {
            true => Err(DnsError::TooLong { name: name.to_string(), bytes }),
            false => Ok(Arc::new(found)),
        }
    }

    async fn on_the_wire(&self, name: Name, kind: RecordType) -> Result<Lookup, NetError> {
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await.ok();
        metrics::dns_question();
        self.hickory.lookup(name, kind).await
    }

    fn denied_or_failed(&self, name: &Name, error: NetError) -> Known {
        match error {
            NetError::Dns(Semantic::NoRecordsFound(none)) => {
                let ttl = none.negative_ttl.map(|s| Duration::from_secs(s.into()));
                Ok(Arc::new(Found::denial(none.response_code.into(), ttl)))
            }
            NetError::Dns(Semantic::ResponseCode(code)) => {
                Err(DnsError::Refused { name: name.to_string(), code: code.into() })
            }
            NetError::Timeout => Err(self.too_late(name)),
            source => Err(DnsError::Failed { name: name.to_string(), source }),
        }
    }

    fn too_late(&self, name: &Name) -> DnsError {
        DnsError::Timeout { name: name.to_string(), after: self.timeout }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("timeout", &self.shared.timeout).finish_non_exhaustive()
    }
}

fn hickory(settings: &Settings) -> Result<TokioResolver, DnsError> {
    let config = if settings.servers.is_empty() {
        read_system_conf().map_err(DnsError::System)?.0
    } else {
        let servers = settings.servers.iter().copied().map(name_server).collect();
        ResolverConfig::from_parts(None, Vec::new(), servers)
    };
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    // Two attempts share the time.
    options.attempts = 1;
    options.timeout = settings.timeout() / 2;
    // Two servers at a time: with one, a dead first server would spend all of it.
    options.num_concurrent_reqs = 2;
    options.max_active_requests = ON_THE_WIRE;
    options.edns_payload_len = EDNS_PAYLOAD;
    // Names are absolute and come from DNS alone; the only cache is ours.
    options.ndots = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = 0;
    builder.build().map_err(DnsError::Setup)
}

fn name_server(server: Server) -> NameServerConfig {
    let (mut udp, mut tcp) = (ConnectionConfig::udp(), ConnectionConfig::tcp());
    udp.port = server.address().port();
    tcp.port = server.address().port();
    NameServerConfig::new(server.address().ip(), true, vec![udp, tcp])
}

/// A name as it was asked for, in lower case, without its final dot.
fn spelt(name: &str) -> String {
    let mut name = name.to_ascii_lowercase();
    if name.ends_with('.') {
        name.pop();
    }
    name
}

/// An absolute name, or why there is none of that spelling. Labels may hold whatever is ASCII: what
/// senders put into names by SPF's macros is no host name.
fn parse(name: &str) -> Result<Name, DnsError> {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let parsed = if name.is_ascii() {
        Name::from_labels(labels.split('.').map(str::as_bytes))
    } else {
        Name::from_ascii(name)
    };
    parsed.map_err(|source| DnsError::Name { name: name.chars().take(80).collect(), source })
}

/// A domain name in ASCII, in lower case (RFC 5891); `None` if there is none of that spelling.
pub fn to_ascii(name: &str) -> Option<String> {
    Name::from_utf8(name).ok().map(|name| spoken::spelt(&name))
}

/// The records of the type asked for (an answer also holds the aliases on the way to it).
fn found(lookup: &Lookup, kind: RecordType) -> Found {
    let ttl = lookup.valid_until().saturating_duration_since(Instant::now());
    let records = lookup.answers().iter().filter(|record| record.record_type() == kind);
    let data: Vec<_> = records.map(|record| record.data.clone()).collect();
    if data.is_empty() { Found::denial(NO_ERROR, None) } else { Found::answer(data, ttl) }
}

fn records<T>(found: &Found, read: fn(&RData) -> Option<T>) -> Records<T> {
    let answers = found.data.iter().filter_map(read).collect();
    Records { answers, code: found.code, ttl: found.ttl }
}

fn ipv4(data: &RData) -> Option<Ipv4Addr> {
    match data {
        RData::A(address) => Some(address.0),
        _ => None,
    }
}

fn ipv6(data: &RData) -> Option<Ipv6Addr> {
    match data {
        RData::AAAA(address) => Some(address.0),
        _ => None,
    }
}

/// A name as it can be asked for again: in lower case, without its final dot, odd bytes as they are.
fn plain(name: &Name) -> String {
    let labels: Vec<_> = name.iter().map(String::from_utf8_lossy).collect();
    labels.join(".").to_ascii_lowercase()
}

fn exchanger(data: &RData) -> Option<Exchanger> {
    match data {
        RData::MX(mx) => Some(Exchanger { preference: mx.preference, host: plain(&mx.exchange) }),
        _ => None,
    }
}

fn pointer(data: &RData) -> Option<String> {
    match data {
        RData::PTR(name) => Some(plain(&name.0)),
        _ => None,
    }
}

fn name_server_of(data: &RData) -> Option<String> {
    match data {
        RData::NS(name) => Some(plain(&name.0)),
        _ => None,
    }
}

fn text(data: &RData) -> Option<String> {
    match data {
        RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
