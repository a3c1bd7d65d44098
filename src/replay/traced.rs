//! The envelope of a message that did not come by SMTP, as its headers tell.

use crate::{
    filter::{networks, real_client},
    mail::{Address, Client, Envelope, HeaderBlock, trace},
};

/// The fields in which a mail server notes for whom it has delivered a message.
const DELIVERED: [&str; 2] = ["X-Original-To", "Delivered-To"];

/// A client of which nothing is known.
pub fn unknown_client() -> Client {
    Client { over_smtp: true, listener: "check".into(), ..Client::default() }
}

/// What SMTP has said of a message, as far as its headers still tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The first in the Received trace that is neither a relay of ours nor loopback.
    pub client: Client,
    /// Its sender is the Return-Path. The client and the recipients are not yet in it.
    pub envelope: Envelope,
    /// The topmost X-Original-To, else the topmost Delivered-To; none if there is neither.
    pub recipients: Vec<Address>,
}

impl Traced {
    /// From the headers of a message.
    pub fn new(networks: &networks::Settings, raw: &[u8]) -> Self {
        let headers = HeaderBlock::parse(raw);
        let unknown = unknown_client();
        let (client, helo) =
            real_client(networks, &unknown, &trace(&headers, raw)).unwrap_or((unknown, None));
        let sender = headers.first("Return-Path").map(Address::from_path).unwrap_or_default();
        let delivered = DELIVERED.iter().find_map(|name| headers.first(name));
        let recipient = delivered.and_then(|to| Address::from_person(to).ok());
        let envelope = Envelope { helo, sender, ..Envelope::default() };
        let recipients = recipient.filter(|to| !to.is_null()).into_iter().collect();
        Self { client, envelope, recipients }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipients_are_those_of_the_last_delivery() {
        for (headers, to) in [
            ("", None),
            ("Delivered-To: a@example.org\n", Some("a@example.org")),
            ("Delivered-To: a@example.org\nDelivered-To: b@example.org\n", Some("a@example.org")),
            ("Delivered-To: a@example.org\nX-Original-To: b@example.org\n", Some("b@example.org")),
            ("Delivered-To: mailing list a@example.org\n", None),
            ("Delivered-To: <>\n", None),
        ] {
            let raw = format!("{headers}Return-Path: <s@example.com>\nSubject: x\n\nx\n");
            let traced = Traced::new(&networks::Settings::default(), raw.as_bytes());
            let found: Vec<&str> = traced.recipients.iter().map(Address::as_str).collect();
            assert_eq!(found, Vec::from_iter(to), "{headers}");
            assert_eq!(traced.envelope.sender.as_str(), "s@example.com");
        }
    }
}
