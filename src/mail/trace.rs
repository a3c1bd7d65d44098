//! The Received trace (RFC 5321, section 4.4): which server took the message from whom.
//!
//! Every server writes the field its own way; `trace.cases` shows the ways that are read. Most of
//! what stands in it was chosen by the client: the HELO name, the recipient, names in
//! certificates. The client's address as the server saw it stands in a comment of its own, so
//! that is where it is taken from:
//! - the comments between `from` and the first `by` that directly follows a comment (a HELO name
//!   may contain ` by `, but servers let no parentheses through) are searched from the last to
//!   the first, those that describe TLS or a login left out;
//! - in a comment, the last address in brackets counts, and nothing from `helo=` on;
//! - the word behind `from` counts only where the server says that the HELO name stands
//!   elsewhere, or that it was no SMTP.
//!
//! The raw value is read, never the decoded one: an encoded word could hold all of that.

use std::net::IpAddr;

use super::{Header, HeaderBlock, encoded_word::unfolded};

/// How much of a field is read, in bytes.
const LONGEST: usize = 4 * 1024;

/// One Received field: who handed the message to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// The address of the client as its server saw it; IPv4 in IPv6 as IPv4.
    pub address: Option<IpAddr>,
    /// What that client said in HELO: anything.
    pub helo: Option<String>,
    /// The name its address maps to, as its server found; `None` where the server doubts it.
    pub name: Option<String>,
    /// The server that wrote the field.
    pub by: Option<String>,
    /// The protocol (`ESMTPSA`); a trailing `A` means a login.
    pub with: Option<String>,
}

/// The Received fields of a header, top (newest) first: one hop each, even if nothing could be
/// read from it. `raw` is what the header's ranges point into.
pub fn trace(headers: &HeaderBlock, raw: &[u8]) -> Vec<Hop> {
    let value = |field: &Header| raw.get(field.value.clone()).unwrap_or_default();
    headers.named("received").map(|field| hop(value(field))).collect()
}

/// Reads the value of one field.
fn hop(value: &[u8]) -> Hop {
    let value = value.get(..LONGEST).unwrap_or(value);
    let text = String::from_utf8_lossy(&unfolded(value)).into_owned();
    let tokens = tokens(&text);
    let by = position_of_by(&tokens);
    let (client, server) = tokens.split_at_checked(by).unwrap_or((&tokens, &[]));
    let with = Token::position(server, "with");
    let with = server.get(with.saturating_add(1)..).unwrap_or_default();
    let mut hop = Hop { by: Token::word_at(server, 1), with: protocol(with), ..Hop::default() };
    if let Some((Token::Word(first), client)) = client.split_first()
        && first.eq_ignore_ascii_case("from")
    {
        let is_http = server.iter().any(|token| token.is("HTTP"));
        read_client(&mut hop, client, is_http);
    }
    hop
}

/// A piece of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// Without its parentheses.
    Comment(&'t str),
}

impl Token<'_> {
    fn is(self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    /// Where a word stands; the length if it does not.
    fn position(tokens: &[Self], word: &str) -> usize {
        tokens.iter().position(|token| token.is(word)).unwrap_or(tokens.len())
    }

    fn word_at(tokens: &[Self], index: usize) -> Option<String> {
        match tokens.get(index)? {
            Self::Word(word) => Some((*word).to_owned()),
            Self::Comment(_) => None,
        }
    }
}

/// The words and comments before the date. What stands in angle brackets or quotes is one word
/// with what touches it; brackets, quotes and parentheses without a partner are ordinary
/// characters. Linear in the text.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let closing = closing_parentheses(text);
    let mut tokens = Vec::new();
    let (mut at, mut word) = (0, 0);
    let mut has_partners = true;
    while let Some(&byte) = text.as_bytes().get(at) {
        let comment = closing.get(at).copied().flatten();
        match (byte, comment) {
            (b';', _) => break,
            (b'(', Some(close)) => {
                tokens.extend(text.get(word..at).filter(|word| !word.is_empty()).map(Token::Word));
                tokens.extend(text.get(at + 1..close).map(Token::Comment));
                (at, word) = (close, close + 1);
            }
            (b'<' | b'"', _) if has_partners => match enclosed(text, at, byte) {
                Some(close) => at = close,
                None => has_partners = false,
            },
            _ if byte.is_ascii_whitespace() => {
                tokens.extend(text.get(word..at).filter(|word| !word.is_empty()).map(Token::Word));
                word = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    tokens.extend(text.get(word..at).filter(|word| !word.is_empty()).map(Token::Word));
    tokens
}

/// Where the partner of the bracket or quote at `open` stands. Quotes hide brackets, and a
/// backslash what follows it.
fn enclosed(text: &str, open: usize, byte: u8) -> Option<usize> {
    let mut is_quoted = byte == b'"';
    let mut is_escaped = false;
    for (at, other) in text.bytes().enumerate().skip(open + 1) {
        match other {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' if byte == b'"' => return Some(at),
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// For each opening parenthesis that has a partner, where that stands.
fn closing_parentheses(text: &str) -> Vec<Option<usize>> {
    let mut closing = vec![None; text.len()];
    let mut open = Vec::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => open.push(at),
            b')' => {
                let partner = open.pop().and_then(|open: usize| closing.get_mut(open));
                partner.into_iter().for_each(|partner| *partner = Some(at));
            }
            _ => {}
        }
    }
    closing
}

/// Where the `by` stands that the server wrote: the first one behind a comment, or else the first.
fn position_of_by(tokens: &[Token<'_>]) -> usize {
    let behind_comment = tokens
        .windows(2)
        .position(|pair| matches!(pair, [Token::Comment(_), by] if by.is("by")))
        .map(|comment| comment + 1);
    behind_comment.unwrap_or_else(|| Token::position(tokens, "by"))
}

/// The words of the protocol: up to a comment or the next keyword.
fn protocol(tokens: &[Token<'_>]) -> Option<String> {
    let ends = |token: &Token<'_>| ["id", "for", "via"].iter().any(|keyword| token.is(keyword));
    let words: Vec<&str> = tokens
        .iter()
        .take_while(|token| !ends(token))
        .map_while(|token| match token {
            Token::Word(word) => Some(*word),
            Token::Comment(_) => None,
        })
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Reads what stands between `from` and `by`.
fn read_client(hop: &mut Hop, client: &[Token<'_>], is_http: bool) {
    let word = Token::word_at(client, 0);
    let comments = || {
        client.iter().filter_map(|token| match token {
            Token::Comment(text) if !is_about_session(text) => Some(*text),
            _ => None,
        })
    };
    let said = comments().find_map(helo);
    let seen = comments().rev().find_map(address);
    match (seen, said) {
        (Some((address, name)), said) => {
            hop.address = Some(address);
            hop.name = name.or_else(|| word.as_deref().filter(|_| said.is_some()).and_then(host));
            hop.helo = said.map(str::to_owned).or(word);
        }
        (None, Some(said)) => {
            hop.address = word.as_deref().and_then(|word| literal(word).or_else(|| ip(word)));
            hop.helo = Some(said.to_owned());
        }
        (None, None) if is_http => hop.address = word.as_deref().and_then(literal),
        (None, None) => hop.helo = word,
    }
}

/// Comments about TLS and logins, in which clients name themselves.
fn is_about_session(comment: &str) -> bool {
    let beginnings = ["using ", "Client ", "No client ", "Authenticated ", "authenticated"];
    beginnings.iter().any(|beginning| comment.starts_with(beginning))
}

/// The HELO name that a comment reports: `HELO x`, `[192.0.2.1] helo=x`, `account a HELO x`.
fn helo(comment: &str) -> Option<&str> {
    let (_, behind) = at_helo(comment)?;
    behind.split_whitespace().next()
}

/// What stands before and behind the mark of a HELO name.
fn at_helo(comment: &str) -> Option<(&str, &str)> {
    let marks = ["helo=", "HELO ", "EHLO "];
    let starts_word = |at: usize| {
        comment.get(..at).is_some_and(|text| text.is_empty() || text.ends_with([' ', '\t']))
    };
    let found = marks
        .iter()
        .filter_map(|mark| Some((comment.find(mark)?, mark.len())))
        .filter(|(at, _)| starts_word(*at))
        .min()?;
    Some((comment.get(..found.0)?, comment.get(found.0 + found.1..)?))
}

/// The address in a comment, and the name it maps to.
fn address(comment: &str) -> Option<(IpAddr, Option<String>)> {
    let text = at_helo(comment).map_or(comment, |(before, _)| before);
    let behind_ident = |text: &str| text.rsplit('@').next().map(str::trim).map(str::to_owned);
    let Some(open) = text.rfind('[') else {
        let bare = behind_ident(text)?;
        return Some((ip(bare.split_whitespace().next()?)?, None));
    };
    let (before, rest) = text.split_at_checked(open)?;
    let is_doubted = rest.contains("may be forged");
    let name = behind_ident(before).and_then(|name| host(&name)).filter(|_| !is_doubted);
    Some((literal(rest)?, name))
}

/// A host name without the final dot; `None` for what stands where a server found none.
fn host(text: &str) -> Option<String> {
    let name = text.trim_end_matches('.');
    let is_none = name.is_empty() || name.eq_ignore_ascii_case("unknown");
    (!is_none && !name.contains([' ', '[', '='])).then(|| name.to_owned())
}

/// The address literal that a text begins with: `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
fn literal(text: &str) -> Option<IpAddr> {
    let (inside, _) = text.strip_prefix('[')?.split_once(']')?;
    ip(inside)
}

/// An address, with the tag of RFC 5321 or a zone; IPv4 in IPv6 becomes IPv4.
fn ip(text: &str) -> Option<IpAddr> {
    let text = match text.split_at_checked(5) {
        Some((tag, rest)) if tag.eq_ignore_ascii_case("IPv6:") => rest,
        _ => text,
    };
    let text = text.split('%').next().unwrap_or_default();
    text.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The hop as a line of `trace.cases` shows it.
    fn shown(hop: &Hop) -> String {
        let or_dash = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
        let address = hop.address.map(|address| address.to_string());
        [&address, &hop.helo, &hop.name, &hop.by, &hop.with].map(or_dash).join(" ")
    }

    #[test]
    fn servers_are_understood_and_clients_not_believed() {
        let lines = include_str!("trace.cases").lines();
        let lines: Vec<&str> =
            lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        assert!(lines.len() > 80);
        for case in lines.chunks(2) {
            let raw = format!("Received: {}\r\n\r\n", case[0].replace(") by ", ")\r\n\tby "));
            let hops = trace(&HeaderBlock::parse(raw.as_bytes()), raw.as_bytes());
            assert_eq!(hops.iter().map(shown).collect::<Vec<_>>(), [case[1]], "{}", case[0]);
        }
    }

    #[test]
    fn every_field_is_a_hop() {
        let raw = b"Received: nonsense\r\nX: y\r\nreceived: from a ([192.0.2.1]) by b; x\r\n\r\n";
        let hops = trace(&HeaderBlock::parse(raw), raw);
        assert_eq!(hops.iter().map(shown).collect::<Vec<_>>(), ["- - - - -", "192.0.2.1 a - b -"]);
    }
}
