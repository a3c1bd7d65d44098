//! One Received field (RFC 5321, section 4.4), as dozens of MTAs write it.
//!
//! What can be known of any line is looked for first: the queue id, `helo=`, `by`, the login. Then
//! the line is compared with known [`forms`], in a fixed order: of the MTA it names first, then all
//! others; the first that fits tells the rest. The order, and what is a handover at all, are those
//! of SpamAssassin's Message::Metadata::Received, so that rules see the same relays.

use super::{
    Relay,
    address::{self, is_word},
    auth, forms, harmless,
    template::{Kept, Slot},
};

/// How much of a field is read, in bytes; SpamAssassin's limit for a value.
const LONGEST: usize = 8 << 10;

/// What a field says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A handover from host to host.
    Relay(Box<Relay>),
    /// Nothing about hosts: a step inside one machine, or one that tells no address.
    Ignored,
    /// A mail fetcher's (POP, IMAP): what it got is a new message.
    Fetched,
    /// qmail-scanner's, which describes the handover in the next line; perhaps with the sender.
    Scanner(Option<String>),
    /// A handover in an unknown form.
    Unparseable,
}

/// Reads the decoded value of a field.
pub(super) fn parse(value: &str) -> Line {
    let line = tidied(value);
    let starts =
        |text: &str| line.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
    if !(starts("from ") || starts("(from ")) || is_local(&line) || is_without_client(&line) {
        return Line::Ignored;
    }
    let line = without_date(&line).replacen(")by ", ") by ", 1);
    let (forms, rest): (fn(&mut Draft<'_>) -> Option<Line>, &str) =
        match (line.strip_prefix("from "), line.strip_prefix("FROM "), line.strip_prefix("(from "))
        {
            (Some(rest), ..) => (forms::read, rest),
            (_, Some(rest), _) => (forms::read_upper_case, rest),
            (.., Some(rest)) => (forms::read_parenthesized, rest),
            _ => (|_| None, &line),
        };
    let mut draft = Draft::of(&line, rest);
    forms(&mut draft).unwrap_or_else(|| draft.at_least())
}

/// The relay of which nothing is known but its address.
pub(super) fn of_address(ip: &str) -> Relay {
    Relay { ip: harmless(&plain_ip(ip)), ..Relay::default() }
}

/// What the forms have found so far in a line. Texts are parts of the line.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft<'l> {
    /// What stands behind `from `.
    pub(super) rest: &'l str,
    pub(super) ip: &'l str,
    pub(super) rdns: &'l str,
    pub(super) helo: &'l str,
    pub(super) by: &'l str,
    pub(super) ident: &'l str,
    pub(super) envfrom: Option<&'l str>,
    pub(super) id: &'l str,
    pub(super) auth: String,
    /// The MTA looks up names, and says so.
    pub(super) looks_up: bool,
}

impl<'l> Draft<'l> {
    /// What can be told without knowing the form.
    fn of(line: &'l str, rest: &'l str) -> Self {
        Self {
            rest,
            id: id(line).unwrap_or_default(),
            helo: helo(line).unwrap_or_default(),
            by: behind(line, " by ").map(word).find(|by| !by.is_empty()).unwrap_or_default(),
            envfrom: envfrom(rest),
            auth: auth::auth(line).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Takes what a form has kept.
    pub(super) fn take(&mut self, kept: &Kept) {
        let line = self.rest;
        if let Some(name) = kept.get(Slot::Name, line) {
            (self.helo, self.rdns) = (name, name);
        }
        if let Some(pairs) = kept.get(Slot::Pairs, line) {
            self.take_pairs(pairs);
        }
        let set = |slot: Slot, field: &mut &'l str| {
            kept.get(slot, line).into_iter().for_each(|text| *field = text);
        };
        set(Slot::Ip, &mut self.ip);
        set(Slot::Rdns, &mut self.rdns);
        set(Slot::Helo, &mut self.helo);
        set(Slot::By, &mut self.by);
        set(Slot::Ident, &mut self.ident);
        set(Slot::Id, &mut self.id);
    }

    /// `helo=name ident=user`, as Exim writes.
    fn take_pairs(&mut self, pairs: &'l str) {
        if let Some(helo) = behind(pairs, "helo=").map(word).find(|helo| !helo.is_empty()) {
            self.helo = helo;
        }
        if let Some(ident) = behind(pairs, "ident=").map(word).next() {
            self.ident = ident;
        }
    }

    /// What a line says of which no form is known: an address in brackets is enough, if the line
    /// also tells who took the message.
    fn at_least(mut self) -> Line {
        if self.ip.is_empty() {
            self.ip = bracketed_ip(self.rest).unwrap_or_default();
        }
        if self.ip.is_empty() || self.by.is_empty() { Line::Unparseable } else { self.relay() }
    }

    /// The relay, with texts cleaned up.
    pub(super) fn relay(&self) -> Line {
        let rdns = self.rdns.trim_end_matches('.');
        let is_none = rdns.eq_ignore_ascii_case("unknown") || rdns.starts_with('[');
        let rdns = if is_none { "" } else { rdns };
        Line::Relay(Box::new(Relay {
            ip: harmless(&plain_ip(self.ip)),
            rdns: harmless(rdns),
            helo: harmless(self.helo),
            by: harmless(self.by.strip_suffix(';').unwrap_or(self.by)),
            ident: harmless(self.ident),
            envfrom: self.envfrom.map(bare_address),
            id: self.id.to_owned(),
            auth: self.auth.clone(),
            has_no_rdns: rdns.is_empty() && self.looks_up,
            ..Relay::default()
        }))
    }

    /// The sender that a virus scanner's line tells.
    pub(super) fn scanner(&self) -> Line {
        Line::Scanner(self.envfrom.map(bare_address))
    }
}

/// The value on one line, single blanks, without semicolons at its end.
fn tidied(value: &str) -> String {
    let value = beginning(value, LONGEST);
    let mut line = String::with_capacity(value.len());
    for word in value.split(is_blank).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    while let Some(shorter) = line.strip_suffix(';') {
        let length = shorter.strip_suffix(' ').unwrap_or(shorter).len();
        line.truncate(length);
    }
    line
}

/// The beginning of a text, at most so many bytes.
fn beginning(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// What `\s` means for bytes.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// `with local for`: submitted on the machine.
fn is_local(line: &str) -> bool {
    let mark = "with local for";
    let is_whole = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| line.as_bytes().get(at));
        let behind = line.as_bytes().get(at + mark.len());
        !(before.is_some_and(|b| is_word(*b)) || behind.is_some_and(|b| is_word(*b)))
    };
    places(line, mark).any(is_whole)
}

/// `from x by y;`: nothing about the client, unless x is its address.
fn is_without_client(line: &str) -> bool {
    let mut words = line.splitn(5, ' ');
    let (from, client, keyword, server) = (words.next(), words.next(), words.next(), words.next());
    let (Some(from), Some(client), Some(server)) = (from, client, server) else { return false };
    if !from.eq_ignore_ascii_case("from")
        || !keyword.is_some_and(|by| by.eq_ignore_ascii_case("by"))
    {
        return false;
    }
    let name = server.split(';').next().unwrap_or_default();
    let ends = name.len() < server.len() || words.next().is_some_and(|rest| rest.starts_with(';'));
    let is_address =
        client.strip_prefix('[').and_then(|text| text.strip_suffix(']')).is_some_and(|text| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        });
    !name.is_empty() && ends && !is_address
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The line without the date at its end (RFC 5322, section 3.3), and blanks and semicolons before.
fn without_date(line: &str) -> &str {
    begin_of_date(line).and_then(|at| line.get(..at)).unwrap_or(line)
}

fn begin_of_date(line: &str) -> Option<usize> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (line, zone) = line.rsplit_once(' ')?;
    let (line, time) = line.rsplit_once(' ')?;
    let (line, year) = line.rsplit_once(' ')?;
    let (line, month) = line.rsplit_once(' ')?;
    let is_time = time.split(':').all(is_number) && (2..=3).contains(&time.split(':').count());
    if zone.is_empty() || !is_time || !is_number(year) || !MONTHS.contains(&month) {
        return None;
    }
    let before_day = line.trim_end_matches(|c: char| c.is_ascii_digit());
    if before_day.len() == line.len() {
        return None;
    }
    let is_gap = |c: char| c == ' ' || c == ';';
    let before_name = DAYS
        .iter()
        .find_map(|day| before_day.strip_suffix(", ")?.strip_suffix(day))
        .filter(|text| text.ends_with(is_gap));
    let before = before_name.unwrap_or(before_day);
    before.ends_with(is_gap).then(|| before.trim_end_matches(is_gap).len())
}

/// What stands behind each mark, also where marks share a blank. A mark begins with ASCII.
pub(super) fn behind<'t>(text: &'t str, mark: &'t str) -> impl Iterator<Item = &'t str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if !may_hold(rest, mark) {
            return None;
        }
        let found = rest.get(rest.find(mark)?..)?;
        rest = found.get(1..)?;
        found.get(mark.len()..)
    })
}

/// Where a mark stands.
pub(super) fn places(text: &str, mark: &'static str) -> impl Iterator<Item = usize> {
    let text = if may_hold(text, mark) { text } else { "" };
    text.match_indices(mark).map(|(at, _)| at)
}

/// Whether the end of a mark stands in a text. Most marks do not, and the search that only says so
/// is several times as fast as one for places, as long as what it looks for is short.
fn may_hold(text: &str, mark: &str) -> bool {
    const SHORT: usize = 32;
    let end = mark.len().saturating_sub(SHORT);
    text.contains(mark.get(end..).unwrap_or(mark))
}

/// The text up to the first blank.
pub(super) fn word(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// The first thing behind ` id ` that has three characters.
fn id(line: &str) -> Option<&str> {
    let ids = behind(line, " id ").map(|text| {
        let text = text.strip_prefix('<').unwrap_or(text);
        text.split([' ', '<', '>', ';']).next().unwrap_or_default()
    });
    ids.into_iter().find(|id| id.len() >= 3)
}

/// The name behind `helo=`, or else behind `HELO ` or `EHLO `, of characters that names have.
fn helo(line: &str) -> Option<&str> {
    let first = |marks: &[&'static str]| {
        let places = marks.iter().flat_map(|mark| places(line, mark).map(move |at| (at, mark)));
        let named = places.filter_map(|(at, mark)| {
            let before = at.checked_sub(1).and_then(|before| line.as_bytes().get(before));
            let text = line.get(at + mark.len()..)?;
            let length = text.bytes().take_while(|&b| may_be_in_helo(b)).count();
            let is_whole = !before.is_some_and(|&b| is_word(b));
            (is_whole && length > 0).then_some((at, text.get(..length)?))
        });
        named.min_by_key(|(at, _)| *at).map(|(_, name)| name)
    };
    first(&["helo="]).or_else(|| first(&["HELO ", "EHLO "]))
}

fn may_be_in_helo(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-.^+_&:=?!@%*$\\/".contains(&byte)
}

/// The sender that an MTA has noted: `(envelope-from <a@b>)`, `Return-Path: a@b`.
fn envfrom(text: &str) -> Option<&str> {
    const MARKS: [&str; 6] = [
        "return-path: ",
        "return-path ",
        "envelope-sender ",
        "envelope-sender=",
        "envelope-from ",
        "envelope-from=",
    ];
    // Both kinds of marks have a hyphen.
    let starts = text.match_indices('-').filter_map(|(hyphen, _)| {
        let start = |name: &str| hyphen.checked_sub(name.len());
        let starts = [start("return"), start("envelope")].into_iter().flatten();
        starts.filter_map(|at| text.get(at..)).find_map(|text| {
            let begins =
                |mark: &&str| text.get(..mark.len()).is_some_and(|t| t.eq_ignore_ascii_case(mark));
            text.get(MARKS.into_iter().find(begins)?.len()..)
        })
    });
    starts.into_iter().find_map(|text| {
        let word = word(text);
        let end = word.bytes().rposition(is_word)? + 1;
        word.get(..end)
    })
}

/// The first address in brackets.
fn bracketed_ip(text: &str) -> Option<&str> {
    text.match_indices('[').find_map(|(at, _)| {
        let end = address::end_of_ip(text.as_bytes(), at + 1)?;
        (text.as_bytes().get(end) == Some(&b']')).then(|| text.get(at + 1..end)).flatten()
    })
}

/// An address without brackets, tag and zone; IPv4 in IPv6 as IPv4.
fn plain_ip(text: &str) -> String {
    let text = match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => text.get(5..).unwrap_or_default(),
        _ => text,
    };
    let text = text.trim_start_matches('[').trim_end_matches(']');
    match text.rsplit_once(':') {
        Some((groups, v4)) if v4.contains('.') && is_mapped(groups) => v4.to_owned(),
        _ => text.to_owned(),
    }
}

/// `::ffff`, with or without the zeros.
fn is_mapped(groups: &str) -> bool {
    let last = groups.rsplit(':').next().unwrap_or_default();
    let zeros = groups.get(..groups.len() - last.len()).unwrap_or_default();
    last.eq_ignore_ascii_case("ffff")
        && zeros.matches(':').count() >= 2
        && zeros.bytes().all(|b| b == b'0' || b == b':')
}

/// A sender without its angle brackets.
fn bare_address(text: &str) -> String {
    let text = text.trim_start_matches(is_blank).trim_start_matches('<');
    harmless(text.trim_end_matches(is_blank).trim_end_matches('>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line says, as `received.cases` shows it.
    fn shown(line: &Line) -> String {
        match line {
            Line::Relay(relay) => {
                let mut text = String::new();
                relay.write(&mut text);
                text + if relay.has_no_rdns { " nordns" } else { "" }
            }
            Line::Ignored => "ignored".to_owned(),
            Line::Fetched => "fetched".to_owned(),
            Line::Scanner(envfrom) => format!("scanner {}", envfrom.as_deref().unwrap_or("-")),
            Line::Unparseable => "unparseable".to_owned(),
        }
    }

    #[test]
    fn lines_of_all_servers_are_understood() {
        let lines = include_str!("received.cases").lines();
        let lines: Vec<&str> =
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(lines.len() > 240);
        for case in lines.chunks(2) {
            assert_eq!(shown(&parse(case[0])), case[1], "{}", case[0]);
            // Folded, and with semicolons that mean nothing.
            let folded = format!(" {};\n", case[0].replacen(' ', "\n\t ", 1));
            assert_eq!(shown(&parse(&folded)), case[1], "{}", case[0]);
        }
    }

    #[test]
    fn hostile_lines_are_read_to_their_end() {
        for part in ["a", "a(", "([", ") by ", "<>", "(a@", ".com ", " by a (b) with ", "[::"] {
            let line = format!("from x (y [192.0.2.1]) {}", part.repeat(LONGEST));
            assert_ne!(parse(&line), Line::Fetched, "{part}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_line(text in "(from |FROM |\\(from )?[a-c .:;()\\[\\]<>@0-9=]{0,80}( by [a-c.]{0,9}.{0,20})?") {
            if let Line::Relay(relay) = parse(&text) {
                let harmless = [&relay.ip, &relay.rdns, &relay.helo, &relay.by, &relay.ident];
                proptest::prop_assert!(harmless.iter().all(|text| !text.contains([' ', '[', ']'])));
            }
        }
    }
}
