//! In how many messages of spam and of ham each token was: exact sums over all messages learned.

use std::collections::BTreeMap;

/// Spam and ham messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) spam: u32,
    pub(super) ham: u32,
}

/// A token and its counts in eight bytes. Free where both counts are nought.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    token: u32,
    spam: u16,
    ham: u16,
}

/// Both counts of a slot whose numbers are too large for it: they are in `large`.
const LARGE: u16 = u16::MAX;

/// Open addressing with linear probing; the home of a token is given by its upper bits. What it
/// holds is a function of the counts alone, but for the order in which slots were taken, which
/// nothing shows.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    /// A power of two of them.
    slots: Vec<Slot>,
    used: usize,
    large: BTreeMap<u32, Count>,
}

impl Slot {
    fn is_free(self) -> bool {
        self.spam == 0 && self.ham == 0
    }
}

/// So many tokens are believed before they are seen.
const MOST_ROOM: u64 = 1 << 24;

/// The fewest slots.
const FEWEST: usize = 1 << 12;

impl Default for Counts {
    fn default() -> Self {
        Self { slots: vec![Slot::default(); FEWEST], used: 0, large: BTreeMap::new() }
    }
}

impl Counts {
    /// With room for so many tokens, within reason. Who adds them in ascending order needs that: as
    /// homes ascend with tokens, all would crowd at the lower end of a table that is too small.
    pub(super) fn with_room(tokens: u64) -> Self {
        let tokens = usize::try_from(tokens.min(MOST_ROOM)).unwrap_or(0);
        let slots = (tokens * 4 / 3 + 1).next_power_of_two().max(FEWEST);
        Self { slots: vec![Slot::default(); slots], ..Self::default() }
    }

    /// Tokens that were in any message.
    pub(super) fn tokens(&self) -> usize {
        self.used
    }

    /// Memory in bytes, roughly.
    pub(super) fn memory(&self) -> usize {
        self.slots.len() * size_of::<Slot>() + self.large.len() * 32
    }

    /// The counts of a token.
    pub(super) fn get(&self, token: u32) -> Count {
        match self.slots.get(self.place(token)) {
            Some(slot) => self.read(*slot),
            None => Count::default(),
        }
    }

    /// All tokens with their counts, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Count)> {
        let taken = self.slots.iter().filter(|slot| !slot.is_free());
        taken.map(|slot| (slot.token, self.read(*slot)))
    }

    /// Changes the counts of a token.
    pub(super) fn change(&mut self, token: u32, change: impl FnOnce(Count) -> Count) {
        // Three quarters full at most: probes stay short.
        if (self.used + 1) * 4 > self.slots.len() * 3 {
            self.grow();
        }
        let place = self.place(token);
        let Some(before) = self.slots.get(place).copied() else { return };
        let count = change(self.read(before));
        let after = self.write(token, count);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = after;
        }
        match (before.is_free(), after.is_free()) {
            (true, false) => self.used += 1,
            (false, true) => {
                self.used -= 1;
                self.close_gap(place);
            }
            _ => {}
        }
    }

    fn read(&self, slot: Slot) -> Count {
        if slot.spam == LARGE && slot.ham == LARGE {
            return self.large.get(&slot.token).copied().unwrap_or_default();
        }
        Count { spam: slot.spam.into(), ham: slot.ham.into() }
    }

    fn write(&mut self, token: u32, count: Count) -> Slot {
        let small = |number: u32| u16::try_from(number).ok().filter(|&small| small < LARGE);
        if let (Some(spam), Some(ham)) = (small(count.spam), small(count.ham)) {
            self.large.remove(&token);
            return Slot { token, spam, ham };
        }
        self.large.insert(token, count);
        Slot { token, spam: LARGE, ham: LARGE }
    }

    /// Where a token is, or the free slot where it would be.
    fn place(&self, token: u32) -> usize {
        let mut place = self.home(token);
        while let Some(slot) = self.slots.get(place)
            && !slot.is_free()
            && slot.token != token
        {
            place = self.behind(place);
        }
        place
    }

    fn home(&self, token: u32) -> usize {
        let spread = u64::from(token) * u64::try_from(self.slots.len()).unwrap_or(0);
        usize::try_from(spread >> 32).unwrap_or(0)
    }

    fn behind(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }

    /// Moves up what stands behind a slot that became free and would not be found any more.
    fn close_gap(&mut self, mut gap: usize) {
        let mut at = self.behind(gap);
        while let Some(slot) = self.slots.get(at).copied()
            && !slot.is_free()
        {
            let mask = self.slots.len() - 1;
            let from_home = at.wrapping_sub(self.home(slot.token)) & mask;
            let from_gap = at.wrapping_sub(gap) & mask;
            if from_home >= from_gap {
                self.slots.swap(gap, at);
                gap = at;
            }
            at = self.behind(at);
        }
    }

    fn grow(&mut self) {
        let larger = vec![Slot::default(); self.slots.len() * 2];
        for slot in std::mem::replace(&mut self.slots, larger) {
            if slot.is_free() {
                continue;
            }
            let place = self.place(slot.token);
            if let Some(free) = self.slots.get_mut(place) {
                *free = slot;
            }
        }
    }
}
