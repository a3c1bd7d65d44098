//! One table: an attachment, and what is found on it.

use super::*;

/// Bytes as they stand in a 7-bit or 8-bit part; `\0` and CR never appear raw in these.
const PDF: &str = "%PDF-1.7 and so on";
const PAGE: &str = "<!DOCTYPE html><html><body>sign in</body></html>";
const SHELL: &str = "#!/bin/sh\necho hello\n";
/// `MZ` and a zero byte, in base64.
const PROGRAM: &str = "TVqQAAMAAAAEAAAA//8AALgAAAAAAAAA";
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB";

/// Declared type, file name, transfer encoding, body; then the findings, in order.
const CASES: &[(&str, &str, &str, &str, &[&str])] = &[
    // Honest attachments.
    ("application/pdf", "invoice.pdf", "7bit", PDF, &[]),
    ("image/jpeg", "photo.jpg", "base64", PICTURE, &[]),
    ("application/vnd.ms-excel", "report.xls", "7bit", PAGE, &[]),
    ("text/plain", "build.sh", "7bit", SHELL, &[]),
    ("text/html", "page.html", "7bit", PAGE, &[]),
    ("application/octet-stream", "jquery.min.css", "7bit", "a{}", &[]),
    ("image/svg+xml", "logo.svg", "7bit", "<svg></svg>", &[]),
    // Names.
    ("application/octet-stream", "setup.exe", "base64", PROGRAM, &["ATTACHMENT_DANGEROUS"]),
    ("application/octet-stream", "SETUP.EXE.", "base64", PROGRAM, &["ATTACHMENT_DANGEROUS"]),
    (
        "application/octet-stream",
        "invoice.pdf          .exe",
        "base64",
        PROGRAM,
        &["ATTACHMENT_DANGEROUS", "ATTACHMENT_DOUBLE_EXT"],
    ),
    (
        "application/octet-stream",
        "=?utf-8?Q?ann=E2=80=AEfdp=2Eexe?=",
        "base64",
        PROGRAM,
        &["ATTACHMENT_RTLO", "ATTACHMENT_DANGEROUS"],
    ),
    // Content.
    ("application/pdf", "invoice.pdf", "base64", PROGRAM, &["ATTACHMENT_TYPE_MISMATCH"]),
    ("application/octet-stream", "scan.doc", "base64", PROGRAM, &["ATTACHMENT_TYPE_MISMATCH"]),
    ("text/plain", "readme.txt", "base64", PROGRAM, &["ATTACHMENT_TYPE_MISMATCH"]),
    ("image/png", "", "7bit", PAGE, &["ATTACHMENT_TYPE_MISMATCH"]),
    ("application/pdf", "invoice.pdf", "7bit", SHELL, &["ATTACHMENT_TYPE_MISMATCH"]),
];

fn message(attachments: &[(&str, &str, &str, &str)]) -> Message {
    let mut raw = String::from(
        "Subject: test\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"frontier\"\r\n\r\n\
         --frontier\r\nContent-Type: text/plain\r\n\r\nSee the attachment.\r\n",
    );
    for (content_type, name, encoding, body) in attachments {
        raw.push_str(&format!(
            "--frontier\r\nContent-Type: {content_type}\r\n\
             Content-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n{body}\r\n"
        ));
    }
    raw.push_str("--frontier--\r\n");
    Message::parse(raw.into_bytes())
}

fn examine(settings: &Settings, message: &Message) -> Answer {
    Attachments::new(settings).policy.examine(message)
}

#[test]
fn finds_what_the_table_says() {
    for (content_type, name, encoding, body, expected) in CASES {
        let message = message(&[(content_type, name, encoding, body)]);
        let answer = examine(&Settings::default(), &message);
        let found: Vec<_> = answer.findings.iter().map(|f| f.name.as_str()).collect();
        assert_eq!(&found, expected, "{content_type} {name}");
        assert_eq!(answer.forced, None, "{content_type} {name}");
    }
}

#[test]
fn ten_bad_attachments_weigh_no_more_than_one() {
    let bad = ("application/octet-stream", "run.scr", "base64", PROGRAM);
    let one = examine(&Settings::default(), &message(&[bad]));
    assert_eq!(examine(&Settings::default(), &message(&[bad; 10])), one);
}

#[test]
fn evidence_names_the_attachment() {
    let bad = ("application/octet-stream", "invoice.pdf.scr", "base64", PROGRAM);
    let answer = examine(&Settings::default(), &message(&[bad]));
    let evidence: Vec<_> = answer.findings.into_iter().map(|f| f.evidence).collect();
    let named = |trait_: &str| Evidence::Attachment {
        name: "invoice.pdf.scr".to_owned(),
        trait_: trait_.to_owned(),
    };
    assert_eq!(evidence, [named(".scr"), named(".pdf before .scr")]);
}

#[test]
fn forbidden_extensions_force_a_reject() {
    let forbidden = vec![".ZIP".to_owned()];
    let settings = Settings { forbidden, ..Settings::default() };
    let archive = ("application/zip", "photos.Zip", "7bit", "PK");
    let forced = examine(&settings, &message(&[archive])).forced;
    let reason = Reason::Attachment("photos.Zip".to_owned());
    assert_eq!(forced, Some(Forced { verdict: Verdict::Reject, reason }));
    assert_eq!(examine(&Settings::default(), &message(&[archive])), Answer::default());
}

#[test]
fn a_forwarded_message_is_not_judged_by_its_subject() {
    let forwarded = ("message/rfc822", "Your order at shop.com", "7bit", "Subject: x\r\n\r\nx");
    assert_eq!(examine(&Settings::default(), &message(&[forwarded])), Answer::default());
}

#[test]
fn settings_refuse_unknown_keys() {
    assert!(toml::from_str::<Settings>("dangerous = [\"exe\"]").is_ok());
    assert!(toml::from_str::<Settings>("dangerus = []").is_err());
}
