//! gatepost as Postfix's milter: the matrix, and what only Postfix can show.

use crate::{
    mail::{self, header},
    matrix::{self, World},
    servers::{
        Mta,
        gatepost::{Config, Gatepost},
        postfix::Postfix,
        rbldnsd::{BLOCKED, CLEAN},
        smtp::{Delivery, Outcome, Stage},
    },
};

fn hello() -> Vec<u8> {
    mail::plain("Lunch tomorrow", "Shall we meet at noon?")
}

fn send(postfix: &Postfix, client: &str, message: Vec<u8>) -> Outcome {
    Delivery::new(client, "reader", message).attempt(postfix.address()).unwrap()
}

#[test]
fn matrix_over_inet() {
    let world = World::start();
    matrix::run(&Postfix::start(&world.gatepost.inet()), &world.gatepost);
}

#[test]
fn matrix_over_unix() {
    let world = World::start();
    matrix::run(&Postfix::start(&world.gatepost.unix()), &world.gatepost);
}

#[test]
fn fifty_recipients() {
    let world = World::start();
    matrix::fifty_recipients(&Postfix::start(&world.gatepost.inet()), &world.gatepost);
}

#[test]
fn scanner_gone() {
    let mut world = World::start();
    let postfix = Postfix::start(&world.gatepost.inet());
    world.clamd.kill();
    matrix::without_scanner(&postfix, &world.gatepost);
    world.clamd.restart();
    let outcome = send(&postfix, CLEAN, mail::own_virus());
    assert_eq!(outcome.reply.code, 550, "the scanner is asked again: {outcome:?}");
}

#[test]
fn scanner_hangs() {
    let world = World::with("antivirus.timeout_ms = 1000");
    let postfix = Postfix::start(&world.gatepost.inet());
    world.clamd.stop();
    matrix::without_scanner(&postfix, &world.gatepost);
    world.clamd.resume();
}

#[test]
fn second_scanner_takes_over() {
    let mut world = World::start();
    let second = crate::servers::clamd::Clamd::start();
    let both = [world.clamd.unix(), second.inet()];
    let gatepost = Gatepost::start(&Config::new().clamd(&both));
    let postfix = Postfix::start(&gatepost.inet());
    world.clamd.kill();
    assert_eq!(send(&postfix, CLEAN, mail::own_virus()).reply.code, 550);
    assert_eq!(send(&postfix, CLEAN, hello()).reply.code, 250);
}

#[test]
fn dry_run_judges_and_changes_nothing() {
    let world = World::with("profile.external.dry_run = true");
    let postfix = Postfix::start(&world.gatepost.inet());
    for (client, message) in
        [(CLEAN, mail::plain("A test", &mail::gtube())), (BLOCKED, hello()), (CLEAN, mail::eicar())]
    {
        assert_eq!(send(&postfix, client, message).reply.code, 250);
    }
    postfix.settle();
    let delivered = postfix.delivered("reader");
    assert_eq!(delivered.len(), 3);
    for message in delivered {
        assert_eq!(header(&message, "X-Spam-Status"), None);
    }
    let judged = world.gatepost.judged();
    assert_eq!(judged.iter().filter(|line| line["verdict"] == "reject").count(), 3, "{judged:#?}");
    assert!(judged.iter().all(|line| line["dry_run"] == true));
}

#[test]
fn quarantine_holds() {
    let world = World::with("profile.external.quarantine = 8\nprofile.external.reject = 20");
    let postfix = Postfix::start(&world.gatepost.inet());
    let outcome = send(&postfix, CLEAN, mail::plain("spam-beyond-reject", "Twelve points."));
    assert_eq!(outcome.reply.code, 250);
    postfix.settle();
    assert!(postfix.delivered("reader").is_empty());
    assert_eq!(postfix.held(), 1);
}

#[test]
fn discard_loses_on_purpose() {
    let world = World::with("profile.external.discard = 11");
    let postfix = Postfix::start(&world.gatepost.inet());
    let outcome = send(&postfix, CLEAN, mail::plain("spam-beyond-reject", "Twelve points."));
    assert_eq!(outcome.reply.code, 250);
    postfix.settle();
    assert!(postfix.all_delivered().is_empty());
    assert_eq!(world.gatepost.judged()[0]["verdict"], "discard");
}

/// A message with a Received trace, topmost field first.
fn handed_on(trace: &[&str]) -> Vec<u8> {
    let received: String = trace
        .iter()
        .map(|from| {
            format!(
                "Received: from mail.example.net (unknown [{from}])\r\n\
                 \tby relay.example.test (Postfix) with ESMTP id 4XABCDEF\r\n\
                 \tfor <reader@example.test>; Thu, 12 Nov 2026 09:31:00 +0000\r\n"
            )
        })
        .collect();
    [received.into_bytes(), hello()].concat()
}

/// The relay has the mail already, and to refuse it would make it send a bounce to whoever was
/// forged as sender: the lists that know the real client count, but do not refuse.
#[test]
fn relayed_mail_is_judged_by_its_real_client() {
    const RELAY: &str = "198.51.100.25";
    let world = World::with("networks.relays = [\"198.51.100.0/28\", \"198.51.100.25/32\"]");
    let postfix = Postfix::start(&world.gatepost.inet());
    for (number, (from, trace, client)) in [
        (RELAY, &[BLOCKED][..], BLOCKED),
        (RELAY, &[CLEAN], CLEAN),
        // What the real client wrote below is not believed, for or against it.
        (RELAY, &[CLEAN, BLOCKED], CLEAN),
        (RELAY, &[BLOCKED, CLEAN], BLOCKED),
        (RELAY, &[BLOCKED, RELAY, CLEAN], BLOCKED),
        // Two relays of ours.
        (RELAY, &["198.51.100.3", BLOCKED], BLOCKED),
        // Whoever is no relay cannot blame others.
        (CLEAN, &[BLOCKED], CLEAN),
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = send(&postfix, from, handed_on(trace));
        assert_eq!(outcome.reply.code, 250, "{trace:?} {outcome:?}");
        let line = world.gatepost.wait_judged(number + 1).remove(number);
        assert_eq!(line["client"], client, "{trace:?}");
        let listed = line["findings"].as_str().unwrap().contains("RCVD_IN_BL_TEST");
        assert_eq!(listed, client == BLOCKED, "{trace:?} {line}");
    }
}

#[test]
fn profile_by_daemon_name() {
    let world = World::with(
        "[profile.submission]\nbase = \"authenticated\"\nwhen = { daemon_name = [\"SUBMISSION\"] }",
    );
    let postfix = Postfix::start(&world.gatepost.inet());
    let outcome = Delivery::new(BLOCKED, "reader", hello()).attempt(postfix.submission()).unwrap();
    assert_eq!(outcome.reply.code, 250, "{outcome:?}");
    assert_eq!(world.gatepost.judged()[0]["profile"], "submission");
}

#[test]
fn many_messages_and_resets_on_one_connection() {
    let world = World::start();
    let postfix = Postfix::start(&world.gatepost.inet());
    let mut smtp = postfix.connect(CLEAN.parse().unwrap());
    let delivery = |user: &str, message| Delivery::new(CLEAN, user, message);
    smtp.command("EHLO client.example.org").unwrap();
    for round in 0..5 {
        let clean = delivery("reader", mail::plain(&format!("Lunch {round}"), "At noon?"));
        assert_eq!(clean.transaction(&mut smtp).unwrap().reply.code, 250);
        smtp.command("MAIL FROM:<sender@example.org>").unwrap();
        smtp.command("RCPT TO:<reader@example.test>").unwrap();
        assert_eq!(smtp.command("RSET").unwrap().code, 250);
        let spam = delivery("reader", mail::plain("A test", &mail::gtube()));
        assert_eq!(spam.transaction(&mut smtp).unwrap().reply.code, 550);
        smtp.command("HELO another.example.org").unwrap();
        let mut bounce = delivery("reader", mail::plain("Undelivered", "Not found."));
        bounce.sender = String::new();
        assert_eq!(bounce.transaction(&mut smtp).unwrap().reply.code, 250);
    }
    postfix.settle();
    assert_eq!(postfix.delivered("reader").len(), 10);
    assert_eq!(world.gatepost.judged().len(), 15);
}
