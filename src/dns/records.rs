//! Records of any type that lists answer with.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use hickory_resolver::proto::rr::{RData, RecordType};
use serde::{Deserialize, Serialize};

use super::{DnsError, Records, Resolver, spoken};
use crate::verdict::Witness;

/// A type of records that can be asked for.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "UPPERCASE")]
pub enum Kind {
    /// IPv4 addresses.
    #[default]
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Mail exchangers.
    Mx,
    /// Name servers.
    Ns,
    /// Names of addresses.
    Ptr,
    /// Texts.
    Txt,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datum {
    /// An IPv4 address.
    Address(Ipv4Addr),
    /// A text with its pieces joined (RFC 7208, section 3.3), or as zone files write it, names in lower
    /// case without their final dot.
    Text(String),
}

impl Kind {
    const ALL: [(Self, &str); 6] = [
        (Self::A, "A"),
        (Self::Aaaa, "AAAA"),
        (Self::Mx, "MX"),
        (Self::Ns, "NS"),
        (Self::Ptr, "PTR"),
        (Self::Txt, "TXT"),
    ];

    /// As zone files write it.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    pub(super) fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Mx => RecordType::MX,
            Self::Ns => RecordType::NS,
            Self::Ptr => RecordType::PTR,
            Self::Txt => RecordType::TXT,
        }
    }
}

impl FromStr for Kind {
    type Err = DnsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text));
        known.map(|(kind, _)| *kind).ok_or_else(|| DnsError::Kind { text: text.to_owned() })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Datum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "{address}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Resolver {
    /// The records of one type of a name.
    ///
    /// # Errors
    /// As [`Resolver::addresses`].
    pub async fn data(
        &self,
        name: &str,
        kind: Kind,
        witness: &Witness,
    ) -> Result<Records<Datum>, DnsError> {
        let found = self.ask(name, kind.record_type(), witness).await?;
        let answers = found.data.iter().filter_map(datum).collect();
        Ok(Records { answers, code: found.code, ttl: found.ttl })
    }
}

fn datum(data: &RData) -> Option<Datum> {
    Some(match data {
        RData::A(address) => Datum::Address(address.0),
        RData::AAAA(address) => Datum::Text(address.0.to_string()),
        RData::MX(mx) => Datum::Text(format!("{} {}", mx.preference, spoken::spelt(&mx.exchange))),
        RData::NS(name) => Datum::Text(spoken::spelt(&name.0)),
        RData::PTR(name) => Datum::Text(spoken::spelt(&name.0)),
        RData::TXT(text) => {
            Datum::Text(String::from_utf8_lossy(&text.txt_data.concat()).into_owned())
        }
        _ => return None,
    })
}
