//! What lists are asked about.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{ListsError, template::Template};
use crate::checks::Wanted;

/// What a list is about: of what its entries are, and what is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The address of the client that offers the message.
    #[default]
    Client,
    /// Addresses of hosts that handed the message on, as its Received fields tell: see [`Hops`].
    Trace,
    /// The name that the client said in HELO.
    Helo,
    /// The name of the client's address, if it leads back to the address.
    ReverseName,
    /// The domain of the sender in SMTP.
    Sender,
    /// The domains of the addresses in From.
    From,
    /// The domains of all addresses that a message says it is from.
    Senders,
    /// The domains of the addresses in Reply-To.
    ReplyTo,
    /// The domains that signed it (DKIM).
    Dkim,
    /// The domains that its links lead to: what somebody registered of them.
    #[serde(alias = "domain")]
    UriDomain,
    /// The hosts that its links lead to.
    UriHost,
    /// The addresses of the hosts that its links lead to.
    UriAddress,
    /// The addresses of the name servers of the domains that its links lead to.
    NameServerAddress,
    /// The domains of these name servers.
    NameServerDomain,
    /// These name servers.
    NameServerHost,
    /// Digests of the e-mail addresses that it comes from, is to be answered to, or names.
    Email,
    /// Digests of its links.
    Uri,
    /// Digests of its attached files.
    #[serde(alias = "hash")]
    File,
    /// A name with tags in it: see [`Template`]. It stands in `zone`.
    Template,
}

/// For what the answers of a list are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// For whether the client may send anything.
    Connect,
    /// For what the message is worth.
    Message,
}

impl About {
    /// Whether entries are addresses, which RFC 5782, section 5, has test entries for: 127.0.0.2 and
    /// 127.0.0.1. Those for names are `TEST` and `INVALID`.
    pub(super) fn is_address(self) -> bool {
        matches!(self, Self::Client | Self::Trace | Self::UriAddress | Self::NameServerAddress)
    }

    /// Whether entries are digests.
    pub(super) fn is_digest(self) -> bool {
        matches!(self, Self::Email | Self::Uri | Self::File)
    }

    /// Whether other lookups come first.
    pub(super) fn follows(self) -> bool {
        matches!(
            self,
            Self::UriAddress
                | Self::NameServerAddress
                | Self::NameServerDomain
                | Self::NameServerHost
        )
    }

    /// Adds what has to be read of a message.
    pub(super) fn want(self, template: Option<&Template>, wanted: &mut Wanted) {
        match self {
            Self::Client | Self::Helo | Self::ReverseName | Self::File => {}
            Self::Trace => wanted.way = true,
            Self::Sender => wanted.sender = true,
            Self::From => wanted.authors = true,
            Self::Senders => wanted.senders = true,
            Self::ReplyTo => wanted.reply_to = true,
            Self::Dkim => wanted.signers = true,
            Self::Uri => wanted.uris = true,
            Self::Email => {
                (wanted.senders, wanted.reply_to, wanted.addresses) = (true, true, true);
            }
            Self::Template => template.into_iter().for_each(|template| template.want(wanted)),
            _ => wanted.links = true,
        }
    }
}

/// Which hosts of the Received trace are meant. External hosts are those that are not ours; of those
/// that are not trusted, the address of the first is true, and the rest may be invented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Hops {
    /// `last_external`: the host that handed it to us.
    #[default]
    LastExternal,
    /// `first_untrusted`: the first that is not trusted.
    FirstUntrusted,
    /// `untrusted`: all behind the first that is not trusted.
    BehindUntrusted,
    /// `not_first_hop`: all external ones but the one where it began, unless that is the only one.
    NotFirstHop,
    /// `all`: all that are not trusted, from where it began.
    All,
    /// `2-4`: these external hosts, counted from the last one, which is 1.
    Between(usize, usize),
}

impl Hops {
    const NAMES: [(Self, &str); 5] = [
        (Self::LastExternal, "last_external"),
        (Self::FirstUntrusted, "first_untrusted"),
        (Self::BehindUntrusted, "untrusted"),
        (Self::NotFirstHop, "not_first_hop"),
        (Self::All, "all"),
    ];
}

impl FromStr for Hops {
    type Err = ListsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::NAMES.iter().find(|(_, name)| *name == text).map(|(hops, _)| *hops);
        let between = || {
            let (from, to) = text.split_once('-').unwrap_or((text, text));
            let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
            (1 <= from && from <= to).then_some(Self::Between(from, to))
        };
        named.or_else(between).ok_or_else(|| ListsError::Hops { text: text.to_owned() })
    }
}

impl TryFrom<String> for Hops {
    type Error = ListsError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Hops> for String {
    fn from(hops: Hops) -> Self {
        match hops {
            Hops::Between(from, to) => format!("{from}-{to}"),
            named => {
                let known = Hops::NAMES.iter().find(|(hops, _)| *hops == named);
                known.map_or("", |(_, name)| name).to_owned()
            }
        }
    }
}

/// Which of names and addresses a list is asked about, where there may be both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Both.
    #[default]
    Both,
    /// Only names.
    Names,
    /// Only addresses.
    Addresses,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_named_or_numbered() {
        for text in ["last_external", "first_untrusted", "untrusted", "not_first_hop", "all", "2-4"]
        {
            assert_eq!(String::from(text.parse::<Hops>().unwrap()), text);
        }
        assert_eq!("3".parse::<Hops>().unwrap(), Hops::Between(3, 3));
        for wrong in ["", "0", "4-2", "first", "1-", "-1"] {
            assert!(wrong.parse::<Hops>().is_err(), "{wrong}");
        }
    }
}
