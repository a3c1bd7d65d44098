//! Macros in SPF records and explanations (RFC 7208, section 7).

use std::fmt::Write;

/// A domain name with macros in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DomainSpec(MacroString);

/// Text with macros in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MacroString(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Expand(Expand),
}

/// `%{d2r.}`
#[derive(Clone, Debug, PartialEq, Eq)]
struct Expand {
    /// In lower case.
    letter: u8,
    /// So many parts are kept, the rightmost.
    keep: usize,
    reverse: bool,
    delimiters: Vec<char>,
    /// The letter was in upper case: what is not unreserved (RFC 3986) is escaped.
    escape: bool,
}

/// What the letters stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Values<'v> {
    /// `s`, with a local part.
    pub(super) sender: &'v str,
    /// `d`
    pub(super) domain: &'v str,
    /// `i`: IPv6 addresses as nibbles with dots between.
    pub(super) address: &'v str,
    /// `c`: the address for people.
    pub(super) readable_address: &'v str,
    /// `v`: `in-addr` or `ip6`.
    pub(super) version: &'v str,
    /// `h`
    pub(super) helo: &'v str,
    /// `p`: a name of the client that was found to be true, or `unknown`.
    pub(super) validated: &'v str,
    /// `r`: the host that checks.
    pub(super) receiver: &'v str,
    /// `t`: seconds since 1970.
    pub(super) seconds: u64,
}

impl Values<'_> {
    fn of(&self, letter: u8) -> String {
        let (local, domain) = self.sender.rsplit_once('@').unwrap_or(("", self.sender));
        let value = match letter {
            b's' => self.sender,
            b'l' => local,
            b'o' => domain,
            b'd' => self.domain,
            b'i' => self.address,
            b'c' => self.readable_address,
            b'v' => self.version,
            b'h' => self.helo,
            b'p' => self.validated,
            b'r' => self.receiver,
            _ => return self.seconds.to_string(),
        };
        value.to_owned()
    }
}

impl MacroString {
    /// Macros for records. `None`: not well-formed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::read(text, b"slodiphv", false)
    }

    /// Macros for explanations, which know more letters and may hold blanks.
    pub(super) fn parse_explanation(text: &str) -> Option<Self> {
        Self::read(text, b"slodiphvcrt", true)
    }

    fn read(text: &str, letters: &[u8], blanks: bool) -> Option<Self> {
        let is_literal = |c: char| matches!(c, '!'..='~') || (blanks && c == ' ');
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            rest = rest.get(first.len_utf8()..)?;
            if first != '%' {
                literal.push(Some(first).filter(|&c| is_literal(c))?);
                continue;
            }
            let second = rest.chars().next()?;
            rest = rest.get(second.len_utf8()..)?;
            match second {
                '%' => literal.push('%'),
                '_' => literal.push(' '),
                '-' => literal.push_str("%20"),
                '{' => {
                    let (inside, after) = rest.split_once('}')?;
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    pieces.push(Piece::Expand(Expand::parse(inside, letters)?));
                    rest = after;
                }
                _ => return None,
            }
        }
        pieces.push(Piece::Text(literal));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Some(Self(pieces))
    }

    /// Whether it asks for a validated name of the client (`%{p}`), which takes questions to DNS.
    pub(super) fn needs_validated_name(&self) -> bool {
        let is_p = |piece: &Piece| matches!(piece, Piece::Expand(Expand { letter: b'p', .. }));
        self.0.iter().any(is_p)
    }

    pub(super) fn expand(&self, values: &Values<'_>) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Expand(expand) => text.push_str(&expand.value(values)),
            }
        }
        text
    }
}

impl Expand {
    fn parse(inside: &str, letters: &[u8]) -> Option<Self> {
        let (&letter, rest) = inside.as_bytes().split_first()?;
        let lower = letter.to_ascii_lowercase();
        if !letters.contains(&lower) {
            return None;
        }
        let rest = std::str::from_utf8(rest).ok()?;
        let after_digits = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.get(..rest.len() - after_digits.len())?;
        let keep = if digits.is_empty() {
            usize::MAX
        } else {
            // More than fit into a number are more than any name has parts.
            digits.parse().unwrap_or(usize::MAX)
        };
        let without_r = after_digits.strip_prefix(['r', 'R']);
        let delimiters = without_r.unwrap_or(after_digits);
        let known = |c: char| matches!(c, '.' | '-' | '+' | ',' | '/' | '_' | '=');
        if keep == 0 || !delimiters.chars().all(known) {
            return None;
        }
        Some(Self {
            letter: lower,
            keep,
            reverse: without_r.is_some(),
            delimiters: if delimiters.is_empty() {
                vec!['.']
            } else {
                delimiters.chars().collect()
            },
            escape: letter.is_ascii_uppercase(),
        })
    }

    fn value(&self, values: &Values<'_>) -> String {
        let value = values.of(self.letter);
        let mut parts: Vec<&str> = value.split(self.delimiters.as_slice()).collect();
        if self.reverse {
            parts.reverse();
        }
        let first = parts.len().saturating_sub(self.keep);
        let kept = parts.get(first..).unwrap_or_default().join(".");
        if self.escape { escaped(&kept) } else { kept }
    }
}

/// Everything but unreserved characters (RFC 3986, section 2.3) as `%` and two digits.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

impl DomainSpec {
    /// `None`: not well-formed. It must end in a macro or in a label that can be a top-level one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let spec = MacroString::parse(text)?;
        let ends_well = match spec.0.last()? {
            Piece::Expand(_) => true,
            Piece::Text(literal) => ends_in_toplabel(literal),
        };
        ends_well.then_some(Self(spec))
    }

    /// With its macros.
    pub(super) fn macros(&self) -> &MacroString {
        &self.0
    }

    /// The name, without a final dot. One that is too long loses labels at the left (RFC 7208,
    /// section 7.3).
    pub(super) fn expand(&self, values: &Values<'_>) -> String {
        const MOST: usize = 253;
        let name = self.0.expand(values);
        let mut name = name.strip_suffix('.').unwrap_or(&name);
        while name.len() > MOST {
            let Some((_, shorter)) = name.split_once('.') else { break };
            name = shorter;
        }
        name.to_owned()
    }
}

/// Whether a literal ends in a dot and letters, digits and inner hyphens, not digits alone.
fn ends_in_toplabel(literal: &str) -> bool {
    let literal = literal.strip_suffix('.').unwrap_or(literal);
    let Some((_, label)) = literal.rsplit_once('.') else { return false };
    !label.is_empty()
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
        && !label.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> Values<'static> {
        Values {
            sender: "strong-bad@email.example.com",
            domain: "email.example.com",
            address: "192.0.2.3",
            readable_address: "192.0.2.3",
            version: "in-addr",
            helo: "mail.example.org",
            validated: "unknown",
            receiver: "mx.example.net",
            seconds: 1_700_000_000,
        }
    }

    #[test]
    fn macros_are_expanded_as_the_rfc_says() {
        // RFC 7208, section 7.4, and its neighbours.
        for (text, expanded) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
            ("%{d99999999999999999999}", "email.example.com"),
            ("%{S}", "strong-bad%40email.example.com"),
            ("%%%_%-", "% %20"),
            ("%{h}/%{p}", "mail.example.org/unknown"),
        ] {
            assert_eq!(MacroString::parse(text).unwrap().expand(&values()), expanded, "{text}");
        }
        let text = "%{c} at %{r}, %{t}";
        assert_eq!(MacroString::parse(text), None);
        let explanation = MacroString::parse_explanation(text).unwrap();
        assert_eq!(explanation.expand(&values()), "192.0.2.3 at mx.example.net, 1700000000");
    }

    #[test]
    fn long_names_lose_labels_at_the_left() {
        let label = "x".repeat(60);
        let sender = format!("a@{}", [label.as_str(); 5].join("."));
        let values = Values { sender: &sender, ..values() };
        let name = DomainSpec::parse("%{o}.example.org").unwrap().expand(&values);
        assert_eq!(name, format!("{}.example.org", [label.as_str(); 3].join(".")));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[%{}a-zé0-9.r-]{0,40}", other in ".{0,40}") {
            for text in [text, other] {
                if let Some(spec) = DomainSpec::parse(&text) {
                    spec.expand(&values());
                }
                if let Some(text) = MacroString::parse_explanation(&text) {
                    text.expand(&values());
                }
            }
        }
    }
}
