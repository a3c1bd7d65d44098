//! Whole messages, proper and hostile.

use super::{Message, Oddity, Part};

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
    assert_eq!(parse(&long).headers().first("subject").map(str::len), Some(32 * 1024 - 1));
    let folded = format!("Subject: a\n{}\nbody", " b\n".repeat(100_000));
    assert_eq!(outline(&parse(&folded)), ["text/plain \"body\""]);
}
