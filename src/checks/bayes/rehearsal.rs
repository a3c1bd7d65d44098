//! What is learned again while only one label is being taught.
//!
//! People teach in folders: a thousand messages of spam, then a thousand of ham. A model that learns
//! by its errors, one message at a time, leans to what came last. So in a run of one label each
//! message is followed by one of the other, out of a sample of all that were learned of it, as if
//! they had come by turns (experience replay: L.-J. Lin, "Self-improving reactive agents", Machine
//! Learning 8, 1992). What is rehearsed depends on the order of learning alone.

use super::Features;
use crate::verdict::Label;

/// So many messages of each label are kept at most, some 3.5 kB each.
const KEPT: usize = 512;

/// So many in a row of one label are a run.
const RUN: u32 = 3;

/// A sample of the messages of each label.
#[derive(Clone, Debug, Default)]
pub(super) struct Rehearsal {
    pub(super) spam: Shelf,
    pub(super) ham: Shelf,
    /// Which label comes now, and how many of it in a row.
    pub(super) run: Option<(Label, u32)>,
}

/// A sample of the messages of one label: every second, every fourth … as they become more.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shelf {
    /// As stored, the oldest first.
    pub(super) messages: Vec<Vec<u8>>,
    /// Of so many messages one is kept; a power of 2.
    pub(super) every: u32,
    /// Messages since the last that was kept.
    pub(super) passed: u32,
    /// Which is the next to be rehearsed.
    pub(super) next: u32,
}

impl Rehearsal {
    /// A message was learned: keeps it. What is to be learned again now, of the other label.
    pub(super) fn follow(&mut self, label: Label, features: &Features) -> Option<Features> {
        let run = match self.run {
            Some((before, run)) if before == label => run.saturating_add(1),
            _ => 1,
        };
        self.run = Some((label, run));
        self.shelf(label).keep(features);
        let again = if run < RUN { None } else { self.shelf(label.other()).rehearse() };
        // They are as they were written here.
        again.and_then(|bytes| Features::from_bytes(bytes).ok())
    }

    /// A message was forgotten.
    pub(super) fn forget(&mut self, label: Label, features: &Features) {
        let bytes = features.to_bytes();
        self.shelf(label).messages.retain(|kept| *kept != bytes);
    }

    /// Memory, in bytes.
    pub(super) fn memory(&self) -> usize {
        let bytes = |shelf: &Shelf| shelf.messages.iter().map(Vec::len).sum::<usize>();
        bytes(&self.spam) + bytes(&self.ham)
    }

    fn shelf(&mut self, label: Label) -> &mut Shelf {
        match label {
            Label::Spam => &mut self.spam,
            Label::Ham => &mut self.ham,
        }
    }
}

impl Shelf {
    fn keep(&mut self, features: &Features) {
        self.passed += 1;
        if self.passed < self.every {
            return;
        }
        self.passed = 0;
        if self.messages.len() >= KEPT {
            let mut turn = [false, true].into_iter().cycle();
            self.messages.retain(|_| turn.next().unwrap_or_default());
            self.every = self.every.max(1).saturating_mul(2);
        }
        self.messages.push(features.to_bytes());
    }

    fn rehearse(&mut self) -> Option<&[u8]> {
        let count = u32::try_from(self.messages.len()).unwrap_or(u32::MAX);
        let at = if self.next < count { self.next } else { 0 };
        self.next = at + 1;
        self.messages.get(usize::try_from(at).ok()?).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Message;

    fn message(number: usize) -> Features {
        Features::of(&Message::parse(format!("Subject: m{number}\n\n{number}\n").into_bytes()))
    }

    #[test]
    fn only_runs_are_broken_and_by_the_other_class() {
        let mut rehearsal = Rehearsal::default();
        let (spam, ham) = (message(1), message(2));
        let mut follow = |label, features: &Features| rehearsal.follow(label, features);
        for _ in 0..10 {
            assert_eq!(follow(Label::Spam, &spam), None, "there is nothing else yet");
        }
        assert_eq!(follow(Label::Ham, &ham), None);
        assert_eq!(follow(Label::Ham, &ham), None);
        assert_eq!(follow(Label::Ham, &ham), Some(spam.clone()));
        assert_eq!(follow(Label::Spam, &spam), None);
        rehearsal.forget(Label::Spam, &spam);
        assert!(rehearsal.spam.messages.is_empty());
    }

    #[test]
    fn a_shelf_holds_a_sample_of_all() {
        let mut shelf = Shelf::default();
        for number in 0..5_000 {
            shelf.keep(&message(number));
        }
        assert!((KEPT / 2..=KEPT).contains(&shelf.messages.len()));
        let oldest = Features::from_bytes(&shelf.messages[0]).unwrap();
        assert!((0..32).any(|number| message(number) == oldest));
    }
}
