//! The relays a message came by, as its Received fields tell, newest first.
//!
//! [`received`] reads one field, of whichever MTA; [`networks`] says which hosts are trusted and
//! which are ours. What stands above the first host that is not trusted is true; that host's
//! address is true as well, and everything below may be invented by the sender.

mod address;
mod auth;
mod client;
mod forms;
mod networks;
mod received;
mod template;

use address::find_ip;
pub(super) use address::{find_lone_ip, is_private, reversed};
pub(super) use networks::Networks;

use std::net::IpAddr;

use received::Line;

use super::scene::Scene;

/// One handover: a host gave the message to the next one.
///
/// Texts are empty where the field does not tell. Blanks and the characters `#[]()<>|` and NUL in
/// them are replaced by `!`, except in `id` and `auth`, so that a rule can rely on the form of
/// [`Relay::text`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Relay {
    /// The address of the host, as the next one saw it; IPv4 in IPv6 as IPv4. Not always one that
    /// can be parsed.
    pub(super) ip: String,
    /// The name of that address, as the next host found.
    pub(super) rdns: String,
    /// What it said in HELO.
    pub(super) helo: String,
    /// The next host, which wrote the field.
    pub(super) by: String,
    /// The user by RFC 1413.
    pub(super) ident: String,
    /// The sender in SMTP, where the field tells it.
    pub(super) envfrom: Option<String>,
    /// The queue id.
    pub(super) id: String,
    /// How the host's user has logged in; empty if it did not.
    pub(super) auth: String,
    /// The host is ours.
    pub(super) is_internal: bool,
    /// The host takes mail from our users (`msa_networks`).
    pub(super) is_msa: bool,
    /// The next host looked the name up and found none.
    pub(super) has_no_rdns: bool,
}

impl Relay {
    /// The address, if it is one.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.ip.parse().ok()
    }

    /// Whether the address is one that nobody outside can use: private, shared, link-local,
    /// loopback.
    pub(super) fn is_private(&self) -> bool {
        self.address().is_some_and(is_private)
    }

    /// The relay as pseudo-headers show it:
    /// `[ ip=… rdns=… helo=… by=… ident=… envfrom=… intl=0 id=… auth=… msa=0 ]`.
    pub(super) fn write(&self, out: &mut String) {
        let envfrom = self.envfrom.as_deref().filter(|envfrom| *envfrom != "0").unwrap_or_default();
        let pairs = [
            ("[ ip=", self.ip.as_str()),
            (" rdns=", &self.rdns),
            (" helo=", &self.helo),
            (" by=", &self.by),
            (" ident=", &self.ident),
            (" envfrom=", envfrom),
            (" intl=", digit(self.is_internal)),
            (" id=", &self.id),
            (" auth=", &self.auth),
            (" msa=", digit(self.is_msa)),
        ];
        for (name, value) in pairs {
            out.push_str(name);
            out.push_str(value);
        }
        out.push_str(" ]");
    }
}

fn digit(is: bool) -> &'static str {
    if is { "1" } else { "0" }
}

/// The way of one message.
#[derive(Debug, Default)]
pub(super) struct Relays {
    /// Newest first.
    all: Vec<Relay>,
    /// How many of them, from the newest on, are trusted.
    trusted: usize,
    /// How many are ours.
    internal: usize,
    unparseable: usize,
    /// How many Received fields were written by trusted hosts, read or not.
    trusted_fields: usize,
    /// The same of our own hosts.
    internal_fields: usize,
    has_client: bool,
}

impl Relays {
    /// Reads the way of a message.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let networks = &scene.conf.networks;
        let mut tracer = Tracer::new(networks);
        if let Some(client) = client::relay(&scene.case.envelope) {
            tracer.relays.has_client = true;
            tracer.relay(client);
        }
        for field in scene.headers.named("received") {
            tracer.field(field.decoded());
        }
        for name in &networks.originating {
            let value = scene.headers.named(name).next_back().map(|field| field.decoded());
            let ip = value.and_then(|value| {
                let (start, end) = find_ip(value.as_bytes(), 0)?;
                value.get(start..end)
            });
            if let Some(ip) = ip {
                tracer.relay(received::of_address(ip));
            }
        }
        tracer.finish()
    }

    /// All that could be read, newest first.
    pub(super) fn all(&self) -> &[Relay] {
        &self.all
    }

    /// Those that are trusted: they tell the truth about what is behind them.
    pub(super) fn trusted(&self) -> &[Relay] {
        self.all.get(..self.trusted).unwrap_or_default()
    }

    /// The others. The first of them handed the message to a host we trust, so its address is
    /// true.
    pub(super) fn untrusted(&self) -> &[Relay] {
        self.all.get(self.trusted..).unwrap_or_default()
    }

    /// Those that are ours.
    pub(super) fn internal(&self) -> &[Relay] {
        self.all.get(..self.internal).unwrap_or_default()
    }

    /// The others. The first of them handed the message to us.
    pub(super) fn external(&self) -> &[Relay] {
        self.all.get(self.internal..).unwrap_or_default()
    }

    /// How many Received fields could not be understood.
    pub(super) fn unparseable(&self) -> usize {
        self.unparseable
    }

    /// Whether the first relay is the MTA's client, of which no Received field tells yet.
    pub(super) fn has_client(&self) -> bool {
        self.has_client
    }

    /// How many Received fields, from the top, trusted hosts wrote. The next one was written by
    /// the first host that is not.
    pub(super) fn trusted_fields(&self) -> usize {
        self.trusted_fields
    }

    /// How many Received fields, from the top, our own hosts wrote.
    pub(super) fn internal_fields(&self) -> usize {
        self.internal_fields
    }

    /// Relays as a pseudo-header shows them.
    pub(super) fn text(relays: &[Relay]) -> String {
        let mut text = String::new();
        for (index, relay) in relays.iter().enumerate() {
            if index > 0 {
                text.push(' ');
            }
            relay.write(&mut text);
        }
        text
    }
}

/// Follows the fields from the newest on, as long as they can be trusted.
struct Tracer<'n> {
    networks: &'n Networks,
    relays: Relays,
    in_trusted: bool,
    in_internal: bool,
    found_msa: bool,
    /// The sender that a virus scanner's line told, which belongs to the next line.
    scanner_envfrom: Option<String>,
}

impl<'n> Tracer<'n> {
    /// Nothing read yet.
    fn new(networks: &'n Networks) -> Self {
        Self {
            networks,
            relays: Relays::default(),
            in_trusted: true,
            in_internal: true,
            found_msa: false,
            scanner_envfrom: None,
        }
    }

    /// Takes the next Received field.
    fn field(&mut self, value: &str) {
        let scanner_envfrom = self.scanner_envfrom.take();
        match received::parse(value) {
            Line::Relay(mut relay) => {
                relay.envfrom = scanner_envfrom.or(relay.envfrom);
                self.relay(*relay);
                return;
            }
            Line::Unparseable => self.relays.unparseable += 1,
            Line::Scanner(envfrom) => self.scanner_envfrom = envfrom,
            Line::Fetched => self.restart(),
            Line::Ignored => {}
        }
        self.count_field();
    }

    /// Takes an address that is known to be next: from the MTA, or from a web mailer's field.
    fn relay(&mut self, mut relay: Relay) {
        if self.in_trusted && !self.found_msa {
            self.judge(&mut relay);
        }
        relay.is_internal = self.in_internal;
        self.relays.all.push(relay);
        self.relays.trusted += usize::from(self.in_trusted);
        self.relays.internal += usize::from(self.in_internal);
        self.count_field();
    }

    /// What was read.
    fn finish(self) -> Relays {
        self.relays
    }

    fn count_field(&mut self) {
        self.relays.trusted_fields += usize::from(self.in_trusted);
        self.relays.internal_fields += usize::from(self.in_internal);
    }

    /// A mail fetcher's line: what it fetched is a new message, if the fetcher is to be trusted.
    fn restart(&mut self) {
        if self.relays.trusted == self.relays.all.len() {
            self.relays.all.clear();
            self.relays.trusted = 0;
            self.relays.internal = 0;
        }
    }

    /// Whether this relay and those behind it are still trusted, and still ours.
    fn judge(&mut self, relay: &mut Relay) {
        let has_login = !relay.auth.is_empty();
        if !self.networks.is_known() {
            if !(has_login || relay.is_private()) {
                (self.in_trusted, self.in_internal) = (false, false);
            }
            return;
        }
        let is_in = |set: &networks::NetSet| relay.address().is_some_and(|ip| set.contains(ip));
        if !(has_login || is_in(self.networks.trusted())) {
            (self.in_trusted, self.in_internal) = (false, false);
            return;
        }
        self.in_internal &= has_login || is_in(self.networks.internal());
        if is_in(&self.networks.msa) {
            self.found_msa = true;
            relay.is_msa = true;
        }
    }
}

/// A text without the characters that would spoil the form of [`Relay::text`].
fn harmless(text: &str) -> String {
    let is_harmful = |byte: u8| {
        matches!(
            byte,
            b' ' | b'\t'..=b'\r' | b'\0' | b'#' | b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'|'
        )
    };
    if !text.bytes().any(is_harmful) {
        return text.to_owned();
    }
    let harmless = |c: char| if u8::try_from(c).is_ok_and(is_harmful) { '!' } else { c };
    text.chars().map(harmless).collect()
}
