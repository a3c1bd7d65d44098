//! Records as bytes, and back.

use proptest::prelude::*;

use super::*;
use crate::{
    mail::{Address, Tls},
    verdict::{
        Lookup, Opinion, Party, PictureSaid, Pictured, Response, Ruling, Scan, ScanSaid, Token,
        Word,
    },
};

fn client(address: &str) -> Arc<Client> {
    Arc::new(Client {
        address: address.parse().ok(),
        name: Some("client.example.org".to_owned()),
        ptr: None,
        port: Some(1_234),
        listener: "inet:127.0.0.1:11332".into(),
        daemon: Some("smtpd".to_owned()),
        over_smtp: true,
        mta: Some("mx.example.com".to_owned()),
    })
}

fn envelope() -> Envelope {
    Envelope {
        client: client("203.0.113.66"),
        relay: Some(client("2001:db8::25")),
        helo: Some("spam.example".to_owned()),
        tls: Some(Tls {
            version: "TLSv1.3".to_owned(),
            cipher: None,
            cert_subject: None,
            cert_issuer: None,
        }),
        login: Some("alice".to_owned()),
        auth_type: Some("PLAIN".to_owned()),
        sender: Address::from_path("<a@example.org>"),
        sender_parameters: vec!["SIZE=100".to_owned()],
        recipients: vec![Address::from_path("<b@example.com>")],
        queue_id: Some("4XQ".to_owned()),
        arrived: Some(1_700_000_000),
    }
}

fn findings() -> Vec<Finding> {
    let text = |text: &str| text.to_owned();
    let token = Token { text: text("offer"), spam: 90, ham: 2, log_odds: 3.25 };
    let evidence = [
        Evidence::matched("body", b"a text"),
        Evidence::Meta { of: vec!["A".into()] },
        Evidence::Signature(text("Eicar")),
        Evidence::Probability { millionths: 999_000, because: vec![token] },
        Evidence::Dns { question: text("q"), answer: vec![text("127.0.0.2")] },
        Evidence::Attachment { name: text("a.exe"), trait_: text("runs") },
        Evidence::Fact(text("so it is")),
    ];
    let weights = [1, -5, 0, 0, 2_500_000, 1, 1].map(Points::from_micros);
    let names = ["A", "B", "C", "BAYES", "D", "E", "F"];
    let all = names.into_iter().zip(weights).zip(evidence);
    all.map(|((name, weight), evidence)| Finding { name: name.into(), weight, evidence }).collect()
}

fn testimony() -> Testimony {
    let text = |text: &str| text.to_owned();
    let responses = [
        Response::Records(vec![vec![127, 0, 0, 2]]),
        Response::Nothing { code: 3 },
        Response::Timeout { after: 2_000 },
        Response::Refused { code: 5 },
        Response::Failed(text("no")),
        Response::SetAside(text("lists the world")),
    ];
    let lookup = |(number, response): (u8, Response)| Lookup {
        name: format!("{number}.example"),
        record_type: 1,
        response,
        ttl: 60,
        asked: 1_700_000_000_000,
        took: 12,
    };
    let (millionths, state) = (Some(999_000), Some(u128::MAX));
    Testimony {
        lookups: (0..6).zip(responses).map(lookup).collect(),
        scans: vec![
            Scan { part: None, result: ScanSaid::Clean },
            Scan { part: Some(2), result: ScanSaid::Infected(text("Eicar")) },
            Scan { part: Some(3), result: ScanSaid::Failed(text("gone")) },
        ],
        opinion: Some(Opinion { millionths, state, ..Opinion::default() }),
        missing: vec![text("g.example A")],
        rulings: vec![Ruling {
            party: Party::Sender,
            who: text("a@example.org"),
            word: Word::Block,
            entry: text("example.org"),
            note: text("for a reason"),
            unverified: false,
        }],
        pictures: vec![
            Pictured {
                picture: 0,
                result: PictureSaid::Shows { text: text("words"), codes: vec![text("http://x/")] },
            },
            Pictured { picture: 1, result: PictureSaid::Skipped(text("no time")) },
            Pictured { picture: 2, result: PictureSaid::Failed(text("crashed")) },
        ],
    }
}

/// One with something of everything.
fn full() -> Record {
    let five = Points::from_micros(5_000_000);
    Record {
        reference: "7K3F-9QX2".parse().unwrap(),
        at: 1_700_000_000_123,
        provenance: Provenance { configuration: 7, bayes_scores: true },
        identity: Some(Identity { digest: [3; 16], first_field: 9, bytes: 1_234 }),
        envelope: envelope(),
        profile: "external".to_owned(),
        verdict: Verdict::Mark,
        reason: Reason::ClientListed(vec!["bl.example".to_owned()]),
        score: Points::from_micros(5_100_001),
        required: Some(five),
        thresholds: vec![(Verdict::Mark, five)],
        forced: vec![
            Forced { verdict: Verdict::Reject, reason: Reason::Virus("Eicar".to_owned()) },
            Forced { verdict: Verdict::Defer, reason: Reason::Unchecked("rules".into()) },
        ],
        findings: findings(),
        late: vec!["antivirus".to_owned()],
        broken: vec![("lists".to_owned(), "none answered".to_owned())],
        unscanned: true,
        dry_run: true,
        truncated: true,
        rcpt_unanswered: true,
        took_micros: 1_500,
        testimony: testimony(),
    }
}

#[test]
fn everything_comes_back() {
    let record = full();
    let bytes = record.to_bytes().unwrap();
    assert_eq!(Record::from_bytes(&bytes).unwrap(), record);
    let then = record.then();
    let opinion = then.testimony.opinion.as_ref().unwrap();
    assert_eq!(opinion.because[0].text, "offer", "tokens are kept with the finding");
    assert!(then.was_late("antivirus") && !then.was_late("rules"));
    assert_eq!(then.relayed.unwrap().1.as_deref(), Some("spam.example"));
    assert_eq!(record.client().address, "2001:db8::25".parse().ok());
}

/// Older forms lack lists at their end, and are otherwise the same.
#[test]
fn older_forms_are_read() {
    let mut record = full();
    for (version, lacks) in OLDER {
        match lacks {
            1 => record.testimony.pictures.clear(),
            _ => record.testimony.rulings.clear(),
        }
        let mut bytes = record.to_bytes().unwrap();
        bytes.truncate(bytes.len() - lacks);
        bytes[0] = version;
        assert_eq!(Record::from_bytes(&bytes).unwrap(), record);
    }
}

#[test]
fn another_version_is_named() {
    let mut bytes = full().to_bytes().unwrap();
    bytes[0] = 200;
    let error = Record::from_bytes(&bytes).unwrap_err();
    assert!(error.to_string().contains("form 200"), "{error}");
    assert!(matches!(Record::from_bytes(&[]), Err(RecordError::Empty)));
}

proptest! {
    #[test]
    fn numbers_and_texts_come_back(
        micros in any::<i64>(),
        text in ".{0,200}",
        octets in any::<[u8; 4]>(),
        digest in any::<[u8; 16]>(),
        millionths in prop::option::of(0u32..=1_000_000),
        log_odds in -50.0f64..50.0,
    ) {
        let mut record = full();
        let log_odds = (log_odds * 1e3).round() / 1e3;
        let token = Token { text: text.clone(), spam: 1, ham: 2, log_odds };
        record.score = Points::from_micros(micros);
        record.identity = Some(Identity { digest, first_field: 0, bytes: 0 });
        record.findings[0].evidence = Evidence::matched("body", text.as_bytes());
        record.findings[3].evidence = Evidence::Probability { millionths: 1, because: vec![token] };
        record.testimony.lookups[0].response = Response::Records(vec![octets.to_vec()]);
        record.testimony.opinion = Some(Opinion { millionths, ..Opinion::default() });
        record.envelope.sender = Address::from_path(&text);
        let bytes = record.to_bytes().unwrap();
        prop_assert_eq!(Record::from_bytes(&bytes).unwrap(), record);
    }

    #[test]
    fn no_bytes_make_it_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = full().to_bytes().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(length.index(bytes.len() + 1));
        if let Ok(record) = Record::from_bytes(&bytes) {
            record.then();
        }
    }
}
