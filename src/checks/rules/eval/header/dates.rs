//! Dates: what the message says of itself, and what its Received fields say.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{
    super::{
        super::{conf::Conf, scene::Scene},
        Arguments, CallError, Question,
    },
    date::{Seconds, parse},
};

/// What the dates of a message tell.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super::super) struct Dates {
    /// How far the message's own date is from the nearest of its Received fields; above 0 if it is
    /// later. 0 where there is nothing to compare.
    shift: Seconds,
    /// When the message was received, as far as anything tells.
    received: Option<Seconds>,
}

/// `check_for_shifted_date(least, below)`, in hours; either may be `undef`.
pub(super) fn shifted(arguments: &Arguments, _: &Conf) -> Result<Question, CallError> {
    let hours = |hours: f64| hours * 3_600.0;
    let (least, below) = (arguments.number(1)?.map(hours), arguments.number(2)?.map(hours));
    Ok(Question::yes_no(move |scene| {
        let shift = scene.dates().shift as f64;
        least.is_none_or(|least| shift >= least) && below.is_none_or(|below| shift < below)
    }))
}

/// `received_within_months(least, below)`: how long ago; either may be `undef`.
pub(super) fn within_months(arguments: &Arguments, _: &Conf) -> Result<Question, CallError> {
    /// A Gregorian year has 365.2425 days.
    const MONTH: f64 = 365.2425 * 86_400.0 / 12.0;
    let (least, below) = (arguments.number::<f64>(1)?, arguments.number::<f64>(2)?);
    Ok(Question::yes_no(move |scene| {
        let age = (now(scene) - scene.dates().received.unwrap_or(0)) as f64;
        least.is_none_or(|least| age >= least * MONTH)
            && below.is_none_or(|below| age < below * MONTH)
    }))
}

/// When the message came: now, unless it is judged once more.
fn now(scene: &Scene<'_>) -> Seconds {
    let since = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let now = scene.case.envelope.arrived.unwrap_or_else(since);
    Seconds::try_from(now).unwrap_or(Seconds::MAX)
}

impl Dates {
    /// Reads them from a header.
    pub(in super::super::super) fn of(scene: &Scene<'_>) -> Self {
        let date = ["resent-date", "date"]
            .into_iter()
            .find_map(|name| scene.headers.named(name).find_map(|field| parse(field.decoded())));
        let trace = Trace::of(scene.headers.joined("received"), now(scene));
        let nearest = date.and_then(|date| nearest(date, &trace.times));
        let mut possible: Vec<Seconds> =
            [date, trace.times.first().copied(), trace.fetched].into_iter().flatten().collect();
        if let Some(date) = date.filter(|_| !trace.times.is_empty()) {
            possible.push(date - nearest.unwrap_or(0));
        }
        possible.sort_unstable_by(|a, b| b.cmp(a));
        let middle = possible.len().saturating_sub(1) / 2;
        Self { shift: nearest.unwrap_or(0), received: possible.get(middle).copied() }
    }
}

/// The smallest difference, without that of the oldest field if it is none: the same program wrote
/// both.
fn nearest(date: Seconds, times: &[Seconds]) -> Option<Seconds> {
    let mut differences: Vec<Seconds> = times.iter().map(|time| date - time).collect();
    if differences.len() > 1 && differences.last() == Some(&0) {
        differences.pop();
    }
    differences.into_iter().min_by_key(|difference| difference.abs())
}

/// What the Received fields tell of time.
struct Trace {
    /// Newest first.
    times: Vec<Seconds>,
    /// When a mail fetcher got the message.
    fetched: Option<Seconds>,
}

impl Trace {
    fn of(joined: &str, now: Seconds) -> Self {
        let mut lines: Vec<&str> =
            joined.split('\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        let local = take_fetched(&mut lines);
        let fetched =
            local.iter().filter_map(|line| parse(date_in(line)?)).filter(|time| *time <= now);
        Self {
            fetched: fetched.max(),
            times: lines.iter().filter_map(|line| parse(date_in(line)?)).collect(),
        }
    }
}

/// Takes the lines of a mail fetcher from the top: its own, and that of the machine it runs on.
fn take_fetched<'l>(lines: &mut Vec<&'l str>) -> Vec<&'l str> {
    let is_local =
        |line: &&str| is_from_here(line) || has_numbered(line, "qmail ", " invoked by uid ");
    let has_local = lines.first().is_some_and(is_local);
    let at = usize::from(has_local);
    let is_fetched = lines.get(at).is_some_and(|line| is_fetchmail(line));
    if is_fetched { lines.drain(..=at).collect() } else { Vec::new() }
}

/// `from localhost `, or one or two words and then a word that ends in `127.0.0.1`.
fn is_from_here(line: &str) -> bool {
    let froms = line.match_indices("from ").filter(|(at, _)| is_edge(line, *at));
    froms.into_iter().any(|(at, from)| {
        let rest = line.get(at + from.len()..).unwrap_or_default();
        let is_localhost = rest
            .strip_prefix("localhost")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()));
        let words = rest.split(' ').take(3).take_while(|word| !word.is_empty()).skip(1);
        is_localhost || words.into_iter().any(has_loopback)
    })
}

fn has_loopback(word: &str) -> bool {
    let address = "127.0.0.1";
    let mut found = word.match_indices(address).map(|(at, _)| at);
    found.any(|at| is_edge(word, at) && is_edge(word, at + address.len()))
}

/// Whether a word begins or ends at this place (`\b`).
fn is_edge(text: &str, at: usize) -> bool {
    let is_word = |at: Option<usize>| {
        let byte = at.and_then(|at| text.as_bytes().get(at));
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    is_word(at.checked_sub(1)) != is_word(Some(at))
}

/// `qmail 123 invoked by uid 4`
fn has_numbered(line: &str, before: &'static str, behind: &str) -> bool {
    line.match_indices(before).any(|(at, before)| {
        let rest = line.get(at + before.len()..).unwrap_or_default();
        let rest_behind = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = rest_behind.strip_prefix(behind);
        rest_behind.len() < rest.len()
            && number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// `by localhost with IMAP (fetchmail-6.2`
fn is_fetchmail(line: &str) -> bool {
    let by = "by localhost with ";
    line.match_indices(by).filter(|(at, _)| is_edge(line, *at)).any(|(at, _)| {
        let rest = line.get(at + by.len()..).unwrap_or_default();
        let Some((protocol, rest)) = rest.split_once(" (fetchmail-") else { return false };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        !protocol.is_empty()
            && protocol.chars().all(is_word)
            && rest.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    })
}

/// The date in a Received field: `; Tue, 4 Mar 2025 10:12:00 +0100`, without the day's name.
fn date_in(line: &str) -> Option<&str> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_time = |text: &str| text.split(':').count() == 3 && text.split(':').all(is_number);
    let is_blank = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
    let starts_with_digit = |text: &str| text.bytes().next().is_some_and(|b| b.is_ascii_digit());
    let blanks = line.bytes().enumerate().filter(|(_, byte)| is_blank(char::from(*byte)));
    for (at, _) in blanks {
        let rest = line.get(at + 1..)?;
        let rest = if starts_with_digit(rest) { rest } else { one_less(rest) };
        if !starts_with_digit(rest) {
            continue;
        }
        let mut words = rest.splitn(6, ' ');
        let (day, month, year, time, zone) =
            (words.next()?, words.next(), words.next(), words.next(), words.next());
        let zone = zone.map(|zone| zone.split(is_blank).next().unwrap_or_default());
        let fits = is_number(day)
            && month.is_some_and(|month| month.len() == 3 && !month.contains(is_blank))
            && year.is_some_and(is_number)
            && time.is_some_and(is_time)
            && zone.is_some_and(|zone| !zone.is_empty());
        if fits {
            let end = [Some(day), month, year, time, zone];
            let length: usize = end.into_iter().flatten().map(|word| word.len() + 1).sum();
            return rest.get(..length - 1);
        }
    }
    None
}

/// A text without its first character.
fn one_less(text: &str) -> &str {
    let mut characters = text.chars();
    characters.next();
    characters.as_str()
}
