//! Who sends it: what a client says of itself, what DNS knows of it, whom the author looks like. Mail
//! that a relay hands on is judged by the client the relay took it from.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    mail,
    servers::{
        Mta as _,
        gatepost::{Config, Gatepost},
        postfix::Postfix,
        smtp::Delivery,
        zone::Zone,
    },
};

/// A relay of ours.
const RELAY: &str = "198.51.100.25";

/// A client with its HELO name in DNS, and one without.
const GOOD: &str = "203.0.113.10";
const BAD: &str = "203.0.113.20";

/// What the check may find here. The name server knows no names of addresses.
const OF_INTEREST: [&str; 5] =
    ["FROM_LOOKALIKE", "HELO_NO_DOMAIN", "HELO_SYNTAX", "HELO_UNRESOLVABLE", "NO_DNS_FOR_FROM"];

fn zone() -> Zone {
    let zone = Zone::start(&[]);
    zone.set("client.example.org", &[GOOD]);
    zone.set("example.org", &[GOOD]);
    zone
}

/// A message of this author, with these lines on top.
fn message(author: &str, on_top: &str) -> Vec<u8> {
    let plain = String::from_utf8(mail::plain("Lunch", "At noon?")).unwrap();
    let from_author = plain.replace("sender@example.org", author);
    format!("{on_top}{from_author}").into_bytes()
}

fn found(judged: &Value) -> BTreeSet<&str> {
    let findings = judged["findings"].as_str().unwrap();
    let names = findings.split(',').filter_map(|one| Some(one.split_once('=')?.0));
    names.filter(|name| OF_INTEREST.contains(name)).collect()
}

#[test]
fn a_client_is_judged_by_what_it_says_and_what_dns_knows() {
    let zone = zone();
    let config =
        Config::new().dns(zone.address()).with(&format!("networks.relays = [\"{RELAY}\"]"));
    let gatepost = Gatepost::start(&config);
    let postfix = Postfix::start(&gatepost.inet());
    let received = |helo: &str, address: &str| {
        format!(
            "Received: from {helo} (unknown [{address}])\r\n\tby mx.example.net (Postfix) with \
             ESMTP id 4ZKx1xZ0;\r\n\tThu, 12 Nov 2026 09:30:00 +0000 (UTC)\r\n"
        )
    };
    let bad = &["FROM_LOOKALIKE", "HELO_SYNTAX", "NO_DNS_FOR_FROM"][..];
    let bad_author = "service@paypa1.example";
    let nowhere = "service@nowhere.example.org";
    for (number, (client, helo, sender, message, expected)) in [
        (GOOD, "client.example.org", "sender@example.org", message("a@example.org", ""), &[][..]),
        (BAD, "my_pc", nowhere, message(bad_author, ""), bad),
        (BAD, "nowhere.example.org", "", message("a@example.org", ""), &["HELO_UNRESOLVABLE"]),
        // What the relay says of itself is nobody's business.
        (RELAY, "re_lay", nowhere, message(bad_author, &received("my_pc", BAD)), bad),
        (
            RELAY,
            "re_lay",
            "sender@example.org",
            message("a@example.org", &received("client.example.org", GOOD)),
            &[],
        ),
        (
            RELAY,
            "relay.example.org",
            "sender@example.org",
            message("a@example.org", &received("pc7", "203.0.113.30")),
            &["HELO_NO_DOMAIN"],
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let delivery = Delivery {
            helo: helo.to_owned(),
            sender: sender.to_owned(),
            ..Delivery::new(client, "reader", message)
        };
        delivery.attempt(postfix.address()).unwrap();
        let judged = gatepost.wait_judged(number + 1).remove(number);
        assert_eq!(found(&judged), expected.iter().copied().collect(), "{number}: {judged}");
    }
    assert!(zone.asked_for("30.113.0.203.in-addr.arpa") > 0, "the real client's name is asked for");
    assert_eq!(zone.asked_for("25.100.51.198.in-addr.arpa"), 0, "the relay's is not");
    assert_eq!(zone.asked_for("relay.example.org"), 0);
}
