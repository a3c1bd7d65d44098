//! Whole messages, proper and hostile.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{HeaderBlock, Message, Oddity, Part, addresses, file_type};

/// The tree on a few lines: depth, type, marks, and content of leaves.
fn outline(message: &Message) -> Vec<String> {
    let line = |part: &Part| {
        let mark = match (part.is_container, part.is_attachment) {
            (true, _) => "/",
            (false, true) => "@",
            (false, false) => "",
        };
        let content = part.content(message.raw());
        let content = if part.is_container { "".into() } else { String::from_utf8_lossy(&content) };
        format!("{}{}{mark} {content:?}", "-".repeat(part.depth), part.content_type)
    };
    message.parts().iter().map(line).collect()
}

fn parse(text: &str) -> Message {
    Message::parse(text.replace('\n', "\r\n").into_bytes())
}

#[test]
fn a_plain_message_is_one_part() {
    let message = parse("Subject: =?utf-8?Q?caf=C3=A9?=\nX: a\n\tb\n\nHello\n");
    assert_eq!(outline(&message), ["text/plain \"Hello\\r\\n\""]);
    assert_eq!(message.headers().first("SUBJECT"), Some("café"));
    assert_eq!(message.headers().first("x"), Some("a b"));
    assert_eq!(message.oddities(), []);
    let field = message.headers().named("x").next().unwrap();
    assert_eq!(&message.raw()[field.field.clone()], b"X: a\r\n\tb\r\n");
    assert_eq!(&message.raw()[field.value.clone()], b" a\r\n\tb");
}

#[test]
fn a_tree_is_read_depth_first() {
    let message = parse(
        "Content-Type: multipart/mixed; boundary=o\n\npreamble\n--o\n\
         Content-Type: multipart/alternative; boundary=\"i\"\n\n--i\n\nplain\n--i\n\
         Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<b>=41</b>\n\
         --i--\nepilogue\n--o\nContent-Type: application/x-y; name=a.exe\n\
         Content-Transfer-Encoding: base64\n\naGk=\n--o\nContent-Type: message/rfc822\n\n\
         Subject: inner\n\nbody\n--o--\n",
    );
    assert_eq!(
        outline(&message),
        [
            "multipart/mixed/ \"\"",
            "-multipart/alternative/ \"\"",
            "--text/plain \"plain\"",
            "--text/html \"<b>A</b>\"",
            "-application/x-y@ \"hi\"",
            "-message/rfc822/ \"\"",
            "--text/plain \"body\"",
        ]
    );
    let parts = message.parts();
    assert_eq!(parts[4].file_name.as_deref(), Some("a.exe"));
    assert_eq!(parts[6].headers.first("subject"), Some("inner"));
    assert_eq!(parts[6].parent, Some(5));
    assert_eq!(&message.raw()[parts[4].raw_body.clone()], b"aGk=");
    assert_eq!(message.oddities(), []);
}

#[test]
fn odd_messages_have_defined_readings() {
    for (text, tree, oddities) in [
        ("", &["text/plain \"\""][..], &[][..]),
        ("no header\n", &["text/plain \"no header\\r\\n\""], &[Oddity::NoSeparator]),
        ("A: b\nno separator\n", &["text/plain \"no separator\\r\\n\""], &[Oddity::NoSeparator]),
        ("From a@b Mon\nA: b\n\nx", &["text/plain \"x\""], &[]),
        ("Content-Type: text\n\nx", &["text/plain \"x\""], &[]),
        ("Content-Type: multipart/mixed\n\nx", &["multipart/mixed \"x\""], &[]),
        (
            "Content-Type: multipart/mixed; boundary=b\n\nnever",
            &["multipart/mixed \"never\""],
            &[Oddity::OpenMultipart],
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nopen\n",
            &["multipart/mixed/ \"\"", "-text/plain \"open\\r\\n\""],
            &[Oddity::OpenMultipart],
        ),
        (
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx\n--b--",
            &["multipart/digest/ \"\"", "-message/rfc822/ \"\"", "--text/plain \"x\""],
            &[],
        ),
        (
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQTogYgoKeA==",
            &["message/rfc822/ \"\"", "-text/plain \"x\""],
            &[],
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b--\n--b\n\n2\n--b--",
            &["multipart/mixed/ \"\"", "-text/plain \"1\"", "-text/plain \"2\""],
            &[],
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\n\n1\n--b--\n--b--\n",
            &["multipart/mixed/ \"\"", "-multipart/mixed/ \"\"", "--text/plain \"1\""],
            &[],
        ),
        (
            "Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\n\nx\n--ab--",
            &["multipart/mixed/ \"\"", "-text/plain \"x\""],
            &[],
        ),
        (
            "Content-Type: multipart/mixed; boundary=b\n\n--b\nA: b\n--b\n\n--b--",
            &["multipart/mixed/ \"\"", "-text/plain \"\"", "-text/plain \"\""],
            &[],
        ),
    ] {
        let message = parse(text);
        assert_eq!(outline(&message), tree, "{text}");
        assert_eq!(message.oddities(), oddities, "{text}");
    }
}

#[test]
fn line_ends_of_all_kinds_are_read() {
    let lf = "A: b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n";
    let tree = ["multipart/mixed/ \"\"", "-text/plain \"x\""];
    assert_eq!(outline(&Message::parse(lf.into())), tree);
    assert_eq!(outline(&parse(lf)), tree);
    let mixed = lf.replacen('\n', "\r\n", 3);
    assert_eq!(outline(&Message::parse(mixed.into())), tree);
    let bare_cr = Message::parse(lf.replace('\n', "\r").into());
    assert_eq!(bare_cr.parts().len(), 1);
    assert_eq!(bare_cr.headers().fields.len(), 1);
}

#[test]
fn nesting_and_parts_have_limits() {
    let deep = "Content-Type: message/rfc822\n\n".repeat(30_000);
    let message = parse(&deep);
    assert_eq!(message.parts().len(), 51);
    assert_eq!(message.oddities(), [Oddity::TooDeep]);
    assert!(message.parts()[50].text().is_some_and(|text| text.starts_with("Content-Type:")));

    let mut deep = String::new();
    for level in 0..10_000 {
        deep += &format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
    }
    let message = parse(&deep);
    assert_eq!(message.parts().len(), 51);
    assert_eq!(message.oddities(), [Oddity::TooDeep, Oddity::OpenMultipart]);

    let wide =
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}--b--", "--b\n\nx\n".repeat(5_000));
    let message = parse(&wide);
    assert_eq!(message.parts().len(), 2_000);
    assert_eq!(message.oddities(), [Oddity::TooManyParts, Oddity::OpenMultipart]);
    let last = message.parts().last().and_then(Part::text).unwrap();
    assert_eq!(last.matches("--b").count(), 5_001 - 1_999);
}

#[test]
fn headers_have_limits() {
    let message = parse(&format!("{}\n\nbody", "a: b\n".repeat(200_000)));
    assert_eq!(message.headers().fields.len(), 10_000);
    assert_eq!(message.oddities(), [Oddity::TooManyFields]);

    let long = format!("Subject: {}\n\nbody", "x".repeat(10 << 20));
    assert_eq!(parse(&long).headers().first("subject").map(str::len), Some(8 * 1024 - 1));
    let folded = format!("Subject: a\n{}\nbody", " b\n".repeat(100_000));
    assert_eq!(outline(&parse(&folded)), ["text/plain \"body\""]);
}

#[test]
fn a_message_in_a_transfer_encoding_has_no_place_in_the_raw_one() {
    let message = parse(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n\
         Subject: in=6Eer\nContent-Type: multipart/mixed; boundary=3Db\n\n--b\n\n=41\n--b--\n",
    );
    assert_eq!(
        outline(&message),
        ["message/rfc822/ \"\"", "-multipart/mixed/ \"\"", "--text/plain \"A\""]
    );
    let subject = message.parts()[1].headers.fields[0].clone();
    assert_eq!((subject.decoded.as_str(), subject.field.len()), ("inner", 0));
    assert_eq!(message.parts()[2].raw_body, message.parts()[0].raw_body);
}

#[test]
fn encoded_messages_in_one_another_are_not_opened_for_ever() {
    let mut text = b"Subject: x\r\n\r\nbody".to_vec();
    for _ in 0..10 {
        let hex: String = text.iter().map(|byte| format!("={byte:02X}")).collect();
        text =
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
                .bytes()
                .chain(hex.bytes())
                .collect();
        if text.len() > 1 << 20 {
            break;
        }
    }
    assert_eq!(Message::parse(text).parts().len(), 4);
}

#[test]
fn a_truncated_message_says_so() {
    let message = Message::truncated(b"Subject: x\r\n\r\nbo".to_vec());
    assert_eq!(message.oddities(), [Oddity::Truncated]);
    assert_eq!(message.body(), [b"x\n", b"bo"]);
}

#[test]
fn encoded_words_mean_nothing_to_machines() {
    for (name, decoded) in [
        ("Subject", "é"),
        ("X-Received", "é"),
        ("List", "é"),
        ("Received", "=?utf-8?Q?=C3=A9?="),
        ("resent-DATE", "=?utf-8?Q?=C3=A9?="),
        ("List-Id", "=?utf-8?Q?=C3=A9?="),
        ("Content-X", "é"),
    ] {
        let message = parse(&format!("{name}: =?utf-8?Q?=C3=A9?=\n\n"));
        assert_eq!(message.headers().first(name), Some(decoded), "{name}");
    }
}

#[test]
fn bytes_that_are_no_text_are_kept() {
    let raw = b"Subject: caf\xe9 \0\r\nX\x80: \xff\r\n\r\n\xff\0\r\n".to_vec();
    let message = Message::parse(raw.clone());
    assert_eq!(message.headers().first("subject"), Some("café \0"));
    assert_eq!(message.headers().fields.len(), 2);
    assert_eq!(message.parts()[0].text(), Some("ÿ\0\r\n"));
    assert_eq!(message.raw(), raw);
}

/// What holds for every message, whatever its bytes.
fn check_invariants(message: &Message) {
    check_header(message);
    check_parts(message);
    check_texts(message);
}

/// Fields follow each other without gaps and are where they say.
fn check_header(message: &Message) {
    let raw = message.raw();
    let fields = &message.headers().fields;
    assert!(fields.windows(2).all(|pair| pair[0].field.end == pair[1].field.start));
    for header in fields {
        let field = String::from_utf8_lossy(&raw[header.field.clone()]);
        assert!(field.starts_with(&header.name) && !header.name.is_empty());
        assert_eq!(raw[header.value.start - 1], b':');
        let line_end = &raw[header.value.end..header.field.end];
        assert!(matches!(line_end, b"" | b"\n" | b"\r\n"), "{line_end:?}");
        addresses(&header.decoded);
    }
    assert_eq!(&HeaderBlock::parse(raw), message.headers());
    assert_eq!(message.trace().len(), message.headers().named("Received").count());
}

/// The parts are a tree, depth first, inside the message.
fn check_parts(message: &Message) {
    let parts = message.parts();
    for (index, part) in parts.iter().enumerate() {
        assert!(part.raw_body.end <= message.raw().len());
        assert!(part.raw_body.start <= part.raw_body.end);
        assert_eq!(part.parent.is_none(), index == 0);
        if let Some(parent) = part.parent {
            assert!(parent < index && parts[parent].is_container);
            assert_eq!(part.depth, parts[parent].depth + 1);
        }
        assert!(part.depth <= 50);
        file_type(&part.content(message.raw()));
    }
}

/// Texts keep their limits.
fn check_texts(message: &Message) {
    let paragraphs = || [message.body(), message.visible(), message.hidden()].into_iter().flatten();
    let has_inner_end =
        |text: &[u8]| text.split_last().is_some_and(|(_, text)| text.contains(&b'\n'));
    assert!(paragraphs().all(|text| !text.is_empty() && !has_inner_end(text)));
    assert!(paragraphs().all(|text| text.len() <= 2_048));
    assert!(message.rawbody().iter().all(|text| text.len() <= 4_096));
    assert!(
        message.uris().list.iter().all(|uri| !uri.cleaned.is_empty() || !uri.domains.is_empty())
    );
    assert!(message.entities().iter().all(|entity| entity.depth <= 20));
}

/// Pieces of mail that mean something to a parser.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    " ",
    "\t",
    "--b",
    "--b--",
    "--c\r\n",
    "--c--\r\n",
    "\0",
    "é",
    "\u{feff}",
    "From: A <a@b.example>\r\n",
    "Subject: =?utf-8?Q?caf=C3=A9?=\r\n",
    "=?utf-8?B?",
    "?=",
    "=?",
    "Content-Type: multipart/mixed; boundary=b\r\n",
    "Content-Type: multipart/digest; boundary=\"c\"\r\n",
    "Content-Type: message/rfc822\r\n",
    "Content-Type: text/html; charset=koi8-r\r\n",
    "Content-Type: text/plain; charset=utf-16\r\n",
    "Content-Type: application/zip; name*0*=utf-8''%41\r\n",
    "Content-Disposition: attachment; filename=\"a.exe\r\n",
    "Content-Transfer-Encoding: base64\r\n",
    "Content-Transfer-Encoding: quoted-printable\r\n",
    "QTogYg0KDQp4",
    "=3D",
    "=\r\n",
    "=",
    "Received: from x (HELO y) ([192.0.2.1]) by z with SMTP; date\r\n",
    "(",
    ")",
    "[",
    "]",
    "<",
    ">",
    "\"",
    "\\",
    ";",
    "<p>",
    "</p>",
    "<div style='display:none'>",
    "</div>",
    "<a href=\"http://%41.example\\x\">",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<title>",
    "&amp;",
    "&#",
    "http://a.example/?x",
    "www.b.example",
    "a@b.example",
    "MZ",
];

proptest! {
    #[test]
    fn any_bytes_are_a_message(raw in vec(any::<u8>(), 0..2_000)) {
        check_invariants(&Message::parse(raw));
    }

    #[test]
    fn any_mixture_of_mail_is_a_message(pieces in vec(select(PIECES), 0..60)) {
        check_invariants(&Message::parse(pieces.concat().into_bytes()));
    }

    #[test]
    fn what_was_built_is_read_back(
        bodies in vec("[ -~]{0,40}", 1..8),
        deep in any::<bool>(),
        line_end in select(&["\r\n", "\n"][..]),
    ) {
        let mut text = String::from("Content-Type: multipart/mixed; boundary=\"=_b\"\n\npre\n");
        for body in &bodies {
            let head = if deep { "Content-Type: message/rfc822\n\nSubject: s\n" } else { "" };
            text += &format!("--=_b\n{head}\n{body}\n");
        }
        text += "--=_b--\nepilogue\n";
        let message = Message::parse(text.replace('\n', line_end).into_bytes());
        let read: Vec<String> = message
            .parts()
            .iter()
            .filter(|part| !part.is_container)
            .map(|part| String::from_utf8_lossy(&part.content(message.raw())).into_owned())
            .collect();
        prop_assert_eq!(read, bodies);
        prop_assert_eq!(message.oddities(), []);
    }
}
