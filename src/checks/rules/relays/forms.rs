//! The forms of Received fields that are known, in the order in which they are tried.
//!
//! A form is believed only if it fits; so the order goes from what an MTA says of itself to what
//! several write, and from the particular to the general. See [`super::template`] for the notation.

use std::sync::LazyLock;

use super::{
    address,
    received::{Draft, Line, behind, word},
    template::{Slot, Template},
};

/// What a line of a form is.
#[derive(Clone, Copy)]
enum Means {
    /// A handover; the MTA does not look up names, or does not say.
    Relay,
    /// A handover; the MTA looks up names: none in the line means there is none.
    LookedUp,
    /// Nothing about hosts.
    Nothing,
    /// A handover, if this says so; it may also look closer.
    If(fn(&mut Draft<'_>) -> bool),
    /// Read by this instead.
    Read(fn(&mut Draft<'_>) -> Option<Line>),
}

use Means::{If, LookedUp, Nothing, Read};

/// A form, ready for use.
struct Form {
    template: Template,
    means: Means,
}

type Forms = LazyLock<Vec<Form>>;

fn ready(forms: &[(&'static str, Means)]) -> Vec<Form> {
    forms.iter().map(|&(form, means)| Form { template: Template::new(form), means }).collect()
}

/// Reads a line that began with `from `. `None`: no form fits.
pub(super) fn read(draft: &mut Draft<'_>) -> Option<Line> {
    web_mail(draft)
        .or_else(|| mta(draft.rest).and_then(|forms| first(forms, draft)))
        .or_else(|| first(&ANY, draft))
        .or_else(|| {
            if draft.helo.is_empty() {
                draft.helo = guessed_helo(draft.rest);
            }
            None
        })
}

/// Reads a line that began with `FROM `.
pub(super) fn read_upper_case(draft: &mut Draft<'_>) -> Option<Line> {
    first(&UPPER_CASE, draft)
}

/// Reads a line that began with `(from `.
pub(super) fn read_parenthesized(draft: &mut Draft<'_>) -> Option<Line> {
    first(&PARENTHESIZED, draft)
}

/// What the first form that fits says.
fn first(forms: &[Form], draft: &mut Draft<'_>) -> Option<Line> {
    forms.iter().find_map(|form| {
        let kept = form.template.read(draft.rest)?;
        match form.means {
            Nothing => return Some(Line::Ignored),
            Read(read) => return read(draft),
            Means::Relay => draft.take(&kept),
            LookedUp => {
                draft.take(&kept);
                draft.looks_up = true;
            }
            If(is) => {
                let before = draft.clone();
                draft.take(&kept);
                if !is(draft) {
                    *draft = before;
                    return None;
                }
            }
        }
        Some(draft.relay())
    })
}

/// The forms of the MTA that a line names.
fn mta(line: &str) -> Option<&'static Forms> {
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

/// Web mailers that name their user's address.
fn web_mail(draft: &mut Draft<'_>) -> Option<Line> {
    let line = draft.rest;
    let is_squirrel = [" (SquirrelMail", " (NaSMail"]
        .iter()
        .any(|name| behind(line, name).any(|rest| rest.starts_with(" authenticated user ")));
    if is_squirrel && let Some((ip, by)) = squirrel(line) {
        (draft.ip, draft.by) = (ip, by);
        return Some(draft.relay());
    }
    if line.contains("aol.com") && line.contains("with HTTP (WebMailUI)") {
        let mut at = 0;
        while let Some((start, end)) = address::find_ip(line.as_bytes(), at) {
            at = end;
            let rest = line.get(end..).unwrap_or_default();
            if let Some(kept) = AOL.read(rest) {
                draft.ip = line.get(start..end).unwrap_or_default();
                draft.by = kept.get(Slot::By, rest).unwrap_or_default();
                return Some(draft.relay());
            }
        }
    }
    None
}

static AOL: LazyLock<Template> =
    LazyLock::new(|| Template::new(" by {by} ({~ip}) with HTTP (WebMailUI)"));

/// An address, and within 10 to 80 bytes `by x with HTTP`.
fn squirrel(line: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    while let Some((start, end)) = address::find_ip(line.as_bytes(), at) {
        at = end;
        let rest = line.get(end..).unwrap_or_default();
        if rest.starts_with(['.', '-']) {
            continue;
        }
        let mut by = rest.rmatch_indices("by ").filter(|(at, _)| (10..=80).contains(at));
        let by = by.find_map(|(at, by)| {
            let rest = rest.get(at + by.len()..)?;
            let by = word(rest);
            let is_http = rest.get(by.len()..)?.starts_with(" with HTTP");
            (!by.is_empty() && is_http).then_some(by)
        });
        if let Some(by) = by {
            return Some((line.get(start..end)?, by));
        }
    }
    None
}

/// The first word, for lines of no known form.
fn guessed_helo(line: &str) -> &str {
    let first = word(line);
    if first.len() < line.len() {
        return first;
    }
    // A single word: up to the last character that a name cannot have.
    let may_be = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let end = first.bytes().rposition(|b| !may_be(b)).unwrap_or_default();
    first.get(..end).unwrap_or_default()
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

static UPPER_CASE: Forms = LazyLock::new(|| {
    fn verified(draft: &mut Draft<'_>) -> bool {
        if draft.rdns == "unverified" {
            draft.rdns = "";
        }
        let id = draft.id.strip_prefix('<').unwrap_or(draft.id);
        draft.id = id.strip_suffix('>').unwrap_or(id);
        draft.looks_up = true;
        true
    }
    ready(&[
        ("{helo} ({rdns} [{ip}]) BY {by} ({^)}) WITH SMTP ID {id} FOR <{^>}>{$}", If(verified)),
        ("{helo} ({rdns} [{ip}]) BY {by} ({^)}) WITH SMTP ID {id}{$}", If(verified)),
        ("{helo} ({rdns} [{ip}]) BY {by} ID {id} FOR <{^>}>{$}", If(verified)),
        ("{helo} ({rdns} [{ip}]) BY {by} ID {id}{$}", If(verified)),
    ])
});

static PARENTHESIZED: Forms = LazyLock::new(|| {
    ready(&[
        ("{helo?} [{ip}]) by {by} (NAVGW {...}) with ", Means::Relay),
        ("{}@localhost) by {} ", Nothing),
        ("{^ @}@{^)}) by {}(jqueuemail) id {^ ;}", Nothing),
    ])
});

static ANY: Forms = LazyLock::new(|| {
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
