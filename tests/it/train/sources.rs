//! Where messages come from, what is said about them, and how it ends; on the store itself.

use std::fs;

use nix::{sys::stat::Mode, unistd::mkfifo};
use serde_json::json;

use super::{shell, text};
use crate::{mail, servers::Folder};

/// An mbox file.
pub(super) fn mbox(messages: &[Vec<u8>]) -> Vec<u8> {
    let from = &b"From sender@example.org Thu Nov 12 09:30:00 2026\n"[..];
    messages.iter().flat_map(|message| [from, message, b"\n"].concat()).collect()
}

fn letter(number: usize) -> Vec<u8> {
    mail::about("turnips", number)
}

/// Every kind of place, each with messages of its own, and how many these are.
pub(super) fn places(folder: &Folder) -> [(&'static str, usize); 5] {
    folder.write("one.eml", letter(1));
    folder.write("three.mbox", mbox(&[letter(2), letter(3), letter(4)]));
    for name in ["cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"] {
        folder.subfolder(&format!("Maildir/{name}"));
    }
    folder.write("Maildir/cur/1794476400.M1P1.mx:2,S", letter(5));
    folder.write("Maildir/cur/1794476401.M1P1.mx:2,", letter(6));
    folder.write("Maildir/new/1794476402.M1P1.mx", letter(7));
    folder.write("Maildir/tmp/1794476403.M1P1.mx", letter(8));
    folder.write("Maildir/.Sent/cur/1794476404.M1P1.mx:2,S", letter(9));
    for own in ["dovecot-uidlist", "dovecot.index.log", "subscriptions"] {
        folder.write(&format!("Maildir/{own}"), "3 V1 N1\n");
    }
    folder.subfolder("letters/deeper");
    folder.write("letters/ten.eml", letter(10));
    folder.write("letters/deeper/eleven.eml", letter(11));
    folder.write("letters/.hidden", letter(12));
    [("one.eml", 1), ("three.mbox", 3), ("Maildir", 3), ("letters", 2), ("Maildir/.Sent", 1)]
}

#[test]
fn every_kind_of_place() {
    let folder = Folder::new();
    let shell = shell(&folder);
    let mut learned = 0;
    for (name, messages) in places(&folder) {
        let path = folder.path().join(name);
        let path = text(&path);
        assert_eq!(shell.train("spam", &[path]), json!({"learned": messages}), "{name}");
        assert_eq!(shell.train("spam", &[path]), json!({"known": messages}), "{name}");
        learned += messages as u64;
    }
    for (input, messages) in [(letter(13), 1), (mbox(&[letter(14), letter(15)]), 2)] {
        assert_eq!(shell.teach("spam", &input), json!({"learned": messages}));
        learned += messages;
    }
    assert_eq!(shell.counts(), (learned, 0, 0));
}

#[test]
fn what_is_said_to_people() {
    let folder = Folder::new();
    let shell = shell(&folder);
    places(&folder);
    folder.write("letters/empty.eml", "\n");
    folder.write("letters/list.txt", "bread\nmilk\n");
    let letters = folder.path().join("letters");
    // Nobody ever writes to it.
    mkfifo(&letters.join("pipe"), Mode::S_IRUSR).unwrap();
    let said = shell.run(&["train", "ham", text(&letters)]);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{said:?}");
    for expected in [
        "ham (4 messages): 2 learned",
        "skipped 1: empty",
        "skipped 1: no header fields: not a message",
    ] {
        assert!(said.out.contains(expected), "{expected:?} in:\n{}", said.out);
    }
    let moved = shell.run(&["train", "spam", text(&letters)]);
    assert!(moved.out.starts_with("spam (4 messages): 2 moved;"), "{moved:?}");
    let gone = shell.run(&["train", "forget", text(&letters)]);
    assert!(gone.out.starts_with("forget (4 messages): 2 forgotten;"), "{gone:?}");
    let again = shell.run(&["train", "forget", "--json", text(&letters)]).json();
    assert_eq!(again["taught"], json!({"not_known": 2}));
    assert_eq!(again["skipped"], json!({"empty": 1, "no_message": 1}));
    assert_eq!((&again["failed"], &again["interrupted"]), (&json!(false), &json!(false)));
}

#[test]
fn how_it_ends() {
    let folder = Folder::new();
    let shell = shell(&folder);
    let one = folder.write("one.eml", letter(1));
    let one = text(&one);
    for (arguments, status, named) in [
        (&["train", "spam", one][..], 0, ""),
        (&["train", "spam"], 2, "PATH"),
        (&["train", "nonsense", one], 2, "nonsense"),
        (&["train", "spam", "--jobs", "0", one], 2, "--jobs"),
        (&["train", "spam", "/no/such/mail.eml"], 3, "/no/such/mail.eml"),
    ] {
        let said = shell.run(arguments);
        assert_eq!(said.status, status, "{arguments:?}: {said:?}");
        assert!(said.err.contains(named), "{named:?} in {said:?}");
    }
    // What cannot be read does not keep the rest from being learned.
    let two = folder.write("two.eml", letter(2));
    let said = shell.run(&["train", "spam", "--json", "/no/such/mail.eml", text(&two)]);
    assert_eq!(said.status, 3, "{said:?}");
    let summary = said.json();
    assert_eq!(summary["taught"], json!({"learned": 1}));
    assert_eq!(summary["skipped"], json!({"unreadable": 1}));
    assert_eq!(shell.counts(), (2, 0, 0));
}

#[test]
fn a_dry_run_changes_nothing() {
    let folder = Folder::new();
    let shell = shell(&folder);
    places(&folder);
    let letters = folder.path().join("letters");
    let dry = |teach: &str| {
        let said = shell.run(&["train", teach, "--dry-run", "--json", text(&letters)]);
        assert_eq!(said.status, 0, "{said:?}");
        said.json()["taught"].take()
    };
    assert_eq!(dry("spam"), json!({"learned": 2}));
    assert_eq!(dry("forget"), json!({"not_known": 2}));
    assert!(!folder.path().join("store").exists(), "not even a store is made");
    shell.train("spam", &[text(&folder.path().join("letters/ten.eml"))]);
    let state = || (shell.verify()["state_hash"].take(), files(&folder));
    let before = state();
    assert_eq!(dry("spam"), json!({"known": 1, "learned": 1}));
    assert_eq!(dry("ham"), json!({"moved": 1, "learned": 1}));
    assert_eq!(dry("forget"), json!({"forgotten": 1, "not_known": 1}));
    assert_eq!(state(), before);
    let said = shell.run(&["train", "ham", "--dry-run", text(&letters)]);
    assert!(said.out.contains("dry run"), "{said:?}");
}

/// The names in the store's folder.
fn files(folder: &Folder) -> Vec<String> {
    let entries = fs::read_dir(folder.path().join("store")).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Half of a mailbox was taught when somebody pressed Ctrl-C: the same command does the rest.
#[test]
fn the_same_command_does_the_rest() {
    let folder = Folder::new();
    let shell = shell(&folder);
    for number in 0..40 {
        folder.subfolder("letters");
        folder.write(&format!("letters/{number}.eml"), letter(number));
    }
    let letters = folder.path().join("letters");
    shell.train("ham", &[text(&letters.join("7.eml")), text(&letters.join("9.eml"))]);
    assert_eq!(shell.train("ham", &[text(&letters)]), json!({"learned": 38, "known": 2}));
    assert_eq!(shell.counts(), (0, 40, 0));
}

/// Two commands at once without a service: the second waits for the store.
#[test]
fn commands_take_turns() {
    let folder = Folder::new();
    let shell = shell(&folder);
    let children: Vec<_> = (0..4)
        .map(|number| {
            let path = folder.write(&format!("{number}.eml"), letter(number));
            shell.start(&["train", "spam", text(&path)])
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(shell.counts(), (4, 0, 0));
}
