use std::sync::Arc;

use proptest::prelude::*;

use super::{
    super::{conf::Conf, scene::Scene},
    HeaderQuery,
    mailboxes::mailboxes,
};
use crate::{
    checks::Case,
    mail::{Address, Client, Envelope, Message},
};

fn case(message: &str, envelope: Envelope) -> Case {
    let message = Message::parse(message.as_bytes().to_vec());
    Case { envelope: Arc::new(envelope), message: Arc::new(message) }
}

fn conf(lines: &[(&str, &str)]) -> Conf {
    let mut conf = Conf::default();
    for (key, value) in lines {
        conf.read(key, value).unwrap().unwrap();
    }
    conf
}

/// The answer as `queries.cases` shows it.
fn answer(query: &str, scene: &Scene<'_>) -> String {
    let query = HeaderQuery::parse(query).unwrap();
    let shown = |value: &[u8]| {
        let text = String::from_utf8_lossy(value).replace('\n', "\\n").replace('\t', "\\t");
        format!("[{text}]")
    };
    let values: String = query.values(scene).iter().map(|value| shown(value)).collect();
    if values.is_empty() { "-".to_owned() } else { values }
}

#[test]
fn header_questions_are_answered_as_by_spamassassin() {
    let conf = conf(&[
        ("util_rb_tld", "com net org uk"),
        ("util_rb_2tld", "co.uk"),
        ("originating_ip_headers", "X-Originating-IP"),
    ]);
    let mut asked = 0;
    for section in include_str!("queries.cases").split("=== ").skip(1) {
        let (title, rest) = section.split_once('\n').unwrap();
        let (message, questions) = rest.split_once("---\n").unwrap();
        for text in [message.to_owned(), message.replace('\n', "\r\n")] {
            let case = case(&format!("{text}\ntext\n"), Envelope::default());
            let scene = Scene::new(&case, &conf);
            for line in questions.lines() {
                let (query, expected) = line.split_once('\t').unwrap();
                assert_eq!(answer(query, &scene), expected, "{title}: {query}");
                asked += 1;
            }
        }
    }
    assert!(asked > 100);
}

#[test]
fn mailboxes_are_found_as_by_spamassassin() {
    let part = |part: &Option<Vec<u8>>| {
        part.as_ref().map_or("-".to_owned(), |part| String::from_utf8_lossy(part).into_owned())
    };
    for line in include_str!("mailboxes.tsv").lines().filter(|line| !line.starts_with('#')) {
        let (list, expected) = line.split_once('\t').unwrap_or((line, ""));
        let found: Vec<String> = mailboxes(list.as_bytes())
            .iter()
            .map(|mailbox| format!("{}|{}", part(&mailbox.name), part(&mailbox.address)))
            .collect();
        assert_eq!(found.join("\t"), expected, "{list}");
    }
}

#[test]
fn hostile_lists_are_read_to_their_end() {
    for part in ["<", "<>", "<a@b>", "\"", "\\\"", "(", "()", "a,", "a@b,", "<a ", "@", "<\"", ":;"]
    {
        let found = mailboxes(part.repeat((64 << 10) / part.len()).as_bytes());
        assert!(found.len() <= 1_000, "{part}");
    }
}

#[test]
fn what_the_mta_knows_comes_before_the_header() {
    let message = "Received: from pc ([203.0.113.9]) by mail.example.org (8.17/8.17)\n\
        \twith SMTP id 524AC0x1; Tue, 4 Mar 2025 09:11:58 +0000\n\
        Return-Path: <forged@example.net>\nX-A: b\n\ntext\n";
    let client = Client {
        address: "::ffff:198.51.100.7".parse().ok(),
        name: Some("host7.example.org".to_owned()),
        mta: Some("mx.example.com".to_owned()),
        ..Client::default()
    };
    let envelope = Envelope {
        client: Arc::new(client.clone()),
        helo: Some("mail.example.org".to_owned()),
        sender: Address::from_path("<bob@example.org>"),
        queue_id: Some("4ZKx1y0".to_owned()),
        ..Envelope::default()
    };
    let mta = "ip=198.51.100.7 rdns=host7.example.org helo=mail.example.org by=mx.example.com \
        ident= envfrom=bob@example.org";
    let first = "ip=203.0.113.9 rdns= helo=pc by=mail.example.org ident= envfrom=";
    let of_first = "id=524AC0x1 auth= msa=0 ]";
    let conf_of_ours = conf(&[("trusted_networks", "198.51.100.0/24")]);
    for (conf, envelope, query, expected) in [
        (
            &Conf::default(),
            envelope.clone(),
            "X-Spam-Relays-External",
            format!("[[ {mta} intl=0 id=4ZKx1y0 auth= msa=0 ] [ {first} intl=0 {of_first}]"),
        ),
        (
            &conf_of_ours,
            envelope.clone(),
            "X-Spam-Relays-Internal",
            format!("[[ {mta} intl=1 id=4ZKx1y0 auth= msa=0 ]]"),
        ),
        (
            &Conf::default(),
            Envelope { login: Some("bob".to_owned()), ..envelope.clone() },
            "X-Spam-Relays-Trusted",
            format!("[[ {mta} intl=1 id=4ZKx1y0 auth=ESMTPA msa=0 ]]"),
        ),
        (&Conf::default(), envelope.clone(), "EnvelopeFrom", "[bob@example.org]".to_owned()),
        (
            &Conf::default(),
            Envelope { sender: Address::null(), ..envelope.clone() },
            "EnvelopeFrom",
            "[]".to_owned(),
        ),
        // Without an MTA the client was taken from the header, and stands there already.
        (
            &Conf::default(),
            Envelope {
                client: Arc::new(Client { mta: None, ..client }),
                sender: Address::null(),
                ..envelope
            },
            "X-Spam-Relays-External",
            format!("[[ {first} intl=0 {of_first}]"),
        ),
    ] {
        let case = case(message, envelope);
        assert_eq!(answer(query, &Scene::new(&case, conf)), expected, "{query}");
    }
}

#[test]
fn fields_belong_to_the_hosts_that_may_have_written_them() {
    let message = "X-Ours: 1\nReceived: from mail.example.org (mail.example.org [198.51.100.7])\n\
        \tby mx.example.com (Postfix) with ESMTP id 4ZKx1y0\nX-Theirs: 2\n\ntext\n";
    let client = Client {
        address: "198.51.100.9".parse().ok(),
        mta: Some("store.example.com".to_owned()),
        ..Client::default()
    };
    let live = Envelope { client: Arc::new(client), ..Envelope::default() };
    let trusted = conf(&[("internal_networks", "198.51.100.9")]);
    for (envelope, conf, ours, theirs) in [
        (Envelope::default(), Conf::default(), "X-Ours Received", "Received X-Theirs"),
        // The MTA's own line is not there yet: nothing stands above it.
        (live.clone(), Conf::default(), "", "X-Ours Received X-Theirs"),
        (live, trusted, "X-Ours Received", "Received X-Theirs"),
    ] {
        let case = case(message, envelope);
        let scene = Scene::new(&case, &conf);
        let names = |query: &str| {
            let values = HeaderQuery::parse(query).unwrap().values(&scene);
            let name =
                |value: &[u8]| String::from_utf8_lossy(value).split(':').next().unwrap().to_owned();
            values.iter().map(|value| name(value)).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((names("ALL-INTERNAL"), names("ALL-EXTERNAL")), (ours.into(), theirs.into()));
    }
}

#[test]
fn names_and_modifiers_are_checked() {
    for (text, error) in [
        ("", "`` is not a header name"),
        ("Sub ject", "`Sub ject` is not a header name"),
        ("From:nonsense", "`:nonsense` is not a header modifier"),
    ] {
        assert_eq!(HeaderQuery::parse(text).unwrap_err().to_string(), error);
    }
    for text in ["From:addr:host:last", "ALL-TRUSTED:raw", "X-Spam-Relays-External", "X-A:revip"] {
        assert_eq!(HeaderQuery::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn lines_end_in_bare_line_feeds() {
    for (sent, seen) in [
        ("", ""),
        ("a", "a"),
        ("a\r\n", "a\n"),
        ("a\r\r\n\nb\r", "a\r\n\nb\r"),
        ("\r\n\r\n", "\n\n"),
    ] {
        assert_eq!(super::full(sent.as_bytes()), seen.as_bytes(), "{sent:?}");
    }
}

proptest! {
    #[test]
    fn any_header_answers_any_question(
        header in "(From|To|Received|Subject|X-A|\\PC{0,3})(:|: | :)[ -~\n\r\té]{0,120}",
        query in "(From|ToCc|Received|ALL|ALL-EXTERNAL|EnvelopeFrom|X-SenderDomain)(:addr|:name|:raw)?(:host|:domain|:ip|:revip)?(:first|:last)?",
    ) {
        let conf = conf(&[("util_rb_tld", "com a b")]);
        let case = case(&header, Envelope::default());
        let scene = Scene::new(&case, &conf);
        let query = HeaderQuery::parse(&query).unwrap();
        prop_assert_eq!(query.exists(&scene), query.read(&scene).is_some());
    }

    #[test]
    fn any_bytes_are_a_list(list in prop::collection::vec(any::<u8>(), 0..200)) {
        let addresses = mailboxes(&list).into_iter().filter_map(|mailbox| mailbox.address);
        for address in addresses {
            prop_assert_eq!(address.iter().filter(|byte| **byte == b'@').count(), 1);
        }
    }
}
