//! What rules cost: the examination timed rule by rule, where somebody asks. Otherwise no clock is
//! read: whoever watches is a parameter of the examination's type.

use std::time::{Duration, Instant};

use super::compile::index;

/// Whoever sees the rules run.
pub(super) trait Watch {
    /// Does a piece of one rule's work.
    fn work<T>(&mut self, rule: u32, work: impl FnOnce() -> T) -> T;
}

/// Nobody.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    #[inline]
    fn work<T>(&mut self, _: u32, work: impl FnOnce() -> T) -> T {
        work()
    }
}

/// The time that rules have taken, on one thread. What is read or made for several rules counts
/// for the first that asks for it, if one does: header fields and the search for literals belong
/// to none. Metas are not timed: they take next to nothing.
#[derive(Clone, Debug)]
pub struct Costs {
    rules: Vec<Duration>,
    all: Duration,
    messages: u32,
    /// What timing a piece of work takes itself.
    clock: Duration,
    /// Pieces of work of this message.
    pieces: u32,
}

impl Costs {
    /// Nothing yet, for so many rules.
    pub(super) fn none(rules: usize) -> Self {
        const TRIALS: usize = 1001;
        let mut trials: Vec<Duration> = (0..TRIALS).map(|_| Instant::now().elapsed()).collect();
        trials.sort_unstable();
        let clock = trials.get(TRIALS / 2).copied().unwrap_or_default();
        let rules = vec![Duration::ZERO; rules];
        Self { rules, all: Duration::ZERO, messages: 0, clock, pieces: 0 }
    }

    /// Times the examination of a message.
    pub(super) fn message<T>(&mut self, examine: impl FnOnce(&mut Self) -> T) -> T {
        self.pieces = 0;
        let started = Instant::now();
        let done = examine(self);
        // The clock is read at both ends of a piece, of which the piece has counted one.
        let clocks = self.clock * self.pieces.saturating_mul(2).saturating_add(1);
        self.all += started.elapsed().saturating_sub(clocks);
        self.messages += 1;
        done
    }

    /// How many messages were examined.
    pub fn messages(&self) -> u32 {
        self.messages
    }

    /// The mean time of a message, all rules together.
    pub fn all(&self) -> Duration {
        self.all.checked_div(self.messages).unwrap_or_default()
    }

    /// The mean time that one rule took of a message; by its place in the list of rules.
    pub fn of(&self, rule: usize) -> Duration {
        let spent = self.rules.get(rule).copied().unwrap_or_default();
        spent.checked_div(self.messages).unwrap_or_default()
    }

    /// The mean time of a message that belongs to no rule.
    pub fn shared(&self) -> Duration {
        let rules: Duration = self.rules.iter().sum();
        self.all.saturating_sub(rules).checked_div(self.messages).unwrap_or_default()
    }
}

impl Watch for Costs {
    fn work<T>(&mut self, rule: u32, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let done = work();
        let spent = started.elapsed().saturating_sub(self.clock);
        self.pieces = self.pieces.saturating_add(1);
        if let Some(sum) = self.rules.get_mut(index(rule)) {
            *sum += spent;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(time: Duration) {
        let started = Instant::now();
        while started.elapsed() < time {}
    }

    #[test]
    fn work_counts_for_its_rule() {
        const PIECE: Duration = Duration::from_millis(5);
        let mut costs = Costs::none(2);
        for _ in 0..2 {
            costs.message(|costs| {
                costs.work(1, || busy(PIECE));
                costs.work(7, || ());
                busy(PIECE);
            });
        }
        assert_eq!(costs.messages(), 2);
        assert_eq!(costs.of(0), Duration::ZERO);
        assert_eq!(costs.of(2), Duration::ZERO);
        assert!(costs.of(1) > PIECE * 9 / 10, "{costs:?}");
        assert!(costs.shared() > PIECE * 9 / 10, "{costs:?}");
        assert!(costs.all() >= costs.of(1) + PIECE * 9 / 10, "{costs:?}");
        assert_eq!(Costs::none(1).all(), Duration::ZERO);
    }
}
