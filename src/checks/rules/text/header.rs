//! What a `header` rule reads: fields, pseudo-headers, modifiers. As SpamAssassin's
//! PerMsgStatus::get answers.

use std::{borrow::Cow, fmt};

use super::{
    super::{
        relays::{self, Relays},
        scene::Scene,
    },
    bare_line_feeds,
    fields::{Field, Fields, unfolded_raw},
    host,
    mailboxes::{mailboxes, readable},
    sender,
};

/// Bytes of all values of one query together; SpamAssassin's limit for a header section.
const VALUE_LIMIT: usize = 64 << 10;

/// What a `header` rule reads, as in `Subject`, `From:addr` or `ALL:raw`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct HeaderQuery {
    of: Of,
    /// `:raw`: not decoded, not unfolded.
    raw: bool,
    part: Part,
    place: Place,
    pick: Pick,
}

/// Why something cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum QueryError {
    /// Not a header name.
    #[error("`{0}` is not a header name")]
    Name(String),
    /// Not one of the modifiers behind a colon.
    #[error("`:{0}` is not a header modifier")]
    Modifier(String),
    /// Right, and not read by this engine yet.
    #[error("needs {0}")]
    #[allow(dead_code)]
    NotYet(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Of {
    /// Every field of this name (lower case).
    Named(String),
    /// `ALL`: the whole header section.
    All,
    /// `ALL-TRUSTED` and the like: what these hosts may have written.
    AllOf(Hosts),
    /// `ToCc`: the recipients' fields.
    ToCc,
    /// `MESSAGEID`: Message-Id, also where mailing lists put it.
    MessageId,
    /// `EnvelopeFrom`: the sender in SMTP.
    EnvelopeFrom,
    /// `X-Spam-Relays-Trusted` and the like.
    Relays(Hosts),
}

/// Which relays a pseudo-header is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Hosts {
    Trusted,
    Untrusted,
    Internal,
    External,
}

impl Hosts {
    const ALL: [(Self, &str); 4] = [
        (Self::Trusted, "TRUSTED"),
        (Self::Untrusted, "UNTRUSTED"),
        (Self::Internal, "INTERNAL"),
        (Self::External, "EXTERNAL"),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, other)| *other == name).map(|(hosts, _)| *hosts)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(hosts, _)| *hosts == self).map_or("", |(_, name)| name)
    }

    fn of(self, relays: &Relays) -> &[relays::Relay] {
        match self {
            Self::Trusted => relays.trusted(),
            Self::Untrusted => relays.untrusted(),
            Self::Internal => relays.internal(),
            Self::External => relays.external(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    Whole,
    /// `:addr`: the addresses.
    Addresses,
    /// `:name`: the names before the addresses.
    Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Any,
    /// `:host`: the first name of a host.
    Host,
    /// `:domain`: its registrable domain.
    Domain,
    /// `:ip`: the first address.
    Ip,
    /// `:revip`: the same backwards, as block lists want it.
    ReversedIp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Pick {
    All,
    /// `:first`: the topmost field.
    First,
    /// `:last`: the lowest.
    Last,
}

impl HeaderQuery {
    /// `EnvelopeFrom:addr`
    pub(in super::super) const ENVELOPE_FROM_ADDRESS: Self = Self::addresses(Of::EnvelopeFrom);

    /// `ToCc:addr`
    pub(in super::super) const RECIPIENTS: Self = Self::addresses(Of::ToCc);

    /// `Name:addr`, of fields whose name is given in lower case.
    pub(in super::super) fn addresses_of(name: &str) -> Self {
        Self::addresses(Of::Named(name.to_owned()))
    }

    const fn addresses(of: Of) -> Self {
        Self { of, raw: false, part: Part::Addresses, place: Place::Any, pick: Pick::All }
    }

    /// Reads `Name:modifier:modifier`.
    ///
    /// # Errors
    /// Not a header or modifier.
    pub(in super::super) fn parse(text: &str) -> Result<Self, QueryError> {
        let mut words = text.split(':');
        let name = words.next().unwrap_or_default();
        if name.is_empty()
            || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
        {
            return Err(QueryError::Name(name.to_owned()));
        }
        let of = Of::named(name);
        let mut query =
            Self { of, raw: false, part: Part::Whole, place: Place::Any, pick: Pick::All };
        for modifier in words {
            query.modify(modifier)?;
        }
        Ok(query)
    }

    /// Where modifiers contradict each other, the same ones win as in SpamAssassin.
    fn modify(&mut self, modifier: &str) -> Result<(), QueryError> {
        match modifier {
            "raw" => self.raw = true,
            "addr" => self.part = Part::Addresses,
            "name" if self.part == Part::Whole => self.part = Part::Names,
            "name" => {}
            "domain" => self.place = Place::Domain,
            "host" if self.place == Place::Domain => {}
            "host" => self.place = Place::Host,
            "ip" | "revip" if matches!(self.place, Place::Host | Place::Domain) => {}
            "revip" => self.place = Place::ReversedIp,
            "ip" if self.place == Place::ReversedIp => {}
            "ip" => self.place = Place::Ip,
            "first" => self.pick = Pick::First,
            "last" if self.pick == Pick::First => {}
            "last" => self.pick = Pick::Last,
            _ => return Err(QueryError::Modifier(modifier.to_owned())),
        }
        Ok(())
    }

    /// The text a pattern is matched against; `None` if the message has no such header.
    pub(in super::super) fn read(&self, scene: &Scene<'_>) -> Option<Vec<u8>> {
        let values = self.values(scene);
        let first = values.first()?;
        let between: &[u8] = if first.ends_with(b"\n") { b"" } else { b"\n" };
        let mut text = values.join(between);
        text.truncate(VALUE_LIMIT);
        Some(text)
    }

    /// Whether the message has such a header.
    pub(in super::super) fn exists(&self, scene: &Scene<'_>) -> bool {
        match (&self.of, self.part, self.place) {
            (Of::Named(name), Part::Whole, Place::Any) => {
                scene.headers.has(name) || !domains(name, scene).is_empty()
            }
            _ => !self.values(scene).is_empty(),
        }
    }

    /// Everything that is asked for, one by one.
    pub(in super::super) fn values<'s>(&self, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        match self.of {
            Of::All => return self.all(&scene.headers),
            Of::AllOf(hosts) => return self.all_of(hosts, scene),
            _ => {}
        }
        let mut values = self.fields(scene);
        match self.pick {
            Pick::All => {}
            Pick::First => values.truncate(1),
            Pick::Last => drop(values.drain(..values.len().saturating_sub(1))),
        }
        if self.part != Part::Whole {
            values = values.iter().flat_map(|value| self.parts(value)).collect();
        }
        if self.place != Place::Any {
            values = values.iter().filter_map(|value| self.place(value, scene)).collect();
        }
        values
    }

    /// The values of the fields, as far as the limit allows.
    fn fields<'s>(&self, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        match &self.of {
            Of::Named(name) => {
                let wants_raw = self.raw || self.part != Part::Whole;
                let value = |field: &'s Field<'_>| match wants_raw {
                    true => Cow::Borrowed(&*field.raw),
                    false => line(field),
                };
                let values = limited(scene.headers.named(name).map(value));
                if values.is_empty() { domains(name, scene) } else { values }
            }
            Of::ToCc => self.unfolded(scene, &["to", "cc"]),
            Of::MessageId => self.unfolded(scene, &MESSAGE_IDS),
            Of::EnvelopeFrom => sender::envelope_from(scene)
                .map(|sender| sender.into_bytes().into())
                .into_iter()
                .collect(),
            Of::Relays(hosts) => {
                let text = Relays::text(hosts.of(scene.relays()));
                vec![text.into_bytes().into()]
            }
            Of::All | Of::AllOf(_) => Vec::new(),
        }
    }

    /// Fields of several names, in the order of the names. Their `:raw` values are unfolded.
    fn unfolded<'s>(&self, scene: &'s Scene<'_>, names: &[&str]) -> Vec<Cow<'s, [u8]>> {
        let fields = names.iter().flat_map(|name| scene.headers.named(name));
        limited(fields.map(|field| match self.raw {
            true => Cow::Owned(unfolded_raw(&field.raw)),
            false => line(field),
        }))
    }

    /// `ALL`: every field with its name.
    fn all<'s>(&self, fields: &'s Fields<'_>) -> Vec<Cow<'s, [u8]>> {
        if self.raw {
            let lines =
                fields.lines().filter(|line| !line.starts_with(b" ") && !line.starts_with(b"\t"));
            return limited(lines.filter(|line| line.ends_with(b"\n")).map(bare_line_feeds));
        }
        limited(fields.iter().map(named_line))
    }

    /// What hosts may have written: for those we trust, all down to the Received field that tells
    /// of the first other one; for the others, all from there on.
    fn all_of<'s>(&self, hosts: Hosts, scene: &'s Scene<'_>) -> Vec<Cow<'s, [u8]>> {
        let relays = scene.relays();
        let limit = match hosts {
            Hosts::Trusted | Hosts::Untrusted => relays.trusted_fields(),
            Hosts::Internal | Hosts::External => relays.internal_fields(),
        };
        let is_top = matches!(hosts, Hosts::Trusted | Hosts::Internal);
        // The MTA's own line, which is not there yet, stands above all others.
        let mut received = usize::from(relays.has_client());
        let lines = self.all(&scene.headers).into_iter();
        let lines = lines.map(|line| {
            let is_received =
                line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:"));
            received += usize::from(is_received);
            (received, is_received, line)
        });
        // `received` counts this field, too: the field itself has the number below.
        let belongs = |(count, is_received, _): &(usize, bool, Cow<'s, [u8]>)| match is_top {
            true => *count <= limit || (*count == limit + 1 && *is_received),
            false => *count > limit,
        };
        lines.filter(belongs).map(|(_, _, line)| line).collect()
    }

    /// Addresses or names in a value.
    fn parts<'s>(&self, value: &[u8]) -> Vec<Cow<'s, [u8]>> {
        let wanted = mailboxes(value).into_iter().filter_map(|mailbox| match self.part {
            Part::Addresses => mailbox.address,
            _ if self.raw => mailbox.name,
            _ => mailbox.name.map(|name| readable(&name).into_bytes()),
        });
        wanted.map(Cow::Owned).collect()
    }

    /// The host or address in a value.
    fn place<'s>(&self, value: &[u8], scene: &Scene<'_>) -> Option<Cow<'s, [u8]>> {
        if matches!(self.place, Place::Ip | Place::ReversedIp) {
            let (start, end) = relays::find_lone_ip(value)?;
            let ip = String::from_utf8_lossy(value.get(start..end)?);
            let is_reversed = self.place == Place::ReversedIp;
            let ip = if is_reversed { relays::reversed(&ip)? } else { ip.into_owned() };
            return Some(ip.into_bytes().into());
        }
        let text = String::from_utf8_lossy(value);
        let registry = scene.conf.sites.registry();
        let host = match self.part {
            Part::Addresses => host::host_of_address(&text),
            _ => host::host(&text, registry),
        }?;
        let is_domain = self.place == Place::Domain;
        if !is_domain {
            return Some(host.as_bytes().to_vec().into());
        }
        let host = host.to_lowercase();
        Some(registry.registered(&host).as_bytes().to_vec().into())
    }
}

/// `X-SenderDomain` and `X-AuthorDomain`, which SpamAssassin adds: the host of the sender in SMTP,
/// and those in From.
fn domains<'s>(name: &str, scene: &Scene<'_>) -> Vec<Cow<'s, [u8]>> {
    let of_addresses = |value: &[u8]| -> Vec<String> {
        let addresses = mailboxes(value).into_iter().filter_map(|mailbox| mailbox.address);
        let hosts = addresses.filter_map(|address| {
            let address = String::from_utf8_lossy(&address).to_ascii_lowercase();
            host::host_of_address(&address).map(str::to_owned)
        });
        hosts.collect()
    };
    let mut hosts: Vec<String> = match name {
        "x-senderdomain" => {
            let sender = sender::envelope_from(scene).unwrap_or_default();
            of_addresses(sender.as_bytes()).into_iter().take(1).collect()
        }
        "x-authordomain" => {
            scene.headers.named("from").flat_map(|field| of_addresses(&field.raw)).collect()
        }
        _ => return Vec::new(),
    };
    let mut seen = std::collections::HashSet::new();
    hosts.retain(|host| seen.insert(host.clone()));
    if hosts.is_empty() { Vec::new() } else { vec![hosts.join(" ").into_bytes().into()] }
}

/// The values until they are too many bytes.
fn limited<'s>(values: impl Iterator<Item = Cow<'s, [u8]>>) -> Vec<Cow<'s, [u8]>> {
    let mut left = VALUE_LIMIT;
    let within = values.map_while(|value| {
        let value = (left > 0).then_some(value)?;
        left = left.saturating_sub(value.len());
        Some(value)
    });
    within.collect()
}

/// The value decoded, with the line feed that ends it: rules are written for that.
fn line<'s>(field: &'s Field<'_>) -> Cow<'s, [u8]> {
    [field.decoded().as_bytes(), b"\n"].concat().into()
}

/// The same behind the name.
fn named_line<'s>(field: &'s Field<'_>) -> Cow<'s, [u8]> {
    [field.name, b": ", field.decoded().as_bytes(), b"\n"].concat().into()
}

impl fmt::Display for HeaderQuery {
    /// As evidence names it: `Subject`, `From:addr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Of::Named(name) => f.write_str(&capitalised(name))?,
            Of::All => f.write_str("ALL")?,
            Of::AllOf(hosts) => write!(f, "ALL-{}", hosts.name())?,
            Of::ToCc => f.write_str("ToCc")?,
            Of::MessageId => f.write_str("MESSAGEID")?,
            Of::EnvelopeFrom => f.write_str("EnvelopeFrom")?,
            Of::Relays(hosts) => {
                let name = hosts.name().to_ascii_lowercase();
                write!(f, "X-Spam-Relays-{}", capitalised(&name))?;
            }
        }
        f.write_str(match self.part {
            Part::Whole => "",
            Part::Addresses => ":addr",
            Part::Names => ":name",
        })?;
        f.write_str(if self.raw { ":raw" } else { "" })?;
        f.write_str(match self.place {
            Place::Any => "",
            Place::Host => ":host",
            Place::Domain => ":domain",
            Place::Ip => ":ip",
            Place::ReversedIp => ":revip",
        })?;
        f.write_str(match self.pick {
            Pick::All => "",
            Pick::First => ":first",
            Pick::Last => ":last",
        })
    }
}

impl Of {
    fn named(name: &str) -> Self {
        let lower = name.to_ascii_lowercase();
        if let Some(hosts) = name.strip_prefix("ALL-").and_then(Hosts::named) {
            return Self::AllOf(hosts);
        }
        let relays = lower.strip_prefix("x-spam-relays-").map(str::to_ascii_uppercase);
        if let Some(hosts) = relays.and_then(|name| Hosts::named(&name)) {
            return Self::Relays(hosts);
        }
        match (name, lower.as_str()) {
            ("ALL", _) => Self::All,
            ("MESSAGEID", _) => Self::MessageId,
            (_, "tocc") => Self::ToCc,
            (_, "envelopefrom") => Self::EnvelopeFrom,
            _ => Self::Named(lower),
        }
    }
}

/// Where mailing lists that resend a message put its Message-Id.
const MESSAGE_IDS: [&str; 4] =
    ["x-message-id", "resent-message-id", "x-original-message-id", "message-id"];

/// `x-mailer` as `X-Mailer`.
fn capitalised(name: &str) -> String {
    let mut start = true;
    let letters = name.chars().map(|c| {
        let letter = if start { c.to_ascii_uppercase() } else { c };
        start = c == '-';
        letter
    });
    letters.collect()
}
