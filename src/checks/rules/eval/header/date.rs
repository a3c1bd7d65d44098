//! Dates (RFC 5322, section 3.3), read with more tolerance than the RFC has.

/// Seconds since 1970, and differences of them.
pub(super) type Seconds = i64;

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
    let time = words.iter().position(is_time).map(|at| words.remove(at));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `dates.tsv`: dates and what SpamAssassin 4.0.1 makes of them.
    #[test]
    fn dates_are_read_as_by_spamassassin() {
        for line in include_str!("dates.tsv").lines() {
            let (date, seconds) = line.split_once('\t').unwrap();
            let read = parse(date).map_or("-".to_owned(), |seconds| seconds.to_string());
            assert_eq!(read, seconds, "{date}");
        }
    }

    #[test]
    fn any_text_may_be_a_date() {
        for text in
            ["Jan ".repeat(5_000), "1 Jan 99999999999999999999 ".repeat(99), "1 Jan 1".repeat(9)]
        {
            let _ = parse(&text);
        }
    }
}
