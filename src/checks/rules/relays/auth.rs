//! How a Received field shows that the client's user has logged in.

use std::sync::LazyLock;

use super::{
    received::{behind, places, word},
    template::{Slot, Template},
};

/// How the user has logged in: the protocol or the kind of MTA. `line` begins with `from `.
pub(super) fn auth(line: &str) -> Option<String> {
    MARKS.iter().find_map(|mark| mark(line))
}

/// The marks of a login, by MTA, in the order in which they are looked for.
const MARKS: [fn(&str) -> Option<String>; 10] = [
    protocol,
    google,
    courier,
    sendmail,
    gmx,
    critical_path,
    postfix,
    communigate,
    exchange_dav,
    via_http,
];

/// Protocols that need a login (RFC 3848, RFC 6531), or that are web mail.
const PROTOCOLS: [&str; 12] = [
    "ESMTPA",
    "ESMTPSA",
    "LMTPA",
    "LMTPSA",
    "UTF8SMTPA",
    "UTF8SMTPSA",
    "UTF8LMTPA",
    "UTF8LMTPSA",
    "ASMTP",
    "HTTP",
    "HTTPS",
    "HTTPU",
];

/// `with ESMTPSA`
fn protocol(line: &str) -> Option<String> {
    if !line.contains(" by ") {
        return None;
    }
    let withs = [" with ", " WITH ", " With "].into_iter().flat_map(|with| behind(line, with));
    let named = withs.filter_map(|rest| {
        let name = rest.split([' ', ';']).next()?;
        PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(name)).then_some((rest.len(), name))
    });
    named.max_by_key(|(length, _)| *length).map(|(_, name)| name.to_owned())
}

/// Google's ids of submitted mail: `with ESMTPS id a1sm1234567abc.1.2012.01.02.03.04.05`.
fn google(line: &str) -> Option<String> {
    let mut ids = behind(line, " by mx.google.com with ESMTPS id ").map(word);
    if !ids.any(is_submission_id) {
        return None;
    }
    behind(line, "(version=").find_map(|text| {
        let (version, rest) = text.split_once(' ')?;
        let cipher = rest.strip_prefix("cipher=")?.split_once(')')?.0;
        let is_told = !(version.is_empty() || cipher.is_empty());
        is_told.then(|| format!("GMail - transport={version} cipher={cipher}"))
    })
}

fn is_submission_id(id: &str) -> bool {
    let is_number = |text: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
    };
    let mut parts = id.splitn(8, '.');
    let (Some(user), Some(first), Some(year)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let times: Vec<&str> = parts.collect();
    let (Some((last, others)), 5) = (times.split_last(), times.len()) else { return false };
    let is_time = |text: &str| is_number(text, 2..=2) && text.as_bytes() < b"70".as_slice();
    let last = last.get(..2).unwrap_or_default();
    let is_user = user.match_indices("sm").any(|(at, _)| {
        let number = user.get(at + 2..).unwrap_or_default();
        let letters = number.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = number.len() - letters.len();
        (1..=4).contains(&at)
            && (2..=9).contains(&digits)
            && letters.len() == 3
            && user.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    is_user
        && is_number(first, 1..=3)
        && is_number(year, 4..=4)
        && others.iter().copied().chain([last]).all(is_time)
}

/// `]) (AUTH: LOGIN user) by `
fn courier(line: &str) -> Option<String> {
    if !line.starts_with("from ") {
        return None;
    }
    behind(line, " (AUTH: ").find_map(|text| {
        let before = line.get(..line.len() - text.len() - " (AUTH: ".len())?;
        let (mechanism, rest) = text.split_once(' ')?;
        let is_known = ["LOGIN", "PLAIN", "DIGEST-MD5", "CRAM-MD5"].contains(&mechanism);
        let user = word(rest);
        let ends = match user.strip_suffix(')') {
            Some(user) => !user.is_empty() && rest.get(user.len()..)?.starts_with(") by "),
            None => user.len() > 1 && user.ends_with(',') && rest.contains(") by "),
        };
        let is_behind_address = before.ends_with("])") || before.ends_with(")]");
        (is_known && ends && is_behind_address).then(|| mechanism.to_owned())
    })
}

/// `]) (authenticated bits=0) by `, by sendmail, MDaemon and others.
fn sendmail(line: &str) -> Option<String> {
    let rest = line.strip_prefix("from ").filter(|rest| rest.contains("authenticated"))?;
    let ends = ["]) ", ")] "].into_iter().filter_map(|end| Some(rest.find(end)? + end.len()));
    let mut rest = rest.get(ends.chain(end_behind_comment(rest)).min()?..)?;
    for mark in ["(", "authenticated", ")", " by"] {
        rest = rest.split_once(mark)?.1;
    }
    Some("Sendmail".to_owned())
}

/// Where `] (comment)) ` first ends.
fn end_behind_comment(text: &str) -> Option<usize> {
    text.match_indices(")) ").find_map(|(close, end)| {
        let before = text.get(..close)?;
        let inside = before.rsplit(')').next()?;
        inside.contains("] (").then_some(close + end.len())
    })
}

/// GMX shows logins by the shape of the line alone.
fn gmx(line: &str) -> Option<String> {
    static FORM: LazyLock<Template> =
        LazyLock::new(|| Template::new("from {?} ({HELO} {helo?}) [{ip}] by {by} ({id^)}) with "));
    if !line.contains(" by mail.gmx.") {
        return None;
    }
    let kept = FORM.read(line)?;
    let by = kept.get(Slot::By, line).filter(|by| ["mail.gmx.net", "mail.gmx.com"].contains(by))?;
    let with = line.get(kept.end(Slot::Id)? + ") with ".len()..)?;
    let with = ["ESMTP", "SMTP"].into_iter().find(|protocol| with.starts_with(protocol))?;
    Some(format!("GMX ({with} / {by})"))
}

/// `) by x (7.0.018) (authenticated as a@b) id `
fn critical_path(line: &str) -> Option<String> {
    let is_version = |text: &str| {
        let parts: Vec<&str> = text.split('.').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        let are_numbers = parts.iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        are_numbers && matches!(lengths.as_slice(), [1 | 2, 1, 3] | [1 | 2, 1, 3, 1..=3])
    };
    let mark = ") (authenticated as ";
    let found = places(line, mark).any(|at| {
        let before = line.get(..at).unwrap_or_default();
        let (server, version) = before.rsplit_once(" (").unwrap_or_default();
        let behind = line.get(at + mark.len()..).unwrap_or_default();
        is_version(version) && server.contains(") by ") && behind.contains(") id ")
    });
    found.then(|| "CriticalPath".to_owned())
}

/// `) (Authenticated sender: user) by x (Postfix) with `, Postfix under its own or another name.
fn postfix(line: &str) -> Option<String> {
    static FORM: LazyLock<Template> = LazyLock::new(|| Template::new("{}) by {} ({id^)}) with "));
    behind(line, ") (Authenticated sender: ").find_map(|rest| {
        let name = FORM.read(rest)?.get(Slot::Id, rest)?;
        Some(if name == "Postfix" { name.to_owned() } else { format!("Postfix ({name})") })
    })
}

/// `CommuniGate Pro SMTP` with `(account user`
fn communigate(line: &str) -> Option<String> {
    let protocols = ["HTTP", "SMTP", "XIMSS", "IMAP"];
    let is_known = behind(line, "CommuniGate Pro ")
        .any(|rest| protocols.iter().any(|protocol| rest.starts_with(protocol)));
    (is_known && line.contains(" (account ")).then(|| "Communigate".to_owned())
}

/// `with Microsoft Exchange Server HTTP-DAV`
fn exchange_dav(line: &str) -> Option<String> {
    behind(line, " with Microsoft Exchange Server HTTP-DAV")
        .any(|rest| !rest.bytes().next().is_some_and(super::address::is_word))
        .then(|| "HTTP-DAV".to_owned())
}

/// `(via HTTP)`, a comment of some web mailers.
fn via_http(line: &str) -> Option<String> {
    behind(line, " (").find_map(|text| {
        let via = text.get(..4).filter(|via| via.eq_ignore_ascii_case("via "))?;
        let (name, rest) = text.get(via.len()..)?.split_once(')')?;
        let is_http = name.get(..4).is_some_and(|http| http.eq_ignore_ascii_case("HTTP"));
        let ends = rest.is_empty() || rest.starts_with([' ', ';']);
        let is_via = is_http && name.chars().count() <= 5 && ends && line.contains(" by ");
        is_via.then(|| name.to_owned())
    })
}
