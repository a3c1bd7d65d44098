//! The envelope of a message that did not come by SMTP, as its headers tell.

use crate::{
    filter::{networks, real_client},
    mail::{Address, Client, Envelope, HeaderBlock, trace},
};

/// A client of which nothing is known.
pub fn unknown_client() -> Client {
    Client { over_smtp: true, listener: "check".into(), ..Client::default() }
}

/// The client is the first in the Received trace that is neither a relay of ours nor loopback, the
/// sender is the Return-Path. The client is not yet in the envelope.
pub fn traced(networks: &networks::Settings, raw: &[u8]) -> (Client, Envelope) {
    let headers = HeaderBlock::parse(raw);
    let unknown = unknown_client();
    let (client, helo) =
        real_client(networks, &unknown, &trace(&headers, raw)).unwrap_or((unknown, None));
    let sender = headers.first("Return-Path").map(Address::from_path).unwrap_or_default();
    (client, Envelope { helo, sender, ..Envelope::default() })
}
