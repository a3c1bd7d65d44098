//! `uri_detail`: several conditions that one and the same URI must meet (URIDetail).

use super::{
    hits::Hits,
    language::{comparison, readable},
    pattern::{self, LimitExceeded, Matcher, Pattern, PatternError},
    scene::Scene,
};
use crate::{mail::Uri, verdict::Evidence};

/// What a rule asks of one URI.
#[derive(Debug)]
pub(super) struct UriDetail(Vec<Condition>);

/// A condition; of several values one must meet it.
#[derive(Debug)]
struct Condition {
    of: Detail,
    matcher: Matcher,
    negated: bool,
}

/// What is known of a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// `raw`: as it stands in the message.
    Raw,
    /// `type`: in what it stands: `a`, `img`, `parsed` …
    Type,
    /// `cleaned`: as it stands and in canonical forms.
    Cleaned,
    /// `text`: the text of the link.
    Text,
    /// `domain`: the registered domain.
    Domain,
    /// `host`.
    Host,
}

/// Why a line is no such rule.
#[derive(Debug, thiserror::Error)]
pub(super) enum UriDetailError {
    /// Not `key =~ /…/` one behind the other.
    #[error("`uri_detail` needs conditions like `text =~ /…/`")]
    Form,
    /// Something unknown in front of `=~`.
    #[error("`{0}` is nothing that a URI has (raw, type, cleaned, text, domain, host)")]
    Key(String),
    /// A pattern.
    #[error(transparent)]
    Pattern(#[from] PatternError),
}

impl UriDetail {
    /// Reads what stands behind the rule's name. Of several conditions for one detail the last
    /// counts.
    ///
    /// # Errors
    /// Not of the right form.
    pub(super) fn parse(text: &str) -> Result<Self, UriDetailError> {
        let mut conditions: Vec<Condition> = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (condition, behind) = condition(rest)?;
            conditions.retain(|earlier| earlier.of != condition.of);
            conditions.push(condition);
            rest = behind.trim_start();
        }
        if conditions.is_empty() { Err(UriDetailError::Form) } else { Ok(Self(conditions)) }
    }

    /// Whether a URI meets all conditions; `values` knows it.
    ///
    /// # Errors
    /// A pattern was given up.
    pub(super) fn holds<'u>(
        &self,
        values: impl Fn(Detail) -> Vec<&'u str>,
    ) -> Result<bool, LimitExceeded> {
        for Condition { of, matcher, negated } in &self.0 {
            let mut met = false;
            for value in values(*of) {
                met = matcher.try_is_match(value.as_bytes())? != *negated;
                if met {
                    break;
                }
            }
            if !met {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl UriDetail {
    /// What runs.
    pub(super) fn matchers(&self) -> impl Iterator<Item = &Matcher> {
        self.0.iter().map(|condition| &condition.matcher)
    }

    /// Runs the rule.
    pub(super) fn examine(&self, rule: u32, scene: &Scene<'_>, hits: &mut Hits) {
        for uri in &scene.uris().list {
            match self.holds(|of| values(uri, of)) {
                Ok(false) => continue,
                Ok(true) => {
                    hits.add(rule, 1);
                    hits.show(rule, Evidence::matched("uri", uri.uri.as_bytes()));
                }
                Err(LimitExceeded) => hits.give_up(rule),
            }
            break;
        }
    }
}

/// What is known of a URI.
fn values(uri: &Uri, of: Detail) -> Vec<&str> {
    fn texts(list: &[String]) -> Vec<&str> {
        list.iter().map(String::as_str).collect()
    }
    match of {
        Detail::Raw => vec![&uri.uri],
        Detail::Type => uri.types.iter().map(|of| of.as_str()).collect(),
        Detail::Cleaned => texts(&uri.cleaned),
        Detail::Text => texts(&uri.anchor_texts),
        Detail::Domain => texts(&uri.domains),
        Detail::Host => uri.hosts.iter().map(|(host, _)| host.as_str()).collect(),
    }
}

/// The first condition and what stands behind it.
fn condition(text: &str) -> Result<(Condition, &str), UriDetailError> {
    let (key, test) = comparison::subject(text).ok_or(UriDetailError::Form)?;
    let of = match key.trim_end() {
        "raw" => Detail::Raw,
        "type" => Detail::Type,
        "cleaned" => Detail::Cleaned,
        "text" => Detail::Text,
        "domain" => Detail::Domain,
        "host" => Detail::Host,
        other => return Err(UriDetailError::Key(readable(other))),
    };
    let (negated, pattern) = comparison::operator(test).ok_or(UriDetailError::Form)?;
    let pattern = pattern.trim_start();
    let end = pattern_end(pattern).ok_or(UriDetailError::Form)?;
    let (pattern, behind) = pattern.split_at_checked(end).ok_or(UriDetailError::Form)?;
    let matcher = Pattern::compile(pattern)?.matcher;
    Ok((Condition { of, matcher, negated }, behind))
}

/// Where a pattern ends: at the first delimiter that only flags and then a blank follow.
fn pattern_end(text: &str) -> Option<usize> {
    let body = if text.starts_with('/') { 0 } else { text.starts_with('m').then_some(1)? };
    let open = text.get(body..)?.chars().next()?;
    let close = pattern::closing(open);
    let start = body + open.len_utf8();
    text.get(start..)?.match_indices(close).find_map(|(at, _)| {
        let behind = text.get(start + at + close.len_utf8()..)?;
        let flags = behind.find(|c: char| !"imsx".contains(c)).unwrap_or(behind.len());
        let ends = behind.get(flags..)?.chars().next().is_none_or(char::is_whitespace);
        ends.then_some(start + at + close.len_utf8() + flags)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link: raw, type, cleaned, text, domain, host.
    fn values(of: Detail) -> Vec<&'static str> {
        match of {
            Detail::Raw => vec!["http://www.evil.example/%61"],
            Detail::Type => vec!["a"],
            Detail::Cleaned => vec!["http://www.evil.example/%61", "http://www.evil.example/a"],
            Detail::Text => vec!["https://bank.example", "click"],
            Detail::Domain => vec!["evil.example"],
            Detail::Host => Vec::new(),
        }
    }

    #[test]
    fn all_conditions_must_hold() {
        for (rule, expected) in [
            ("raw =~ /%61/", true),
            ("cleaned =~ m!example/a$!", true),
            ("text =~ /^https:/  cleaned !~ /^https:/", true),
            ("text =~ /CLICK/i domain =~ /^evil\\.example$/ type =~ /^a$/", true),
            ("text =~ /a/ domain =~ /x$/", false),
            ("raw !~ /evil/", false),
            ("cleaned !~ /%61/", true),
            ("host !~ /x/", false),
            ("text=~/click/ text =~ /none/", false),
            ("raw =~ /evil.example\\/%6/", true),
        ] {
            assert_eq!(UriDetail::parse(rule).unwrap().holds(values), Ok(expected), "{rule}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for rule in ["", "raw", "raw = /x/", "raw =~ x", "path =~ /x/", "raw =~ /(/", "raw =~ /x/q"]
        {
            assert!(UriDetail::parse(rule).is_err(), "{rule}");
        }
    }
}
