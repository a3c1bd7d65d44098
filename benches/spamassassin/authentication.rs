//! The rules of SpamAssassin's SPF, DKIM and DMARC plug-ins, and those built upon them, beside ours.
//!
//! The mail is that of the index, with what the own server would write on top (Return-Path, Received),
//! and letters that `letters.pl` writes and signs: old mail is hardly signed. Both sides take client and
//! envelope from there and ask one name server, but no lists. Ours is `gatepost check`, the path of live mail.

use std::{
    collections::{BTreeSet, HashSet},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use gatepost::{filter::networks, replay::Traced};

use crate::{
    Mail, Options,
    answers::{Answer, Answers, beside},
    comparison::Comparison,
    explained, report, theirs, zone,
};

/// What is meant to be so.
const DIFFERENCES: &str = include_str!("authentication.differences");

/// The host that both sides know as a relay of ours.
const RELAY: &str = "192.0.2.25";

/// SpamAssassin's side. The stock file asks for DMARC's plug-in by a name that it does not have, so
/// that its rules are never read; here they are.
fn site(rules: &Path) -> String {
    let dmarc = fs::read_to_string(rules.join("25_dmarc.cf")).expect("the rules of DMARC");
    let dmarc = dmarc.replace("Plugin::Dmarc", "Plugin::DMARC");
    format!(
        "trusted_networks {RELAY}\ninternal_networks {RELAY}\nalways_trust_envelope_sender 1\nskip_rbl_checks 1\nskip_uribl_checks 1\n\
         envelope_sender_header Return-Path\n{dmarc}"
    )
}

fn configuration(rules: &Path, folder: &Path, server: SocketAddr) -> String {
    format!(
        "[networks]\nlocal = []\nrelays = [\"{RELAY}\"]\n[dns]\nservers = [\"{server}\"]\n\
         [rules]\ninclude = [{rules:?}]\n[bayes]\nenabled = false\n[store]\npath = {folder:?}\n\
         [profile.external]\nchecks = [\"auth\", \"rules\"]\nearly_reject = false\n\
         deadline_ms = 120000\n"
    )
}

/// Writes all mail, asks both sides, and prints how well they agree: on kept mail, on the letters, on
/// both.
pub(crate) fn run(options: &Options, mails: &[Mail]) {
    let folder = tempfile::tempdir().unwrap();
    let mail = folder.path().join("mail");
    fs::create_dir(&mail).unwrap();
    let texts = letters(&mail);
    for (number, kept) in mails.iter().enumerate() {
        fs::write(mail.join(format!("kept-{number:05}")), delivered(kept, number)).unwrap();
    }
    let names: Vec<String> = fs::read_dir(&mail)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let server = zone::start(texts);
    let (mut theirs, mut ours) = (
        ask_spamassassin(options, folder.path(), &names, server),
        ask_gatepost(options, folder.path(), &names, server),
    );
    let compared = rules(&options.rules);
    theirs.retain(|rule| compared.contains(rule));
    ours.retain(|rule| compared.contains(rule));
    if let Some(keep) = &options.keep {
        fs::create_dir_all(keep).unwrap();
        for name in &names {
            fs::copy(mail.join(name), keep.join(name)).unwrap();
        }
    }
    let lines = explained::lines(DIFFERENCES);
    for (what, prefix) in [("kept mail", "kept-"), ("letters", "letter-"), ("all", "")] {
        println!("\n# {what}");
        let part = |answers: &Answers| answers.named(|name| name.starts_with(prefix));
        let (theirs, ours) = (part(&theirs), part(&ours));
        let comparison = Comparison::new(&theirs, &ours);
        let (settled, unused) = explained::settled(&comparison, &lines);
        let unexplained = Comparison::new(&theirs, &settled);
        report::accuracy(&comparison, options);
        report::explained(&unexplained);
        if prefix.is_empty() {
            report::rules(&comparison);
            options.show.iter().for_each(|rule| report::rule(&comparison, rule));
            report::messages(if options.messages { &comparison } else { &unexplained });
            unused.iter().for_each(|line| println!("explains nothing here: {line}"));
        }
    }
}

/// Has letters written; what DNS knows of their senders.
fn letters(folder: &Path) -> zone::Texts {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/spamassassin/letters.pl");
    let output = Command::new("perl").arg(script).arg(folder).output().expect("perl");
    let talk = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "letters.pl: {}\n{talk}", output.status);
    let records = fs::read_to_string(folder.join("records")).unwrap();
    fs::remove_file(folder.join("records")).unwrap();
    let mut texts = zone::Texts::new();
    for (name, text) in records.lines().filter_map(|line| line.split_once('\t')) {
        let known = texts.entry(name.to_ascii_lowercase()).or_default();
        known.extend(Some(text.to_owned()).filter(|text| !text.is_empty()));
    }
    texts
}

/// A kept message as the own server would have it delivered from the client that its trace names; one in
/// ten by way of the relay.
fn delivered(kept: &Mail, number: usize) -> Vec<u8> {
    let traced = Traced::new(&networks::Settings::default(), &kept.raw);
    let sender = traced.envelope.sender.as_str().to_owned();
    let sender = match sender.is_empty() {
        true => gatepost::mail::HeaderBlock::parse(&kept.raw)
            .first("From")
            .and_then(|from| gatepost::mail::addresses(from).first().map(|a| a.address.clone()))
            .filter(|address| address.is_ascii() && !address.contains([' ', '<', '>']))
            .unwrap_or_default(),
        false => sender,
    };
    let client = traced.client.address.map_or("203.0.113.77".to_owned(), |a| a.to_string());
    let helo = traced.envelope.helo.unwrap_or_else(|| format!("host{number}.example.net"));
    let name = traced.client.name.unwrap_or_else(|| "unknown".to_owned());
    let received = |client: &str, helo: &str, name: &str, by: &str| {
        format!(
            "Received: from {helo} ({name} [{client}])\n\tby {by} (Postfix) with ESMTP id 4X1Y2Z\n\
             \tfor <reader@example.com>; Thu, 12 Nov 2026 09:30:01 +0000\n"
        )
    };
    let mut head = format!("Return-Path: <{sender}>\n");
    if number % 10 == 9 {
        head += &received(RELAY, "mx2.example.com", "mx2.example.com", "mx.example.com");
    }
    head += &received(&client, &helo, &name, "mx.example.com");
    let mut whole = head.into_bytes();
    whole.extend(without_return_path(&kept.raw));
    whole
}

/// What another server has noted of the sender is not the envelope here.
fn without_return_path(raw: &[u8]) -> Vec<u8> {
    let is_one = |line: &[u8]| {
        line.get(..12).is_some_and(|start| start.eq_ignore_ascii_case(b"Return-Path:"))
    };
    let mut in_header = true;
    let lines = raw.split_inclusive(|&byte| byte == b'\n').filter(|line| {
        in_header &= !line.trim_ascii().is_empty();
        !(in_header && is_one(line))
    });
    lines.collect::<Vec<_>>().concat()
}

fn ask_spamassassin(
    options: &Options,
    folder: &Path,
    names: &[String],
    server: SocketAddr,
) -> Answers {
    let file = options.save.clone().unwrap_or_else(|| folder.join("answers"));
    let index = folder.join("index");
    let lines = names.iter().map(|name| format!("unknown\t{name}\n"));
    fs::write(&index, lines.collect::<String>()).unwrap();
    let (root, site) = (folder.join("mail"), site(&options.rules));
    let question = theirs::Question {
        rules: &options.rules,
        index: &index,
        root: &root,
        every: 1,
        server: Some(server),
        site: &site,
    };
    theirs::ask(&question, folder, &file);
    Answers::read(&file, &beside(&file))
}

fn ask_gatepost(options: &Options, folder: &Path, names: &[String], server: SocketAddr) -> Answers {
    let configuration = configuration(&options.rules, &folder.join("store"), server);
    let file = folder.join("gatepost.toml");
    fs::write(&file, configuration).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    check.arg("--config").arg(&file).args(["check", "--json"]).args(names);
    let output = check.current_dir(folder.join("mail")).output().expect("gatepost");
    let talk = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).unwrap();
    let answers = text.lines().map(|line| {
        let report: serde_json::Value = serde_json::from_str(line).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let rules = findings.map(|finding| finding["name"].as_str().unwrap().to_owned());
        let answer = Answer { rules: rules.collect(), ..Answer::default() };
        (report["path"].as_str().unwrap().to_owned(), answer)
    });
    let answers = Answers(answers.collect());
    assert_eq!(answers.0.len(), names.len(), "gatepost check: {}\n{talk}", output.status);
    answers
}

/// The rules of the plug-ins, and those that hang on them.
pub(crate) fn rules(folder: &PathBuf) -> HashSet<String> {
    let lines = crate::rule_lines(folder);
    let is_of_plugin = |function: &str| {
        ["spf_", "dkim_", "arc_", "dmarc_"].iter().any(|plugin| function.contains(plugin))
    };
    let mut found: HashSet<String> = HashSet::new();
    let mut metas: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in &lines {
        let mut words = line.split_whitespace();
        let (Some(kind), Some(name)) = (words.next(), words.next()) else { continue };
        let rest = words.collect::<Vec<_>>().join(" ");
        match kind {
            "meta" => {
                let names = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                metas.push((name.to_owned(), names.map(str::to_owned).collect()));
            }
            "header" | "full" if rest.strip_prefix("eval:").is_some_and(is_of_plugin) => {
                found.insert(name.to_owned());
            }
            _ => {}
        }
    }
    loop {
        let before = found.len();
        for (name, of) in &metas {
            if !of.is_disjoint(&found.iter().cloned().collect()) {
                found.insert(name.clone());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}
