//! `gatepost replay --milter`: kept mail played against a milter that runs.

use std::{io::Read, time::Duration};

use serde_json::{Value, json};

use crate::{
    mail,
    servers::{
        Folder,
        command::Said,
        gatepost::{Config, Gatepost},
        wait_until,
    },
};

/// Clients with a profile of their own: spam is kept back, put off, thrown away.
const PROFILES: &str = r#"
[profile.kept]
when = { client = ["203.0.113.2"] }
quarantine = 6.0
[profile.later]
when = { client = ["203.0.113.3"] }
defer = 6.0
[profile.gone]
when = { client = ["203.0.113.4"] }
reject = false
discard = 6.0
"#;

const MARK: &str = "spam-between-mark-and-reject";

/// A message as it lies in a mailbox, with the traces of its delivery.
fn kept(client: &str, subject: &str) -> Vec<u8> {
    let trace = format!(
        "Return-Path: <sender@example.org>\r\nDelivered-To: reader@example.test\r\n\
         Received: from localhost (localhost [127.0.0.1]) by mx.example.test; Thu, 12 Nov 2026 09:30:02 +0000\r\n\
         Received: from client.example.org (client.example.org [{client}]) by mx.example.test; \
         Thu, 12 Nov 2026 09:30:01 +0000\r\n"
    );
    [trace.into_bytes(), mail::plain(subject, "See you at noon.")].concat()
}

/// Writes messages and an index of them.
fn index(folder: &Folder, messages: &[(&str, &str, &str)]) -> String {
    let mut lines = String::new();
    for (number, (label, client, subject)) in messages.iter().enumerate() {
        folder.write(&format!("{number}.eml"), kept(client, subject));
        lines.push_str(&format!("{label}\t{number}.eml\n"));
    }
    folder.write("index.tsv", lines);
    folder.path().join("index.tsv").display().to_string()
}

fn play(gatepost: &Gatepost, milter: &str, arguments: &[&str]) -> Said {
    gatepost.shell().run(&[&["replay", "--milter", milter, "--json"], arguments].concat())
}

#[test]
fn verdicts_are_told_apart_by_what_the_milter_answers() {
    let gatepost = Gatepost::start(&Config::new().with(PROFILES));
    let folder = Folder::new();
    let index = index(
        &folder,
        &[
            ("ham", "203.0.113.1", "Lunch"),
            ("ham", "203.0.113.1", MARK),
            ("spam", "203.0.113.1", "spam-beyond-reject"),
            ("spam", "203.0.113.2", MARK),
            ("spam", "203.0.113.3", MARK),
            ("spam", "203.0.113.4", MARK),
        ],
    );
    for milter in [gatepost.inet(), gatepost.unix()] {
        let said = play(&gatepost, &milter, &["--index", &index, "--concurrency", "3"]);
        assert_eq!(said.status, 0, "{said:?}");
        let figures = said.json();
        assert_eq!(
            figures["per_verdict"],
            json!({"accept": 1, "mark": 1, "quarantine": 1, "defer": 1, "reject": 1, "discard": 1}),
        );
        assert_eq!(figures["replies"], json!({"451 4.7.1": 1, "550 5.7.1": 1}));
        let of = |name: &str| figures[name].as_u64().unwrap();
        assert_eq!((of("messages"), of("unanswered")), (6, 0));
        assert_eq!((of("spam"), of("ham")), (4, 2));
        // What is put off is not decided yet.
        assert_eq!((of("false_positives"), of("false_negatives")), (1, 1));
        for key in ["p50_ms", "p99_ms", "messages_per_second", "peak_rss_bytes"] {
            assert!(figures[key].as_f64().unwrap() > 0.0, "{key}: {figures}");
        }
        assert!(figures["stages"]["end_of_message"]["p50_ms"].is_number(), "{figures}");
    }
    let judged = gatepost.judged();
    assert!(judged.iter().all(|line| line["sender"] == "sender@example.org"), "{judged:?}");
    assert!(judged.iter().all(|line| line["recipients"] == "reader@example.test"), "{judged:?}");
}

#[test]
fn clients_log_in_and_keep_their_connections() {
    let gatepost = Gatepost::start(&Config::new());
    let folder = Folder::new();
    let index = index(&folder, &[("ham", "203.0.113.1", "One"), ("ham", "203.0.113.2", "Two")]);
    let arguments = [
        "--index",
        &index,
        "--count",
        "7",
        "--per-connection",
        "3",
        "--login",
        "ann",
        "--rate",
        "50",
    ];
    let said =
        play(&gatepost, &gatepost.inet(), &[&arguments[..], &["--concurrency", "1"]].concat());
    assert_eq!(said.json()["per_verdict"], json!({"accept": 7}), "{said:?}");
    let judged = gatepost.wait_judged(7);
    let of = |name: &str| judged.iter().map(|line| line[name].clone()).collect::<Vec<Value>>();
    assert_eq!(of("login"), vec!["ann"; 7]);
    assert_eq!(of("profile"), vec!["authenticated"; 7]);
    // The first message of a connection says who the client is.
    let clients = [vec!["203.0.113.1"; 3], vec!["203.0.113.2"; 3], vec!["203.0.113.1"]].concat();
    assert_eq!(of("client"), clients);
    let mut ids = of("queue_id");
    ids.dedup();
    assert_eq!(ids.len(), 7, "{ids:?}");
}

#[test]
fn what_a_dead_milter_leaves_unanswered_is_counted() {
    let mut gatepost = Gatepost::start(&Config::new());
    let folder = Folder::new();
    let index = index(&folder, &[("ham", "203.0.113.1", "Lunch")]);
    let milter = gatepost.inet();
    let arguments = ["replay", "--milter", &milter, "--json", "--index", &index];
    let how = ["--rate", "50", "--count", "150", "--concurrency", "4"];
    let mut playing = gatepost.shell().start(&[&arguments[..], &how].concat());
    wait_until("20 messages judged", Duration::from_secs(60), || gatepost.judged().len() >= 20);
    gatepost.kill();
    let mut out = String::new();
    playing.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(playing.wait().unwrap().success(), "unanswered messages are a figure, not a failure");
    let figures: Value = serde_json::from_str(&out).unwrap();
    let of = |value: &Value| value.as_u64().unwrap();
    let (accepted, unanswered) =
        (of(&figures["per_verdict"]["accept"]), of(&figures["unanswered"]));
    assert!(accepted >= 19 && unanswered > 0, "{figures}");
    assert_eq!((accepted + unanswered, of(&figures["messages"])), (150, 150));
    assert!(of(&figures["unanswered_by"]["refused"]) > 0, "{figures}");
    let said = gatepost.shell().run(&arguments);
    assert_eq!((said.status, said.out.as_str()), (3, ""), "{said:?}");
    assert!(said.err.contains(&format!("cannot talk to the milter at {milter}")), "{said:?}");
}

#[test]
fn wrong_usage_and_unreadable_mail_are_told() {
    let gatepost = Gatepost::start(&Config::new());
    let folder = Folder::new();
    let index = index(&folder, &[("ham", "203.0.113.1", "Lunch")]);
    let gone = folder.path().join("gone").display().to_string();
    let milter = gatepost.unix();
    for (arguments, status, says) in [
        (&["--milter", &milter][..], 2, "needs mail to play"),
        (&["--milter", "nowhere", "--index", &index], 2, "is not a socket"),
        (&["--milter", &milter, "--index", &index, "--rate", "0"], 2, "expected a number"),
        (&["--milter", &milter, "--index", &index, "--concurrency", "0"], 2, "--concurrency"),
        (&["--milter", &milter, "--index", &gone], 3, "cannot read the index"),
        (&["--milter", &milter, "--index", &index, "--", &gone], 3, "cannot read"),
    ] {
        let said = gatepost.shell().run(&[&["replay"], arguments].concat());
        assert_eq!(said.status, status, "{arguments:?}: {said:?}");
        assert!(said.err.contains(says), "{arguments:?}: {said:?}");
    }
    assert_eq!(gatepost.wait_judged(1).len(), 1, "the rest was played");
    let said =
        gatepost.shell().run(&["replay", "--milter", &milter, "--", &gone[..gone.len() - 5]]);
    assert!(said.status == 0 && said.out.contains("end of message"), "for people: {said:?}");
}
