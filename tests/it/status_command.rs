//! `gatepost status`: what the service says of itself.

use std::time::Duration;

use serde_json::Value;

use crate::servers::{
    Folder,
    command::Shell,
    gatepost::{Config, Gatepost},
    milter_client::MilterClient,
    rbldnsd::CLEAN,
    wait_until,
    zone::Zone,
};

const LIST: &str = "[[dns.list]]\nzone = \"bl.test\"\nabout = \"client\"\n\
    findings = { \"127.0.0.2\" = \"RCVD_IN_BL_TEST\" }\n";

/// Something attached that is looked into.
const LETTER: &str = "From: sender@example.org\r\nSubject: Notes\r\nMIME-Version: 1.0\r\n\
    Content-Type: application/pdf; name=notes.pdf\r\n\r\n\
    %PDF-1.4\r\n%%EOF\r\n";

/// The status in JSON, and the exit status.
fn status(gatepost: &Gatepost) -> (Value, i32) {
    let said = gatepost.shell().run(&["status", "--json"]);
    (serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}", said.err)), said.status)
}

#[test]
fn it_counts_what_was_looked_into() {
    let zone = Zone::start(&["bl.test"]);
    zone.list("203.0.113.66", "bl.test");
    let config = Config::new().with(LIST).dns(zone.address()).with("dns.timeout_ms = 500");
    let checks = "[profile.external]\nchecks = [\"lists\", \"contents\"]";
    let gatepost = Gatepost::start(&config.with(checks));
    let (well, code) = status(&gatepost);
    assert_eq!((&well["lists"][0]["aside"], code), (&Value::Null, 0), "{well}");
    assert_eq!(well["contents"]["openers"]["counts"]["done"], 0);

    let mut milter = MilterClient::connect(gatepost.address()).unwrap();
    milter.open(CLEAN, "reader@example.test").unwrap();
    milter.message(LETTER.as_bytes()).unwrap();
    let (read, _) = status(&gatepost);
    let openers = &read["contents"]["openers"];
    assert_eq!((&openers["counts"]["done"], &openers["working"]), (&1.into(), &0.into()), "{read}");
    let text = gatepost.shell().run(&["status"]).out;
    assert!(text.contains("archives and documents: 1 done, 0 skipped"), "{text}");
    assert!(
        gatepost
            .metrics()
            .contains("gatepost_contents_tasks_total{role=\"opener\",result=\"done\"} 1")
    );
}

#[test]
fn a_list_that_is_aside_is_named() {
    // Without its test entry, it is set aside at the start.
    let zone = Zone::start(&[]);
    let config = Config::new().with(LIST).dns(zone.address()).with("dns.timeout_ms = 500");
    let gatepost = Gatepost::start(&config);
    wait_until("bl.test set aside", Duration::from_secs(30), || status(&gatepost).1 == 1);
    let text = gatepost.shell().run(&["status"]).out;
    assert!(text.contains("list bl.test: SET ASIDE: "), "{text}");
}

#[test]
fn without_a_service_it_says_so() {
    let folder = Folder::new();
    let store = folder.subfolder("store");
    let config = folder.write("gatepost.toml", format!("store.path = {store:?}\n"));
    let said = Shell::new(config).run(&["status"]);
    assert_eq!((said.status, said.out.as_str()), (3, ""));
    assert!(said.err.contains("no gatepost runs here"), "{}", said.err);
}
