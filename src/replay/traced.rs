//! The envelope of a message that did not come by SMTP, as its headers tell.

use std::net::IpAddr;

use crate::{
    filter::{networks, real_client},
    mail::{Address, Client, Envelope, HeaderBlock, Hop, trace},
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
    /// The first in the Received trace that is neither a relay of ours nor loopback; hops of those who
    /// fetched or filed the message, which name no client, are passed over.
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
        let hops = trace(&headers, raw);
        let found = real_client(networks, &unknown, &hops);
        let found =
            found.or_else(|| real_client(networks, &unknown, &[first_outside(networks, hops)?]));
        let (client, helo) = found.unwrap_or((unknown, None));
        let sender = headers.first("Return-Path").map(Address::from_path).unwrap_or_default();
        let delivered = DELIVERED.iter().find_map(|name| headers.first(name));
        let recipient = delivered.and_then(|to| Address::from_person(to).ok());
        let envelope = Envelope { helo, sender, ..Envelope::default() };
        let recipients = recipient.filter(|to| !to.is_null()).into_iter().collect();
        Self { client, envelope, recipients }
    }
}

/// The first hop that a client on the Internet came by, whoever wrote what stands above it.
pub(super) fn first_outside(networks: &networks::Settings, hops: Vec<Hop>) -> Option<Hop> {
    let ours = networks.ours();
    let is_outside = |address| !networks::contains(&ours, address) && !is_private(address);
    hops.into_iter().find(|hop| hop.address.is_some_and(is_outside))
}

/// Of no host on the Internet (RFC 1918, RFC 4193), or of this one.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
        }
        IpAddr::V6(v6) => {
            v6.is_unique_local()
                || v6.is_loopback()
                || v6.is_unicast_link_local()
                || v6.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fetched_the_message_did_not_bring_it() {
        for (received, client) in [
            (
                "from mx.example.org (mx.example.org [192.0.2.7]) by a.example.com",
                Some("192.0.2.7"),
            ),
            (
                "from pop.example.com [10.0.0.1] by localhost with POP3 (fetchmail-5.9)\n\
                 Received: (from root@localhost) by a.example.com\n\
                 Received: from mx.example.org (mx.example.org [192.0.2.7]) by a.example.com",
                Some("192.0.2.7"),
            ),
            (
                "by a.example.com (Postfix, from userid 500)\n\
                 Received: from mx.example.org (mx.example.org [192.0.2.7]) by a.example.com",
                Some("192.0.2.7"),
            ),
            ("by a.example.com (Postfix, from userid 500)", None),
        ] {
            let raw = format!("Received: {received}\nSubject: x\n\nx\n");
            let traced = Traced::new(&networks::Settings::default(), raw.as_bytes());
            let found = traced.client.address.map(|address| address.to_string());
            assert_eq!(found.as_deref(), client, "{received}");
        }
    }

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
