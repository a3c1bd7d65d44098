//! What a message says that others can be asked about: who handed it on, whom it is from, where its
//! links lead.
//!
//! One check knows how to read it ([`Reader`]), another asks; neither knows the other. Only what is
//! [`Wanted`] is read.

use std::net::IpAddr;

use super::Case;
use crate::mail::{Client, Envelope};

/// Which facts are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// [`Facts::way`]
    pub way: bool,
    /// [`Facts::sender`]
    pub sender: bool,
    /// [`Facts::authors`]
    pub authors: bool,
    /// [`Facts::senders`]
    pub senders: bool,
    /// [`Facts::reply_to`]
    pub reply_to: bool,
    /// [`Facts::signers`]
    pub signers: bool,
    /// [`Facts::links`]
    pub links: bool,
    /// [`Facts::uris`]
    pub uris: bool,
    /// [`Facts::addresses`]
    pub addresses: bool,
}

/// What a message says, as far as it was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// How it came.
    pub way: Way,
    /// The sender in SMTP, an address; `None` for the null sender, and where nobody tells.
    pub sender: Option<String>,
    /// The addresses of From.
    pub authors: Vec<String>,
    /// All addresses that it says it is from, each once.
    pub senders: Vec<String>,
    /// The addresses of Reply-To.
    pub reply_to: Vec<String>,
    /// The domains that signed it (`d=` of DKIM-Signature, RFC 6376), each once, in lower case, proved
    /// or not.
    pub signers: Vec<String>,
    /// The hosts its links lead to, each once, those first that a reader is most likely to follow;
    /// without those that nobody is asked about.
    pub links: Vec<Link>,
    /// The links themselves, in their usual form, without those that nobody is asked about.
    pub uris: Vec<String>,
    /// The addresses in its texts, as written, each once.
    pub addresses: Vec<String>,
}

/// The hosts that handed a message on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Those that are not ours, newest first, with public addresses, each address once.
    pub external: Vec<Relay>,
    /// Those of them that are not trusted: the address of the first one is true.
    pub untrusted: Vec<Relay>,
    /// The first that is not ours: it handed the message to us.
    pub last_external: Option<LastExternal>,
}

/// A host that handed the message on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Its address; never IPv4 in IPv6.
    pub address: IpAddr,
    /// It is in a network that we trust.
    pub is_trusted: bool,
}

/// The host that handed a message to us. Texts are empty where nobody tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastExternal {
    /// Its address.
    pub address: String,
    /// The name of that address.
    pub name: String,
    /// What it said in HELO.
    pub helo: String,
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The host, in lower case.
    pub host: String,
    /// The domain of it that somebody registered; the host itself if that is an address.
    pub domain: String,
}

/// Reads messages for others.
pub trait Reader: Send + Sync {
    /// Reads what is wanted of a message. Computes; asks nobody.
    fn facts(&self, case: &Case, wanted: Wanted) -> Facts;

    /// The part of a name that somebody registered: `example.co.uk` of `www.example.co.uk`.
    fn registered<'n>(&self, name: &'n str) -> &'n str;

    /// Whether there are names that nobody may be asked about.
    fn is_restricted(&self) -> bool {
        false
    }

    /// Whether somebody may be asked about this name.
    fn may_ask(&self, _name: &str) -> bool {
        true
    }
}

impl Facts {
    /// What is known at CONNECT already, if nothing in the message contradicts it.
    pub fn of_client(client: &Client) -> Self {
        let Some(address) = client.address.map(|address| address.to_canonical()) else {
            return Self::default();
        };
        let relay = Relay { address, is_trusted: false };
        let last_external = LastExternal {
            address: address.to_string(),
            name: client.name.clone().unwrap_or_default(),
            helo: String::new(),
        };
        let way = Way {
            external: vec![relay],
            untrusted: vec![relay],
            last_external: Some(last_external),
        };
        Self { way, ..Self::default() }
    }

    /// What is known at MAIL already.
    pub fn of_envelope(envelope: &Envelope) -> Self {
        let mut facts = Self::of_client(&envelope.client);
        if let (Some(last), Some(helo)) = (&mut facts.way.last_external, &envelope.helo) {
            last.helo.clone_from(helo);
        }
        let sender = envelope.sender.as_str();
        facts.sender = (!sender.is_empty()).then(|| sender.to_owned());
        facts
    }
}
