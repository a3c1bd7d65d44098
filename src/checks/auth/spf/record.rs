//! SPF records as written: syntax (RFC 7208, sections 4.6.1 and 12). Nobody is asked here.

use ipnet::{Ipv4Net, Ipv6Net};

use super::macros::{DomainSpec, MacroString};
use crate::verdict::AuthResult;

/// What a record begins with; a blank or its end follows.
const VERSION: &str = "v=spf1";

/// A record whose every term is well-formed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    /// In their order.
    pub(super) directives: Vec<Directive>,
    /// `redirect=`
    pub(super) redirect: Option<DomainSpec>,
    /// `exp=`
    pub(super) explanation: Option<DomainSpec>,
}

/// A mechanism, and what it means if it matches.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Directive {
    /// `+`, `-`, `~` or `?`, as a result.
    pub(super) qualifier: AuthResult,
    pub(super) mechanism: Mechanism,
    /// As written.
    pub(super) term: String,
}

/// RFC 7208, section 5. A domain that is left out is the one whose record it is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mechanism {
    All,
    Include(DomainSpec),
    A(Option<DomainSpec>, Prefixes),
    Mx(Option<DomainSpec>, Prefixes),
    Ptr(Option<DomainSpec>),
    Ip4(Ipv4Net),
    Ip6(Ipv6Net),
    Exists(DomainSpec),
}

/// How many bits of an address must be the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefixes {
    pub(super) v4: u8,
    pub(super) v6: u8,
}

/// Why a text is no SPF record, by its first bad term.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(super) enum SyntaxError {
    #[error("not ASCII")]
    NotAscii,
    #[error("`{0}` is no term")]
    Term(String),
    #[error("`{0}=` twice")]
    Twice(&'static str),
}

/// Whether a text is meant to be an SPF record, of whatever syntax (RFC 7208, section 4.5).
pub(super) fn is_record(text: &str) -> bool {
    let Some((head, rest)) = text.split_at_checked(VERSION.len()) else { return false };
    head.eq_ignore_ascii_case(VERSION) && (rest.is_empty() || rest.starts_with(' '))
}

impl Record {
    /// Reads all terms: one bad term spoils the record.
    ///
    /// # Errors
    /// See [`SyntaxError`].
    pub(super) fn parse(text: &str) -> Result<Self, SyntaxError> {
        if !text.is_ascii() {
            return Err(SyntaxError::NotAscii);
        }
        let terms = text.get(VERSION.len()..).unwrap_or_default();
        let mut record = Self { directives: Vec::new(), redirect: None, explanation: None };
        for term in terms.split(' ').filter(|term| !term.is_empty()) {
            record.add(term)?;
        }
        Ok(record)
    }

    fn add(&mut self, term: &str) -> Result<(), SyntaxError> {
        let wrong = || SyntaxError::Term(term.chars().take(80).collect());
        let Some((name, value)) = modifier(term) else {
            self.directives.push(directive(term).ok_or_else(wrong)?);
            return Ok(());
        };
        let (slot, key) = match name.to_ascii_lowercase().as_str() {
            "redirect" => (&mut self.redirect, "redirect"),
            "exp" => (&mut self.explanation, "exp"),
            // Others are ignored, but must be well-formed.
            _ => return MacroString::parse(value).map(|_| ()).ok_or_else(wrong),
        };
        if slot.is_some() {
            return Err(SyntaxError::Twice(key));
        }
        *slot = Some(DomainSpec::parse(value).ok_or_else(wrong)?);
        Ok(())
    }
}

/// `name=value`, if the name is one of a modifier.
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    is_name.then_some((name, value))
}

fn directive(term: &str) -> Option<Directive> {
    let (qualifier, rest) = match term.as_bytes().first()? {
        b'+' => (AuthResult::Pass, term.get(1..)?),
        b'-' => (AuthResult::Fail, term.get(1..)?),
        b'~' => (AuthResult::Softfail, term.get(1..)?),
        b'?' => (AuthResult::Neutral, term.get(1..)?),
        _ => (AuthResult::Pass, term),
    };
    Some(Directive { qualifier, mechanism: mechanism(rest)?, term: term.to_owned() })
}

fn mechanism(text: &str) -> Option<Mechanism> {
    let end = text.find([':', '/']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let value = rest.strip_prefix(':');
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(DomainSpec::parse(value?)?),
        "exists" => Mechanism::Exists(DomainSpec::parse(value?)?),
        "ptr" if rest.is_empty() => Mechanism::Ptr(None),
        "ptr" => Mechanism::Ptr(Some(DomainSpec::parse(value?)?)),
        "ip4" => Mechanism::Ip4(ip4(value?)?),
        "ip6" => Mechanism::Ip6(ip6(value?)?),
        "a" => {
            let (domain, prefixes) = domain_and_prefixes(rest)?;
            Mechanism::A(domain, prefixes)
        }
        "mx" => {
            let (domain, prefixes) = domain_and_prefixes(rest)?;
            Mechanism::Mx(domain, prefixes)
        }
        _ => return None,
    };
    Some(mechanism)
}

/// `[":" domain-spec] ["/" bits] ["//" bits]`
fn domain_and_prefixes(text: &str) -> Option<(Option<DomainSpec>, Prefixes)> {
    let (text, v6) = match text.rsplit_once("//") {
        Some((before, bits)) if is_number(bits) => (before, prefix(bits, 128)?),
        _ => (text, 128),
    };
    let (text, v4) = match text.rsplit_once('/') {
        Some((before, bits)) if is_number(bits) => (before, prefix(bits, 32)?),
        _ => (text, 32),
    };
    let prefixes = Prefixes { v4, v6 };
    if text.is_empty() {
        return Some((None, prefixes));
    }
    Some((Some(DomainSpec::parse(text.strip_prefix(':')?)?), prefixes))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of bits without leading zeros.
fn prefix(bits: &str, most: u8) -> Option<u8> {
    let is_plain = is_number(bits) && (bits.len() == 1 || !bits.starts_with('0'));
    let bits = bits.parse().ok().filter(|_| is_plain)?;
    (bits <= most).then_some(bits)
}

fn ip4(text: &str) -> Option<Ipv4Net> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "32"));
    Ipv4Net::new(address.parse().ok()?, prefix(bits, 32)?).ok()
}

fn ip6(text: &str) -> Option<Ipv6Net> {
    let (address, bits) = text.split_once('/').unwrap_or((text, "128"));
    Ipv6Net::new(address.parse().ok()?, prefix(bits, 128)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records_are_told_by_their_version() {
        for (text, is) in [
            ("v=spf1", true),
            ("V=SPF1 -all", true),
            ("v=spf1-all", false),
            ("v=spf10", false),
            ("v=spf1\t-all", false),
            (" v=spf1", false),
            ("v=sp\u{fffd}1 -all", false),
            ("", false),
        ] {
            assert_eq!(is_record(text), is, "{text}");
        }
    }

    #[test]
    fn one_bad_term_spoils_a_record() {
        for (terms, good) in [
            ("-all", true),
            ("  mx   ~ALL ", true),
            ("a/24//64 mx:%{d2}//48 ptr:example.org exists:%{ir}.example.org", true),
            ("a:example.org/0 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::ffff:1.2.3.4", true),
            ("exp=%{l}.example.org redirect=example.org moo=anything%20", false),
            ("moo=%{l}%_%%%- x.y=", true),
            ("all:x", false),
            ("include", false),
            ("include:", false),
            ("include:example.org/24", false),
            ("a:", false),
            ("a/", false),
            ("a/33", false),
            ("a/024", false),
            ("a//129", false),
            ("a:example.org/24/", false),
            ("a:example.12", false),
            ("a:example", false),
            ("ip4:192.0.2", false),
            ("ip4:192.0.2.1/33", false),
            ("ip4:192.0.02.1", false),
            ("ip6:192.0.2.1", false),
            ("exp=example.org exp=example.org", false),
            ("redirect=", false),
            ("a:%{x}", false),
            ("a:%{d0}", false),
            ("a:%{d", false),
            ("a:example.org\tmx", false),
            ("naïve", false),
            ("--all", false),
            ("=x", false),
        ] {
            let record = Record::parse(&format!("v=spf1 {terms}"));
            assert_eq!(record.is_ok(), good, "{terms}: {record:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(v=spf1)?.{0,60}", term in "[-+~?]?(a|mx|ip4|ip6|ptr|exp|exists)[:=/][%{}a-z0-9./:]{0,20}") {
            let _ = is_record(&text);
            let _ = Record::parse(&text);
            let _ = Record::parse(&format!("v=spf1 {term}"));
        }
    }
}
