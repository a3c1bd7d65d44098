//! SIGHUP: the new configuration as a whole or the old one as a whole, under load.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread::{self, ScopedJoinHandle},
    time::Duration,
};

use serde_json::Value;

use crate::{
    mail,
    servers::{
        Folder,
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        wait_until,
    },
};

const MESSAGES: usize = 2_000;
const RELOADS: usize = 200;
const CLIENTS: usize = 8;
const PER_CONNECTION: usize = 5;

/// Two configurations, each with a letter of its own in the reply, a weight and a threshold.
const KINDS: [(char, &str, &str); 2] = [('A', "12.25", "5.125"), ('B', "12.75", "5.375")];

fn configs(folder: &Folder) -> [Config; 2] {
    KINDS.map(|(letter, weight, mark)| {
        let rules = folder.write(
            &format!("{letter}.cf"),
            format!("header RELOAD Subject =~ /spam-beyond-reload/\nscore RELOAD {weight}\n"),
        );
        Config::new().with(&format!(
            "rules.include = [\"builtin\", {rules:?}]\nprofile.external.mark = {mark}\n\
             replies.spam = \"550 5.7.1 {letter} (ref {{ref}})\""
        ))
    })
}

/// What one message was told: the letter and the reference.
type Told = (char, String);

/// Messages over connections of a few each, until `done`.
fn send(gatepost: &Gatepost, done: impl Fn() -> bool, sent: &AtomicUsize) -> Vec<Told> {
    let mut told = Vec::new();
    let message = mail::plain("spam-beyond-reload", "Refused by both.");
    while !done() {
        let mut milter = MilterClient::connect(gatepost.address()).unwrap();
        milter.connection("203.0.113.10").unwrap();
        let first = told.len();
        for _ in 0..PER_CONNECTION {
            milter.envelope("sender@example.org", &["reader@example.test"]).unwrap();
            told.push(read(&milter.message(&message).unwrap()));
            // Two thousand messages have to last as long as two hundred reloads.
            thread::sleep(Duration::from_millis(50));
        }
        sent.fetch_add(PER_CONNECTION, Ordering::Relaxed);
        let letters: Vec<char> = told[first..].iter().map(|(letter, _)| *letter).collect();
        let one = letters.iter().all(|&letter| letter == letters[0]);
        assert!(one, "changed within a connection: {letters:?}");
    }
    told
}

/// `550 5.7.1 A (ref 7K3F-9QX2)`
fn read(reply: &Reply) -> Told {
    let Reply::Text(text) = reply else { panic!("not refused: {reply:?}") };
    let rest = text.strip_prefix("550 5.7.1 ").unwrap_or_else(|| panic!("another reply: {text}"));
    let (letter, reference) = rest.split_once(" (ref ").unwrap();
    (letter.parse().unwrap(), reference.trim_end_matches(')').to_owned())
}

#[test]
fn under_load_no_error_and_no_mixture() {
    let folder = Folder::new();
    let configs = configs(&folder);
    let gatepost = Gatepost::start(&configs[0]);
    let (sent, reloads) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done =
        || sent.load(Ordering::Relaxed) >= MESSAGES && reloads.load(Ordering::Relaxed) >= RELOADS;
    let told: Vec<Told> = thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| send(&gatepost, done, &sent))).collect();
        // In turn, each after the last one is in force.
        while !done() && !clients.iter().any(ScopedJoinHandle::is_finished) {
            let count = reloads.fetch_add(1, Ordering::Relaxed) + 1;
            gatepost.reload(&configs[count % 2]);
            gatepost.wait_reloads(count);
        }
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let of = |letter| told.iter().filter(|(l, _)| *l == letter).count();
    println!(
        "reload under load: {} messages, {} reloads, no error; {} judged by A, {} by B",
        told.len(),
        reloads.load(Ordering::Relaxed),
        of('A'),
        of('B')
    );
    assert!(of('A') > 0 && of('B') > 0);
    nothing_mixed(&told, &gatepost.wait_judged(told.len()));
}

/// Reply, weight and threshold of one message come from one configuration.
fn nothing_mixed(told: &[Told], judged: &[Value]) {
    let by_reference: HashMap<&str, &Value> =
        judged.iter().map(|line| (line["ref"].as_str().unwrap(), line)).collect();
    for (letter, reference) in told {
        let (_, weight, mark) = KINDS.iter().find(|(l, ..)| l == letter).unwrap();
        let line = by_reference[reference.as_str()];
        let findings = line["findings"].as_str().unwrap();
        assert!(findings.contains(&format!("RELOAD={weight}")), "{letter}: {line}");
        assert_eq!(line["required"], **mark, "{letter}: {line}");
    }
}

#[test]
fn a_bad_file_changes_nothing() {
    let folder = Folder::new();
    let [a, b] = configs(&folder);
    let gatepost = Gatepost::start(&a);
    let letter = || {
        let mut milter = MilterClient::connect(gatepost.address()).unwrap();
        milter.open("203.0.113.10", "reader@example.test").unwrap();
        read(&milter.message(&mail::plain("spam-beyond-reload", "x")).unwrap()).0
    };
    assert_eq!(letter(), 'A');
    let file = gatepost.config_file().display().to_string();
    for (count, (text, named)) in [
        ("[milter]\nlistne = []\n", "listne"),
        ("nonsense", ":1"),
        ("[profile.external]\nmark = \"x\"\n", "mark"),
    ]
    .into_iter()
    .enumerate()
    {
        gatepost.reload_text(text);
        wait_until("the refusal of a bad file", Duration::from_secs(30), || {
            gatepost.log().iter().filter(|line| line["level"] == "ERROR").count() == count + 1
        });
        let log = gatepost.log();
        let error = log.iter().rfind(|line| line["level"] == "ERROR").unwrap().to_string();
        assert!(error.contains(&file) && error.contains(named), "{error}");
        assert_eq!(letter(), 'A', "after {text:?}");
    }
    gatepost.reload(&b);
    wait_until("the good file", Duration::from_secs(30), || letter() == 'B');
}
