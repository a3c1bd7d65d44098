//! One message in all the forms that mail programs give it; moving and forgetting are exact.

use serde_json::json;

use super::shell;
use crate::{
    mail,
    servers::{
        Folder, Mta,
        gatepost::{Config, Gatepost},
        postfix::Postfix,
        rbldnsd::CLEAN,
        smtp::Delivery,
    },
};

/// A message in which every form makes a difference to the bytes.
fn message() -> Vec<u8> {
    mail::plain("On turnips", "Dear reader,\r\n\r\nFrom now on: turnips.\r\n")
}

fn with_lf(message: &[u8]) -> Vec<u8> {
    String::from_utf8(message.to_vec()).unwrap().replace("\r\n", "\n").into_bytes()
}

fn below(head: &str, message: &[u8]) -> Vec<u8> {
    [head.as_bytes(), message].concat()
}

#[test]
fn a_message_counts_once_in_every_form() {
    let folder = Folder::new();
    let shell = shell(&folder);
    let sent = message();
    assert_eq!(shell.teach("spam", &sent), json!({"learned": 1}));
    let lf = with_lf(&sent);
    let quoted = String::from_utf8(lf.clone()).unwrap().replace("\nFrom now", "\n>From now");
    let forms = [
        ("line ends of files", lf.clone()),
        ("in an mbox", below("From a@example.org Thu Nov 12 09:30:00 2026\n", quoted.as_bytes())),
        (
            "as delivered",
            below(
                "Return-Path: <a@example.org>\nX-Original-To: b@example.test\n\
                 Delivered-To: b@example.test\nX-Spam-Status: Yes, score=7 required=5\n\
                 X-Spam-Flag: YES\nReceived: from mx.example.org (mx.example.org [203.0.113.10])\n\
                 \tby mx.example.test (Postfix) with ESMTP id 1\n",
                &lf,
            ),
        ),
        ("blank lines at the end", [&lf[..], b"\n\n"].concat()),
        ("marks of a mail reader", below("Status: RO\nX-Keywords: \n", &lf)),
    ];
    for (name, form) in forms {
        assert_eq!(shell.teach("spam", &form), json!({"known": 1}), "{name}");
    }
    let other = mail::plain("On turnips", "Dear reader,\r\n\r\nFrom now on: beets.\r\n");
    assert_eq!(shell.teach("spam", &other), json!({"learned": 1}), "another body");
    assert_eq!(shell.counts(), (2, 0, 0));
}

/// What a user takes out of the mailbox is what the filter saw.
#[test]
fn as_postfix_delivers_it() {
    let gatepost = Gatepost::start(&Config::new());
    let postfix = Postfix::start(&gatepost.inet());
    let shell = gatepost.shell();
    assert_eq!(shell.teach("ham", &message()), json!({"learned": 1}));
    let outcome = Delivery::new(CLEAN, "reader", message()).attempt(postfix.address()).unwrap();
    assert_eq!(outcome.reply.code, 250, "{outcome:?}");
    postfix.settle();
    let delivered = postfix.delivered("reader").remove(0);
    assert!(mail::header(&delivered, "X-Spam-Status").is_some());
    assert_eq!(shell.teach("ham", &delivered), json!({"known": 1}));
    assert_eq!(shell.teach("spam", &delivered), json!({"moved": 1}));
    assert_eq!(shell.counts(), (1, 0, 0));
}

#[test]
fn moving_and_forgetting_are_exact() {
    let folder = Folder::new();
    let shell = shell(&folder);
    for number in 0..5 {
        shell.teach("spam", &mail::about("turnips", number));
        shell.teach("ham", &mail::about("minutes", number));
    }
    let before = shell.verify();
    let visitor = mail::about("zeppelins", 1);
    assert_eq!(shell.teach("spam", &visitor), json!({"learned": 1}));
    let with = shell.verify();
    assert!(with["tokens"].as_u64() > before["tokens"].as_u64(), "{with}");
    assert_eq!(shell.teach("ham", &visitor), json!({"moved": 1}));
    assert_eq!(shell.verify()["tokens"], with["tokens"], "the same tokens, on the other side");
    assert_eq!(shell.counts(), (5, 6, 0));
    assert_eq!(shell.teach("forget", &visitor), json!({"forgotten": 1}));
    let after = shell.verify();
    for count in ["spam", "ham", "tokens"] {
        assert_eq!(after[count], before[count], "{count}");
    }
    assert_eq!(after["forgotten"], 1, "so that older news of it cannot come back");
    assert_eq!(shell.teach("spam", &visitor), json!({"learned": 1}));
    assert_eq!(shell.counts(), (6, 5, 0));
}
