//! Lists of addresses with wildcards, as rules files write them; and whom a message is from and
//! to, by everything that says so.

use std::{cell::OnceCell, collections::HashSet, sync::LazyLock};

use super::{glob, language::bytes_of, scene::Scene, text::HeaderQuery};

/// Addresses, host names or other words in which `*` stands for anything and `?` for one byte.
/// Compares without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AddressList {
    /// Those without wildcards.
    whole: HashSet<Vec<u8>>,
    globs: Vec<Vec<u8>>,
}

impl AddressList {
    /// Adds an entry, given as a Latin-1 view.
    pub(super) fn add(&mut self, entry: &str) {
        let entry = lower(&bytes_of(entry));
        if !glob::has_wildcards(&entry) {
            self.whole.insert(entry);
        } else if !self.globs.contains(&entry) {
            self.globs.push(entry);
        }
    }

    /// Takes an entry away: one that was written like this, wildcards and all.
    pub(super) fn remove(&mut self, entry: &str) {
        let entry = lower(&bytes_of(entry));
        self.whole.remove(&entry);
        self.globs.retain(|glob| *glob != entry);
    }

    /// Whether there are no entries.
    pub(super) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.globs.is_empty()
    }

    /// Whether an entry matches the whole of this address.
    pub(super) fn contains(&self, address: &[u8]) -> bool {
        let address = lower(address);
        self.whole.contains(&address)
            || self.globs.iter().any(|entry| glob::is_match(entry, &address))
    }
}

/// Whom a message is from and to; each made once.
#[derive(Debug, Default)]
pub(super) struct Correspondents {
    senders: OnceCell<Vec<Vec<u8>>>,
    recipients: OnceCell<Vec<Vec<u8>>>,
}

/// ASCII letters in lower case, all other bytes as they are.
pub(super) fn lower(text: &[u8]) -> Vec<u8> {
    text.to_ascii_lowercase()
}

/// Fields that name the sender, unless the message was resent; the envelope is one of them.
const SENDERS: [&str; 5] = [
    "From:addr",
    "Envelope-Sender:addr",
    "Resent-Sender:addr",
    "X-Envelope-From:addr",
    "EnvelopeFrom:addr",
];

/// Fields that name recipients, unless the message was resent.
const RECIPIENTS: [&str; 12] = [
    "To:addr",
    "Apparently-To:addr",
    "Delivered-To:addr",
    "Envelope-Recipients:addr",
    "Apparently-Resent-To:addr",
    "X-Envelope-To:addr",
    "Envelope-To:addr",
    "X-Delivered-To:addr",
    "X-Original-To:addr",
    "X-Rcpt-To:addr",
    "X-Real-To:addr",
    "Cc:addr",
];

/// Received fields, from the newest on, whose `for` is believed.
const RECEIVED_FOR: usize = 3;

/// All addresses the message says it is from, each once, as written but for runs of dots.
pub(super) fn senders<'s>(scene: &'s Scene<'_>) -> &'s [Vec<u8>] {
    scene.correspondents.senders.get_or_init(|| read_senders(scene))
}

/// All addresses the message says it is to, each once, as written.
pub(super) fn recipients<'s>(scene: &'s Scene<'_>) -> &'s [Vec<u8>] {
    scene.correspondents.recipients.get_or_init(|| read_recipients(scene))
}

fn read_senders(scene: &Scene<'_>) -> Vec<Vec<u8>> {
    static RESENT: LazyLock<Vec<HeaderQuery>> =
        LazyLock::new(|| queries(&["Resent-From:first:addr"]));
    static FIELDS: LazyLock<Vec<HeaderQuery>> = LazyLock::new(|| queries(&SENDERS));
    let resent = read(scene, &RESENT);
    if !resent.is_empty() {
        return once_each(resent);
    }
    let mut senders = read(scene, &FIELDS);
    for sender in &mut senders {
        sender.dedup_by(|next, dot| *next == b'.' && *dot == b'.');
    }
    once_each(senders)
}

fn read_recipients(scene: &Scene<'_>) -> Vec<Vec<u8>> {
    static RESENT: LazyLock<Vec<HeaderQuery>> =
        LazyLock::new(|| queries(&["Resent-To:first:addr", "Resent-Cc:first:addr"]));
    static FIELDS: LazyLock<Vec<HeaderQuery>> = LazyLock::new(|| queries(&RECIPIENTS));
    let resent = read(scene, &RESENT);
    if !resent.is_empty() {
        return once_each(resent);
    }
    let envelope = scene.case.envelope.recipients.iter();
    let mut recipients: Vec<Vec<u8>> =
        envelope.map(|recipient| recipient.as_str().as_bytes().to_vec()).collect();
    let received = scene.headers.named("received").take(RECEIVED_FOR);
    recipients.extend(received.filter_map(|field| received_for(field.decoded())));
    recipients.extend(read(scene, &FIELDS));
    once_each(recipients)
}

/// The addresses a query yields, in order.
pub(super) fn of_field(scene: &Scene<'_>, query: &HeaderQuery) -> Vec<Vec<u8>> {
    let values = query.values(scene);
    let addresses = values.iter().map(|value| value.trim_ascii());
    addresses.filter(|address| !address.is_empty()).map(<[u8]>::to_vec).collect()
}

fn queries(names: &[&str]) -> Vec<HeaderQuery> {
    names.iter().filter_map(|name| HeaderQuery::parse(name).ok()).collect()
}

fn read(scene: &Scene<'_>, queries: &[HeaderQuery]) -> Vec<Vec<u8>> {
    queries.iter().flat_map(|query| of_field(scene, query)).collect()
}

fn once_each(mut addresses: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let mut seen = HashSet::new();
    addresses.retain(|address| !address.is_empty() && seen.insert(address.clone()));
    addresses
}

/// The recipient in `for <a@example.com>;` of a Received field, if its domain can be one.
fn received_for(field: &str) -> Option<Vec<u8>> {
    field.match_indices(" for ").find_map(|(at, mark)| {
        let rest = field.get(at + mark.len()..)?;
        let rest = rest.strip_prefix('<').unwrap_or(rest);
        let word = rest.split(char::is_whitespace).next()?;
        let (address, _) = word.split_once(';')?;
        let address = address.strip_suffix('>').unwrap_or(address);
        let (local, domain) = address.split_once('@')?;
        (!local.is_empty() && is_host_name(domain)).then(|| address.as_bytes().to_vec())
    })
}

/// Whether this can be the full name of a host in DNS: at most 253 characters, two labels or more,
/// underscores only before the last two.
pub(super) fn is_host_name(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let labels: Vec<&str> = name.split('.').collect();
    let last_two = labels.len().saturating_sub(2);
    name.len() <= 253
        && labels.len() > 1
        && labels
            .iter()
            .enumerate()
            .all(|(at, label)| is_label(label) && (at < last_two || !label.contains('_')))
}

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=63).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        checks::{Case, rules::conf::Conf},
        mail::{Envelope, Message},
    };

    #[test]
    fn wildcards_match_whole_addresses() {
        for (glob, address, matches) in [
            ("a@b.example", "A@B.example", true),
            ("*@b.example", "a@b.example", true),
            ("*@b.example", "a@sub.b.example", false),
            ("*@*.b.example", "a@sub.b.example", true),
            ("*@*.b.example", "a@b.example", false),
            ("*@b.example", "a@b.example.org", false),
            ("a?c@*", "abc@x", true),
            ("a?c@*", "ac@x", false),
            ("*", "", true),
            ("**b*", "ab", true),
            ("*ab*ab", "abab", true),
            ("*ab*ab", "ab", false),
            ("a.b", "axb", false),
            ("?", "", false),
        ] {
            let mut list = AddressList::default();
            list.add(glob);
            assert_eq!(list.contains(address.as_bytes()), matches, "{glob} {address}");
        }
    }

    #[test]
    fn entries_are_removed_as_they_were_written() {
        let mut list = AddressList::default();
        for entry in ["*@a.example", "b@a.example"] {
            list.add(entry);
        }
        list.remove("B@a.example");
        assert!(list.contains(b"b@a.example"), "the other entry still matches");
        list.remove("*@A.example");
        assert!(list.is_empty());
    }

    fn shown(message: &str, of: for<'s> fn(&'s Scene<'_>) -> &'s [Vec<u8>]) -> String {
        let case = Case {
            envelope: Arc::new(Envelope::default()),
            message: Arc::new(Message::parse(message.as_bytes().to_vec())),
        };
        let conf = Conf::default();
        let scene = Scene::new(&case, &conf);
        let words: Vec<_> = of(&scene).iter().map(|a| String::from_utf8_lossy(a)).collect();
        words.join(" ")
    }

    #[test]
    fn senders_are_gathered() {
        for (header, found) in [
            ("From: A <a@x.example>\n", "a@x.example"),
            ("From: a@x...example\nX-Envelope-From: <b@x.example>\n", "a@x.example b@x.example"),
            ("From: a@x.example\nResent-From: c@x.example\n", "c@x.example"),
            ("From: a@x.example\nResent-Sender: a@x.example\n", "a@x.example"),
            ("Subject: x\n", ""),
        ] {
            assert_eq!(shown(&format!("{header}\nx\n"), senders), found, "{header}");
        }
    }

    #[test]
    fn recipients_are_gathered() {
        for (header, found) in [
            (
                "To: a@x.example, b@x.example\nCc: c@x.example\n",
                "a@x.example b@x.example c@x.example",
            ),
            ("To: a@x.example\nResent-Cc: c@x.example\n", "c@x.example"),
            (
                "Received: from a (a [192.0.2.1]) by b with ESMTP id 1 for <r@x.example>; Thu\n\
                 To: a@x.example\n",
                "r@x.example a@x.example",
            ),
            ("Received: from a by b for r@localhost; Thu\nTo: A@x.example\n", "A@x.example"),
        ] {
            assert_eq!(shown(&format!("{header}\nx\n"), recipients), found, "{header}");
        }
    }

    #[test]
    fn host_names_are_told_from_others() {
        for (name, is) in [
            ("a.example", true),
            ("a_b.c.example", true),
            ("a_b.example", false),
            ("example", false),
            ("a..example", false),
            ("-a.example", false),
            ("a.example.", true),
        ] {
            assert_eq!(is_host_name(name), is, "{name}");
        }
    }
}
