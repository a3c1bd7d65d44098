//! Messages that are made to keep the questions about parts and texts busy.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Call, Question, function};
use crate::{
    checks::{
        Case,
        rules::{conf::Conf, scene::Scene},
    },
    mail::{Envelope, Message},
};

/// One call for each view of a message that questions share.
const CALLS: &[&str] = &[
    "check_base64_length('1')",
    "check_blank_line_ratio('1','2')",
    "check_for_faraway_charset()",
    "check_for_mime('mime_faraway_charset')",
    "check_for_uppercase('1','2')",
    "check_language()",
    "check_ma_non_text()",
    "check_microsoft_executable()",
    "check_stock_info('9')",
    "check_suspect_name()",
    "image_name_regex('x$')",
    "multipart_alternative_difference('1','2')",
    "pdf_match_details('author','/x$/')",
    "plaintext_sig_length('1')",
    "tvd_vertical_words('0','1')",
];

/// Bytes of each message; what is quadratic in them takes minutes.
const SIZE: usize = 1 << 18;

/// How long all questions about one of them may take, without optimisation.
const LIMIT: Duration = Duration::from_secs(10);

fn repeat(text: &str) -> String {
    text.repeat(SIZE / text.len())
}

fn part(header: &str, body: &str) -> String {
    format!("{header}\n\n{body}\n")
}

/// Multiparts in one another, with a text at the bottom.
fn nest(text: &str) -> String {
    let open = |depth: usize| {
        format!("Content-Type: multipart/alternative; boundary=b{depth}\n\n--b{depth}\n")
    };
    (0..15).map(open).collect::<String>() + &part("Content-Type: text/html", text)
}

fn messages() -> Vec<String> {
    let mut messages: Vec<String> = [
        ": ",
        "a:",
        "a\n:",
        "a \n \n",
        "--\n",
        "-- \r\n\n",
        "\nM35",
        "&#x",
        "A b ",
        "a b.",
        "x@y ",
        "=20",
        "=",
        "<a>",
        "<img>",
    ]
    .iter()
    .map(|text| part("Subject: x", &repeat(text)))
    .collect();
    for (content_type, text) in [
        ("application/pdf; name=x.pdf", "/Author("),
        ("application/pdf; name=x.pdf", "/Author<"),
        ("application/pdf; name=x.pdf", "/Image/Width 1\n"),
        ("application/pdf; name=x.pdf", "/Author(x)\n"),
    ] {
        let header = format!("Content-Type: {content_type}");
        messages.push(part(&header, &format!("%PDF-1.4\n{}", repeat(text))));
    }
    for parameters in
        ["charset=", "charset=\"", "charset=iso-x-", "charset=iso-", "name=", "name*0="]
    {
        let header = format!("Content-Type: text/plain; {}", repeat(parameters));
        messages.push(part(&header, "x"));
        let parts = format!("--b\nContent-Type: text/plain; {}\n\nx\n", parameters.repeat(800));
        messages.push(part("Content-Type: multipart/mixed; boundary=b", &repeat(&parts)));
    }
    messages.push(nest(&repeat("word <b>word</b> ")));
    messages.push(nest(&(0..SIZE / 8).map(|n| format!("{n:07} ")).collect::<String>()));
    messages
}

#[test]
fn hostile_messages_take_no_longer_than_others() {
    let mut conf = Conf::default();
    for (key, value) in [("ok_locales", "en"), ("ok_languages", "en")] {
        conf.read(key, value).unwrap().unwrap();
    }
    let question = |text: &&str| {
        let call = Call::parse(text).unwrap();
        (function(&call.function).unwrap().make)(&call.arguments, &conf).unwrap()
    };
    let questions: Vec<Question> = CALLS.iter().map(question).collect();
    for text in messages() {
        let start: String = text.chars().take(60).collect();
        let message = Arc::new(Message::parse(text.into_bytes()));
        let case = Case { envelope: Arc::new(Envelope::default()), message };
        let scene = Scene::new(&case, &conf);
        for (question, call) in questions.iter().zip(CALLS) {
            let began = Instant::now();
            if let Question::Ask(ask) = question {
                ask(&scene);
            }
            assert!(began.elapsed() < LIMIT, "{call}: {:?}: {start:?}", began.elapsed());
        }
    }
}
