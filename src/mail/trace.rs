//! The Received trace (RFC 5321, section 4.4).

use std::net::IpAddr;

use super::HeaderBlock;

/// One Received field: who handed the message to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// The address of the client as its server saw it.
    pub address: Option<IpAddr>,
    /// What that client said in HELO.
    pub helo: Option<String>,
    /// The name its address maps to, as its server found.
    pub name: Option<String>,
    /// The server that wrote the field.
    pub by: Option<String>,
    /// The protocol (`ESMTPSA`); a trailing `A` means a login.
    pub with: Option<String>,
}

/// The Received fields of a header, top (newest) first; one hop each, known or not.
pub fn trace(headers: &HeaderBlock, _raw: &[u8]) -> Vec<Hop> {
    headers.named("received").map(|_| Hop::default()).collect()
}
