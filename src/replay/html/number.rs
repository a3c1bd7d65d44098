//! Numbers for people. Between a number and its unit stands a space that does not break.

use crate::replay::{Interval, percent};

/// Where there is no number.
pub(super) const NONE: &str = "–";

/// In groups of three digits: `150,000`.
pub(super) fn count(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// With its sign: `+3`, `-1,200`, `0`.
pub(super) fn change(change: i64) -> String {
    let sign = match change {
        1.. => "+",
        0 => "",
        _ => "-",
    };
    let size = usize::try_from(change.unsigned_abs()).unwrap_or(usize::MAX);
    format!("{sign}{}", count(size))
}

/// A share in percent, with two decimals.
pub(super) fn share(part: usize, of: usize) -> String {
    if of == 0 { NONE.to_owned() } else { rough(percent(part, of)) }
}

/// A percentage with two decimals.
pub(super) fn rough(percent: f64) -> String {
    format!("{percent:.2}\u{a0}%")
}

/// A percentage with four decimals.
pub(super) fn fine(percent: Option<f64>) -> String {
    percent.map_or_else(|| NONE.to_owned(), |percent| format!("{percent:.4}\u{a0}%"))
}

/// The bounds of a percentage.
pub(super) fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(|| NONE.to_owned(), |[low, high]| format!("{low:.4} to {high:.4}"))
}

/// The score of a message.
pub(super) fn score(score: f64) -> String {
    // Adding zero makes -0 a 0.
    format!("{:.3}", (score * 1e3).round() / 1e3 + 0.0)
}

/// Milliseconds, with three digits that matter.
pub(super) fn millis(millis: f64) -> String {
    let decimals = match millis {
        _ if millis >= 100.0 => 0,
        _ if millis >= 10.0 => 1,
        _ if millis >= 1.0 => 2,
        _ => 3,
    };
    format!("{millis:.decimals$}\u{a0}ms")
}

/// Whole microseconds, which are never negative.
pub(super) fn micros(micros: f64) -> String {
    format!("{}\u{a0}µs", count(micros.round() as usize))
}

/// Bytes as mebibytes.
pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{:.1}\u{a0}MiB", bytes as f64 / f64::from(1 << 20))
}

/// A number as short as it can be said with six decimals.
pub(super) fn short(number: f64) -> String {
    ((number * 1e6).round() / 1e6 + 0.0).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [(1200, "+1,200"), (0, "0"), (-5, "-5")] {
            assert_eq!(change(number), text);
        }
        for (number, text) in [(0.1 + 0.2, "0.3"), (-1e-9, "0"), (40.0, "40")] {
            assert_eq!(short(number), text);
        }
        for (number, text) in [(0.0123, "0.012"), (1.5, "1.50"), (12.34, "12.3"), (1234.5, "1234")]
        {
            assert_eq!(millis(number), format!("{text}\u{a0}ms"));
        }
        assert_eq!((score(-1e-9), score(5.0006)), ("0.000".to_owned(), "5.001".to_owned()));
        assert_eq!((share(1, 8).as_str(), share(0, 0).as_str()), ("12.50\u{a0}%", NONE));
    }
}
