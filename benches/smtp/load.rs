//! Mail with known verdicts, and what a milter client is told about it.

use std::io;

use crate::{
    mail,
    servers::milter_client::{MilterClient, Reply},
};

/// Length of the HTML of a heavy message: judging it costs far more than carrying it, so that the
/// client, which shares the processor, is not what is measured.
const HEAVY: usize = 150_000;

/// One kind of message.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) message: Vec<u8>,
}

/// What the MTA is told at the end, without what differs from message to message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    /// `accept`, `mark`, `reject` or `4xx`.
    pub(crate) verdict: &'static str,
    /// Reply text and added header fields, without references.
    details: Vec<String>,
}

impl Told {
    /// Not judged, come again.
    pub(crate) fn is_deferred(&self) -> bool {
        self.verdict == "4xx"
    }
}

/// Clean, marked, rejected and GTUBE, all of one size.
pub(crate) fn heavy() -> [Kind; 4] {
    let gtube = mail::gtube();
    [
        ("clean", "Minutes of the meeting", ""),
        ("marked", "spam-between-mark-and-reject", ""),
        ("rejected", "spam-beyond-reject", ""),
        ("GTUBE", "Minutes of the meeting", gtube.as_str()),
    ]
    .map(|(name, subject, end)| Kind { name, message: html(subject, end) })
}

/// A long newsletter; `end` is its last paragraph.
fn html(subject: &str, end: &str) -> Vec<u8> {
    let mut page = String::from("<html><head><title>Minutes</title></head><body>\r\n");
    let mut number = 0;
    while page.len() < HEAVY {
        number += 1;
        page.push_str(&format!(
            "<table width=\"600\"><tr><td style=\"color:#333333\"><p>Item {number}: the \
             members heard the <b>report</b> of the treasurer and\r\nagreed to meet again; see \
             <a href=\"https://www.example.org/minutes/{number}\">page {number}</a> for the \
             figures &amp; the votes.</p></td></tr></table>\r\n"
        ));
    }
    page.push_str(&format!("<p>{end}</p></body></html>"));
    let plain = mail::plain(subject, &page);
    String::from_utf8(plain).unwrap().replacen("text/plain", "text/html", 1).into_bytes()
}

/// Sends one message on an open connection.
pub(crate) fn send(milter: &mut MilterClient, message: &[u8]) -> io::Result<Told> {
    milter.changes.clear();
    let reply = milter.envelope("sender@example.org", &["reader@example.test"])?;
    let reply = if reply == Reply::Continue { milter.message(message)? } else { reply };
    let mut details: Vec<String> = milter.changes.iter().map(readable).collect();
    details.retain(|change| change.contains("X-Spam"));
    let verdict = match &reply {
        Reply::Tempfail => "4xx",
        Reply::Text(text) if text.starts_with('4') => "4xx",
        Reply::Text(text) => {
            details.push(text.split(" (ref ").next().unwrap().to_owned());
            "reject"
        }
        Reply::Continue | Reply::Accept if is_marked(&details) => "mark",
        Reply::Continue | Reply::Accept => "accept",
        other => panic!("{other:?}"),
    };
    Ok(Told { verdict, details })
}

fn is_marked(changes: &[String]) -> bool {
    changes.iter().any(|change| change.contains("X-Spam-Flag"))
}

/// A header change as text, without the reference.
fn readable((kind, data): &(u8, Vec<u8>)) -> String {
    let text = String::from_utf8_lossy(data).replace('\0', " ");
    let words = text.split_whitespace().filter(|word| !word.starts_with("ref="));
    format!("{} {}", char::from(*kind), words.collect::<Vec<_>>().join(" "))
}
