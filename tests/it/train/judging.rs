//! What is learned decides: without a restart, for the milter and for `gatepost check`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{sources::mbox, text};
use crate::{
    mail::{self, header},
    servers::{
        Folder, Mta,
        command::Shell,
        gatepost::{Config, Gatepost},
        postfix::Postfix,
        rbldnsd::CLEAN,
        smtp::Delivery,
        wait_until,
    },
};

/// Of each kind.
const ENOUGH: usize = 200;

fn send(postfix: &Postfix, user: &str, message: Vec<u8>) {
    let outcome = Delivery::new(CLEAN, user, message).attempt(postfix.address()).unwrap();
    assert_eq!(outcome.reply.code, 250, "{outcome:?}");
}

/// The value of X-Spam-Status of the one message that a user has got.
fn status(postfix: &Postfix, user: &str) -> String {
    postfix.settle();
    let delivered = postfix.delivered(user);
    assert_eq!(delivered.len(), 1, "{user}");
    header(&delivered[0], "X-Spam-Status").unwrap()
}

fn findings(judged: &Value) -> &str {
    judged["findings"].as_str().unwrap()
}

/// In turns, as mail comes.
fn teach_all(shell: &Shell) {
    for number in 0..ENOUGH {
        for (teach, topic) in [("spam", "turnips"), ("ham", "minutes")] {
            assert_eq!(shell.teach(teach, &mail::about(topic, number)), json!({"learned": 1}));
        }
    }
}

/// One folder behind the other, as people sort it.
fn teach_in_blocks(folder: &Folder, shell: &Shell) {
    for (teach, topic) in [("spam", "turnips"), ("ham", "minutes")] {
        let messages: Vec<_> = (0..ENOUGH).map(|n| mail::about(topic, n)).collect();
        let path = folder.write(&format!("{teach}.mbox"), mbox(&messages));
        assert_eq!(shell.train(teach, &[text(&path)]), json!({"learned": ENOUGH}));
    }
}

#[test]
fn the_order_of_folders_does_not_matter() {
    let folder = Folder::new();
    let config = Config::new().with(&format!("bayes.minimum_messages = {ENOUGH}"));
    let gatepost = Gatepost::start(&config);
    teach_in_blocks(&folder, &gatepost.shell());
    gatepost.wait_reloads(1);
    let postfix = Postfix::start(&gatepost.inet());
    send(&postfix, "spam", mail::about("turnips", 1_000));
    send(&postfix, "ham", mail::about("minutes", 1_001));
    let (spam, ham) = (status(&postfix, "spam"), status(&postfix, "ham"));
    assert!(spam.contains("BAYES_99"), "{spam}");
    assert!(ham.contains("BAYES_00"), "{ham}");
}

#[test]
fn judging_follows() {
    let folder = Folder::new();
    let config = Config::new().with(&format!("bayes.minimum_messages = {ENOUGH}"));
    let gatepost = Gatepost::start(&config);
    let postfix = Postfix::start(&gatepost.inet());
    let shell = gatepost.shell();
    send(&postfix, "early", mail::about("turnips", 1_000));
    assert!(!status(&postfix, "early").contains("BAYES"), "nothing is known yet");
    teach_all(&shell);
    // The service sees by itself that other scores count from now on.
    gatepost.wait_reloads(1);
    send(&postfix, "spam", mail::about("turnips", 1_001));
    send(&postfix, "ham", mail::about("minutes", 1_002));
    let (spam, ham) = (status(&postfix, "spam"), status(&postfix, "ham"));
    assert!(spam.contains("BAYES_99"), "{spam}");
    assert!(ham.contains("BAYES_00"), "{ham}");
    let judged = gatepost.judged();
    assert!(!findings(&judged[0]).contains("BAYES"), "{}", judged[0]);
    assert!(findings(&judged[1]).contains("BAYES_99=4"), "{}", judged[1]);
    assert!(findings(&judged[2]).contains("BAYES_00=-1.9"), "{}", judged[2]);
    the_copy_says_the_same(&folder, &gatepost);
    // Unlearned, it is as before.
    shell.teach("forget", &mail::about("turnips", 0));
    send(&postfix, "late", mail::about("turnips", 1_003));
    assert!(!status(&postfix, "late").contains("BAYES"), "not enough is known any more");
}

/// `gatepost check` judges by the copy of the model, which follows within seconds.
fn the_copy_says_the_same(folder: &Folder, gatepost: &Gatepost) {
    let path = folder.write("spam.eml", mail::about("turnips", 1_001));
    let mut object = Value::Null;
    wait_until("BAYES_99 by the copy", Duration::from_secs(60), || {
        let said = gatepost.shell().run(&["check", "--json", "--client", CLEAN, text(&path)]);
        object = said.json();
        object["findings"].to_string().contains("BAYES_99")
    });
    let findings = object["findings"].as_array().unwrap();
    let bayes = findings.iter().find(|finding| finding["name"] == "BAYES_99").unwrap();
    assert_eq!(bayes["weight"], 4.0, "{bayes}");
    assert_eq!(object["broken"], json!([]));
    // The tokens that decided, in words.
    let opinion = findings.iter().find(|finding| finding["name"] == "BAYES").unwrap();
    assert!(opinion["evidence"].to_string().contains("turnips"), "{opinion}");
}

/// Enough is known from the start.
#[test]
fn a_service_that_starts_knows_it() {
    let config = Config::new().with(&format!("bayes.minimum_messages = {ENOUGH}"));
    let mut gatepost = Gatepost::start(&config);
    teach_all(&gatepost.shell());
    for how in ["asked to end", "killed"] {
        if how == "killed" {
            gatepost.kill();
        } else {
            gatepost.ask_to_end();
            assert!(gatepost.wait_end().success());
        }
        gatepost.restart();
        let postfix = Postfix::start(&gatepost.inet());
        send(&postfix, "spam", mail::about("turnips", 1_000));
        let spam = status(&postfix, "spam");
        assert!(spam.contains("BAYES_99"), "{how}: {spam}");
        assert_eq!(gatepost.shell().counts(), (ENOUGH as u64, ENOUGH as u64, 0));
    }
}
