//! Teaching a running service: through its sockets, by whom they let in.

use std::fs;

use serde_json::{Value, json};

use super::{
    sources::{mbox, places},
    text,
};
use crate::{
    mail,
    servers::{
        Folder,
        command::Shell,
        gatepost::{Config, Gatepost},
        set_mode,
    },
};

/// One who owns neither the store nor the service.
const STRANGER: &str = "nobody";

#[test]
fn every_kind_of_place() {
    let folder = Folder::new();
    let gatepost = Gatepost::start(&Config::new());
    let shell = gatepost.shell();
    let mut learned = 0;
    for (name, messages) in places(&folder) {
        let path = folder.path().join(name);
        assert_eq!(shell.train("spam", &[text(&path)]), json!({"learned": messages}), "{name}");
        assert_eq!(shell.train("spam", &[text(&path)]), json!({"known": messages}), "{name}");
        learned += messages as u64;
    }
    let dry = shell.feed(
        &["train", "ham", "--dry-run", "--json", "-"],
        &fs::read(folder.path().join("one.eml")).unwrap(),
    );
    assert_eq!(dry.json()["taught"], json!({"moved": 1}));
    assert_eq!(shell.counts(), (learned, 0, 0));
    assert_eq!(shell.teach("ham", &mail::about("turnips", 1)), json!({"moved": 1}));
    assert_eq!(shell.teach("forget", &mail::about("turnips", 1)), json!({"forgotten": 1}));
    assert_eq!(shell.counts(), (learned - 1, 0, 1));
}

/// Each brings its own and one that all bring.
#[test]
fn four_processes_at_once() {
    const EACH: usize = 50;
    let folder = Folder::new();
    let gatepost = Gatepost::start(&Config::new());
    let children: Vec<_> = (0..4)
        .map(|process| {
            let own = (0..EACH).map(|n| mail::about("turnips", process * EACH + n));
            let all: Vec<_> = own.chain([mail::about("everybody", 1)]).collect();
            let path = folder.write(&format!("{process}.mbox"), mbox(&all));
            gatepost.shell().start(&["train", "spam", "--json", text(&path)])
        })
        .collect();
    let count = |summary: &Value, what: &str| summary["taught"][what].as_u64().unwrap_or(0);
    let (mut learned, mut known) = (0, 0);
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let summary = serde_json::from_slice(&output.stdout).unwrap();
        learned += count(&summary, "learned");
        known += count(&summary, "known");
    }
    let all = 4 * EACH as u64;
    assert_eq!((learned, known), (all + 1, 3));
    assert_eq!(gatepost.shell().counts(), (all + 1, 0, 0));
}

#[test]
fn who_may_not_connect_is_told_what_to_do() {
    let gatepost = Gatepost::start(&Config::new());
    let stranger = Shell::of(gatepost.config_file(), STRANGER);
    for arguments in [&["train", "spam", "-"][..], &["store", "verify"], &["store", "export"]] {
        let said = stranger.feed(arguments, &mail::about("turnips", 1));
        assert_eq!((said.status, said.out.as_str()), (3, ""), "{arguments:?}: {said:?}");
        for named in ["control.sock", "socket_mode", "Permission denied"] {
            assert!(said.err.contains(named), "{named:?} in {said:?}");
        }
    }
    assert_eq!(gatepost.shell().counts(), (0, 0, 0));
}

#[test]
fn who_is_let_in_may_teach() {
    let folder = Folder::new();
    let socket = folder.path().join("control.sock");
    let listen = |mode: &str| {
        Config::new().with(&format!(
            "[control]\nlisten = [\"unix:{}\"]\nsocket_mode = \"{mode}\"",
            socket.display()
        ))
    };
    let mut gatepost = Gatepost::start(&listen("0666"));
    let stranger = Shell::of(gatepost.config_file(), STRANGER);
    assert_eq!(stranger.teach("spam", &mail::about("turnips", 1)), json!({"learned": 1}));
    assert_eq!(stranger.counts(), (1, 0, 0));
    let export = stranger.run(&["store", "export"]);
    assert_eq!(export.status, 0, "{export:?}");
    assert!(export.out.starts_with("gatepost-store\t"), "{export:?}");
    // The service is away, and what it left behind must not lead anybody astray.
    gatepost.kill();
    let said = stranger.feed(&["train", "spam", "-"], &mail::about("turnips", 2));
    assert_eq!(said.status, 3, "{said:?}");
    assert!(said.err.contains("Permission denied"), "{said:?}");
    gatepost.restart();
    assert_eq!(stranger.teach("spam", &mail::about("turnips", 2)), json!({"learned": 1}));
    set_mode(&socket, 0o600);
    let said = stranger.feed(&["train", "spam", "-"], &mail::about("turnips", 3));
    assert!(said.err.contains(text(&socket)), "{said:?}");
}

/// As much of it counts as the filter reads.
#[test]
fn a_message_longer_than_is_read() {
    let limit = 64 << 10;
    let config = Config::new().with(&format!("limits.scan_bytes = {limit}"));
    let gatepost = Gatepost::start(&config);
    let shell = gatepost.shell();
    let long = mail::plain("On turnips", &"Turnips, turnips, turnips.\r\n".repeat(10_000));
    assert!(long.len() > 4 * limit);
    assert_eq!(shell.teach("spam", &long), json!({"learned": 1}));
    assert_eq!(shell.teach("spam", &long), json!({"known": 1}));
    assert_eq!(shell.counts(), (1, 0, 0));
}

/// A mail user's configuration may differ from the service's, whose word counts.
#[test]
fn a_teacher_who_reads_more() {
    let folder = Folder::new();
    let gatepost = Gatepost::start(&Config::new().with("limits.scan_bytes = 65536"));
    let socket = format!("unix:{}/control.sock", gatepost.store().display());
    let other = folder.write("other.toml", format!("[control]\nlisten = [\"{socket}\"]\n"));
    let long = mail::plain("On turnips", &"Turnips, turnips, turnips.\r\n".repeat(100_000));
    for (name, message) in [
        ("1.eml", mail::about("turnips", 1)),
        ("2.eml", long),
        ("3.eml", mail::about("turnips", 3)),
    ] {
        folder.write(name, message);
    }
    let letters = ["1.eml", "2.eml", "3.eml"].map(|name| folder.path().join(name));
    let letters: Vec<_> = letters.iter().map(|path| text(path)).collect();
    assert_eq!(Shell::new(other).train("ham", &letters), json!({"learned": 3}));
    assert_eq!(gatepost.shell().train("ham", &letters), json!({"known": 3}));
}
