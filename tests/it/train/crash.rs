//! The service is killed while four processes teach it: what was acknowledged is there, once, and
//! the same commands again teach the rest.

use std::{collections::BTreeSet, path::PathBuf, process::Child, time::Duration};

use serde_json::{Value, json};

use super::{shell, sources::mbox, text};
use crate::{
    mail,
    servers::{
        Folder,
        command::Shell,
        gatepost::{Config, Gatepost},
        wait_until,
    },
};

const PROCESSES: usize = 4;
const EACH: usize = 250;
const ALL: usize = PROCESSES * EACH;
const KILLS: usize = 3;

/// One mbox a process; one message in four is ham.
fn lessons(folder: &Folder) -> Vec<(&'static str, PathBuf)> {
    let lesson = |process: usize| {
        let teach = if process == 0 { "ham" } else { "spam" };
        let topic = if process == 0 { "minutes" } else { "turnips" };
        let messages: Vec<_> = (0..EACH).map(|n| mail::about(topic, process * EACH + n)).collect();
        (teach, folder.write(&format!("{process}.mbox"), mbox(&messages)))
    };
    (0..PROCESSES).map(lesson).collect()
}

fn start(shell: &Shell, lessons: &[(&str, PathBuf)]) -> Vec<Child> {
    let start = |(teach, path): &(&str, PathBuf)| {
        shell.start(&["train", teach, "--json", "--jobs", "4", text(path)])
    };
    lessons.iter().map(start).collect()
}

/// How each run ended: its status, and the messages it was told are learned or known.
fn ends(children: Vec<Child>) -> Vec<(i32, u64)> {
    let end = |child: Child| {
        let output = child.wait_with_output().unwrap();
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let count = |what: &str| summary["taught"][what].as_u64().unwrap_or(0);
        (output.status.code().unwrap(), count("learned") + count("known"))
    };
    children.into_iter().map(end).collect()
}

/// What is known of which message.
fn entries(shell: &Shell) -> BTreeSet<(String, String)> {
    let export = shell.run(&["store", "export"]);
    assert_eq!(export.status, 0, "{export:?}");
    let entry = |line: &str| {
        let fields: Vec<_> = line.split('\t').collect();
        matches!(fields[0], "spam" | "ham" | "forgotten")
            .then(|| (fields[0].to_owned(), fields[4].to_owned()))
    };
    let entries: Vec<_> = export.out.lines().filter_map(entry).collect();
    let unique: BTreeSet<_> = entries.iter().cloned().collect();
    assert_eq!(unique.len(), entries.len(), "a message stands there once");
    unique
}

#[test]
fn everything_is_learned_exactly_once() {
    let folder = Folder::new();
    let lessons = lessons(&folder);
    let mut gatepost = Gatepost::start(&Config::new());
    let total = || {
        let (spam, ham, _) = gatepost.shell().counts();
        spam + ham
    };
    let mut acknowledged = 0;
    let mut before = total();
    for kill in 1..=KILLS {
        let children = start(&gatepost.shell(), &lessons);
        let progress = before + 40;
        wait_until("progress", Duration::from_secs(60), || {
            let (spam, ham, _) = gatepost.shell().counts();
            spam + ham >= progress
        });
        gatepost.kill();
        let ends = ends(children);
        println!("kill {kill}: {ends:?}");
        assert!(ends.iter().any(|(status, _)| *status == 3), "in the middle: {ends:?}");
        acknowledged = acknowledged.max(ends.iter().map(|(_, count)| count).sum());
        gatepost.restart();
        let (spam, ham, _) = gatepost.shell().counts();
        before = spam + ham;
        assert!(before >= acknowledged, "{before} of {acknowledged} that were acknowledged");
    }
    let ends = ends(start(&gatepost.shell(), &lessons));
    assert_eq!(ends, [(0, EACH as u64); PROCESSES]);
    assert_eq!(gatepost.shell().counts(), ((ALL - EACH) as u64, EACH as u64, 0));
    let again: Vec<_> =
        lessons.iter().map(|(teach, path)| gatepost.shell().train(teach, &[text(path)])).collect();
    assert_eq!(again, vec![json!({"known": EACH}); PROCESSES]);
    let undisturbed = shell(&folder);
    for (teach, path) in &lessons {
        undisturbed.train(teach, &[text(path)]);
    }
    assert_eq!(entries(&gatepost.shell()), entries(&undisturbed));
    assert_eq!(gatepost.shell().verify()["tokens"], undisturbed.verify()["tokens"]);
}
