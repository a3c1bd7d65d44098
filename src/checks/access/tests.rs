//! What patterns are, and whom they name.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    checks::{Case, Check, Work},
    mail::{Address, Client, Envelope, Message},
    verdict::{Party, Word},
};

fn entry(pattern: &str, word: Word) -> Entry {
    let pattern = pattern.parse().unwrap();
    Entry { pattern, word, unverified: false, note: String::new(), since: 0 }
}

/// `patterns.cases` has a line each: what is written, and how it is kept, or `!` and what is said of it.
#[test]
fn patterns_have_one_form() {
    let cases = include_str!("patterns.cases").lines().filter(|line| !line.starts_with('#'));
    for case in cases {
        let (written, expected) = case.split_once(" -> ").unwrap();
        let read = written.parse::<Pattern>();
        match expected.strip_prefix('!') {
            Some(said) => {
                let error = read.expect_err(case).to_string();
                assert!(error.contains(said), "{case}: {error}");
            }
            None => {
                let kept = read.unwrap_or_else(|error| panic!("{case}: {error}"));
                assert_eq!(kept.to_string(), expected, "{case}");
                assert_eq!(expected.parse(), Ok(kept), "{case}");
            }
        }
    }
}

/// Whom patterns name: whose address, the patterns, those that name it in order.
const NAMED: [(&str, &str, &str); 17] = [
    (
        "192.0.2.7",
        "192.0.2.0/24 192.0.2.7 192.0.0.0/16 192.0.2.8",
        "192.0.2.7 192.0.2.0/24 192.0.0.0/16",
    ),
    ("::ffff:192.0.2.7", "192.0.2.0/24 2001:db8::/32", "192.0.2.0/24"),
    ("2001:db8::7", "192.0.2.0/24 2001:db8::/32 2001:db8::7", "2001:db8::7 2001:db8::/32"),
    ("192.0.3.7", "192.0.2.0/24", ""),
    (
        "ann@example.org",
        "example.org @example.org ann@example.org org",
        "ann@example.org @example.org example.org org",
    ),
    ("ANN@Example.ORG", "ann@example.org", "ann@example.org"),
    ("\"ann\"@example.org", "ann@example.org", "ann@example.org"),
    ("bob@example.org", "ann@example.org", ""),
    ("ann@news.example.org", "example.org @example.org ann@example.org", "example.org"),
    ("ann@notexample.org", "example.org", ""),
    ("ann@example.org.", "example.org", "example.org"),
    ("ann@b\u{fc}cher.example", "xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("ann@xn--bcher-kva.example", "b\u{fc}cher.example", "xn--bcher-kva.example"),
    ("a@b@example.org", "@example.org", "@example.org"),
    ("ann", "example.org", ""),
    ("", "example.org", ""),
    ("@", "example.org", ""),
];

#[test]
fn the_most_exact_entry_stands_first() {
    for (who, patterns, named) in NAMED {
        let entries = patterns.split(' ').map(|pattern| entry(pattern, Word::Block));
        let list: List = entries.collect();
        let found = match who.parse() {
            Ok(address) => list.of_client(address),
            Err(_) => list.of_address(who),
        };
        let found: Vec<_> = found.iter().map(|entry| entry.pattern.to_string()).collect();
        assert_eq!(found.join(" "), named, "{who}: {patterns}");
    }
}

#[test]
fn entries_come_back_from_what_is_kept() {
    let full = Entry {
        unverified: true,
        note: "ticket 4711".to_owned(),
        since: 7,
        ..entry("example.org", Word::Allow)
    };
    let bytes = full.to_bytes().unwrap();
    let known_by = digest(&full.pattern);
    assert_eq!(Entry::from_bytes(known_by, Word::Allow, &bytes, 7).unwrap(), full);
    for note in ["a\nb".to_owned(), "\u{1b}[2J".to_owned(), "x".repeat(501)] {
        let wrong = Entry { note, ..full.clone() };
        assert!(matches!(wrong.to_bytes(), Err(EntryError::Note)));
    }
    for (bytes, error) in [
        (&b"example.net\n\n"[..], "not what its digest says"),
        (b"example.org", "another form"),
        (b"example.org\nsometimes\n", "another form"),
        (b"\xff\n\n", "another form"),
        (b"*\n\n", "pattern cannot be read"),
    ] {
        let found = Entry::from_bytes(known_by, Word::Allow, bytes, 7).unwrap_err().to_string();
        assert!(found.contains(error), "{found}");
    }
    let longest =
        format!("{}@{}", "a".repeat(64), [&"b".repeat(63); 3].map(String::as_str).join("."));
    let longest = Entry { note: "x".repeat(500), ..entry(&longest, Word::Block) };
    assert!(longest.to_bytes().unwrap().len() <= crate::store::MOST_ACCESS_BYTES);
}

/// What the gate says, as `party who word entry`, one a line.
async fn said(gate: &Gate, envelope: Envelope, message: &str) -> (String, String) {
    let envelope = Arc::new(envelope);
    let witness = crate::verdict::Witness::live();
    let early = match gate.of_envelope(&envelope, &witness) {
        Some(asked) => asked.await.unwrap().rulings,
        None => Vec::new(),
    };
    let message = Arc::new(Message::parse(message.as_bytes().to_vec()));
    let late = match gate.of_message_after(&Case { envelope, message }, None, &witness) {
        Some(Work::Cpu(work)) => work().unwrap().rulings,
        _ => Vec::new(),
    };
    let shown = |rulings: &[crate::verdict::Ruling]| {
        let line = |ruling: &crate::verdict::Ruling| {
            format!(
                "{} {} {} {}",
                ruling.party.as_str(),
                ruling.who,
                ruling.word.as_str(),
                ruling.entry
            )
        };
        rulings.iter().map(line).collect::<Vec<_>>().join("; ")
    };
    (shown(&early), shown(&late))
}

#[tokio::test]
async fn each_party_is_looked_up() {
    let list: List = [
        entry("192.0.2.0/24", Word::Block),
        entry("example.org", Word::Allow),
        entry("evil.example", Word::Block),
    ]
    .into_iter()
    .collect();
    let gate = Gate::new(Arc::new(Book::new(list)));
    let client =
        |address: &str| Arc::new(Client { address: address.parse().ok(), ..Client::default() });
    let known = Envelope {
        client: client("192.0.2.7"),
        sender: Address::from_path("<ann@example.org>"),
        ..Envelope::default()
    };
    let network = "client 192.0.2.7 block 192.0.2.0/24";
    let sender = "sender ann@example.org allow example.org";
    let login = Envelope { login: Some("ann".to_owned()), ..known.clone() };
    let relayed = Envelope { relay: Some(client("192.0.2.25")), ..login.clone() };
    let relay_alone = Envelope { relay: Some(Arc::clone(&known.client)), ..known.clone() };
    for (envelope, early) in [
        (known.clone(), format!("{network}; {sender}")),
        (login, sender.to_owned()),
        (relayed, format!("{network}; {sender}")),
        (relay_alone, sender.to_owned()),
    ] {
        let (found, late) = said(&gate, envelope, "Subject: x\r\n\r\n").await;
        assert_eq!(found, early);
        assert_eq!(late, early, "nobody asked at MAIL");
    }
    let stranger = Envelope { client: client("203.0.113.7"), ..Envelope::default() };
    for (from, late) in [
        ("From: a@evil.example\r\n", "author a@evil.example block evil.example"),
        (
            "From: A <a@example.com>, b@x.evil.example\r\n",
            "author b@x.evil.example block evil.example",
        ),
        (
            "From: a@example.com\r\nFrom: b@evil.example\r\n",
            "author b@evil.example block evil.example",
        ),
        ("From: a@evil.example, a@evil.example\r\n", "author a@evil.example block evil.example"),
        ("From: \"a@evil.example\" <a@example.com>\r\n", ""),
        ("Sender: a@evil.example\r\n", ""),
    ] {
        let found = said(&gate, stranger.clone(), &format!("{from}\r\n")).await;
        assert_eq!(found, (String::new(), late.to_owned()), "{from}");
    }
}

/// Who judges again is told what was said then, not what is in the list now.
#[tokio::test]
async fn what_was_said_then_is_said_again() {
    let book = Arc::new(Book::new([entry("example.org", Word::Block)].into_iter().collect()));
    let gate = Gate::new(Arc::clone(&book));
    let sender = Address::from_path("<ann@example.org>");
    let envelope = Arc::new(Envelope { sender, ..Envelope::default() });
    let live = crate::verdict::Witness::live();
    let then = gate.of_envelope(&envelope, &live).unwrap().await.unwrap();
    assert_eq!(then.rulings.first().map(|ruling| ruling.party), Some(Party::Sender));
    book.replace([entry("example.org", Word::Allow)].into_iter().collect());
    let witness = crate::verdict::Witness::of(Some(Arc::new(live.testimony())));
    let again = gate.of_envelope(&envelope, &witness).unwrap().await.unwrap();
    assert_eq!(again, then);
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_read_has_one_form(text in ".{0,80}") {
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
        let list: List = [entry("example.org", Word::Block)].into_iter().collect();
        list.of_address(&text);
    }

    #[test]
    fn patterns_near_the_form_have_one_form(
        text in "[0-9a-fA-F.:@/\\[\\]\"*-]{0,30}|[a-z\"]{0,5}@?[a-z0-9.-]{1,20}(/[0-9]{1,3})?",
    ) {
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert_eq!(pattern.to_string().parse(), Ok(pattern));
        }
    }
}
