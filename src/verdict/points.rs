//! Points: what a finding weighs.
//!
//! Fixed-point millionths, so that a score is *exactly* the sum of its findings whatever their
//! order. SpamAssassin writes scores with at most four decimals; six leave room.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MICROS: i64 = 1_000_000;
/// More than any sane score, little enough that ten thousand of them add up without overflow.
const LIMIT: i64 = 100_000_000 * MICROS;

/// A weight or a score. The unit is the point of SpamAssassin: spam from 5.0 by convention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(i64);

/// Why a text or number is not a number of points.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Not a decimal number.
    #[error("`{0}` is not a number of points (expected something like 2.5 or -0.1)")]
    NotANumber(String),
    /// Outside plus or minus one hundred million points.
    #[error("{0} points are out of range (at most 100000000 either way)")]
    OutOfRange(String),
}

impl Points {
    /// No points.
    pub const ZERO: Self = Self(0);

    /// The given number of millionths of a point.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Millionths of a point.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The nearest floating-point number, for people and JSON; never for sums.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / MICROS as f64
    }

    /// Rounds to millionths of a point.
    ///
    /// # Errors
    /// Not finite, or beyond plus or minus one hundred million.
    pub fn from_f64(value: f64) -> Result<Self, PointsError> {
        if !value.is_finite() {
            return Err(PointsError::NotANumber(value.to_string()));
        }
        let micros = (value * MICROS as f64).round();
        if micros.abs() > LIMIT as f64 {
            return Err(PointsError::OutOfRange(value.to_string()));
        }
        Ok(Self(micros as i64))
    }
}

impl FromStr for Points {
    type Err = PointsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let value = text.parse::<f64>().map_err(|_| PointsError::NotANumber(text.to_owned()))?;
        Self::from_f64(value)
    }
}

impl fmt::Display for Points {
    /// As few decimals as say it all, at least one: `5.0`, `-0.001`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (
            self.0.unsigned_abs() / MICROS.unsigned_abs(),
            self.0.unsigned_abs() % MICROS.unsigned_abs(),
        );
        let part = format!("{part:06}");
        let part = part.trim_end_matches('0');
        let part = if part.is_empty() { "0" } else { part };
        let text = format!("{sign}{whole}.{part}");
        f.pad(&text)
    }
}

impl Add for Points {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.serialize_f64(self.as_f64());
        }
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return Self::from_f64(f64::deserialize(deserializer)?).map_err(de::Error::custom);
        }
        i64::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_as_few_decimals_as_say_it_all() {
        for (micros, text) in
            [(5_000_000, "5.0"), (-1_000, "-0.001"), (0, "0.0"), (7_310_000, "7.31")]
        {
            assert_eq!(Points::from_micros(micros).to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "abc", "nan", "inf", "1e300", "1,5"] {
            assert!(text.parse::<Points>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_and_back(micros in -LIMIT..LIMIT) {
            let points = Points::from_micros(micros);
            // f64 carries 53 bits: exact below nine thousand million points' millionths.
            prop_assume!(micros.abs() < 1 << 52);
            prop_assert_eq!(points.to_string().parse::<Points>().unwrap(), points);
        }

        #[test]
        fn sums_do_not_depend_on_order(mut micros in proptest::collection::vec(-LIMIT..LIMIT, 0..50)) {
            let forward: Points = micros.iter().map(|&m| Points::from_micros(m)).sum();
            micros.reverse();
            let backward: Points = micros.iter().map(|&m| Points::from_micros(m)).sum();
            prop_assert_eq!(forward, backward);
        }
    }
}
