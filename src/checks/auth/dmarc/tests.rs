//! The truth table, against a real name server on loopback.

use std::collections::BTreeMap;

use hickory_proto::{
    op::ResponseCode,
    rr::{RData, RecordType, rdata::TXT},
};

use super::*;
use crate::{
    dns::loopback::{Loopback, Reply},
    mail::Message,
};

const TRUTH: &str = include_str!("truth.cases");

async fn serve() -> Loopback {
    let server = Loopback::start().await;
    let mut records: BTreeMap<String, Vec<RData>> = BTreeMap::new();
    for line in TRUTH.lines() {
        if let Some((name, record)) =
            line.strip_prefix("records ").and_then(|l| l.split_once(" = "))
        {
            let name = format!("_dmarc.{name}.");
            if record == "fails" {
                server.text(&name, Reply::Code(ResponseCode::ServFail));
                continue;
            }
            let data = RData::TXT(TXT::new(vec![record.to_owned()]));
            records.entry(name).or_default().push(data);
        } else if let Some(name) = line.strip_prefix("exists ") {
            server.address(&format!("{name}."), Reply::address([192, 0, 2, 1]));
        }
    }
    for (name, data) in records {
        server.records(&name, RecordType::TXT, data);
    }
    server
}

fn result(word: &str) -> AuthResult {
    use AuthResult::*;
    let all = [None, Pass, Fail, Softfail, Neutral, Policy, Temperror, Permerror];
    all.into_iter().find(|result| result.as_str() == word).unwrap()
}

/// `RESULT DOMAIN`
fn identifier(text: &str) -> Option<(AuthResult, String)> {
    let (word, domain) = text.trim().split_once(' ')?;
    (domain != "-").then(|| (result(word), domain.to_owned()))
}

#[tokio::test]
async fn the_table_is_true() {
    let server = serve().await;
    let (resolver, mut count, mut wrong) = (server.resolver(), 0, Vec::new());
    for row in TRUTH.lines().filter(|line| line.contains(" | ") && !line.starts_with('#')) {
        let columns: Vec<&str> = row.split(" | ").collect();
        let [author, spf, dkim, expected] = columns[..] else { panic!("{row}") };
        let sender = identifier(spf).map(|(result, domain)| SenderPolicy {
            result,
            domain,
            ..SenderPolicy::default()
        });
        let signatures: Vec<Signature> = dkim
            .split(',')
            .filter_map(identifier)
            .map(|(result, domain)| Signature { result, domain, ..Signature::default() })
            .collect();
        let others = sender.iter().map(|s| s.domain.clone());
        let others = others.chain(signatures.iter().map(|s| s.domain.clone()));
        let discovered = discover(author, others, &resolver, &Witness::live()).await;
        let policy = evaluate(&discovered, sender.as_ref(), &signatures);
        let found = format!("{} {}", policy.result, policy.disposition.as_str());
        count += 1;
        if found != expected {
            wrong.push(format!("{row}: {found} ({})", policy.because));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 50);
}

#[test]
fn the_author_is_whoever_readers_are_shown() {
    for (header, expected) in [
        ("From: a@Example.ORG", Ok("example.org")),
        ("from : \"x, y\" <a@b@example.org.>", Ok("example.org")),
        ("From: a@example.org,\r\n b@example.org", Ok("example.org")),
        ("From: a@b\u{fc}cher.example", Ok("xn--bcher-kva.example")),
        ("From: =?utf-8?q?=3Cceo=40bank.example=3E?= <a@evil.example>", Ok("evil.example")),
        ("From: a@example.org, b@example.net", Err("From names several domains")),
        ("From: a@example.org\r\nFrom: a@example.org", Err("there are several From fields")),
        ("From: nobody", Err("From names no domain")),
        ("From:", Err("From names no domain")),
        ("Subject: x", Err("there is no From")),
    ] {
        let message = Message::parse(format!("{header}\r\n\r\nx\r\n").into_bytes());
        let found = author(&Source::new(message.into()));
        assert_eq!(found.as_deref().map_err(|error| *error), expected, "{header}");
    }
}
