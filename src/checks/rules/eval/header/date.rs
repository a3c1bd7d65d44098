//! Dates: what the message says of itself, and what its Received fields say.

use std::time::{SystemTime, UNIX_EPOCH};

use super::super::{
    super::{conf::Conf, scene::Scene},
    Arguments, CallError, Question,
};

/// Seconds since 1970, and differences of them.
type Seconds = i64;

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
        let age = (now() - scene.dates().received.unwrap_or(0)) as f64;
        least.is_none_or(|least| age >= least * MONTH)
            && below.is_none_or(|below| age < below * MONTH)
    }))
}

fn now() -> Seconds {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Seconds::try_from(now.as_secs()).unwrap_or(Seconds::MAX)
}

impl Dates {
    /// Reads them from a header.
    pub(in super::super::super) fn of(scene: &Scene<'_>) -> Self {
        let date = ["resent-date", "date"]
            .into_iter()
            .find_map(|name| scene.headers.named(name).find_map(|field| parse(field.decoded())));
        let joined = scene.headers.joined("received");
        let trace = Trace::of(&joined);
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
    fn of(joined: &str) -> Self {
        let mut lines: Vec<&str> =
            joined.split('\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        let local = take_fetched(&mut lines);
        let now = now();
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
    // Found by its rarest part, the month with numbers around it.
    let mut from = 0;
    while let Some(at) = line.get(from..)?.find(is_blank).map(|at| from + at) {
        from = at + 1;
        let rest = line.get(from..)?;
        let rest =
            if rest.starts_with(|c: char| c.is_ascii_digit()) { rest } else { one_less(rest) };
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

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Names of time zones and how many minutes they are ahead of UTC: those of RFC 5322, section 4.3,
/// and the usual ones; where a name is used twice, the more common zone.
const ZONES: [(&str, i64); 49] = [
    ("UT", 0),
    ("UTC", 0),
    ("NDT", -150),
    ("AST", -240),
    ("ADT", -180),
    ("NST", -210),
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
    ("HST", -600),
    ("AKST", -540),
    ("AKDT", -480),
    ("HADT", -540),
    ("HAST", -600),
    ("GMT", 0),
    ("BST", 60),
    ("IST", 60),
    ("WET", 0),
    ("WEST", 60),
    ("CET", 60),
    ("CEST", 120),
    ("EET", 120),
    ("EEST", 180),
    ("MSK", 180),
    ("MSD", 240),
    ("MET", 60),
    ("MEZ", 60),
    ("MEST", 120),
    ("MESZ", 120),
    ("BRST", -120),
    ("BRT", -180),
    ("AEST", 600),
    ("AEDT", 660),
    ("ACST", 570),
    ("ACDT", 630),
    ("AWST", 480),
    ("NZST", 720),
    ("NZDT", 780),
    ("JST", 540),
    ("KST", 540),
    ("HKT", 480),
    ("SGT", 480),
    ("PHT", 480),
    ("IDT", 180),
];

/// The years that are believed; others are taken for the nearest of them.
const YEARS: std::ops::RangeInclusive<i64> = 1970..=2037;

/// Reads a date (RFC 5322, section 3.3) wherever its parts stand: day, month and year together, the
/// time, the zone. What is too large is made to fit; a zone nobody knows is UTC.
pub(super) fn parse(text: &str) -> Option<Seconds> {
    let is_between = |c: char| matches!(c, ' ' | ',' | '\t'..='\r');
    let mut words: Vec<&str> = text.split(is_between).filter(|word| !word.is_empty()).collect();
    let (day, month, year) = take_day(&mut words)?;
    let time = words.iter().position(|word| is_time(word)).map(|at| words.remove(at));
    let mut time = time.unwrap_or_default().split(':').map(|part| part.parse::<i64>().unwrap_or(0));
    let mut next = |most: i64| time.next().unwrap_or(0).min(most);
    let (hour, minute, second) = (next(23), next(59), next(59));
    let (day, month, year) = fitting(day, month, year);
    let days = days_since_1970(day, month, year)?;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    let ahead = zone(&words) * 60;
    Some(if ahead > 0 { (seconds - ahead).max(0) } else { seconds - ahead })
}

/// The day, the month from 1, the year with its century.
fn take_day(words: &mut Vec<&str>) -> Option<(i64, i64, i64)> {
    let number = |word: Option<&&str>| {
        let word = word?;
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| word.parse().unwrap_or(i64::from(i32::MAX)))
    };
    let month = |word: Option<&&str>| {
        let word = word?;
        let at = MONTHS.iter().position(|month| month.eq_ignore_ascii_case(word))?;
        i64::try_from(at + 1).ok()
    };
    let of_length = |at: usize, lengths: std::ops::RangeInclusive<usize>| {
        words.get(at).filter(|word| lengths.contains(&word.len()))
    };
    let usual = |at: usize, lengths| {
        let day = number(words.get(at))?;
        let year = number(of_length(at + 2, lengths))?;
        Some((at, 3, (day, month(words.get(at + 1))?, year)))
    };
    // As `date` prints it, the time between: that is lost then, as in SpamAssassin.
    let unusual = |at: usize| {
        let day = number(words.get(at + 1))?;
        let is_time = words
            .get(at + 2)?
            .split(':')
            .map(|part| number(Some(&part)))
            .collect::<Option<Vec<_>>>();
        is_time.filter(|parts| parts.len() == 3)?;
        Some((at, 4, (day, month(words.get(at))?, number(of_length(at + 3, 4..=4))?)))
    };
    let places = 0..words.len();
    let found = places.clone().find_map(|at| usual(at, 4..=4));
    let found = found.or_else(|| places.clone().find_map(unusual));
    let (at, length, (day, month, year)) =
        found.or_else(|| places.clone().find_map(|at| usual(at, 2..=3)))?;
    let written = words.get(at + length - 1).map_or(0, |year| year.len());
    words.drain(at..at + length);
    let year = match written {
        2 if year < 50 => year + 2000,
        4 => year,
        _ => year + 1900,
    };
    Some((day, month, year))
}

/// `9:05` or `09:05:30`
fn is_time(word: &&str) -> bool {
    let parts: Vec<&str> = word.split(':').collect();
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    parts.iter().all(is_number) && matches!(lengths.as_slice(), [1 | 2, 2] | [1 | 2, 2, 2])
}

/// A date that exists: a day that its month does not have is the first of the next one.
fn fitting(day: i64, month: i64, year: i64) -> (i64, i64, i64) {
    let (day, month, year) = match (day > days_in(month, year), month) {
        (true, 12) => (1, 1, year + 1),
        (true, _) => (1, month + 1, year),
        (false, _) => (day, month, year),
    };
    (day, month, year.clamp(*YEARS.start(), *YEARS.end()))
}

fn days_in(month: i64, year: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

fn days_since_1970(day: i64, month: i64, year: i64) -> Option<i64> {
    if !(1..=days_in(month, year)).contains(&day) {
        return None;
    }
    let years: i64 = (1970..year).map(|year| 337 + days_in(2, year)).sum();
    let months: i64 = (1..month).map(|month| days_in(month, year)).sum();
    Some(years + months + day - 1)
}

/// How many minutes the zone is ahead of UTC.
fn zone(words: &[&str]) -> i64 {
    let numeric = words.iter().find_map(|word| {
        let sign = match word.bytes().next()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let digits = word.get(1..).filter(|digits| digits.len() == 4)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let (hours, minutes) = digits.split_at_checked(2)?;
        is_number.then_some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?))
    });
    numeric.or_else(|| named_zone(words)).unwrap_or(0)
}

/// The first word of two to four capitals, if it names a zone.
fn named_zone(words: &[&str]) -> Option<i64> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let parts = words.iter().flat_map(|word| word.split(|c| !is_word(c)));
    let is_name = |part: &&str| {
        (2..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let name = parts.into_iter().find(is_name)?;
    ZONES.iter().find(|(zone, _)| *zone == name).map(|(_, minutes)| *minutes)
}
