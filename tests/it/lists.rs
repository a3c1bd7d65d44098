//! DNS lists that are wrong, dead or refuse to answer never cost a message.

use std::time::Duration;

use crate::{
    mail,
    servers::{
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        wait_until,
        zone::{Mode, Zone},
    },
};

const LISTED: &str = "203.0.113.66";

const LIST: &str = "[[dns.list]]\nzone = \"bl.test\"\nabout = \"client\"\nrefuse = true\n\
    findings = { \"127.0.0.2\" = \"RCVD_IN_BL_TEST\" }\n";

/// A filter that asks `bl.test`, on which [`LISTED`] stands.
fn gatepost_asking(zone: &Zone) -> Gatepost {
    zone.list(LISTED, "bl.test");
    let config = Config::new().with(LIST).dns(zone.address()).with("dns.timeout_ms = 500");
    Gatepost::start(&config)
}

/// The answer to RCPT, or that to the message if all before it was fine.
fn answer(gatepost: &Gatepost, client: &str) -> Reply {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    match milter.open(client, "reader@example.test").unwrap() {
        Reply::Continue => milter.message(&mail::plain("Lunch", "At noon?")).unwrap(),
        refused => refused,
    }
}

fn is_refusal(reply: &Reply) -> bool {
    matches!(reply, Reply::Text(text) if text.starts_with("554"))
}

fn is_taken(reply: &Reply) -> bool {
    matches!(reply, Reply::Continue | Reply::Accept)
}

/// The self-test of RFC 5782 runs at start; this is how its end can be seen.
fn wait_aside(gatepost: &Gatepost) {
    wait_until("bl.test set aside", Duration::from_secs(30), || {
        gatepost.metric("gatepost_dns_list_aside", "bl.test") > 0.0
    });
}

#[test]
fn a_good_list_refuses() {
    let zone = Zone::start(&["bl.test"]);
    let gatepost = gatepost_asking(&zone);
    assert!(is_refusal(&answer(&gatepost, LISTED)));
    assert!(is_taken(&answer(&gatepost, "203.0.113.10")));
}

#[test]
fn a_list_that_lists_everybody_is_set_aside() {
    let zone = Zone::start(&["bl.test"]);
    zone.list("127.0.0.1", "bl.test");
    let gatepost = gatepost_asking(&zone);
    wait_aside(&gatepost);
    assert!(is_taken(&answer(&gatepost, LISTED)));
}

#[test]
fn a_list_without_its_test_entry_is_set_aside() {
    let zone = Zone::start(&[]);
    let gatepost = gatepost_asking(&zone);
    wait_aside(&gatepost);
    assert!(is_taken(&answer(&gatepost, LISTED)));
}

#[test]
fn refused_codes_never_count() {
    let zone = Zone::start(&["bl.test"]);
    let gatepost = gatepost_asking(&zone);
    for (client, code) in [("203.0.113.1", "127.255.255.254"), ("203.0.113.2", "127.0.0.1")] {
        let [_, _, _, host] = client.parse::<std::net::Ipv4Addr>().unwrap().octets();
        zone.set(&format!("{host}.113.0.203.bl.test"), &[code]);
        assert!(is_taken(&answer(&gatepost, client)), "{code}");
    }
    let judged = gatepost.wait_judged(2);
    for line in judged {
        assert!(!line["findings"].as_str().unwrap().contains("RCVD_IN_BL_TEST"), "{line}");
    }
}

#[test]
fn dead_dns_costs_no_message() {
    for mode in [Mode::BlackHole, Mode::Failing] {
        let zone = Zone::start(&["bl.test"]);
        let gatepost = gatepost_asking(&zone);
        zone.mode(mode);
        for _ in 0..3 {
            assert!(is_taken(&answer(&gatepost, LISTED)), "{mode:?}");
        }
        zone.mode(Mode::Normal);
        let other = "203.0.113.67";
        zone.list(other, "bl.test");
        wait_until("the list counts again", Duration::from_secs(60), || {
            is_refusal(&answer(&gatepost, other))
        });
    }
}
