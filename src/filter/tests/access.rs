//! What entries do on the path of a message.

use super::*;
use crate::{
    checks::access::Entry,
    verdict::{Party, Word},
};

const SENDER: &str = "ann@example.org";

/// Entries as `allow|allow!|block PATTERN`, `!` without proof, on a filter whose list knows [`LISTED`].
fn guarded(entries: &[&str], change: Settings) -> Setup {
    let setup = setup(Manner::Good, change);
    let entry = |text: &&str| {
        let (word, pattern) = text.split_once(' ').unwrap();
        Entry {
            pattern: pattern.parse().unwrap(),
            word: if word == "block" { Word::Block } else { Word::Allow },
            unverified: word.ends_with('!'),
            note: String::new(),
            since: 0,
        }
    };
    setup.book.replace(entries.iter().map(entry).collect());
    setup
}

/// How a message from [`SENDER`] by that client ends: at RCPT and at its end; the reason in words.
async fn outcome(setup: &Setup, client: &str, recipients: &[&str], from: &str) -> (String, String) {
    let visit = setup.visit(client);
    let sender = Address::from_path(SENDER);
    let mut inquiry = visit.inquire(Envelope { sender, ..envelope(&visit, None) }).unwrap();
    let said =
        |judgement: &Judgement| format!("{} {}", judgement.verdict, judgement.reason.as_str());
    let mut early = String::new();
    for recipient in recipients {
        if let Some(refusal) = inquiry.recipient(Address::from_path(recipient)).await {
            early = said(&refusal);
            assert_eq!(refusal.forced.len(), 1, "said once: {:?}", refusal.forced);
        }
    }
    let raw = format!("From: {from}\r\n\r\n");
    inquiry.headers(raw.as_bytes());
    (early, said(&inquiry.conclude(raw.into_bytes(), false).await.0))
}

#[tokio::test]
async fn who_is_kept_out_is_refused_and_who_is_let_in_is_not() {
    const READER: &[&str] = &["reader@example.net"];
    const BOTH: &[&str] = &["postmaster@example.net", "reader@example.net"];
    const POSTMASTER: &[&str] = &["postmaster@example.net"];
    let (other, author) = ("203.0.113.1", "b@example.com");
    let blocked = "reject blocked";
    let listed = "reject client_listed";
    let fine = "accept score";
    for (entries, client, recipients, early, end) in [
        (&["block 203.0.113.0/24"][..], other, READER, blocked, blocked),
        (&["block example.org"], other, READER, blocked, blocked),
        (&["block example.org"], other, BOTH, blocked, fine),
        (&["block example.org"], other, POSTMASTER, "", fine),
        // The author is known at the end alone.
        (&["block example.com"], other, READER, "", blocked),
        (&["block example.com"], other, BOTH, "", blocked),
        (&["block example.com"], other, POSTMASTER, "", fine),
        (&["block example.com", "allow 203.0.113.1"], other, READER, "", blocked),
        // On a list of others.
        (&[], LISTED, READER, listed, fine),
        (&["allow 203.0.113.66"], LISTED, READER, "", fine),
        (&["allow! example.org"], LISTED, READER, "", fine),
        // Until the end it could have been proved.
        (&["allow example.org"], LISTED, READER, "", listed),
        (&["allow example.org"], LISTED, BOTH, "", fine),
        (&["allow example.org"], other, READER, "", fine),
        (&["allow example.org", "block 203.0.113.66"], LISTED, READER, blocked, blocked),
    ] {
        let setup = guarded(entries, Settings::default());
        let found = outcome(&setup, client, recipients, author).await;
        assert_eq!(
            found,
            (early.to_owned(), end.to_owned()),
            "{entries:?} {client} {recipients:?}"
        );
    }
}

#[tokio::test]
async fn a_dry_run_keeps_nobody_out() {
    let change = Settings { dry_run: Some(true), ..Settings::default() };
    let setup = guarded(&["block example.org"], change);
    let found = outcome(&setup, "203.0.113.1", &["reader@example.net"], SENDER).await;
    assert_eq!(found, (String::new(), "reject blocked".to_owned()));
}

/// A relay's message is refused at its end, by the client that the relay names.
#[tokio::test]
async fn relayed_mail_is_judged_by_its_real_client() {
    let setup = guarded(&["block 203.0.113.9"], Settings::default());
    let raw = "Received: from a.example (a.example [203.0.113.9]) by mx.example; \
               Tue, 4 Mar 2025 10:12:00 +0100\r\n\r\n";
    let (judgement, _) = judged(&setup, "192.0.2.25", raw).await;
    let who = "203.0.113.9".to_owned();
    assert_eq!(judgement.reason, Reason::Blocked { party: Party::Client, who });
}

/// Entries count from the next message on, in a connection that is open already.
#[tokio::test]
async fn entries_count_at_once() {
    let setup = guarded(&[], Settings::default());
    let visit = setup.visit("203.0.113.1");
    let reader = || Address::from_path("reader@example.net");
    assert!(visit.inquire(envelope(&visit, None)).unwrap().recipient(reader()).await.is_none());
    let book = Arc::clone(&setup.book);
    book.replace(guarded(&["block 203.0.113.1"], Settings::default()).book.list().as_ref().clone());
    assert!(visit.inquire(envelope(&visit, None)).unwrap().recipient(reader()).await.is_some());
}

/// Profiles of users who have logged in do not ask; and if they do, not for the client.
#[tokio::test]
async fn a_login_is_not_kept_out_for_its_address() {
    let checks = Some(vec!["access".to_owned()]);
    for (change, entry, verdict) in [
        (Settings::default(), "block 203.0.113.1", Verdict::Accept),
        (Settings::default(), "block example.org", Verdict::Accept),
        (
            Settings { checks: checks.clone(), ..Settings::default() },
            "block 203.0.113.1",
            Verdict::Accept,
        ),
        (Settings { checks, ..Settings::default() }, "block example.org", Verdict::Reject),
    ] {
        let setup = guarded(&[entry], change);
        let visit = setup.visit("203.0.113.1");
        let sender = Address::from_path(SENDER);
        let envelope = Envelope { sender, ..envelope(&visit, Some("ann")) };
        let mut inquiry = visit.inquire(envelope).unwrap();
        let reader = Address::from_path("reader@example.net");
        assert!(inquiry.recipient(reader).await.is_none());
        let (judgement, _) = inquiry.conclude(b"Subject: x\r\n\r\n".to_vec(), false).await;
        assert_eq!(judgement.verdict, verdict, "{entry}");
    }
}
