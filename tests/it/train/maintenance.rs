//! `gatepost store`: with the service, without it, and from one store to another.

use serde_json::json;

use super::{shell, text};
use crate::{
    mail,
    servers::{
        Folder,
        command::Shell,
        gatepost::{Config, Gatepost},
    },
};

/// Three of spam, two of ham, one forgotten.
fn teach_some(shell: &Shell) {
    for number in 0..4 {
        shell.teach("spam", &mail::about("turnips", number));
        shell.teach("ham", &mail::about("minutes", number % 2));
    }
    shell.teach("forget", &mail::about("turnips", 3));
}

fn export(shell: &Shell) -> String {
    let said = shell.run(&["store", "export"]);
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{said:?}");
    said.out
}

/// What all commands say of six messages, running or not.
fn is_kept_well(shell: &Shell) {
    assert_eq!(shell.counts(), (3, 2, 1));
    let text = shell.run(&["store", "verify"]);
    assert_eq!(text.status, 0, "{text:?}");
    for expected in ["3 spam, 2 ham, 1 forgotten", "state hash", "sound"] {
        assert!(text.out.contains(expected), "{expected:?} in:\n{}", text.out);
    }
    let before = shell.verify()["state_hash"].clone();
    let compacted = shell.run(&["store", "compact"]);
    assert_eq!(compacted.status, 0, "{compacted:?}");
    assert!(compacted.out.contains("MiB before"), "{compacted:?}");
    assert_eq!(shell.verify()["state_hash"], before);
    let lines = export(shell);
    assert!(lines.starts_with("gatepost-store\t"), "{lines}");
    let last = lines.lines().last().unwrap();
    assert_eq!(last, format!("end\t6\t{}", before.as_str().unwrap()));
    assert_eq!(lines.lines().filter(|line| line.starts_with("spam\t")).count(), 3);
    assert_eq!(export(shell), lines, "the same state, the same lines");
}

#[test]
fn without_the_service() {
    let folder = Folder::new();
    let shell = shell(&folder);
    for command in ["verify", "export", "compact"] {
        let said = shell.run(&["store", command]);
        assert_eq!(said.status, 3, "{said:?}");
        assert!(said.err.contains("there is no store"), "{said:?}");
    }
    assert!(!folder.path().join("store").exists(), "looking makes none");
    teach_some(&shell);
    is_kept_well(&shell);
}

#[test]
fn with_the_service() {
    let mut gatepost = Gatepost::start(&Config::new());
    teach_some(&gatepost.shell());
    is_kept_well(&gatepost.shell());
    let running = export(&gatepost.shell());
    let file = gatepost.store().join("export.tsv");
    std::fs::write(&file, &running).unwrap();
    let said = gatepost.shell().run(&["store", "import", text(&file)]);
    assert_eq!(said.status, 3, "{said:?}");
    assert!(said.err.contains("in use") && said.err.contains("service"), "{said:?}");
    gatepost.kill();
    assert_eq!(export(&gatepost.shell()), running);
    is_kept_well(&gatepost.shell());
}

#[test]
fn from_one_store_to_another() {
    let (here, there) = (Folder::new(), Folder::new());
    let (from, to) = (shell(&here), shell(&there));
    teach_some(&from);
    let lines = export(&from);
    let file = there.write("export.tsv", &lines);
    let import = |shell: &Shell| {
        let said = shell.run(&["store", "import", text(&file)]);
        assert_eq!(said.status, 0, "{said:?}");
        said.out
    };
    assert!(import(&to).starts_with("6 messages taken in, 0 known already"));
    let hash = |shell: &Shell| shell.verify()["state_hash"].clone();
    assert_eq!(hash(&to), hash(&from));
    assert_eq!(to.verify()["tokens"], from.verify()["tokens"], "the model followed");
    assert!(import(&to).starts_with("0 messages taken in, 6 known already"));
    let own = from.feed(&["store", "import", "-"], lines.as_bytes());
    assert!(own.out.starts_with("0 messages taken in, 6 known already"), "{own:?}");
    assert_eq!(hash(&from), hash(&to));
    assert_eq!(export(&from), lines, "an export taken in where it came from changes nothing");
    // What is known there is known here, in whatever form it comes.
    assert_eq!(to.teach("spam", &mail::about("turnips", 1)), json!({"known": 1}));
    assert_eq!(to.teach("spam", &mail::about("turnips", 3)), json!({"learned": 1}));
}

/// All or nothing.
#[test]
fn what_is_no_export_is_not_taken_in() {
    let folder = Folder::new();
    let shell = shell(&folder);
    teach_some(&shell);
    let lines = export(&shell);
    let before = shell.verify()["state_hash"].clone();
    let half: String = lines.split_inclusive('\n').take(4).collect();
    for (name, input, named) in [
        ("nothing", String::new(), "line 1"),
        ("something else", "spam\tmail.eml\n".to_owned(), "line 1"),
        ("half of one", half, "incomplete"),
        ("one that was altered", lines.replace("\nspam\t", "\nham\t"), "state hash"),
        ("two in one", lines.repeat(2), "follows the end"),
    ] {
        let said = shell.feed(&["store", "import", "-"], input.as_bytes());
        assert_eq!(said.status, 3, "{name}: {said:?}");
        assert!(said.err.contains(named), "{name}: {said:?}");
        assert_eq!(shell.verify()["state_hash"], before, "{name}");
    }
    let said = shell.run(&["store", "import", "/no/such/export.tsv"]);
    assert_eq!(said.status, 3);
    assert!(said.err.contains("/no/such/export.tsv"), "{said:?}");
}
