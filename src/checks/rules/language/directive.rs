//! What one line says.

use super::{
    super::{
        eval::{Call, CallError},
        expression::{Expression, ExpressionError, Operand, Term},
        mime_header::{MimeHeader, MimeHeaderError},
        network::{self, AnswerError, Asked},
        pattern::{Pattern, PatternError},
        text::{HeaderQuery, QueryError},
        uri_detail::{UriDetail, UriDetailError},
    },
    Line, bytes_of, comparison,
    flags::Flags,
    known::{self, Known},
    readable,
};
use crate::verdict::{Points, PointsError};

/// What a line says.
#[derive(Debug)]
pub(in super::super) enum Directive {
    /// A rule: its name and what it tests.
    Rule {
        /// Its name.
        name: String,
        /// Its question.
        test: Test,
    },
    /// A rule this engine cannot run yet.
    LeftOut {
        /// Its name.
        name: String,
        /// What it would need.
        needs: String,
    },
    /// `score`.
    Score {
        /// The rule.
        name: String,
        /// For the four score sets: neither network nor Bayes, network, Bayes, both.
        scores: [Points; 4],
        /// Whether they are added to what was set before.
        relative: bool,
    },
    /// `describe`.
    Describe {
        /// The rule.
        name: String,
        /// For people.
        text: String,
    },
    /// `tflags`.
    Flags {
        /// The rule.
        name: String,
        /// As far as they matter here.
        flags: Flags,
    },
    /// Something else: an option of the set or of one of its parts.
    Setting,
    /// `priority`.
    Priority {
        /// The rule.
        name: String,
        /// Lower ones come first.
        priority: i64,
    },
    /// `include`: a path.
    Include(String),
    /// `loadplugin` or `tryplugin`: a Perl module.
    Plugin(String),
    /// `enable_compat`.
    Compatible(String),
}

/// The question of a rule.
#[derive(Debug)]
pub(in super::super) enum Test {
    /// `header`.
    Header {
        /// What is read.
        query: HeaderQuery,
        /// What is asked of it.
        test: HeaderTest,
    },
    /// `body`.
    Body(Pattern),
    /// `rawbody`.
    Rawbody(Pattern),
    /// `full`.
    Full(Pattern),
    /// `uri`.
    Uri(Pattern),
    /// A function is asked: `header NAME eval:…` and the like.
    Eval(Call),
    /// `mimeheader`.
    MimeHeader(MimeHeader),
    /// `uri_detail`.
    UriDetail(UriDetail),
    /// `askdns`: hits if whoever asks makes a finding of its name.
    Network(Asked),
    /// `meta`: the expression, of which only the form has been checked.
    Meta(String),
}

impl Test {
    /// The pattern, where there is one.
    pub(in super::super) fn pattern(&self) -> Option<&Pattern> {
        match self {
            Self::Body(pattern)
            | Self::Rawbody(pattern)
            | Self::Full(pattern)
            | Self::Uri(pattern)
            | Self::Header { test: HeaderTest::Matches { pattern, .. }, .. } => Some(pattern),
            _ => None,
        }
    }
}

impl Test {
    /// As [`pattern`](Self::pattern), to be changed.
    pub(in super::super) fn pattern_mut(&mut self) -> Option<&mut Pattern> {
        match self {
            Self::Body(pattern)
            | Self::Rawbody(pattern)
            | Self::Full(pattern)
            | Self::Uri(pattern)
            | Self::Header { test: HeaderTest::Matches { pattern, .. }, .. } => Some(pattern),
            _ => None,
        }
    }
}

/// What a header rule asks.
#[derive(Debug)]
pub(in super::super) enum HeaderTest {
    /// `exists:`.
    Exists,
    /// `=~` and `!~`.
    Matches {
        /// The pattern.
        pattern: Pattern,
        /// `!~`: a hit is that it does not match.
        negated: bool,
        /// `[if-unset: …]`: what is read if the header is missing.
        if_unset: Option<Vec<u8>>,
    },
}

/// What becomes of a directive that no part of the set knows.
///
/// # Errors
/// There is no such directive.
pub(in super::super) fn without_effect(key: &str) -> Result<(), LineError> {
    match known::directive(key) {
        Known::Unknown => Err(LineError::Unknown(shown(key))),
        Known::Rule | Known::WithoutEffect => Ok(()),
    }
}

/// What stands in a directive's place, for a complaint: it may be megabytes of anything.
fn shown(key: &str) -> String {
    const MOST: usize = 60;
    readable(key).chars().take(MOST).collect()
}

/// Why a line is left out.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum LineError {
    /// No such directive.
    #[error("unknown directive `{0}`")]
    Unknown(String),
    /// Something is missing.
    #[error("`{0}` needs {1}")]
    Missing(String, &'static str),
    /// Letters, digits and underscores make a name.
    #[error("`{0}` is not a rule name")]
    Name(String),
    /// Not a header that can be asked for.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A pattern that cannot be used.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// An expression that is none.
    #[error(transparent)]
    Expression(#[from] ExpressionError),
    /// A call that is none.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A `mimeheader` rule that is none.
    #[error(transparent)]
    MimeHeader(#[from] MimeHeaderError),
    /// A `uri_detail` rule that is none.
    #[error(transparent)]
    UriDetail(#[from] UriDetailError),
    /// A question that cannot be asked.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// A score that is no number.
    #[error(transparent)]
    Points(#[from] PointsError),
    /// One score or four.
    #[error("`score` takes one number or four, not {0}")]
    Scores(usize),
}

/// Reads one line.
///
/// # Errors
/// It says nothing that can be understood.
pub(in super::super) fn read(line: &Line) -> Result<Directive, LineError> {
    match line.key.as_str() {
        "header" | "body" | "rawbody" | "full" | "uri" | "meta" | "mimeheader" | "uri_detail"
        | "askdns" => rule(line).or_else(|error| {
            // Right in itself: whoever names the rule made no mistake.
            match (error, named(line, "")) {
                (LineError::Pattern(PatternError::Needs(needs)), Ok((name, _))) => {
                    Ok(Directive::LeftOut { name, needs: needs.to_owned() })
                }
                (error, _) => Err(error),
            }
        }),
        "rbl" => left_out(line),
        "score" => score(line),
        "describe" => describe(line),
        "tflags" => flags(line),
        "priority" => priority(line),
        "include" => Ok(Directive::Include(whole(line, "a file")?)),
        "loadplugin" | "tryplugin" => {
            let module = whole(line, "a plugin")?;
            let module = module.split_whitespace().next().unwrap_or_default();
            Ok(Directive::Plugin(module.to_owned()))
        }
        "enable_compat" => Ok(Directive::Compatible(whole(line, "the name of a feature")?)),
        key => match known::directive(key) {
            Known::Rule => left_out(line),
            Known::WithoutEffect | Known::Unknown => Ok(Directive::Setting),
        },
    }
}

/// The first word, checked to be a rule's name, and the rest.
fn named<'l>(line: &'l Line, what: &'static str) -> Result<(String, &'l str), LineError> {
    const LONGEST: usize = 100;
    let value = line.value.as_str();
    let (name, rest) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
    if name.is_empty() {
        return Err(LineError::Missing(line.key.clone(), "a rule name"));
    }
    let well_formed = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.len() <= LONGEST;
    if !well_formed {
        return Err(LineError::Name(readable(name)));
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Err(LineError::Missing(line.key.clone(), what));
    }
    Ok((name.to_owned(), rest))
}

fn left_out(line: &Line) -> Result<Directive, LineError> {
    let (name, _) = named(line, "something behind the name")?;
    Ok(Directive::LeftOut { name, needs: format!("`{}` rules", line.key) })
}

fn rule(line: &Line) -> Result<Directive, LineError> {
    let (name, rest) = named(line, "a test behind the name")?;
    let eval = rest.strip_prefix("rbl").unwrap_or(rest).strip_prefix("eval:");
    if let (Some(call), "header" | "body" | "rawbody" | "full") = (eval, line.key.as_str()) {
        return Ok(Directive::Rule { name, test: Test::Eval(Call::parse(call)?) });
    }
    let test = match line.key.as_str() {
        "header" => return header(name, rest),
        "body" => Test::Body(Pattern::compile(rest)?),
        "rawbody" => Test::Rawbody(Pattern::compile(rest)?),
        "full" => Test::Full(Pattern::compile(rest)?),
        "uri" => Test::Uri(Pattern::compile(rest)?),
        "mimeheader" => Test::MimeHeader(MimeHeader::parse(rest)?),
        "uri_detail" => Test::UriDetail(UriDetail::parse(rest)?),
        "askdns" => Test::Network(network::askdns(rest)?),
        _ => {
            Expression::parse(rest, &mut |term| match term {
                Term::Call { function, .. } if function != "rules_matching" => {
                    Err(format!("unknown function `{function}`"))
                }
                _ => Ok(Operand::Number(0.0)),
            })?;
            Test::Meta(rest.to_owned())
        }
    };
    Ok(Directive::Rule { name, test })
}

fn header(name: String, rest: &str) -> Result<Directive, LineError> {
    let (query, test) = match rest.strip_prefix("exists:") {
        Some(header) => (header.trim_end_matches(':'), None),
        None => {
            let missing = || LineError::Missing("header".to_owned(), "`=~` or `!~`");
            let (header, test) = comparison::subject(rest).ok_or_else(missing)?;
            (header.trim_end().trim_end_matches(':'), Some(test))
        }
    };
    let query = HeaderQuery::parse(query)?;
    let test = test.map_or(Ok(HeaderTest::Exists), header_match)?;
    Ok(Directive::Rule { name, test: Test::Header { query, test } })
}

fn header_match(test: &str) -> Result<HeaderTest, LineError> {
    let missing = || LineError::Missing("header".to_owned(), "`=~` or `!~`");
    let (negated, pattern) = comparison::operator(test).ok_or_else(missing)?;
    let (pattern, if_unset) = comparison::if_unset(pattern);
    let pattern = Pattern::compile(pattern.trim())?;
    Ok(HeaderTest::Matches { pattern, negated, if_unset: if_unset.map(bytes_of) })
}

fn score(line: &Line) -> Result<Directive, LineError> {
    let (name, rest) = named(line, "a score")?;
    let mut relative = false;
    let mut scores = Vec::new();
    for word in rest.split_whitespace() {
        let bare = word.strip_prefix('(').and_then(|word| word.strip_suffix(')'));
        relative |= bare.is_some();
        scores.push(points(bare.unwrap_or(word))?);
    }
    let scores = match *scores.as_slice() {
        [one] => [one; 4],
        [a, b, c, d] => [a, b, c, d],
        _ => return Err(LineError::Scores(scores.len())),
    };
    Ok(Directive::Score { name, scores, relative })
}

/// A plain decimal number: `inf`, `1e9` and the like are no scores.
fn points(word: &str) -> Result<Points, PointsError> {
    let plain = word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    if plain { word.parse() } else { Err(PointsError::NotANumber(readable(word))) }
}

fn describe(line: &Line) -> Result<Directive, LineError> {
    let (name, rest) = named(line, "a description")?;
    Ok(Directive::Describe { name, text: readable(rest) })
}

fn flags(line: &Line) -> Result<Directive, LineError> {
    let (name, rest) = named(line, "flags")?;
    Ok(Directive::Flags { name, flags: Flags::parse(rest) })
}

fn priority(line: &Line) -> Result<Directive, LineError> {
    let (name, rest) = named(line, "a whole number")?;
    match rest.parse() {
        Ok(priority) => Ok(Directive::Priority { name, priority }),
        Err(_) => Err(LineError::Missing(line.key.clone(), "a whole number")),
    }
}

/// The whole value of a directive that needs one.
fn whole(line: &Line, what: &'static str) -> Result<String, LineError> {
    match line.value.as_str() {
        "" => Err(LineError::Missing(line.key.clone(), what)),
        value => Ok(value.to_owned()),
    }
}
