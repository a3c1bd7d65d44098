//! What is recorded of judgements: it explains them, and makes them again without the network.

mod explain;
mod trouble;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    mail,
    servers::{
        Folder,
        clamd::Clamd,
        gatepost::{Config, Gatepost},
        milter_client::{MilterClient, Reply},
        zone::{Mode, Zone},
    },
};

/// Messages that are judged with the network, then without.
const MESSAGES: usize = 1_000;
/// On a connection, so that they share the questions about their client.
const A_CONNECTION: usize = 4;
/// Of each kind taught.
const TAUGHT: usize = 20;

/// No list refuses early: listed clients' messages are to be judged in full.
const SETTINGS: &str = "bayes.minimum_messages = 10\n\
    [profile.external]\nearly_reject = false\n\
    [attachments]\nforbidden = [\"ace\"]\n";

/// Lists, a scanner, something learned.
struct World {
    zone: Zone,
    clamd: Clamd,
    gatepost: Gatepost,
    folder: Folder,
}

impl World {
    fn start(more: &str) -> Self {
        let zone = Zone::start(&["bl.test", "one.test", "two.test", "wl.test"]);
        let clamd = Clamd::start();
        let config = Config::new().lists(zone.address()).clamd(&[clamd.unix()]);
        let gatepost = Gatepost::start(&config.with(SETTINGS).with(more));
        Self { zone, clamd, gatepost, folder: Folder::new() }
    }

    fn teach(&self) {
        let shell = self.gatepost.shell();
        for number in 0..TAUGHT {
            shell.teach("spam", &mail::about("turnips", 10_000 + number));
            shell.teach("ham", &mail::about("minutes", 10_000 + number));
        }
        self.gatepost.wait_reloads(1);
    }

    /// Nobody outside answers any more.
    fn go_dark(&mut self) {
        self.zone.mode(Mode::BlackHole);
        self.clamd.kill();
    }

    /// The service ends, and has written all it knows.
    fn close(&mut self) {
        self.gatepost.ask_to_end();
        assert!(self.gatepost.wait_end().success());
    }

    /// What the log says of each judgement, by reference.
    fn logged(&self) -> Vec<Value> {
        self.gatepost.judged()
    }

    fn history(&self) -> PathBuf {
        self.gatepost.store().join("history")
    }

    fn keep(&self, number: usize, message: &[u8]) {
        self.folder.write(&format!("{number:04}.eml"), message);
    }
}

/// The client of a message; of every four connections one is on a list.
fn client(zone: &Zone, number: usize) -> String {
    let connection = number / A_CONNECTION;
    let client = format!("203.0.113.{}", connection % 250 + 1);
    match connection % 4 {
        0 => zone.list(&client, "bl.test"),
        1 => ["one.test", "two.test"].iter().for_each(|list| zone.list(&client, list)),
        2 => ["one.test", "wl.test"].iter().for_each(|list| zone.list(&client, list)),
        _ => {}
    }
    client
}

/// Of all kinds, each of them with words of its own.
fn message(number: usize) -> Vec<u8> {
    let name = |text: &str| format!("{text}, letter {number}");
    match number % 10 {
        0 => mail::plain(&name("spam-between-mark-and-reject"), "Hello"),
        1 => mail::plain(&name("spam-beyond-reject"), "Hello"),
        2 => with_file(number, "notes.txt", crate::servers::clamd::OWN_VIRUS.as_bytes()),
        3 => with_file(number, "notes.txt", name("nothing bad").as_bytes()),
        4 => with_file(number, "setup.exe", name("MZ").as_bytes()),
        5 => with_file(number, "old.ace", name("old").as_bytes()),
        6 => mail::plain(&name("test"), &mail::gtube()),
        7 => mail::about("minutes", number),
        _ => mail::about("turnips", number),
    }
}

/// The content alone would be the same for all viruses.
fn with_file(number: usize, file_name: &str, content: &[u8]) -> Vec<u8> {
    let message = mail::with_attachment(&format!("File {number}"), file_name, content);
    let text = String::from_utf8(message).unwrap();
    text.replace("Message-ID: <", &format!("Message-ID: <{number}.")).into_bytes()
}

/// Every fifth connection has logged in.
fn send(world: &World, numbers: std::ops::Range<usize>) {
    for first in numbers.step_by(A_CONNECTION) {
        let client = client(&world.zone, first);
        let mut milter = MilterClient::connect(world.gatepost.address()).unwrap();
        milter.connection(&client).unwrap();
        for number in first..first + A_CONNECTION {
            let login = ((first / A_CONNECTION) % 5 == 4).then_some("alice");
            let opened =
                milter.envelope_of(login, "sender@example.org", &["reader@example.test"]).unwrap();
            assert_eq!(opened, Reply::Continue);
            milter.message(&message(number)).unwrap();
            world.keep(number, &message(number));
        }
    }
}

/// The objects on standard output, one a line.
fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn size(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn a_thousand_messages_are_judged_the_same_without_the_network() {
    let mut world = World::start("");
    // Some are judged before enough is learned, and by other scores.
    send(&world, 0..MESSAGES / 10);
    world.teach();
    send(&world, MESSAGES / 10..MESSAGES);
    world.gatepost.wait_judged(MESSAGES);
    world.close();
    world.go_dark();
    let asked = world.zone.asked_in_all();

    let said =
        world.gatepost.shell().run(&["check", "--recorded", "--json", text(world.folder.path())]);
    let again = objects(&said.out);
    assert_eq!((again.len(), said.err.as_str()), (MESSAGES, ""));
    let logged = world.logged();
    for object in &again {
        let then = &object["recorded"];
        for key in ["verdict", "score", "reason"] {
            assert_eq!(object[key], then[key], "{object}");
        }
        assert_eq!(then["missing"], Value::Array(Vec::new()), "{object}");
        let line = logged.iter().find(|line| line["ref"] == then["ref"]).expect("it was logged");
        assert_eq!(line["verdict"], then["verdict"]);
        let findings: Vec<String> = object["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| finding["name"].as_str().unwrap().to_owned())
            .collect();
        let logged = line["findings"].as_str().unwrap();
        let names: Vec<&str> =
            logged.split(',').filter_map(|f| Some(f.split_once('=')?.0)).collect();
        assert_eq!(findings, names, "the same findings in the same order");
    }
    let verdicts = |verdict: &str| again.iter().filter(|o| o["verdict"] == verdict).count();
    for verdict in ["accept", "mark", "reject"] {
        assert!(verdicts(verdict) > MESSAGES / 20, "{verdict}: {}", verdicts(verdict));
    }
    let authenticated = again.iter().filter(|o| o["profile"] == "authenticated").count();
    assert_eq!(authenticated, MESSAGES / 5);
    assert_eq!(world.zone.asked_in_all(), asked, "nobody was asked");
    let bytes = size(&world.history()) / MESSAGES as u64;
    println!(
        "recorded evidence: {MESSAGES} messages judged with DNS and clamd, then with both off by their \
         records: {} the same verdict and score; {bytes} bytes a message on disk",
        again.len()
    );
    assert!(bytes < 2_048, "{bytes}");
}

#[test]
fn another_configuration_is_judged_by_the_same_answers() {
    let mut world = World::start("");
    send(&world, 0..40);
    world.gatepost.wait_judged(40);
    world.close();
    world.go_dark();
    // Other weights, another code, and a list that was not asked then.
    let other =
        Config::new().lists(world.zone.address()).clamd(&[world.clamd.unix()]).with(SETTINGS).with(
            "[[dns.list]]\nzone = \"bl.test\"\nabout = \"client\"\nweight = 7.5\n\
             findings = { \"127.0.0.0-127.0.0.9\" = \"RCVD_IN_OTHER\" }\n\
             [[dns.list]]\nzone = \"new.test\"\nabout = \"client\"\n\
             findings = { \"*\" = \"RCVD_IN_NEW\" }\n",
        );
    world.gatepost.write(&other);
    let folder = text(world.folder.path());
    let said = world.gatepost.shell().run(&["check", "--recorded", "--json", folder]);
    let again = objects(&said.out);
    assert_eq!(again.len(), 40);
    let listed = |object: &&Value| {
        let findings = object["findings"].as_array().unwrap();
        findings.iter().any(|f| f["name"] == "RCVD_IN_OTHER" && f["weight"] == 7.5)
    };
    assert_eq!(again.iter().filter(listed).count(), 8, "{said:?}");
    // Those who had logged in are not asked about.
    let missing = |object: &&Value| {
        let missing = object["recorded"]["missing"].as_array().unwrap();
        missing.iter().any(|m| m.as_str().unwrap().ends_with(".new.test A"))
    };
    assert_eq!(again.iter().filter(missing).count(), 32, "{said:?}");
}

#[test]
fn replay_by_records_says_what_is_as_it_was_and_what_another_configuration_would_do() {
    let mut world = World::start("");
    send(&world, 0..40);
    world.gatepost.wait_judged(40);
    world.close();
    world.go_dark();
    world.folder.write("stranger.eml", message(5_000));
    let index: String = fs::read_dir(world.folder.path())
        .unwrap()
        .map(|file| format!("spam\t{}\n", file.unwrap().path().display()))
        .collect();
    let index = world.folder.write("index.tsv", index);
    // Nothing is marked any more, whatever the rest says.
    let other = Config::new().lists(world.zone.address()).clamd(&[world.clamd.unix()]);
    let config = world.gatepost.config_file();
    let text_of_config = fs::read_to_string(&config).unwrap();
    world.gatepost.write(&other.with(SETTINGS).with("[profile.external]\nmark = 9.0\n"));
    let against = world.folder.write("other.toml", fs::read(&config).unwrap());
    fs::write(&config, text_of_config).unwrap();

    let arguments = ["replay", "--index", text(&index), "--recorded", "--json"];
    let said = world.gatepost.shell().run(&arguments);
    assert_eq!(said.status, 0, "{said:?}");
    let by_record = &said.json()["by_record"];
    let expected = serde_json::json!({ "same": 40, "other": 0, "left_out": 1, "missing": 0 });
    assert_eq!(*by_record, expected, "{said:?}");
    let arguments = [&arguments[..], &["--against", text(&against)]].concat();
    let said = world.gatepost.shell().run(&arguments);
    assert_eq!(said.status, 0, "{said:?}");
    assert_eq!(said.json()["by_record"], expected);
    let flips = said.json()["against"].to_string();
    assert!(flips.contains("\"mark\"") && flips.contains("\"accept\""), "{flips}");
}
