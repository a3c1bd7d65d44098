//! A kept message as an MTA would hand it to a milter.
//!
//! - Line ends: CRLF in the body, LF between the lines of a folded field, as Postfix and sendmail
//!   send them. Zero bytes in fields are left out: the protocol cannot carry them.
//! - The envelope is what the header tells: the sender is the Return-Path, the recipient X-Original-To
//!   or Delivered-To, the client the first in the Received trace that is neither ours nor of a private
//!   network. Kept mail has often been fetched and filed after it was received: what was written
//!   then names no address, or a local one, and is passed over.
//! - Kept messages are not dot-stuffed (RFC 5321, section 4.5.2), so there is nothing to undo.

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    filter::networks,
    mail::{Address, Header, HeaderBlock, Hop, trace},
    replay::traced::first_outside,
    verdict::Label,
};

/// Who sends what does not say it: an address for documentation (RFC 5737), with a name.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
/// The name of that one, and what those say in HELO of whom nothing is known but the address.
const CLIENT_NAME: &str = "client.example.org";
/// To whom goes what does not say it.
const RECIPIENT: &str = "postbox@example.org";

/// Where messages seem to come from.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The client, whatever the trace says.
    pub client: Option<IpAddr>,
    /// The login name of all of them.
    pub login: Option<String>,
    /// Who is passed over in the trace.
    pub networks: networks::Settings,
}

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: Vec<u8>,
    /// From behind the colon on.
    pub(super) value: Vec<u8>,
}

/// One message, ready to be sent.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// What it is, where that is known.
    pub(super) label: Option<Label>,
    pub(super) address: IpAddr,
    name: Option<String>,
    pub(super) helo: String,
    pub(super) login: Option<String>,
    pub(super) sender: Address,
    /// At least one.
    pub(super) recipients: Vec<Address>,
    pub(super) fields: Vec<Field>,
    /// With CRLF.
    pub(super) body: Vec<u8>,
}

impl Delivery {
    /// From a message as it is kept; `None` if there is nothing in it.
    pub fn new(raw: Vec<u8>, label: Option<Label>, origin: &Origin) -> Option<Self> {
        if raw.is_empty() {
            return None;
        }
        let header = HeaderBlock::parse(&raw);
        let client = match origin.client {
            Some(address) => Hop { address: Some(address.to_canonical()), ..Hop::default() },
            None => client(&header, &raw, &origin.networks),
        };
        let helo = client.helo.or_else(|| client.name.clone());
        Some(Self {
            label,
            address: client.address.unwrap_or(CLIENT),
            name: client.name,
            helo: helo.unwrap_or_else(|| CLIENT_NAME.to_owned()),
            login: origin.login.clone(),
            sender: header.first("Return-Path").map(Address::from_path).unwrap_or_default(),
            recipients: recipients(&header),
            fields: fields(&header, &raw),
            body: with_crlf(body(&header, &raw)),
        })
    }

    /// The client's name as an MTA gives it.
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("unknown")
    }

    /// `{client_resolve}`.
    pub(super) fn resolved(&self) -> &'static str {
        if self.name.is_some() { "OK" } else { "FAIL" }
    }

    /// Name and address, as in `_`.
    pub(super) fn identity(&self) -> String {
        format!("{} [{}]", self.name(), self.address)
    }

    /// The value of the first field of this name, trimmed.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        let is_it = |field: &&Field| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().find(is_it).map(|field| field.value.trim_ascii())
    }
}

/// Who brought it to us; somebody harmless where the trace does not say.
fn client(header: &HeaderBlock, raw: &[u8], networks: &networks::Settings) -> Hop {
    first_outside(networks, trace(header, raw)).unwrap_or_else(|| Hop {
        address: Some(CLIENT),
        name: Some(CLIENT_NAME.to_owned()),
        ..Hop::default()
    })
}

fn recipients(header: &HeaderBlock) -> Vec<Address> {
    let said = ["X-Original-To", "Delivered-To"].iter().flat_map(|name| header.named(name));
    let said = said.filter_map(|field| Address::from_person(&field.decoded).ok());
    let first = said.filter(|address| !address.is_null()).take(1);
    let found: Vec<Address> = first.collect();
    if found.is_empty() { vec![Address::from_path(RECIPIENT)] } else { found }
}

fn fields(header: &HeaderBlock, raw: &[u8]) -> Vec<Field> {
    let field = |field: &Header| {
        let value = raw.get(field.value.clone()).unwrap_or_default();
        let is_carried = |at: usize, byte: u8| {
            byte != 0 && !(byte == b'\r' && value.get(at + 1) == Some(&b'\n'))
        };
        let carried = value.iter().enumerate().filter(|&(at, &byte)| is_carried(at, byte));
        Field {
            name: field.name.bytes().filter(|&byte| byte != 0).collect(),
            value: carried.map(|(_, &byte)| byte).collect(),
        }
    };
    header.fields.iter().map(field).collect()
}

/// What stands behind the header and the empty line that ends it.
fn body<'r>(header: &HeaderBlock, raw: &'r [u8]) -> &'r [u8] {
    let start = header.fields.last().map_or(0, |field| field.field.end);
    let rest = raw.get(start..).unwrap_or_default();
    rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest)
}

fn with_crlf(body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len() + body.len() / 32 + 2);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        text.extend_from_slice(b"\r\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn delivery(raw: &str) -> Delivery {
        Delivery::new(raw.as_bytes().to_vec(), None, &Origin::default()).unwrap()
    }

    #[test]
    fn the_envelope_is_what_the_header_tells() {
        let delivery = delivery(
            "Return-Path: <a@b.example>\nDelivered-To: c@d.example\n\
             Received: from [127.0.0.1] (localhost [127.0.0.1]) by mx.example.org; now\n\
             Received: from mx [127.0.0.1] by localhost with IMAP (fetcher); now\n\
             Received: from inside (inside.example.org [192.168.1.1]) by mx.example.org; now\n\
             Received: from hello.example (client.example [203.0.113.9]) by mx.example.org; now\n\n",
        );
        assert_eq!(delivery.identity(), "client.example [203.0.113.9]");
        assert_eq!((delivery.helo.as_str(), delivery.resolved()), ("hello.example", "OK"));
        assert_eq!(delivery.sender.as_str(), "a@b.example");
        assert_eq!(delivery.recipients, [Address::from_path("<c@d.example>")]);
        assert_eq!(delivery.value("return-PATH"), Some(&b"<a@b.example>"[..]));
    }

    #[test]
    fn what_is_not_told_is_made_up() {
        let bare = delivery("Subject: x\n\n");
        assert_eq!(bare.identity(), "client.example.org [192.0.2.1]");
        assert_eq!((bare.helo.as_str(), bare.sender.is_null()), (CLIENT_NAME, true));
        assert_eq!(bare.recipients[0].as_str(), RECIPIENT);
        let client = Some("2001:db8::7".parse().unwrap());
        let origin = Origin { client, ..Origin::default() };
        let given = Delivery::new(b"Subject: x\n\n".to_vec(), None, &origin).unwrap();
        assert_eq!(given.identity(), "unknown [2001:db8::7]");
        assert_eq!(given.helo, CLIENT_NAME);
        assert!(Delivery::new(Vec::new(), None, &origin).is_none());
    }

    #[test]
    fn line_ends_are_those_of_an_mta() {
        for (raw, fields, body) in [
            ("A: b\n c\nD:\te\n\nx\ny", &[("A", " b\n c"), ("D", "\te")][..], "x\r\ny\r\n"),
            ("A: b\r\n c\r\n\r\nx\r\n.\r\n", &[("A", " b\n c")], "x\r\n.\r\n"),
            ("A: \0b\r\n\r\n", &[("A", " b")], ""),
            ("no field\nA: b\n", &[], "no field\r\nA: b\r\n"),
            ("A: b\nno field\n", &[("A", " b")], "no field\r\n"),
            ("\n\nx\n", &[], "\r\nx\r\n"),
        ] {
            let delivery = delivery(raw);
            let found: Vec<_> = delivery
                .fields
                .iter()
                .map(|field| (str::from_utf8(&field.name), str::from_utf8(&field.value)))
                .collect();
            let expected: Vec<_> =
                fields.iter().map(|&(name, value)| (Ok(name), Ok(value))).collect();
            assert_eq!(found, expected, "{raw:?}");
            assert_eq!(delivery.body, body.as_bytes(), "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_delivered(raw in prop::collection::vec(
            prop_oneof![Just(b'\r'), Just(b'\n'), Just(b':'), Just(0u8), any::<u8>()], 1..200,
        )) {
            let delivery = Delivery::new(raw, None, &Origin::default()).unwrap();
            let clean = |bytes: &[u8]| !bytes.contains(&0);
            prop_assert!(delivery.fields.iter().all(|f| clean(&f.name) && clean(&f.value)));
            let body = delivery.body;
            prop_assert!(body.is_empty() || body.ends_with(b"\r\n"));
            let bare = body.iter().enumerate().any(|(at, &b)| b == b'\n' && (at == 0 || body[at - 1] != b'\r'));
            prop_assert!(!bare);
        }
    }
}
