//! What a task will cost, learned from what others did: a base and so much a unit, a line for each kind,
//! which follows each measured time a little (normalised least mean squares).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Kinds of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Reading archives and documents, by MiB.
    Open,
    /// Looking at a picture, by megapixel.
    Look,
    /// Reading what is written on it, by megapixel.
    Read,
}

/// Some work.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Of what kind.
    pub kind: Kind,
    /// How many of its units.
    pub amount: f64,
}

impl Load {
    /// Reading so many bytes.
    pub fn open(bytes: usize) -> Self {
        Self { kind: Kind::Open, amount: bytes as f64 / f64::from(1 << 20) }
    }

    /// A kind of work on so many pixels.
    pub fn pixels(kind: Kind, pixels: u64) -> Self {
        Self { kind, amount: pixels as f64 / 1e6 }
    }
}

/// What a kind of work costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Milliseconds for any of it.
    pub base: f64,
    /// Milliseconds for each unit.
    pub unit: f64,
}

/// What all kinds cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    open: Line,
    look: Line,
    read: Line,
}

impl Default for Costs {
    fn default() -> Self {
        Self { open: usual(Kind::Open), look: usual(Kind::Look), read: usual(Kind::Read) }
    }
}

/// What each kind costs on usual machines.
fn usual(kind: Kind) -> Line {
    match kind {
        Kind::Open => Line { base: 5.0, unit: 60.0 },
        Kind::Look => Line { base: 5.0, unit: 40.0 },
        Kind::Read => Line { base: 150.0, unit: 700.0 },
    }
}

/// How much one measured time counts.
const PACE: f64 = 0.1;

/// How far one measured time may be off what was expected; beyond, it counts as that far.
const FARTHEST: f64 = 8.0;

/// The cheapest that anything can get, in milliseconds.
const LEAST: f64 = 0.05;

/// The longest that is told, in milliseconds.
const LONGEST: f64 = 3_600_000.0;

impl Costs {
    /// How long some work will take.
    pub fn of(&self, loads: &[Load]) -> Duration {
        let millis: f64 = loads.iter().map(|load| self.line(load.kind).at(load.amount)).sum();
        Duration::try_from_secs_f64(millis.clamp(0.0, LONGEST) / 1_000.0).unwrap_or_default()
    }

    /// What the beginning of some work costs, however much it is.
    pub fn base(&self, loads: &[Load]) -> Duration {
        let bases = loads.iter().map(|load| Load { amount: 0.0, ..*load });
        self.of(&bases.collect::<Vec<_>>())
    }

    /// Some work took so long.
    pub fn learn(&mut self, load: Load, took: Duration) {
        self.line_mut(load.kind).learn(load.amount, took.as_secs_f64() * 1_000.0);
    }

    /// Some work was given up after so long. Without this, only what is cheap would be learned from.
    pub fn at_least(&mut self, loads: &[Load], took: Duration) {
        let expected = self.of(loads);
        let Some((last, before)) = loads.split_last().filter(|_| took > expected) else { return };
        let rest = took.saturating_sub(self.of(before));
        self.learn(*last, rest);
    }

    /// Nothing else was to do, and still this was too dear to try. Each such case makes it a little cheaper, as
    /// far as usual; else what was once too dear would never be tried again.
    pub fn relax(&mut self, loads: &[Load]) {
        const PACE: f64 = 0.02;
        for load in loads {
            let usual = usual(load.kind);
            let line = self.line_mut(load.kind);
            line.base -= (line.base - usual.base).max(0.0) * PACE;
            line.unit -= (line.unit - usual.unit).max(0.0) * PACE;
        }
    }

    fn line(&self, kind: Kind) -> &Line {
        match kind {
            Kind::Open => &self.open,
            Kind::Look => &self.look,
            Kind::Read => &self.read,
        }
    }

    fn line_mut(&mut self, kind: Kind) -> &mut Line {
        match kind {
            Kind::Open => &mut self.open,
            Kind::Look => &mut self.look,
            Kind::Read => &mut self.read,
        }
    }
}

impl Line {
    fn at(&self, amount: f64) -> f64 {
        self.base + self.unit * amount
    }

    fn learn(&mut self, amount: f64, millis: f64) {
        let expected = self.at(amount);
        let seen = millis.clamp(expected / FARTHEST, expected * FARTHEST);
        let step = PACE * (seen - expected) / (1.0 + amount * amount);
        self.base = (self.base + step).max(LEAST);
        self.unit = (self.unit + step * amount).max(LEAST);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(amount: f64) -> Load {
        Load { kind: Kind::Read, amount }
    }

    fn millis(costs: &Costs, load: Load) -> f64 {
        costs.of(&[load]).as_secs_f64() * 1_000.0
    }

    #[test]
    fn it_learns_what_is_measured() {
        let mut costs = Costs::default();
        let truth = |amount: f64| 20.0 + 90.0 * amount;
        for n in 0..500 {
            let amount = 0.1 + f64::from(n % 40) / 10.0;
            costs.learn(read(amount), Duration::from_secs_f64(truth(amount) / 1_000.0));
        }
        for amount in [0.1, 1.0, 4.0] {
            let expected = millis(&costs, read(amount));
            let off = (expected - truth(amount)).abs() / truth(amount);
            assert!(off < 0.1, "{amount}: {expected} instead of {}", truth(amount));
        }
        assert_eq!(costs.look, usual(Kind::Look), "of this kind alone");
    }

    #[test]
    fn one_outlier_counts_little() {
        let mut costs = Costs::default();
        let before = millis(&costs, read(1.0));
        costs.learn(read(1.0), Duration::from_secs(3_000));
        assert!(millis(&costs, read(1.0)) < before * 2.0);
    }

    #[test]
    fn what_was_given_up_counts_at_least() {
        let mut costs = Costs::default();
        let loads = [Load { kind: Kind::Look, amount: 1.0 }, read(1.0)];
        let before = costs.clone();
        costs.at_least(&loads, Duration::from_millis(10));
        assert_eq!(costs, before, "it might have been as expected");
        costs.at_least(&loads, Duration::from_secs(5));
        assert!(costs.of(&loads) > before.of(&loads));
        assert_eq!(costs.look, before.look);
    }

    #[test]
    fn what_is_too_dear_is_tried_again() {
        let mut costs = Costs::default();
        for _ in 0..100 {
            costs.learn(read(1.0), Duration::from_secs(60));
        }
        assert!(costs.of(&[read(1.0)]) > Duration::from_secs(50));
        for _ in 0..300 {
            costs.relax(&[read(1.0)]);
        }
        assert!(costs.of(&[read(1.0)]) < Duration::from_secs(2));
        let usual = Costs::default();
        assert!(costs.of(&[read(1.0)]) >= usual.of(&[read(1.0)]), "but no cheaper than usual");
    }

    proptest! {
        #[test]
        fn it_stays_within_reason(times in prop::collection::vec((0.0..1e5_f64, 0..u64::MAX / 4), 0..200)) {
            let mut costs = Costs::default();
            for (amount, nanos) in times {
                costs.learn(read(amount), Duration::from_nanos(nanos));
                let expected = costs.of(&[read(amount)]);
                prop_assert!(expected > Duration::ZERO && expected <= Duration::from_secs(3_600));
            }
        }
    }
}
