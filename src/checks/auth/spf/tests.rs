//! The evaluator against a real name server on loopback: the suite of RFC 7208, and what it leaves out.

use std::collections::HashMap;

use hickory_proto::{
    op::ResponseCode,
    rr::{
        Name, RData, RecordType,
        rdata::{A, AAAA, MX, PTR, TXT},
    },
};

use super::*;
use crate::dns::loopback::{Loopback, Reply};

const SUITE: &str = include_str!("suite.cases");

/// Zones and cases that belong together.
#[derive(Default)]
struct Section<'s> {
    records: Vec<(&'s str, &'s str, &'s str)>,
    cases: Vec<Vec<&'s str>>,
}

fn sections(text: &str) -> Vec<Section<'_>> {
    let mut sections = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if line.starts_with("## ") {
            sections.push(Section::default());
        } else if let Some(section) = sections.last_mut() {
            match line.strip_prefix("> ") {
                Some(case) => section.cases.push(case.split('|').map(str::trim).collect()),
                None => {
                    let mut words = line.splitn(3, ' ');
                    let mut word = || words.next().unwrap();
                    section.records.push((word(), word(), word()));
                }
            }
        }
    }
    sections
}

fn text(data: &str) -> RData {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    let (mut inside, mut bytes) = (false, data.bytes());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' if !inside => pieces.push(Vec::new()),
            b'"' => {}
            b'\\' => {
                let next = bytes.next().unwrap();
                let hex: Vec<u8> = bytes.by_ref().take(if next == b'x' { 2 } else { 0 }).collect();
                let hex = std::str::from_utf8(&hex).unwrap();
                let byte = if hex.is_empty() { next } else { u8::from_str_radix(hex, 16).unwrap() };
                pieces.last_mut().unwrap().push(byte);
            }
            _ if inside => pieces.last_mut().unwrap().push(byte),
            _ => {}
        }
        inside ^= byte == b'"';
    }
    if pieces.is_empty() {
        pieces.push(Vec::new());
    }
    RData::TXT(TXT::from_bytes(pieces.iter().map(Vec::as_slice).collect()))
}

fn name(text: &str) -> Name {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_empty() {
        return Name::root();
    }
    Name::from_labels(text.replace("\\x20", " ").split('.').map(str::as_bytes)).unwrap()
}

fn record(kind: &str, data: &str) -> (RecordType, RData) {
    match kind {
        "A" => (RecordType::A, RData::A(A(data.parse().unwrap()))),
        "AAAA" => (RecordType::AAAA, RData::AAAA(AAAA(data.parse().unwrap()))),
        "MX" => {
            let (preference, host) = data.split_once(' ').unwrap();
            (RecordType::MX, RData::MX(MX::new(preference.parse().unwrap(), name(host))))
        }
        "PTR" => (RecordType::PTR, RData::PTR(PTR(name(data)))),
        "TXT" => (RecordType::TXT, text(data)),
        _ => panic!("{kind}"),
    }
}

const KINDS: [RecordType; 5] =
    [RecordType::A, RecordType::AAAA, RecordType::MX, RecordType::PTR, RecordType::TXT];

/// A server with the section's zones.
async fn serve(section: &Section<'_>) -> Loopback {
    let server = Loopback::start().await;
    let mut sets: HashMap<(String, RecordType), Vec<RData>> = HashMap::new();
    let absolute = |text: &str| name(text).to_ascii().to_ascii_lowercase();
    let alias = |owner: &str| {
        let mut records = section.records.iter();
        records.find(|(name, kind, _)| *kind == "CNAME" && absolute(name) == absolute(owner))
    };
    for (owner, kind, data) in &section.records {
        let failing: &[RecordType] = match (*kind, *data) {
            // Aliases that lead to each other.
            ("CNAME", target) if alias(target).is_some() => &KINDS,
            ("*", _) => &KINDS,
            (_, "FAILS") => panic!("{owner}"),
            _ => &[],
        };
        for kind in failing {
            let failure = Reply::Code(ResponseCode::ServFail);
            server.set(&absolute(owner), *kind, failure);
        }
        if failing.is_empty() && *kind == "CNAME" {
            for (_, kind, data) in
                section.records.iter().filter(|(o, ..)| absolute(o) == absolute(data))
            {
                let (kind, data) = record(kind, data);
                sets.entry((absolute(owner), kind)).or_default().push(data);
            }
        } else if failing.is_empty() {
            let (kind, data) = record(kind, data);
            sets.entry((absolute(owner), kind)).or_default().push(data);
        }
    }
    for ((owner, kind), data) in sets {
        server.set(&owner, kind, Reply::Data(data));
    }
    server
}

fn question(helo: &str, client: &str, sender: &str) -> Question {
    let (local, domain) = sender.rsplit_once('@').unwrap_or(("", helo));
    Question {
        address: client.parse().unwrap(),
        helo: helo.to_owned(),
        local_part: if local.is_empty() { "postmaster" } else { local }.to_owned(),
        domain: domain.to_owned(),
        receiver: "receiver.example".to_owned(),
        seconds: 1_700_000_000,
    }
}

/// What the case's question comes to, if that is not what it should.
async fn mistake(server: &Loopback, case: &[&str]) -> Option<String> {
    let [id, helo, client, sender, results, ..] = case else { panic!("{case:?}") };
    let question = question(helo, client, sender);
    let outcome = check_host(&question, &server.resolver(), &Witness::live()).await;
    let right = results.split(' ').any(|result| result == outcome.result.as_str());
    let explanation = outcome.explanation.as_deref().unwrap_or("DEFAULT");
    let explained = case.get(5).is_none_or(|text| text.eq_ignore_ascii_case(explanation));
    (!(right && explained)).then(|| format!("{id}: {outcome:?}, expected {:?}", &case[4..]))
}

#[tokio::test]
async fn the_suite_passes() {
    let (mut cases, mut mistakes) = (0, Vec::new());
    for section in sections(SUITE) {
        let server = serve(&section).await;
        for case in &section.cases {
            cases += 1;
            mistakes.extend(mistake(&server, case).await);
        }
    }
    assert!(mistakes.is_empty(), "{} of {cases}:\n{}", mistakes.len(), mistakes.join("\n"));
    assert_eq!(cases, 203);
}

/// What the suite leaves out.
#[tokio::test]
async fn limits_and_identities() {
    let text = "## ours
        v6.example TXT \"v=spf1 mx -all\"
        v6.example MX 10 a.v6.example
        v6.example MX 10 b.v6.example
        v6.example MX 10 c.v6.example
        v6.example MX 10 d.v6.example
        a.v6.example A 192.0.2.1
        b.v6.example A 192.0.2.2
        c.v6.example A 192.0.2.3
        d.v6.example AAAA 2001:db8::1
        mapped.example TXT \"v=spf1 ip4:192.0.2.1 -all\"
        plus.example TXT \"v=spf1 exists:%{l}.plus.example -all\"
        x+y.plus.example A 127.0.0.2
        null.example TXT \"v=spf1 mx ?all\"
        null.example MX 0 .
        > hosts without IPv6 are no mistake | h.example | 2001:db8::1 | a@v6.example | pass
        > IPv4 in IPv6 | h.example | ::ffff:192.0.2.1 | a@mapped.example | pass
        > odd labels | h.example | 192.0.2.1 | x+y@plus.example | pass
        > the null MX | h.example | 192.0.2.1 | a@null.example | neutral";
    let text: Vec<&str> = text.lines().map(str::trim).collect();
    for section in sections(&text.join("\n")) {
        let server = serve(&section).await;
        for case in &section.cases {
            assert_eq!(mistake(&server, case).await, None);
        }
    }
}
