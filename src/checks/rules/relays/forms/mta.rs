//! Forms of MTAs that a line names.

use std::sync::LazyLock;

use super::{
    super::{
        address,
        received::{Draft, Line, behind, word},
    },
    Forms,
    Means::{self, If, LookedUp, Nothing, Read},
    ready,
};

/// The forms of the MTA that a line names.
pub(super) fn of(line: &str) -> Option<&'static Forms> {
    if line.contains(" SMTPSVC") {
        Some(&MICROSOFT_SMTPSVC)
    } else if is_microsoft_server(line) {
        Some(&MICROSOFT_SERVER)
    } else if line.contains("[XMail ") {
        Some(&XMAIL)
    } else if names(line, "(ecelerity") {
        Some(&ECELERITY)
    } else if line.contains("Exim") {
        Some(&EXIM)
    } else if line.contains(" (Postfix) with") {
        Some(&POSTFIX)
    } else if line.contains("(Scalix SMTP Relay") {
        Some(&SCALIX)
    } else if line.contains(" (Lotus Domino ") {
        Some(&LOTUS)
    } else {
        None
    }
}

/// Whether a text occurs that no letter, digit or underscore follows.
fn names(line: &str, name: &'static str) -> bool {
    behind(line, name).any(|rest| !rest.bytes().next().is_some_and(address::is_word))
}

/// `with Microsoft SMTP Server (…) 15.1.2.3`, or `mapi id`.
fn is_microsoft_server(line: &str) -> bool {
    let is_version = |text: &str| {
        let parts = text.split('.');
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        parts.clone().count() == 4 && parts.clone().all(is_number)
    };
    let marks = [" with Microsoft SMTP Server ", " with mapi id "];
    marks.iter().flat_map(|mark| behind(line, mark)).any(|rest| {
        let behind_comment = rest.strip_prefix('(').and_then(|rest| rest.split_once(") "));
        is_version(word(behind_comment.map_or(rest, |(_, rest)| rest)))
    })
}

static MICROSOFT_SMTPSVC: Forms = LazyLock::new(|| {
    ready(&[
        ("{helo?} ([{ip}]{^)?}) by {by} with Microsoft SMTPSVC", Means::Relay),
        ("mail pickup service by {} with Microsoft SMTPSVC{$}", Nothing),
    ])
});

static MICROSOFT_SERVER: Forms = LazyLock::new(|| {
    fn without_id(draft: &mut Draft<'_>) -> bool {
        draft.id = "";
        true
    }
    ready(&[
        ("{helo} ({[ip]}) by {by} ", If(without_id)),
        ("{helo} ([{ip}%{^])?}]) by {by} ", If(without_id)),
        ("{helo} ({ip}%{^])?}) by {by} ", If(without_id)),
    ])
});

static XMAIL: Forms = LazyLock::new(|| {
    fn details(draft: &mut Draft<'_>) -> bool {
        let line = draft.rest;
        let bracketed = |mark| {
            behind(line, mark).map(word).find_map(|text| {
                let (inside, _) = text.rsplit_once('>')?;
                (!inside.is_empty()).then_some(inside)
            })
        };
        draft.id = bracketed(" id <").unwrap_or(draft.id);
        draft.envfrom = bracketed(" from <").or(draft.envfrom);
        true
    }
    ready(&[
        ("{helo} ({[ip]}:{#}) by {by} ({}) with [XMail", If(details)),
        ("{helo} ({[ip]}:{#}) by {by} with [XMail", If(details)),
    ])
});

static ECELERITY: Forms = LazyLock::new(|| {
    ready(&[
        ("([{ip}:{#}] helo={helo}) by {by} ", Means::Relay),
        ("{} ([{ip}:{#}]) by {by} ", Means::Relay),
    ])
});

static EXIM: Forms = LazyLock::new(|| {
    /// `with local-esmtp `: a program on the machine.
    fn local(draft: &mut Draft<'_>) -> Option<Line> {
        let is_local = draft.rest.match_indices("with local").any(|(at, with)| {
            let before = at.checked_sub(1).and_then(|at| draft.rest.as_bytes().get(at));
            let rest = draft.rest.get(at + with.len()..).unwrap_or_default();
            let kind = word(rest);
            let is_kind = kind.is_empty() || (kind.len() > 1 && kind.starts_with('-'));
            !before.is_some_and(|&b| address::is_word(b)) && is_kind && kind.len() < rest.len()
        });
        is_local.then_some(Line::Ignored)
    }
    ready(&[
        ("", Read(local)),
        ("[{ip}] ({pairs...}) by {by} ", Means::Relay),
        ("{name} ([{ip}]{pairs...}) by {by} ", Means::Relay),
        ("{name} [{ip}]:{#} by {by} ", Means::Relay),
        ("{name} [{ip}] by {by} ", Means::Relay),
        ("", Read(odd_exim)),
    ])
});

/// What can be told of Exim's other forms, of which there are as many as administrators.
fn odd_exim(draft: &mut Draft<'_>) -> Option<Line> {
    let line = draft.rest;
    let first = word(line);
    if !first.is_empty() && first.len() < line.len() {
        draft.rdns = first;
    }
    let comment = |text| {
        let comment = word(text);
        let ends = comment.len() < text.len();
        comment.strip_suffix(')').filter(|inside| ends && !inside.is_empty())
    };
    draft.helo = behind(line, " (").find_map(comment).unwrap_or(draft.helo);
    draft.ip = behind(line, " [").find_map(address_of_exim).unwrap_or(draft.ip);
    let by = behind(line, "by ").find(|rest| {
        let by = word(rest);
        !by.is_empty() && by.len() < rest.len()
    });
    draft.by = word(by?);
    (!draft.ip.is_empty()).then(|| draft.relay())
}

/// `192.0.2.1] `, or with a port: `192.0.2.1.25] `.
fn address_of_exim(text: &str) -> Option<&str> {
    let end = address::end_of_ip(text.as_bytes(), 0)?;
    let rest = text.get(end..)?;
    let port =
        rest.strip_prefix('.').map(|port| port.trim_start_matches(|c: char| c.is_ascii_digit()));
    port.unwrap_or(rest).starts_with("] ").then(|| text.get(..end)).flatten()
}

static POSTFIX: Forms = LazyLock::new(|| {
    ready(&[
        ("{helo} ({rdns} [{ip}]) by {by} ", LookedUp),
        ("{helo} ({rdns}[{ip}]) by {by} ", LookedUp),
    ])
});

static SCALIX: Forms = LazyLock::new(|| {
    ready(&[("{helo} ( {ip}) by {by}", Means::Relay), ("{helo} ({ip}) by {by}", Means::Relay)])
});

static LOTUS: Forms = LazyLock::new(|| ready(&[("{helo} ([{ip}]) by {by} (Lotus", Means::Relay)]));
