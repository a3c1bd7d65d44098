//! What the filter teaches itself, and what it leaves alone.

use std::time::Duration;

use serde_json::json;

use super::{sources::mbox, text};
use crate::{
    mail,
    servers::{
        Folder, Mta,
        gatepost::{Config, Gatepost},
        postfix::Postfix,
        rbldnsd::CLEAN,
        smtp::Delivery,
        wait_until,
    },
};

/// One subject is spam, one is refused as such, one comes from a friend.
const RULES: &str = "\
header   LOCAL_MARK    Subject =~ /spam-between-mark-and-reject/
score    LOCAL_MARK    6.0
header   LOCAL_REJECT  Subject =~ /spam-beyond-reject/
score    LOCAL_REJECT  12.0
header   LOCAL_FRIEND  Subject =~ /from-a-friend/
score    LOCAL_FRIEND  -8.0
";

fn start(folder: &Folder) -> (Gatepost, Postfix) {
    let rules = folder.write("sure.cf", RULES);
    let config = Config::new().with(&format!(
        "rules.include = [\"builtin\", {rules:?}]\n\
         bayes.autolearn = {{ enabled = true, spam_from = 6.0, ham_below = -5.0 }}"
    ));
    let gatepost = Gatepost::start(&config);
    let postfix = Postfix::start(&gatepost.inet());
    (gatepost, postfix)
}

fn message(subject: &str, number: usize) -> Vec<u8> {
    mail::plain(subject, &format!("This is message {number} of its kind."))
}

fn send(postfix: &Postfix, message: Vec<u8>, login: bool) -> u16 {
    let mut delivery = Delivery::new(CLEAN, "reader", message);
    delivery.login = login;
    delivery.attempt(postfix.address()).unwrap().reply.code
}

/// Waits until so many messages were considered and led to this.
fn wait_for(gatepost: &Gatepost, how: &str, count: usize) {
    wait_until(&format!("{count} times {how}"), Duration::from_secs(60), || {
        gatepost.metric("gatepost_autolearned_total", &format!("how=\"{how}\"")) >= count as f64
    });
}

#[test]
fn what_is_sure_is_learned() {
    let folder = Folder::new();
    let (gatepost, postfix) = start(&folder);
    let shell = gatepost.shell();
    assert_eq!(send(&postfix, message("spam-between-mark-and-reject", 1), false), 250);
    assert_eq!(send(&postfix, message("spam-beyond-reject", 2), false), 550);
    wait_for(&gatepost, "spam", 2);
    assert_eq!(send(&postfix, message("from-a-friend", 3), false), 250);
    wait_for(&gatepost, "ham", 1);
    assert_eq!(shell.counts(), (2, 1, 0));
    // Neither sure of this nor of that; and nothing of our users, whoever stole their password.
    assert_eq!(send(&postfix, message("Lunch", 4), false), 250);
    assert_eq!(send(&postfix, message("spam-between-mark-and-reject", 5), true), 250);
    assert_eq!(send(&postfix, message("from-a-friend", 6), true), 250);
    // The judge comes to this last.
    assert_eq!(send(&postfix, message("from-a-friend", 7), false), 250);
    wait_for(&gatepost, "ham", 2);
    assert_eq!(shell.counts(), (2, 2, 0));
    // A lesson like any other.
    let forgotten = shell.teach("forget", &message("from-a-friend", 7));
    assert_eq!(forgotten, json!({"forgotten": 1}));
}

#[test]
fn what_people_say_stands() {
    let folder = Folder::new();
    let (gatepost, postfix) = start(&folder);
    let shell = gatepost.shell();
    let spam = message("spam-between-mark-and-reject", 1);
    shell.teach("ham", &spam);
    assert_eq!(send(&postfix, spam, false), 250);
    wait_for(&gatepost, "known", 1);
    assert_eq!(shell.counts(), (0, 1, 0), "somebody knows better");
    let forgotten = message("spam-between-mark-and-reject", 2);
    shell.teach("spam", &forgotten);
    shell.teach("forget", &forgotten);
    assert_eq!(send(&postfix, forgotten, false), 250);
    wait_for(&gatepost, "known", 2);
    assert_eq!(shell.counts(), (0, 1, 1), "forgotten on purpose");
}

/// Not more than four times as much of one as of the other, once there are 200.
#[test]
fn one_kind_does_not_drown_the_other() {
    let folder = Folder::new();
    let (gatepost, postfix) = start(&folder);
    let shell = gatepost.shell();
    let train = |teach: &str, topic: &str, count: usize| {
        let messages: Vec<_> = (0..count).map(|n| mail::about(topic, n)).collect();
        let path = folder.write("lessons.mbox", mbox(&messages));
        assert_eq!(shell.train(teach, &[text(&path)]), json!({"learned": count}));
    };
    train("spam", "turnips", 200);
    assert_eq!(send(&postfix, message("spam-between-mark-and-reject", 1), false), 250);
    // The other kind is welcome, and comes behind it.
    assert_eq!(send(&postfix, message("from-a-friend", 2), false), 250);
    wait_for(&gatepost, "ham", 1);
    assert_eq!(shell.counts(), (200, 1, 0));
    train("ham", "minutes", 50);
    assert_eq!(send(&postfix, message("spam-between-mark-and-reject", 3), false), 250);
    wait_for(&gatepost, "spam", 1);
    assert_eq!(shell.counts(), (201, 51, 0));
}
