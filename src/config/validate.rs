//! Combinations that cannot be meant, found before anything is built from them.

use std::{net::IpAddr, path::Path};

use ipnet::IpNet;

use super::{
    Settings,
    profiles::{SHIPPED, bases, resolved},
};
use crate::{
    endpoint::Endpoint,
    filter::{CHECKS, profile},
    milter::reply::Replies,
    verdict::Verdict,
};

/// Postfix waits 300 s for the answer to a message and 30 s for that to a command.
const MOST_DEADLINE_MS: u64 = 280_000;
const MOST_EARLY_WAIT_MS: u64 = 25_000;
/// Waiting and judging together stay below the MTA's 300 s.
const MOST_WAIT_MS: u64 = 15_000;
/// Room for some segments.
const LEAST_HISTORY: u64 = 1 << 20;
/// Far beyond any machine, and far below what a semaphore can count.
const MOST_AT_ONCE: usize = 1_000_000;
/// JetStream's own limit.
const MOST_REPLICAS: usize = 5;

/// What is wrong with which key.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) key: Vec<String>,
    pub(super) message: String,
}

type Checked = Result<(), Fault>;

fn fault(key: &str, message: impl Into<String>) -> Checked {
    let key = key.split('.').map(str::to_owned).collect();
    Err(Fault { key, message: message.into() })
}

/// The first fault, in the order of the file's sections.
pub(super) fn validate(settings: &Settings) -> Checked {
    milter(settings)?;
    networks(settings)?;
    limits(settings)?;
    includes(settings)?;
    lists(settings)?;
    names(settings)?;
    learning(settings)?;
    history(settings)?;
    cluster(settings)?;
    if let Err(error) = Replies::new(&settings.replies) {
        return fault(&format!("replies.{}", error.key), error.to_string());
    }
    for (name, written) in &settings.profile {
        profile_as_written(settings, name, written)?;
        profile_as_used(settings, name)?;
    }
    Ok(())
}

fn milter(settings: &Settings) -> Checked {
    let milter = &settings.milter;
    if milter.listen.is_empty() {
        return fault("milter.listen", "name at least one socket, such as inet:127.0.0.1:11332");
    }
    if milter.max_connections == 0 {
        return fault("milter.max_connections", "must be at least 1");
    }
    if milter.max_connections > MOST_AT_ONCE {
        return fault("milter.max_connections", format!("must be at most {MOST_AT_ONCE}"));
    }
    if milter.idle_seconds == 0 {
        return fault("milter.idle_seconds", "must be at least 1");
    }
    for (key, endpoints) in
        [("milter.listen", &milter.listen), ("control.listen", &settings.control.listen)]
    {
        for (index, endpoint) in endpoints.iter().enumerate() {
            if endpoints.iter().take(index).any(|earlier| earlier == endpoint) {
                return fault(key, format!("{endpoint} is named twice"));
            }
            reachable(key, endpoint)?;
            if key == "control.listen" {
                private(key, endpoint)?;
            }
        }
    }
    let shared = settings.control.listen.iter().find(|control| milter.listen.contains(control));
    shared
        .map_or(Ok(()), |both| fault("control.listen", format!("{both} is in milter.listen, too")))
}

/// There is no login: nobody from outside may connect.
fn private(key: &str, endpoint: &Endpoint) -> Checked {
    let Endpoint::Inet { host, .. } = endpoint else { return Ok(()) };
    let is_loopback = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if is_loopback || host == "localhost" {
        return Ok(());
    }
    fault(key, format!("{endpoint}: must be on loopback, or a unix socket: there is no login"))
}

fn reachable(key: &str, endpoint: &Endpoint) -> Checked {
    let Endpoint::Unix(path) = endpoint else { return Ok(()) };
    match path.parent() {
        Some(folder) if folder.is_dir() => Ok(()),
        _ => fault(key, format!("{endpoint}: its folder does not exist")),
    }
}

fn networks(settings: &Settings) -> Checked {
    let overlap = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
    for relay in &settings.networks.relays {
        if let Some(local) = settings.networks.local.iter().find(|local| overlap(local, relay)) {
            return fault(
                "networks.relays",
                format!("{relay} overlaps networks.local {local}: a client cannot be both"),
            );
        }
    }
    Ok(())
}

fn limits(settings: &Settings) -> Checked {
    let limits = &settings.limits;
    if limits.parallel > MOST_AT_ONCE {
        return fault("limits.parallel", format!("must be at most {MOST_AT_ONCE}"));
    }
    if limits.max_wait_ms > MOST_WAIT_MS {
        return fault(
            "limits.max_wait_ms",
            format!("must be at most {MOST_WAIT_MS}: the MTA does not wait longer"),
        );
    }
    if limits.scan_bytes < 1_024 {
        return fault("limits.scan_bytes", "must be at least 1024");
    }
    if limits.memory_bytes / 4 < limits.scan_bytes {
        return fault("limits.memory_bytes", "must be at least four times limits.scan_bytes");
    }
    let antivirus = &settings.antivirus;
    if !antivirus.clamd.0.is_empty() && antivirus.max_bytes < limits.scan_bytes as u64 {
        return fault(
            "antivirus.max_bytes",
            "is less than limits.scan_bytes: messages between the two could never be checked",
        );
    }
    Ok(())
}

fn includes(settings: &Settings) -> Checked {
    for include in &settings.rules.include {
        if include != "builtin" && !Path::new(include).exists() {
            return fault("rules.include", format!("{include} does not exist"));
        }
    }
    Ok(())
}

fn lists(settings: &Settings) -> Checked {
    if let Err(error) = settings.dns.lists() {
        return fault("dns.use", error.to_string());
    }
    let named = settings.dns.list.iter().flat_map(|list| &list.profiles);
    match named.clone().find(|name| !settings.profile.contains_key(*name)) {
        Some(name) => fault("dns.list", format!("there is no profile `{name}`")),
        None => Ok(()),
    }
}

/// Names of domains and hosts that nobody could have.
fn names(settings: &Settings) -> Checked {
    let domains = [
        ("auth.trusted_sealers", &settings.auth.trusted_sealers),
        ("sender.own_domains", &settings.sender.own_domains),
    ];
    for (key, domains) in domains {
        if let Some(wrong) = domains.iter().find(|domain| !domain.contains('.') || !is_name(domain))
        {
            return fault(
                key,
                format!("`{wrong}` is not a domain (expected something like example.org)"),
            );
        }
    }
    if let Some(wrong) = settings.auth.domain.keys().find(|domain| !is_name(domain)) {
        return fault("auth.domain", format!("`{wrong}` is not a domain"));
    }
    let is_address = |name: &str| {
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        bare.parse::<IpAddr>().is_ok()
    };
    let wrong = settings.sender.own_names.iter().find(|name| !is_name(name) && !is_address(name));
    wrong.map_or(Ok(()), |wrong| {
        fault("sender.own_names", format!("`{wrong}` is neither a name nor an address"))
    })
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    text.strip_suffix('.').unwrap_or(text).split('.').all(is_label)
}

fn learning(settings: &Settings) -> Checked {
    let (bayes, store) = (&settings.bayes, &settings.store);
    if bayes.minimum_messages == 0 {
        return fault("bayes.minimum_messages", "must be at least 1: nothing is known of nothing");
    }
    if bayes.autolearn.ham_below >= bayes.autolearn.spam_from {
        return fault("bayes.autolearn.ham_below", "must be less than spam_from");
    }
    if !store.path.is_absolute() {
        return fault("store.path", "must be a path from the root: /var/lib/gatepost");
    }
    if store.most_messages.get() < bayes.minimum_messages.saturating_mul(2) {
        return fault(
            "store.most_messages",
            "must be at least twice bayes.minimum_messages, or there is never an opinion",
        );
    }
    Ok(())
}

fn cluster(settings: &Settings) -> Checked {
    let cluster = &settings.cluster;
    if let Err(error) = cluster.node() {
        return fault("cluster.node", error.to_string());
    }
    if cluster.tls_cert.as_os_str().is_empty() != cluster.tls_key.as_os_str().is_empty() {
        return fault("cluster.tls_cert", "wants cluster.tls_key beside it, and that wants it");
    }
    if cluster.replicas.get() > MOST_REPLICAS {
        return fault("cluster.replicas", format!("must be at most {MOST_REPLICAS}"));
    }
    Ok(())
}

fn history(settings: &Settings) -> Checked {
    let history = &settings.history;
    if !history.path.as_os_str().is_empty() && !history.path.is_absolute() {
        return fault("history.path", "must be a path from the root, or empty");
    }
    if history.most_bytes < LEAST_HISTORY {
        return fault("history.most_bytes", format!("must be at least {LEAST_HISTORY}"));
    }
    Ok(())
}

fn profile_as_written(settings: &Settings, name: &str, written: &profile::Settings) -> Checked {
    let key = |last: &str| format!("profile.{name}.{last}");
    let shipped = SHIPPED.contains(&name);
    if shipped && (written.when.is_some() || written.base.is_some()) {
        let last = if written.when.is_some() { "when" } else { "base" };
        return fault(&key(last), "is only for additional profiles");
    }
    let when = written.when.clone().unwrap_or_default();
    if !shipped && when.is_empty() {
        return fault(
            &key("when"),
            "say whom the profile is for: listener, daemon_name, client or login",
        );
    }
    let listens: Vec<String> = settings.milter.listen.iter().map(Endpoint::to_string).collect();
    if let Some(unknown) = when.listener.iter().find(|l| !listens.contains(l)) {
        return fault(&key("when.listener"), format!("{unknown} is not in milter.listen"));
    }
    for base in bases(&settings.profile, name) {
        if !settings.profile.contains_key(base) {
            return fault(&key("base"), format!("there is no profile `{base}`"));
        }
        if base == name {
            return fault(&key("base"), "the profile stands on itself");
        }
    }
    Ok(())
}

fn profile_as_used(settings: &Settings, name: &str) -> Checked {
    let key = |last: &str| format!("profile.{name}.{last}");
    let profile = resolved(&settings.profile, name);
    if let Some(unknown) = profile.checks.iter().find(|c| !CHECKS.contains(&c.as_str())) {
        return fault(
            &key("checks"),
            format!("there is no check `{unknown}` (known: {})", CHECKS.join(", ")),
        );
    }
    if let Some(unknown) = profile.on_failure.keys().find(|c| !CHECKS.contains(&c.as_str())) {
        return fault(&key("on_failure"), format!("there is no check `{unknown}`"));
    }
    if profile.on_failure.contains_key("antivirus") {
        return fault(&key("on_failure"), "for antivirus, on_unscanned says it");
    }
    if profile.early_reject && !["access", "lists"].iter().any(|check| profile.asks(check)) {
        return fault(&key("early_reject"), "needs the check `access` or `lists`");
    }
    let enforced = [("spf_fail", profile.spf_fail), ("dmarc_reject", profile.dmarc_reject)];
    let unheard = enforced.iter().find(|(_, what)| *what == profile::Enforcement::Reject);
    if let Some((last, _)) = unheard.filter(|_| !profile.asks("auth")) {
        return fault(&key(last), "needs the check `auth`");
    }
    let deadline = profile.deadline.as_millis() as u64;
    if !(1..=MOST_DEADLINE_MS).contains(&deadline) {
        return fault(
            &key("deadline_ms"),
            format!("must be from 1 to {MOST_DEADLINE_MS}: the MTA does not wait longer"),
        );
    }
    if profile.early_wait.as_millis() as u64 > MOST_EARLY_WAIT_MS {
        return fault(
            &key("early_wait_ms"),
            format!("must be at most {MOST_EARLY_WAIT_MS}: the MTA does not wait longer"),
        );
    }
    ordered(&key, &profile)
}

/// A harsher verdict below a milder one would make the milder one unreachable.
fn ordered(key: &dyn Fn(&str) -> String, profile: &profile::Profile) -> Checked {
    let mut milder: Option<(Verdict, _)> = None;
    for &(verdict, from) in &profile.thresholds {
        if let Some((before, lower)) = milder
            && lower >= from
        {
            return fault(
                &key(verdict.as_str()),
                format!("{from} must be above {before} ({lower})"),
            );
        }
        milder = Some((verdict, from));
    }
    Ok(())
}
