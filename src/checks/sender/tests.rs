//! The check on a loopback name server, and on headers.

use std::sync::Arc;

use hickory_proto::{
    op::ResponseCode,
    rr::{
        Name, RData, RecordType,
        rdata::{AAAA, MX, PTR},
    },
};

use super::*;
use crate::{
    checks::{Case, Check, Work},
    dns::loopback::{Loopback, Reply},
    mail::{Address, Client, Envelope, Message},
    verdict::{Answer, Witness},
};

const CLIENT: &str = "203.0.113.7";
const CLIENT_REVERSE: &str = "7.113.0.203.in-addr.arpa.";

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn exchangers(hosts: &[&str]) -> Vec<RData> {
    hosts.iter().map(|host| RData::MX(MX::new(10, name(host)))).collect()
}

fn pointers(hosts: &[&str]) -> Vec<RData> {
    hosts.iter().map(|host| RData::PTR(PTR(name(host)))).collect()
}

/// A good client: `mail.good.example` with its address, and a domain whose mail it takes.
async fn server() -> Loopback {
    let server = Loopback::start().await;
    server.records(CLIENT_REVERSE, RecordType::PTR, pointers(&["mail.good.example."]));
    server.address("mail.good.example.", Reply::address([203, 0, 113, 7]));
    server.records("good.example.", RecordType::MX, exchangers(&["mail.good.example."]));
    server
}

fn settings() -> Settings {
    let list = |text: &str| vec![text.to_owned()];
    Settings { own_names: list("MX.ours.example."), own_domains: list("ours-firm.example") }
}

fn envelope(address: &str, helo: &str, sender: &str) -> Envelope {
    let client = Client {
        address: address.parse().ok(),
        over_smtp: true,
        mta: Some("inbound.example".to_owned()),
        ..Client::default()
    };
    let helo = Some(helo.to_owned());
    Envelope {
        client: Arc::new(client),
        helo,
        sender: Address::from_path(sender),
        ..Envelope::default()
    }
}

async fn asked(check: &Sender, envelope: Envelope, witness: &Witness) -> String {
    names(&check.of_envelope(&Arc::new(envelope), witness).unwrap().await.unwrap())
}

fn names(answer: &Answer) -> String {
    assert!(answer.forced.is_none() && answer.refuse.is_none());
    let names: Vec<&str> = answer.findings.iter().map(|found| found.name.as_str()).collect();
    names.join(" ")
}

#[tokio::test]
async fn a_client_says_who_it_is() {
    let server = server().await;
    let v6 = "2001:db8::7".parse().unwrap();
    server.records("v6.good.example.", RecordType::AAAA, vec![RData::AAAA(AAAA(v6))]);
    server.address("fails.example.", Reply::Code(ResponseCode::ServFail));
    let check = Sender::new(&settings(), Some(server.resolver()));
    for (helo, found) in [
        ("mail.good.example", ""),
        ("v6.good.example", ""),
        ("fails.example", ""),
        ("[203.0.113.7]", ""),
        // Rules say it of IPv4 addresses.
        ("[192.0.2.1]", ""),
        ("203.0.113.7", ""),
        ("[IPv6:::ffff:203.0.113.7]", ""),
        ("[IPv6:2001:db8::8]", "HELO_LITERAL_OTHER"),
        ("nowhere.example", "HELO_UNRESOLVABLE"),
        ("my_pc", "HELO_SYNTAX"),
        ("", "HELO_SYNTAX"),
        ("pc7", "HELO_NO_DOMAIN"),
        ("mx.ours.example", "HELO_OURS"),
        ("Ours-Firm.example", "HELO_OURS"),
        ("INBOUND.example", "HELO_OURS"),
    ] {
        let envelope = envelope(CLIENT, helo, "<>");
        assert_eq!(asked(&check, envelope, &Witness::live()).await, found, "{helo}");
    }
    let silent = Envelope { helo: None, ..envelope(CLIENT, "", "<>") };
    assert_eq!(asked(&check, silent, &Witness::live()).await, "");
}

#[tokio::test]
async fn a_client_has_names_of_its_own() {
    let server = server().await;
    let reverse = |last: u8, hosts: &[&str]| {
        let zone = format!("{last}.113.0.203.in-addr.arpa.");
        server.records(&zone, RecordType::PTR, pointers(hosts));
    };
    reverse(8, &["mail.good.example."]);
    reverse(9, &["cpe-203-0-113-9.example."]);
    reverse(10, &["other.example.", "cpe-203-0-113-10.example."]);
    reverse(12, &["fails.example."]);
    server.address("cpe-203-0-113-10.example.", Reply::address([203, 0, 113, 10]));
    server.address("fails.example.", Reply::Code(ResponseCode::ServFail));
    let check = Sender::new(&settings(), Some(server.resolver()));
    for (address, found) in [
        (CLIENT, ""),
        ("::ffff:203.0.113.7", ""),
        ("203.0.113.8", "RDNS_UNCONFIRMED"),
        ("203.0.113.9", "RDNS_UNCONFIRMED RDNS_DYNAMIC"),
        ("203.0.113.10", "RDNS_DYNAMIC"),
        ("203.0.113.11", "RDNS_NONE"),
        ("203.0.113.12", ""),
        ("2001:db8::9", "RDNS_NONE"),
        ("192.168.1.1", ""),
        ("", ""),
    ] {
        let envelope = envelope(address, "mail.good.example", "<>");
        assert_eq!(asked(&check, envelope, &Witness::live()).await, found, "{address}");
    }
}

#[tokio::test]
async fn what_the_mta_has_found_out_is_not_asked_again() {
    let server = server().await;
    let check = Sender::new(&settings(), Some(server.resolver()));
    let mut known = envelope(CLIENT, "mail.good.example", "<>");
    let client = Arc::make_mut(&mut known.client);
    client.name = Some("7.113.0.203.dsl.example".to_owned());
    assert_eq!(asked(&check, known, &Witness::live()).await, "RDNS_DYNAMIC");
    assert_eq!(server.asked(CLIENT_REVERSE), 0);
}

#[tokio::test]
async fn mail_can_go_back_to_a_good_domain() {
    let server = server().await;
    let mx = |domain: &str, hosts: &[&str]| {
        server.records(domain, RecordType::MX, exchangers(hosts));
    };
    server.address("address.example.", Reply::address([203, 0, 113, 7]));
    mx("null.example.", &["."]);
    mx("private.example.", &["a.private.example.", "b.private.example."]);
    server.address("a.private.example.", Reply::address([10, 0, 0, 1]));
    server.address("b.private.example.", Reply::address([127, 0, 0, 1]));
    mx("half.example.", &["a.private.example.", "mail.good.example."]);
    mx("literal.example.", &["192.0.2.1."]);
    mx("dead.example.", &["nowhere.example."]);
    mx("unknown.example.", &["a.private.example.", "fails.example."]);
    server.address("fails.example.", Reply::Code(ResponseCode::ServFail));
    server.records("refused.example.", RecordType::MX, Vec::new());
    server.address("refused.example.", Reply::Code(ResponseCode::Refused));
    let check = Sender::new(&settings(), Some(server.resolver()));
    for (sender, found) in [
        ("<a@good.example>", ""),
        ("<a@address.example>", ""),
        ("<>", ""),
        ("<postmaster>", ""),
        ("<a@[192.0.2.1]>", ""),
        ("<a@none.example>", "NO_DNS_FOR_FROM"),
        ("<a@null.example>", "SENDER_NULL_MX"),
        ("<a@private.example>", "SENDER_MX_BOGUS"),
        ("<a@literal.example>", "SENDER_MX_BOGUS"),
        ("<a@dead.example>", "SENDER_MX_BOGUS"),
        ("<a@half.example>", ""),
        ("<a@unknown.example>", ""),
        ("<a@refused.example>", ""),
        ("<a@two..dots>", ""),
        ("<a@m\u{fc}ller.example>", ""),
    ] {
        let envelope = envelope(CLIENT, "mail.good.example", sender);
        assert_eq!(asked(&check, envelope, &Witness::live()).await, found, "{sender}");
    }
}

#[tokio::test]
async fn what_was_heard_then_gives_the_same_findings() {
    let server = server().await;
    let check = Sender::new(&settings(), Some(server.resolver()));
    let bad = || envelope("203.0.113.11", "nowhere.example", "<a@none.example>");
    let live = Witness::live();
    let found = asked(&check, bad(), &live).await;
    assert_eq!(found, "RDNS_NONE HELO_UNRESOLVABLE NO_DNS_FOR_FROM");
    let nobody = Loopback::start().await;
    let check = Sender::new(&settings(), Some(nobody.resolver()));
    let then = Witness::of(Some(Arc::new(live.testimony())));
    assert_eq!(asked(&check, bad(), &then).await, found);
    assert!(then.testimony().missing.is_empty());
    assert_eq!(nobody.asked("nowhere.example."), 0);
}

#[tokio::test]
async fn dns_that_fails_is_no_finding() {
    let server = Loopback::start().await;
    server.otherwise(Some(Reply::Code(ResponseCode::ServFail)));
    for resolver in [Some(server.resolver()), None] {
        let check = Sender::new(&settings(), resolver);
        let bad = envelope("203.0.113.11", "nowhere.example", "<a@none.example>");
        assert_eq!(asked(&check, bad, &Witness::live()).await, "");
    }
}

/// What is found in a message for `reader@firm-of-readers.example`.
fn read(headers: &str, client_name: &str) -> String {
    let mut envelope = envelope(CLIENT, "mail.good.example", "<a@good.example>");
    envelope.recipients = vec![Address::from_path("<reader@firm-of-readers.example>")];
    Arc::make_mut(&mut envelope.client).name = Some(client_name.to_owned());
    let raw = format!("{headers}Subject: x\r\n\r\nx\r\n").into_bytes();
    let case = Case { envelope: Arc::new(envelope), message: Arc::new(Message::parse(raw)) };
    let check = Sender::new(&settings(), None);
    let Some(Work::Cpu(work)) = check.of_message(&case, &Witness::live()) else {
        panic!("it computes")
    };
    names(&work().unwrap())
}

#[test]
fn authors_look_like_others() {
    for (headers, found) in [
        ("From: Ann <ann@good.example>", ""),
        ("From: PayPal <service@paypa1.com>", "FROM_LOOKALIKE"),
        ("From: service@mail.micros0ft.com", "FROM_LOOKALIKE"),
        ("From: service@paypal.com", ""),
        ("From: a@p\u{430}ypal.com", "FROM_LOOKALIKE FROM_DOMAIN_MIXED"),
        ("From: a@ours-firrn.example", "FROM_LOOKALIKE_OWN"),
        ("From: a@our-firm.example", "FROM_LOOKALIKE_OWN"),
        ("From: a@ours-firm.example", ""),
        ("From: a@sub.ours-firm.example", ""),
        ("From: a@firm-of-reeders.example", "FROM_LOOKALIKE_OWN"),
        ("From: a@firm-of-readers.example", ""),
        ("From: \"boss@ours-firm.example\" <x@free.example>", "FROM_NAME_OWN_DOMAIN"),
        ("From: Ours-Firm.example Support <x@free.example>", "FROM_NAME_OWN_DOMAIN"),
        ("From: Firm-of-readers.example. <x@free.example>", "FROM_NAME_OWN_DOMAIN"),
        ("From: \"boss@ours-firm.example\" <x@ours-firm.example>", ""),
        ("From: yours-firm.example <x@free.example>", ""),
        ("From: b@good-partner.com\r\nReply-To: b@good-partners.com", "REPLYTO_LOOKALIKE"),
        ("From: b@partner.com\r\nReply-To: b@ours-flrm.example", "REPLYTO_LOOKALIKE"),
        ("From: b@partner.com\r\nReply-To: b@partner.com", ""),
        ("From: b@partner.com\r\nReply-To: b@other.com", ""),
        ("From: a@paypa1.com, b@paypa1.com", "FROM_LOOKALIKE"),
        ("From: nonsense", ""),
        ("From:", ""),
        ("X: y", ""),
    ] {
        assert_eq!(read(&format!("{headers}\r\n"), "mail.good.example"), found, "{headers}");
    }
}

#[test]
fn subscribers_hand_mail_in_to_their_provider() {
    let received = |address: &str| {
        format!("Received: from a.example (a.example [{address}])\r\n\tby b.example; x\r\n")
    };
    let subscriber = "7.113.0.203.dsl.example";
    for (headers, name, found) in [
        (String::new(), subscriber, "DIRECT_TO_MX_DYNAMIC"),
        (received(CLIENT), subscriber, "DIRECT_TO_MX_DYNAMIC"),
        (received("192.0.2.1"), subscriber, ""),
        (received(CLIENT) + &received("192.0.2.1"), subscriber, ""),
        (String::new(), "mail.good.example", ""),
    ] {
        assert_eq!(read(&headers, name), found, "{headers}");
    }
}
