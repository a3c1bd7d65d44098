//! `gatepost config check|show|default`.

use std::{path::Path, process::Output};

use crate::{
    matrix::World,
    servers::{Folder, free_address, gatepost::program},
};

fn gatepost(config: Option<&Path>, arguments: &[&str]) -> Output {
    let mut command = program();
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    command.args(arguments).output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}

#[test]
fn default_is_a_file_that_changes_nothing() {
    let folder = Folder::new();
    let default = gatepost(None, &["config", "default"]);
    assert_eq!(status(&default), 0);
    let text = String::from_utf8(default.stdout.clone()).unwrap();
    assert!(text.lines().any(|line| line.starts_with('#')), "it is commented");
    let file = folder.write("gatepost.toml", default.stdout);
    let shown = gatepost(Some(&file), &["config", "show"]);
    assert_eq!(status(&shown), 0, "{}", said(&shown));
    let empty = folder.write("empty.toml", "");
    assert_eq!(shown.stdout, gatepost(Some(&empty), &["config", "show"]).stdout);
}

#[test]
fn show_is_effective_and_can_be_read_again() {
    let folder = Folder::new();
    let file = folder.write("gatepost.toml", "[profile.external]\nmark = 4.5\n");
    let shown = gatepost(Some(&file), &["config", "show"]);
    let table: toml::Table = String::from_utf8(shown.stdout.clone()).unwrap().parse().unwrap();
    assert_eq!(table["profile"]["external"]["mark"].as_float(), Some(4.5));
    assert_eq!(
        table["profile"]["external"]["reject"].as_float(),
        Some(10.0),
        "defaults are filled in"
    );
    let again = folder.write("again.toml", &shown.stdout);
    assert_eq!(gatepost(Some(&again), &["config", "show"]).stdout, shown.stdout);
}

/// A wrong file, and what the message must name apart from the file itself.
const MISTAKES: [(&str, &[&str]); 7] = [
    ("[milter]\nlistne = []\n", &[":2", "listne", "listen"]),
    ("\n\n[antivirsu]\n", &[":3", "antivirsu", "antivirus"]),
    ("[milter]\nmax_connections = \"many\"\n", &[":2", "max_connections"]),
    ("[milter]\nlisten = [\"inet:localhost\"]\n", &[":2", "inet:localhost"]),
    ("[milter]\nlisten = [\"unix:/no/such/folder/socket\"]\n", &[":2", "/no/such/folder"]),
    ("[rules]\ninclude = [\"/no/such/file.cf\"]\n", &[":2", "/no/such/file.cf"]),
    ("[networks]\nlocal = [\"192.0.2.0/24\"]\nrelays = [\"192.0.2.7/32\"]\n", &[":3", "192.0.2.7"]),
];

#[test]
fn mistakes_name_file_line_and_key() {
    let folder = Folder::new();
    for (text, named) in MISTAKES {
        let file = folder.write("gatepost.toml", text);
        for command in [&["config", "check"][..], &["config", "show"], &["serve"]] {
            let output = gatepost(Some(&file), command);
            assert_eq!(status(&output), 2, "{text}{}", said(&output));
            let message = String::from_utf8_lossy(&output.stderr);
            for word in named.iter().copied().chain(["gatepost.toml"]) {
                assert!(message.contains(word), "{word} in {message}");
            }
        }
    }
}

#[test]
fn check_tries_lists_and_scanner() {
    let mut world = World::start();
    // The running instance has its sockets; the copy gets others.
    let folder = Folder::new();
    let text = std::fs::read_to_string(world.gatepost.config_file()).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    for door in ["milter", "control"] {
        table[door]["listen"] = toml::Value::Array(vec![format!("inet:{}", free_address()).into()]);
    }
    let file = folder.write("gatepost.toml", table.to_string());
    let good = gatepost(Some(&file), &["config", "check"]);
    assert_eq!(status(&good), 0, "{}", said(&good));
    for named in ["bl.test", "wl.test", "clamd.sock"] {
        assert!(said(&good).contains(named), "{named} in:\n{}", said(&good));
    }
    world.clamd.kill();
    let bad = gatepost(Some(&file), &["config", "check"]);
    assert_eq!(status(&bad), 1, "{}", said(&bad));
    assert!(said(&bad).contains("clamd.sock"));
    assert_eq!(status(&gatepost(Some(&file), &["config", "check", "--offline"])), 0);
}

#[test]
fn check_sees_what_is_in_the_way_of_a_socket() {
    let folder = Folder::new();
    let path = folder.write("gatepost.sock", "no socket");
    let text = format!("[milter]\nlisten = [\"unix:{}\"]\n", path.display());
    let file = folder.write("gatepost.toml", text);
    let output = gatepost(Some(&file), &["config", "check"]);
    assert_eq!(status(&output), 1, "{}", said(&output));
    assert!(said(&output).contains("gatepost.sock"), "{}", said(&output));
}
