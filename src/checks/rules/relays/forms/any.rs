//! Forms that several MTAs write, or MTAs that do not say what they are.

use std::sync::LazyLock;

use super::{
    super::{
        address,
        received::{Draft, Line, behind, word},
        template::{Slot, Template},
    },
    Forms,
    Means::{self, If, LookedUp, Nothing, Read},
    ready,
};

/// All of them: those of handovers first.
pub(super) static ANY: Forms = LazyLock::new(|| {
    let mut forms = ready(HANDOVERS);
    forms.extend(ready(IGNORED));
    forms
});

/// Forms of hosts that talk to hosts.
const HANDOVERS: &[(&str, Means)] = &[
    ("{ip} ([{~ip}]) by {by}", If(is_http)),
    ("{helo} ({rdns} [{ip}]{***}) by {by} (", If(is_sendmail)),
    ("{helo} ({rdns} [{ip}]) by {by} with {} (", LookedUp),
    ("{rdns} ([{ip}] helo={helo}) by {by} with ", Means::Relay),
    ("{helo} (<unknown{?}>[{ip}]) by {by} ", Means::Relay),
    ("{helo} ({rdns.}[{ip}]) by {by} ", LookedUp),
    ("{helo} ({ident?}@[{ip}]{***}) by {by} (", LookedUp),
    ("", Read(hotmail)),
    ("{rdns} ({HELO} {helo?}) ({ip}) by {by} (qpsmtpd/{}) with {SMTP}", Means::Relay),
    ("{rdns} (LHLO {helo?}) ({ip}) by {by} with LMTP", Means::Relay),
    ("{rdns} ({HELO} {helo?}) [{ip}] by {by} ({^)}) with {SMTP}", Means::Relay),
    ("{helo} ([{ip}]) by {by} via smtpd (for {}) with SMTP(", Means::Relay),
    ("", Read(qmail)),
    ("[{ip}] by {by} via HTTP{$}", Means::Relay),
    ("{} ( [{ip}]){...} by {by} ", Means::Relay),
    ("({helo} [{ip}]) by {by} ", Means::Relay),
    ("[{ip}] by {by} ", Means::Relay),
    ("({[ip]}) by {by} ", Means::Relay),
    ("{helo} [{ip}] by {by} [{~ip}] with ", LookedUp),
    ("{helo} [({ip})] by {by} ({~ip}) ", Means::Relay),
    ("{helo} ([{ip}]) by {by} (", LookedUp),
    ("{helo} (softdnserr [{ip}]){...} by {by\\b}", Means::Relay),
    ("{helo} ({rdns} [{ip}]){...} by {by\\b}", LookedUp),
    ("{helo} ([{ip}.{#}]){...} by {by} ", LookedUp),
    ("{helo} ([{ip}:{#}]){...} by {by} ", LookedUp),
    ("{helo} ([{ip}]){...} by {by} ", LookedUp),
    ("", Read(fetched)),
    ("{rdns} ({HELO} {helo^)?}) ({ident?}@{[ip]}){***} by {by} ", LookedUp),
    ("{rdns} ({HELO} {helo^)?}) ({[ip]}){***} by {by} ", If(without_ident)),
    ("{name} ({ident?}@{[ip]}){***} by {by} ", LookedUp),
    ("{name} ({[ip]}){***} by {by} ", If(without_ident)),
    ("{rdns}({ip}) by {by} via smap ", LookedUp),
    ("{rdns}({ip}, {HELO} {helo?}) by {by} via smap ", LookedUp),
    ("{ip} by {by} (SMTPL", Means::Relay),
    ("{ip} by {by} (InterScan", Means::Relay),
    ("{} by {} with BSMTP", Nothing),
    ("{rdns} ({HELO} {helo?}) ({ident}@{ip}{...}) by {by} with ", LookedUp),
    ("{rdns} ({HELO} {helo?}) ({ip}{...}) by {by} with ", LookedUp),
    ("[{ip}] (account {} {HELO} {helo?}) by {by} (", Means::Relay),
    ("[{ip}] ({HELO} {helo?}) by {by} (", Means::Relay),
    ("{name} ([{ip}] verified) by {by} (", If(is_communigate)),
    ("{} ({}) by {} (Content Technologies ", Nothing),
    ("{helo} ([{ip}] [{}]) by {by} with ", Means::Relay),
    ("{ip} by {by} with ", Means::Relay),
    ("{helo} ({rdns}[{ip}]) by {by} ", LookedUp),
    ("[{ip}]{} ({HELO} {helo?}) by {by} ", Means::Relay),
    ("{ip} ({HELO} {helo?}) by {by} ", Means::Relay),
    ("{helo} [{ip}] by {by} ", Means::Relay),
    ("{rdns}({ip}) by {by} ", Means::Relay),
    ("{ip} ({A}{^)}) by {by} with ", Means::Relay),
    ("[{ip}] ({pairs^)}) by {by} ", Means::Relay),
    ("{rdns}({ip}), claiming to be \"{helo}\" via {} by {by},", If(is_known)),
    ("{rdns}({ip}) via {} by {by},", If(is_known_without_helo)),
    ("{helo} ({}@{ip} with login) by {by} with SMTP", If(is_yahoo)),
    ("X-Originating-IP: {ip}{$}", Means::Relay),
];

/// Forms that tell nothing about hosts, or no address.
const IGNORED: &[(&str, Means)] = &[
    ("{} ({^ @}@{local}) by {} (", Nothing),
    ("{} {} by {} with local-esmtp ", Nothing),
    ("{} {} by {} with local-smtp ", Nothing),
    ("127.0.0.1 (AVG SMTP {} [{}])", Nothing),
    ("{}@{} by {} ", Nothing),
    ("Unknown/Local (", Nothing),
    ("{local} ({}@{local})", Nothing),
    ("{local} ({}@{local}[", Nothing),
    ("{local} ({local})", Nothing),
    ("{local} ({local}[", Nothing),
    ("{} ({}@{local}) ", Nothing),
    ("{} ({local}) ", Nothing),
    ("{} ({}@{} [{local}]) ", Nothing),
    ("(AUTH: {}) by {} with ", Nothing),
    ("localhost (localhost [[UNIX: localhost]]) by ", Nothing),
    ("{^.} by {} with Novell_GroupWise", Nothing),
    ("{} by {} (", Read(scanner)),
    ("{} ([unix socket]) by {} (Cyrus v{#?}.{#?}.{#?}) with LMTPA", Nothing),
    ("{} by {} with", Nothing),
    ("{} by {} via", Nothing),
    ("{} by {} for", Nothing),
    ("{} by {} (", Nothing),
    ("{} with {} by ", Nothing),
    ("{} via {} by ", Nothing),
    ("{} for {} by ", Nothing),
    ("{} (unverified) by ", Nothing),
    ("{} (unknown) by {} (SG) with {A}", Nothing),
    ("{} ({} [local]) by {} (OpenSMTPD) with {A}", Nothing),
    ("{...}(LSMTP for", Nothing),
    ("([{local}]) with MailEnable ", Nothing),
    ("facebook.com ({^)}) by facebook.com with Thrift id {}{$}", Nothing),
    ("{} named {} by gmailapi.google.com with HTTPREST{$}", Nothing),
    ("{} id {}{$}", Nothing),
    ("[<{...} (Jetsend", Nothing),
];

fn is_http(draft: &mut Draft<'_>) -> bool {
    let ends = |rest: &str| !rest.bytes().next().is_some_and(address::is_word);
    draft.rest.match_indices("with HTTP").any(|(at, with)| {
        let before = at.checked_sub(1).and_then(|at| draft.rest.as_bytes().get(at));
        let rest = draft.rest.get(at + with.len()..).unwrap_or_default();
        !before.is_some_and(|&b| address::is_word(b)) && ends(rest)
    })
}

/// sendmail puts the ident before the name: `IDENT:user@name`, `user@name`.
fn is_sendmail(draft: &mut Draft<'_>) -> bool {
    // qmail-ldap's lines look the same and mean something else.
    let is_qmail = behind(draft.rest, " by ").any(|rest| {
        let rest = rest.get(word(rest).len()..).unwrap_or_default();
        let program = rest.strip_prefix(" (qmail-").map(word);
        program.is_some_and(|program| {
            program.len() > 1 && program.ends_with(')') && behind(rest, ") with ").next().is_some()
        })
    });
    if let Some((ident, rdns)) = draft.rdns.split_once('@') {
        draft.rdns = rdns;
        draft.ident = ident.strip_prefix("IDENT:").unwrap_or(ident);
    }
    draft.looks_up = true;
    !is_qmail
}

fn without_ident(draft: &mut Draft<'_>) -> bool {
    draft.ident = "";
    draft.looks_up = true;
    true
}

fn is_communigate(draft: &mut Draft<'_>) -> bool {
    draft.looks_up = true;
    draft.rest.contains(" (CommuniGate Pro")
}

/// Obtuse smtpd says `UNKNOWN` where it found no name.
fn is_known(draft: &mut Draft<'_>) -> bool {
    draft.looks_up = draft.rdns != "UNKNOWN";
    true
}

fn is_known_without_helo(draft: &mut Draft<'_>) -> bool {
    draft.helo = "";
    is_known(draft)
}

fn is_yahoo(draft: &mut Draft<'_>) -> bool {
    draft.by.strip_suffix(".yahoo.com").is_some_and(|host| !host.is_empty())
}

/// Hotmail's web servers: `192.0.2.1 by host.hotmail.msn.com with HTTP`.
fn hotmail(draft: &mut Draft<'_>) -> Option<Line> {
    let line = draft.rest;
    let mut servers = behind(line, "by ").filter(|rest| word(rest).len() < rest.len()).map(word);
    let is_hotmail = |by: &&str| by.strip_suffix(".hotmail.msn.com").is_some_and(|b| !b.is_empty());
    draft.by = servers.find(is_hotmail)?;
    let end = address::end_of_ip(line.as_bytes(), 0);
    let end = end.filter(|&end| line.as_bytes().get(end) == Some(&b' '));
    draft.ip = end.and_then(|end| line.get(..end)).unwrap_or(draft.ip);
    Some(draft.relay())
}

/// Lines of POP and IMAP fetchers.
fn fetched(draft: &mut Draft<'_>) -> Option<Line> {
    let is_fetched = draft.rest.contains("with POP3") || draft.rest.contains("with IMAP");
    is_fetched.then_some(Line::Fetched)
}

/// qmail-scanner's line, whose comment is not too long.
fn scanner(draft: &mut Draft<'_>) -> Option<Line> {
    let comment = behind(draft.rest, " (").next()?;
    let length = comment.find(") with qmail-scanner")?;
    (length <= 100).then(|| draft.scanner())
}

/// qmail's forms: what makes a line one, and what is kept of it.
static QMAIL: LazyLock<[Vec<Template>; 2]> = LazyLock::new(|| {
    let forms = [
        [
            "{} ({HELO} {?}) ({}@{[ip]}) (envelope-sender <{}>) by {by}",
            "{} ({HELO} {?}) ({}@{[ip]}) by {by}",
            "{} ({HELO} {?}) ({[ip]}) (envelope-sender <{}>) by {by}",
            "{} ({HELO} {?}) ({[ip]}) by {by}",
            "{} ({}@{[ip]}) (envelope-sender <{}>) by {by}",
            "{} ({}@{[ip]}) by {by}",
            "{} ({[ip]}) (envelope-sender <{}>) by {by}",
            "{} ({[ip]}) by {by}",
        ],
        [
            "{rdns} ({HELO} {helo^ ()?}) ({ident?}@{[ip]}) (envelope-sender <{}>) by {by}",
            "{rdns} ({HELO} {helo^ ()?}) ({ident?}@{[ip]}) by {by}",
            "{rdns} ({HELO} {helo^ ()?}) ({[ip]}) (envelope-sender <{}>) by {by}",
            "{rdns} ({HELO} {helo^ ()?}) ({[ip]}) by {by}",
            "{name} ({ident?}@{[ip]}) (envelope-sender <{}>) by {by}",
            "{name} ({ident?}@{[ip]}) by {by}",
            "{name} ({[ip]}) (envelope-sender <{}>) by {by}",
            "{name} ({[ip]}) by {by}",
        ],
    ];
    forms.map(|forms| forms.map(Template::new).into())
});

/// qmail, which calls itself by no name. It knows the client's name only from the program that
/// started it.
fn qmail(draft: &mut Draft<'_>) -> Option<Line> {
    let line = draft.rest;
    let [marks, forms] = &*QMAIL;
    marks.iter().find(|form| {
        let behind_by = form.read(line).and_then(|kept| line.get(kept.end(Slot::By)?..));
        behind_by.is_some_and(has_protocol)
    })?;
    let kept = forms.iter().find_map(|form| form.read(line));
    kept.iter().for_each(|kept| draft.take(kept));
    draft.looks_up = draft.rdns != "unknown";
    Some(draft.relay())
}

/// ` (comments) with anything SMTP`, or `QMQP`, and no ` id ` behind.
fn has_protocol(rest: &str) -> bool {
    let with = match rest.strip_prefix(" (") {
        Some(comment) => comment.find(") with ").filter(|&at| at > 0).map(|at| at + 3),
        None => rest.starts_with(" with ").then_some(0),
    };
    let Some(words) = with.and_then(|at| rest.get(at + " with".len()..)) else { return false };
    [" SMTP", " QMQP"]
        .iter()
        .flat_map(|protocol| behind(words, protocol))
        .any(|rest| !rest.starts_with(" id "))
}
