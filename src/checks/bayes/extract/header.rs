//! Tokens of the header, marked by the name of their field.

use super::{super::token::Tokens, words};
use crate::mail::{Header, HeaderBlock, Hop, Message, addresses, trace};

/// How much of a field is read, in bytes.
const LONGEST_VALUE: usize = 1_024;

/// The most fields that are read, and the most Received fields.
const MOST_FIELDS: usize = 100;
const MOST_HOPS: usize = 6;

/// Fields that are added at or after delivery, by filters or by mail readers; by their beginning.
const LEFT_OUT: [&str; 38] = [
    "x-spam",
    "x-virus",
    "x-rspam",
    "x-bogosity",
    "x-crm114",
    "x-dspam",
    "x-amavis",
    "x-gatepost",
    "x-quarantine",
    "authentication-results",
    "arc-",
    "received-spf",
    "return-path",
    "delivered-to",
    "x-delivered-to",
    "x-original-to",
    "envelope-to",
    "x-envelope",
    "delivery-date",
    "x-mailman",
    "x-beenthere",
    "status",
    "x-status",
    "x-keywords",
    "x-uid",
    "x-imap",
    "x-mozilla",
    "x-evolution",
    "x-gmail-labels",
    "x-ms-exchange",
    "x-microsoft-antispam",
    "x-forefront",
    "x-incoming",
    "x-message-",
    "x-sid-",
    "x-eop",
    "lines",
    "content-length",
];

/// Whether a field says something about the delivery, not about the message.
pub(super) fn is_left_out(name: &str) -> bool {
    LEFT_OUT.iter().any(|start| {
        name.as_bytes()
            .get(..start.len())
            .is_some_and(|beginning| beginning.eq_ignore_ascii_case(start.as_bytes()))
    })
}

/// Adds the tokens of all fields.
pub(super) fn add(tokens: &mut Tokens, message: &Message, arrival: &[u8]) {
    let arrival = trace(&HeaderBlock::parse(arrival), arrival);
    for hop in arrival.into_iter().chain(message.trace()).take(MOST_HOPS) {
        add_hop(tokens, &hop);
    }
    let fields = message.headers().fields.iter().filter(|field| !is_left_out(&field.name));
    for field in fields.take(MOST_FIELDS) {
        add_field(tokens, field);
    }
}

fn add_hop(tokens: &mut Tokens, hop: &Hop) {
    if let Some(address) = hop.address {
        let address = address.to_string();
        tokens.add("ip", &address);
        let mut parts = address.rsplitn(2, ['.', ':']);
        if let Some(network) = parts.nth(1) {
            tokens.add("ip24", network);
        }
    }
    for (mark, name) in [("helo", &hop.helo), ("rdns", &hop.name), ("by", &hop.by)] {
        match name {
            Some(name) => add_host(tokens, mark, name),
            None => tokens.add(mark, ""),
        }
    }
    if let Some(with) = &hop.with {
        tokens.add("with", with);
    }
}

/// A host and the domains above it, as far as two labels.
pub(super) fn add_host(tokens: &mut Tokens, mark: &str, host: &str) {
    let host = host.get(..100).unwrap_or(host).to_ascii_lowercase();
    let mut rest = host.as_str();
    for _ in 0..4 {
        tokens.add(mark, rest);
        match rest.split_once('.') {
            Some((_, above)) if above.contains('.') => rest = above,
            _ => break,
        }
    }
}

fn add_field(tokens: &mut Tokens, field: &Header) {
    let name = field.name.to_ascii_lowercase();
    let value = field.decoded.as_str();
    let value = value.get(..value.floor_char_boundary(LONGEST_VALUE)).unwrap_or(value);
    tokens.add("field", &field.name);
    match name.as_str() {
        "received" => {}
        "from" | "to" | "cc" | "reply-to" | "sender" => add_mailboxes(tokens, &name, value),
        "message-id" | "in-reply-to" | "references" | "content-id" => add_id(tokens, &name, value),
        "dkim-signature" | "domainkey-signature" => add_signature(tokens, value),
        "date" => add_date(tokens, value),
        _ => words::add(tokens, &name, value),
    }
}

fn add_mailboxes(tokens: &mut Tokens, name: &str, value: &str) {
    let list = addresses(value);
    if list.len() > 1 {
        tokens.add_pieces(name, &["#", &list.len().min(10).to_string()]);
    }
    for mailbox in list.iter().take(10) {
        let address = mailbox.address.as_str().to_ascii_lowercase();
        tokens.add(name, &address);
        if let Some((local, domain)) = address.rsplit_once('@') {
            tokens.add_pieces(name, &[local, "@"]);
            add_host(tokens, name, domain);
        }
        words::add(tokens, name, &mailbox.name);
    }
    if list.is_empty() {
        words::add(tokens, name, value);
    }
}

/// The shape of the first identifier, and its right side.
fn add_id(tokens: &mut Tokens, name: &str, value: &str) {
    let id = value.split_ascii_whitespace().next().unwrap_or_default();
    let id = id.trim_matches(['<', '>']);
    let (left, right) = id.rsplit_once('@').unwrap_or((id, ""));
    tokens.add_pieces(name, &["=", &shape(left)]);
    add_host(tokens, name, right);
}

/// Letters and digits as classes, each row of a class once; other characters stay.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    let class = |character: char| match character {
        '0'..='9' => '9',
        'a'..='z' => 'a',
        'A'..='Z' => 'A',
        other => other,
    };
    for class in text.chars().take(60).map(class) {
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    shape
}

fn add_signature(tokens: &mut Tokens, value: &str) {
    for tag in value.split(';') {
        if let Some((name @ ("d" | "s" | "i" | "c" | "a"), value)) = tag.trim().split_once('=') {
            tokens.add_pieces("dkim", &[name, "=", value.trim()]);
        }
    }
}

/// The weekday and the zone; the date itself says nothing.
fn add_date(tokens: &mut Tokens, value: &str) {
    tokens.add_pieces("date", &["=", &shape(value)]);
    let words: Vec<&str> = value.split_ascii_whitespace().collect();
    for word in words.iter().skip(5) {
        tokens.add("date", word);
    }
    if let Some(hour) = words.get(4).and_then(|time| time.get(..2)) {
        tokens.add_pieces("date", &["h", hour]);
    }
}
