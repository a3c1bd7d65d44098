//! A replay takes the path of live mail: its envelope comes from the headers.

use serde_json::{Value, json};

use super::Samples;
use crate::{
    mail,
    matrix::World,
    servers::rbldnsd::{BLOCKED, CLEAN},
};

/// A message as a mail server has delivered it.
fn delivered(client: &str, to: &str) -> Vec<u8> {
    let trace = format!(
        "Return-Path: <bounce@example.org>\r\n\
         Delivered-To: {to}\r\n\
         Received: from mx.example.org (mx.example.org [{client}])\r\n\
         \tby mx.example.test (Postfix) with ESMTP id 4F0; Thu, 12 Nov 2026 09:30:00 +0000 (UTC)\r\n"
    );
    [trace.as_bytes(), &mail::plain("Lunch tomorrow", "Shall we meet at noon?")].concat()
}

#[test]
fn scanner_and_lists_are_asked_unless_offline() {
    let (world, samples) = (World::start(), Samples::new());
    samples.write("mail/blocked.eml", delivered(BLOCKED, "reader@example.test"));
    samples.write("mail/clean.eml", delivered(CLEAN, "reader@example.test"));
    // Must stay reachable: it is judged by its score alone.
    samples.write("mail/role.eml", delivered(BLOCKED, "postmaster@example.test"));
    samples.write("mail/virus.eml", mail::own_virus());
    let config = world.gatepost.config_file();
    let report = |arguments: &[&str]| {
        let all = ["replay", "--config", config.to_str().unwrap(), "--json", "--ham", "mail"];
        let output = samples.program(&[&all, arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let asked = report(&[]);
    let forced = json!({"client_listed": {"spam": 0, "ham": 1}, "virus": {"spam": 0, "ham": 1}});
    assert_eq!((&asked["forced"], &asked["unscanned"]), (&forced, &json!(0)), "{asked}");
    let offline = report(&["--offline"]);
    assert_eq!((&offline["forced"], &offline["unscanned"]), (&json!({}), &json!(4)), "{offline}");
    let user = report(&["--login", "ann"]);
    assert_eq!(user["forced"], json!({"virus": {"spam": 0, "ham": 1}}), "{user}");
}
