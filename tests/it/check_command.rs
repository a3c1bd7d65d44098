//! `gatepost check`: exit status, JSON and arguments as promised, and the same findings as the
//! milter.

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Output, Stdio},
};

use serde_json::Value;

use crate::{
    mail,
    matrix::World,
    servers::{
        Folder,
        clamd::OWN_SIGNATURE,
        gatepost::program,
        milter_client::MilterClient,
        rbldnsd::{BLOCKED, CLEAN},
    },
};

/// Runs `gatepost ARGUMENTS` in `folder` with something on standard input; unless they name another
/// configuration, with the defaults and a store that is not this machine's.
fn gatepost(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = program();
    if !arguments.contains(&"--config") {
        let own = folder.join("own.toml");
        fs::write(&own, format!("[store]\npath = {:?}\n", folder.join("store"))).unwrap();
        command.arg("--config").arg(own);
    }
    let mut child = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may refuse its arguments before it reads.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn status(output: &Output) -> i32 {
    output.status.code().expect("ended by itself")
}

/// The objects on standard output, one a line.
fn objects(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Good mail, bad mail, an mbox of three and a folder of two.
fn samples() -> Folder {
    let folder = Folder::new();
    let good = mail::plain("Lunch tomorrow", "Shall we meet at noon?");
    folder.write("good.eml", &good);
    folder.write("bad.eml", mail::plain("A test", &mail::gtube()));
    let one = [b"From sender@example.org Thu Nov 12 09:30:00 2026\n", &good[..], b"\n"].concat();
    folder.write("three.mbox", one.repeat(3));
    folder.subfolder("folder/deeper");
    folder.write("folder/one.eml", &good);
    folder.write("folder/deeper/two.eml", &good);
    folder.write("wrong.toml", "[milter]\nlistne = []\n");
    folder
}

#[test]
fn exit_status_and_verdicts() {
    let folder = samples();
    let input = mail::plain("Lunch tomorrow", "Shall we meet at noon?");
    for (arguments, code, verdicts) in [
        (&["good.eml"][..], 0, &["accept"][..]),
        (&["bad.eml"], 1, &["reject"]),
        (&["good.eml", "bad.eml"], 1, &["accept", "reject"]),
        (&["-"], 0, &["accept"]),
        (&["three.mbox"], 0, &["accept"; 3]),
        (&["folder"], 0, &["accept"; 2]),
        (&["--login", "ann", "bad.eml"], 1, &["reject"]),
        (&["missing.eml"], 3, &[]),
        (&[], 2, &[]),
        (&["--no-such-option", "good.eml"], 2, &[]),
        (&["--client", "nonsense", "good.eml"], 2, &[]),
        (&["--config", "wrong.toml", "good.eml"], 2, &[]),
        (&["--config", "missing.toml", "good.eml"], 2, &[]),
    ] {
        let all = [&["check", "--json", "--offline"], arguments].concat();
        let output = gatepost(folder.path(), &all, &input);
        assert_eq!(status(&output), code, "{arguments:?}: {output:?}");
        let found: Vec<_> = objects(&output).iter().map(|o| o["verdict"].clone()).collect();
        assert_eq!(found, verdicts, "{arguments:?}");
        assert_eq!(code >= 2, !output.stderr.is_empty(), "{arguments:?}: errors are explained");
    }
}

#[test]
fn json_has_the_promised_shape() {
    let folder = samples();
    let output =
        gatepost(folder.path(), &["check", "--json", "--offline", "good.eml", "bad.eml"], b"");
    for object in objects(&output) {
        let keys: BTreeSet<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
        let promised = [
            "path", "profile", "verdict", "score", "required", "reply", "ref", "findings", "late",
            "broken", "micros",
        ];
        assert!(keys.is_superset(&BTreeSet::from(promised)), "{keys:?}");
        assert_eq!(object["profile"], "external");
        assert_eq!(object["required"], 5.0);
        assert!(object["micros"].is_u64());
        let reference = object["ref"].as_str().unwrap();
        assert!(reference.len() == 9 && reference.as_bytes()[4] == b'-', "{reference}");
        let findings = object["findings"].as_array().unwrap();
        let sum: f64 = findings.iter().map(|finding| finding["weight"].as_f64().unwrap()).sum();
        assert!((sum - object["score"].as_f64().unwrap()).abs() < 1e-9, "{object}");
        assert!(findings.iter().all(|f| f["name"].is_string() && !f["evidence"].is_null()));
        if object["path"] == "bad.eml" {
            let reply = object["reply"].as_str().unwrap();
            assert!(
                reply.starts_with("550 5.7.1 ") && reply.ends_with(&format!("(ref {reference})"))
            );
        } else {
            assert!(object["reply"].is_null());
        }
    }
}

#[test]
fn text_for_people_names_file_and_verdict() {
    let folder = samples();
    let output = gatepost(folder.path(), &["check", "--offline", "good.eml", "bad.eml"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in ["good.eml", "accept", "bad.eml", "reject", "GTUBE"] {
        assert!(text.contains(expected), "{expected} in:\n{text}");
    }
}

#[test]
fn scanner_and_lists_are_asked_unless_offline() {
    let (world, folder) = (World::start(), samples());
    folder.write("virus.eml", mail::own_virus());
    let config = world.gatepost.config_file();
    let check = |arguments: &[&str]| {
        let all = [&["--config", config.to_str().unwrap(), "check", "--json"], arguments].concat();
        let output = gatepost(folder.path(), &all, b"");
        (status(&output), objects(&output).remove(0))
    };
    let (code, virus) = check(&["virus.eml"]);
    assert_eq!(code, 1);
    assert!(virus["reply"].as_str().unwrap().contains(OWN_SIGNATURE), "{virus}");
    let (code, listed) = check(&["--client", BLOCKED, "good.eml"]);
    assert_eq!(code, 1);
    assert!(listed["reply"].as_str().unwrap().starts_with("554 5.7.1"), "{listed}");
    let (code, clean) = check(&["--client", CLEAN, "good.eml"]);
    assert_eq!((code, &clean["verdict"]), (0, &"accept".into()), "{clean}");
    let (code, user) = check(&["--client", BLOCKED, "--login", "ann", "good.eml"]);
    assert_eq!((code, &user["profile"]), (0, &"authenticated".into()), "{user}");
    for arguments in
        [&["--offline", "virus.eml"][..], &["--offline", "--client", BLOCKED, "good.eml"]]
    {
        let (code, offline) = check(arguments);
        assert_eq!(code, 0, "{arguments:?}: {offline}");
    }
}

#[test]
fn same_findings_as_the_milter() {
    let (world, folder) = (World::start(), samples());
    let config = world.gatepost.config_file();
    let messages = [
        mail::plain("spam-between-mark-and-reject", "Buy now, cheap!"),
        mail::plain("Lunch", "http://203.0.113.9/login"),
        mail::with_attachment("Invoice", "invoice.pdf.exe", b"MZ\x90\0"),
        mail::eicar(),
    ];
    for (number, message) in messages.iter().enumerate() {
        folder.write("one.eml", message);
        let arguments = [
            "--config",
            config.to_str().unwrap(),
            "check",
            "--json",
            "--client",
            CLEAN,
            "--helo",
            "client.example.org",
            "--from",
            "sender@example.org",
            "--rcpt",
            "reader@example.test",
            "one.eml",
        ];
        let checked = objects(&gatepost(folder.path(), &arguments, b"")).remove(0);
        let mut milter = MilterClient::connect(world.gatepost.address()).unwrap();
        milter.open(CLEAN, "reader@example.test").unwrap();
        milter.message(message).unwrap();
        let judged = world.gatepost.wait_judged(number + 1).remove(number);
        assert_eq!(checked["verdict"], judged["verdict"]);
        let names: Vec<_> = checked["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["name"].as_str().unwrap())
            .collect();
        let logged = judged["findings"].as_str().unwrap();
        let logged: Vec<_> =
            logged.split(',').filter_map(|one| Some(one.split_once('=')?.0)).collect();
        assert_eq!(names, logged);
    }
}

#[test]
fn links_in_circles_are_left_out() {
    let folder = Folder::new();
    let inner = folder.subfolder("mail/inner");
    std::fs::write(inner.join("one.eml"), mail::plain("Lunch", "At noon?")).unwrap();
    for name in ["a", "b"] {
        std::os::unix::fs::symlink("..", inner.join(name)).unwrap();
    }
    let checked = objects(&gatepost(folder.path(), &["check", "--json", "--offline", "mail"], b""));
    assert_eq!(checked.len(), 1);
}
