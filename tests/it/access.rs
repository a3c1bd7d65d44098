//! Whom an administrator lets in and keeps out while the service runs, beside a real Postfix and real
//! nats-servers.

use std::time::Duration;

use serde_json::Value;

use crate::{
    mail,
    servers::{
        Mta,
        clamd::{Clamd, eicar},
        command::Said,
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        nats::Nats,
        netns::Host,
        postfix::Postfix,
        smtp::{Delivery, Outcome, Stage},
        wait_until,
        zone::Zone,
    },
};

const CLIENT: &str = "203.0.113.5";
const LISTED: &str = "203.0.113.66";

/// A list that refuses its clients alone.
const LIST: &str = "[[dns.list]]\nzone = \"bl.test\"\nabout = \"client\"\nrefuse = true\n\
    findings = { \"127.0.0.2\" = \"RCVD_IN_BL_TEST\" }\n";

/// With who is responsible for the message.
const WITH_AUTH: &str = "profile.external.checks = [\"access\", \"lists\", \"auth\", \"antivirus\", \
    \"attachments\", \"rules\"]";

fn access(gatepost: &Gatepost, arguments: &[&str]) -> Said {
    gatepost.shell().run(&[&["access"], arguments].concat())
}

/// The command succeeds, and says just this.
fn order(gatepost: &Gatepost, arguments: &[&str], says: &str) {
    let said = access(gatepost, arguments);
    assert_eq!((said.status, said.out.trim_end()), (0, says), "{said:?}");
}

/// From `sender@example.org`.
fn deliver(postfix: &Postfix, client: &str, user: &str, subject: &str) -> Outcome {
    let message = mail::plain(subject, "At noon?");
    Delivery::new(client, user, message).attempt(postfix.address()).unwrap()
}

fn assert_taken(outcome: &Outcome) {
    assert_eq!((outcome.stage, outcome.reply.code), (Stage::Message, 250), "{outcome:?}");
}

fn assert_refused(outcome: &Outcome, stage: Stage, code: u16, text: &str) {
    assert_eq!((outcome.stage, outcome.reply.code), (stage, code), "{outcome:?}");
    assert!(outcome.reply.text.starts_with(text), "{outcome:?}");
    assert!(outcome.reply.reference().is_some(), "{outcome:?}");
}

/// A message by another author.
fn by(author: &str) -> Vec<u8> {
    let message = String::from_utf8(mail::plain("Lunch", "At noon?")).unwrap();
    message.replace("Sender <sender@example.org>", author).into_bytes()
}

#[test]
fn a_sender_is_kept_out_from_now_on_and_let_in_again() {
    let mut gatepost = Gatepost::start(&Config::new());
    let postfix = Postfix::start(&gatepost.inet());
    let lunch = || deliver(&postfix, CLIENT, "reader", "Lunch");
    assert_taken(&lunch());
    let block = ["block", "Sender@Example.ORG", "--note", "ticket 4711"];
    order(&gatepost, &block, "sender@example.org: blocked");
    let outcome = lunch();
    assert_refused(&outcome, Stage::Rcpt, 550, "5.7.1 Mail from sender@example.org is not");
    assert!(!outcome.reply.text.contains("4711"), "the note is nobody else's: {outcome:?}");
    let reference = outcome.reply.reference().unwrap();
    wait_until("the record", Duration::from_secs(60), || {
        gatepost.shell().run(&["explain", reference]).status == 0
    });
    let explained = gatepost.shell().run(&["explain", reference]).out;
    for part in ["USER_IN_BLOCKLIST", "block sender@example.org (ticket 4711)", "administrator"] {
        assert!(explained.contains(part), "{part}: {explained}");
    }
    // Postmaster stays reachable, and nobody else was meant.
    assert_taken(&deliver(&postfix, CLIENT, "postmaster", "Let me in"));
    let other = "other@example.org";
    let other = Delivery { sender: other.to_owned(), ..Delivery::new(CLIENT, "reader", by(other)) };
    assert_taken(&other.attempt(postfix.address()).unwrap());
    // It outlives the service.
    gatepost.kill();
    gatepost.restart();
    assert_refused(&lunch(), Stage::Rcpt, 550, "5.7.1 Mail from sender@example.org is not");
    order(&gatepost, &["remove", "sender@example.org"], "sender@example.org: removed");
    assert_taken(&lunch());
    assert_eq!(gatepost.metric("gatepost_reloads_total", ""), 0.0, "nothing was reloaded");
}

#[test]
fn clients_and_authors_are_kept_out() {
    let gatepost = Gatepost::start(&Config::new());
    let postfix = Postfix::start(&gatepost.inet());
    let said = "203.0.113.0/28: blocked\nauthor.example: blocked";
    order(&gatepost, &["block", "203.0.113.0/28", "author.example"], said);
    let text = "5.7.1 Client [203.0.113.5] is not admitted here";
    assert_refused(&deliver(&postfix, CLIENT, "reader", "Lunch"), Stage::Rcpt, 554, text);
    let login = Delivery { login: true, ..Delivery::new(CLIENT, "reader", by("a@example.org")) };
    assert_taken(&login.attempt(postfix.address()).unwrap());
    // More exact than the network.
    order(&gatepost, &["allow", CLIENT], "203.0.113.5: allowed");
    assert_taken(&deliver(&postfix, CLIENT, "reader", "Lunch"));
    assert_taken(&deliver(&postfix, "203.0.113.20", "reader", "Lunch"));
    let author = Delivery::new("203.0.113.20", "reader", by("A <a@news.author.example>"));
    let outcome = author.attempt(postfix.address()).unwrap();
    let text = "5.7.1 Mail from a@news.author.example is not admitted here";
    assert_refused(&outcome, Stage::Message, 550, text);
}

#[test]
fn who_is_let_in_is_refused_for_viruses_alone() {
    let (clamd, zone) = (Clamd::start(), Zone::start(&["bl.test"]));
    zone.list(LISTED, "bl.test");
    let config = Config::new().with(LIST).dns(zone.address()).clamd(&[clamd.unix()]);
    let gatepost = Gatepost::start(&config);
    let postfix = Postfix::start(&gatepost.inet());
    let spam = || deliver(&postfix, LISTED, "reader", "spam-beyond-reject");
    assert_eq!((spam().stage, spam().reply.code), (Stage::Rcpt, 554));
    order(&gatepost, &["allow", LISTED, "--note", "a partner"], "203.0.113.66: allowed");
    assert_taken(&spam());
    let virus = mail::with_attachment("Invoice", "invoice.txt", eicar().as_bytes());
    let virus = Delivery::new(LISTED, "reader", virus).attempt(postfix.address()).unwrap();
    assert_refused(&virus, Stage::Message, 550, "5.7.1 Message contains a virus");
    let judged = gatepost.wait_judged(3);
    let let_in = judged.iter().find(|line| line["verdict"] == "accept").unwrap();
    let findings = let_in["findings"].as_str().unwrap();
    assert!(findings.contains("CLIENT_IN_WELCOMELIST") && findings.contains("LOCAL_REJECT"));
    let shown = gatepost.shell().run(&["explain", let_in["ref"].as_str().unwrap()]).out;
    assert!(shown.contains("client 203.0.113.66: allow 203.0.113.66 (a partner)"), "{shown}");
}

/// What anybody can write says nothing.
#[test]
fn a_sender_is_let_in_if_his_domain_stands_behind_him() {
    let zone = Zone::start(&["bl.test"]);
    let (his, forger) = (LISTED, "203.0.113.77");
    [his, forger].into_iter().for_each(|client| zone.list(client, "bl.test"));
    zone.set_text("example.org", &format!("v=spf1 ip4:{his} -all"));
    let config = Config::new().with(LIST).with(WITH_AUTH).dns(zone.address());
    let gatepost = Gatepost::start(&config);
    let postfix = Postfix::start(&gatepost.inet());
    let spam = |client| deliver(&postfix, client, "reader", "spam-beyond-reject");
    assert_eq!((spam(his).stage, spam(his).reply.code), (Stage::Rcpt, 554));
    order(&gatepost, &["allow", "example.org"], "example.org: allowed");
    assert_taken(&spam(his));
    let forged = spam(forger);
    assert_refused(
        &forged,
        Stage::Message,
        554,
        "5.7.1 Client [203.0.113.77] is blocked by bl.test",
    );
    let said = "example.org: allowed now, its entry was changed";
    order(&gatepost, &["allow", "--unverified", "example.org"], said);
    assert_taken(&spam(forger));
}

#[test]
fn entries_can_be_set_and_seen_without_a_service() {
    let mut gatepost = Gatepost::start(&Config::new());
    gatepost.ask_to_end();
    assert!(gatepost.wait_end().success());
    let remove = access(&gatepost, &["remove", "example.org"]);
    assert_eq!((remove.status, remove.out.as_str()), (1, "example.org: there is no such entry\n"));
    let said = "bücher.example";
    order(&gatepost, &["block", said, "--note", "öfter"], "xn--bcher-kva.example: blocked");
    order(&gatepost, &["block", said, "--note", "öfter"], "xn--bcher-kva.example: blocked already");
    order(&gatepost, &["allow", "2001:db8::/32"], "2001:db8::/32: allowed");
    for wrong in ["192.0.2.7/24", "*@example.org", "a b@example.org", ""] {
        let said = access(&gatepost, &["block", wrong]);
        assert_eq!((said.status, said.out.as_str()), (2, ""), "{wrong}: {said:?}");
    }
    let long = "x".repeat(2_000);
    assert_eq!(access(&gatepost, &["block", "example.net", "--note", &long]).status, 3);
    let before = access(&gatepost, &["list"]);
    let shown: Vec<_> = before.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let shown: Vec<Vec<&str>> = shown;
    assert_eq!((shown[0][0], shown[0][1], shown[0].len()), ("allow", "2001:db8::/32", 3));
    assert_eq!((shown[1][1], shown[1][3]), ("xn--bcher-kva.example", "öfter"));
    gatepost.restart();
    assert_eq!(access(&gatepost, &["list"]).out, before.out, "the service knows the same");
    let listed = access(&gatepost, &["list", "--json"]).json();
    assert_eq!(listed[1]["word"], "block");
    assert_eq!(listed[1]["note"], "öfter");
    assert!(listed[1]["since"].as_u64().unwrap() > 0);
    assert_eq!(gatepost.shell().verify()["access"], 2);
    // Who judges a file is told by a copy.
    let message = gatepost
        .shell()
        .feed(&["check", "--json", "--client", "2001:db8::7", "-"], &by("a@example.org"));
    assert!(message.out.contains("CLIENT_IN_WELCOMELIST"), "{message:?}");
}

/// A thousand at once, and nobody waits for them.
#[test]
fn many_entries_are_set_at_once() {
    let gatepost = Gatepost::start(&Config::new());
    let many: Vec<_> = (0..1_500).map(|n| format!("10.{}.{}.0/24", n / 250, n % 250)).collect();
    let arguments: Vec<&str> =
        ["block"].into_iter().chain(many.iter().map(String::as_str)).collect();
    assert_eq!(access(&gatepost, &arguments).status, 0);
    let Value::Array(listed) = access(&gatepost, &["list", "--json"]).json() else { panic!() };
    assert_eq!(listed.len(), 1_500);
    assert_eq!(gatepost.shell().verify()["access"], 1_500);
}

/// What the filter says to a recipient.
fn rcpt(gatepost: &Gatepost) -> Reply {
    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.open(CLIENT, "reader@example.test").unwrap()
}

#[test]
fn what_is_said_at_one_node_holds_at_the_other() {
    let nats = Nats::start(&Host::here());
    let node = |name: &str| {
        let cluster = format!("[cluster]\nnats = [\"{}\"]\nnode = \"{name}\"", nats.url());
        Gatepost::start(&Config::new().with(&cluster))
    };
    let (a, b) = (node("a"), node("b"));
    let comes = |what: &str, gatepost: &Gatepost, refused: bool| {
        wait_until(what, Duration::from_secs(120), || {
            matches!(rcpt(gatepost), Reply::Text(text) if text.starts_with("550 5.7.1")) == refused
        });
    };
    assert_eq!(rcpt(&b), Reply::Continue);
    order(&a, &["block", "example.org", "--note", "everywhere"], "example.org: blocked");
    comes("a block at a that b heeds", &b, true);
    assert_eq!(access(&a, &["list"]).out, access(&b, &["list"]).out);
    order(&b, &["remove", "example.org"], "example.org: removed");
    comes("its removal at b that a heeds", &a, false);
    let [known, known_too] = [&a, &b].map(|node| node.shell().verify()["state_hash"].clone());
    assert_eq!(known, known_too);
}
