//! The header questions of the rule language: fields, pseudo-headers, modifiers.

use std::{borrow::Cow, fmt};

/// What a `header` rule reads, as in `Subject`, `From:addr` or `ALL:raw`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in super::super) struct HeaderQuery {
    pub(super) of: Of,
    /// `:raw`: not decoded, not unfolded.
    pub(super) raw: bool,
    pub(super) part: Part,
    pub(super) place: Place,
    pub(super) pick: Pick,
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
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Of {
    /// Every field of this name (lower case).
    Named(Cow<'static, str>),
    /// `ALL`: the whole header section.
    All,
    /// `ALL-TRUSTED` and the like: what these hosts may have written.
    Wrote(Hosts),
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
pub(super) enum Hosts {
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    Whole,
    /// `:addr`: the addresses.
    Addresses,
    /// `:name`: the names before the addresses.
    Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
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
pub(super) enum Pick {
    All,
    /// `:first`: the topmost field.
    First,
    /// `:last`: the lowest.
    Last,
}

impl HeaderQuery {
    /// `MESSAGEID`
    pub(in super::super) const MESSAGE_ID: Self = Self::new(Of::MessageId, Part::Whole);

    /// `ALL`
    pub(in super::super) const ALL: Self = Self::new(Of::All, Part::Whole);

    /// `EnvelopeFrom:addr`
    pub(in super::super) const ENVELOPE_FROM_ADDRESS: Self =
        Self::new(Of::EnvelopeFrom, Part::Addresses);

    /// `ToCc:addr`
    pub(in super::super) const RECIPIENTS: Self = Self::new(Of::ToCc, Part::Addresses);

    /// `Name:addr`, of fields whose name is given in lower case.
    pub(in super::super) const fn addresses_of(name: &'static str) -> Self {
        Self::new(Of::Named(Cow::Borrowed(name)), Part::Addresses)
    }

    /// Whether it is one of `X-Spam-Relays-Trusted` and the like.
    pub(in super::super) fn asks_for_relays(&self) -> bool {
        matches!(self.of, Of::Relays(_))
    }

    const fn new(of: Of, part: Part) -> Self {
        Self { of, raw: false, part, place: Place::Any, pick: Pick::All }
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
        let mut query = Self::new(Of::named(name), Part::Whole);
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
}

impl fmt::Display for HeaderQuery {
    /// As evidence names it: `Subject`, `From:addr`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.of {
            Of::Named(name) => f.write_str(&capitalised(name))?,
            Of::All => f.write_str("ALL")?,
            Of::Wrote(hosts) => write!(f, "ALL-{}", hosts.name())?,
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
            return Self::Wrote(hosts);
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
            _ => Self::Named(lower.into()),
        }
    }
}

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
