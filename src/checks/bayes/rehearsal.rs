//! What is learned again while only one class is being taught.
//!
//! People teach in folders: a thousand messages of spam, then a thousand of ham. A model that learns
//! by its errors, one message at a time, leans to what came last. So in a run of one class each
//! message is followed by one of the other, out of the last that were learned of it, as if they had
//! come by turns (experience replay: L.-J. Lin, "Self-improving reactive agents", Machine Learning 8,
//! 1992). What is rehearsed depends on the order of learning alone.

use std::collections::VecDeque;

use super::{Class, Features};

/// So many messages of each class are kept, some two megabytes.
const KEPT: usize = 512;

/// So many in a row of one class are a run.
const RUN: u32 = 3;

/// The last messages of each class.
#[derive(Clone, Debug, Default)]
pub(super) struct Rehearsal {
    pub(super) spam: Shelf,
    pub(super) ham: Shelf,
    /// Which class comes now, and how many of it in a row.
    pub(super) run: Option<(Class, u32)>,
}

/// Messages of one class, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    pub(super) messages: VecDeque<Features>,
    /// Which is next to be rehearsed.
    pub(super) next: usize,
}

impl Rehearsal {
    /// A message was learned: keeps it. What is to be learned again now, of the other class.
    pub(super) fn follow(&mut self, class: Class, features: &Features) -> Option<Features> {
        let run = match self.run {
            Some((before, run)) if before == class => run.saturating_add(1),
            _ => 1,
        };
        self.run = Some((class, run));
        self.shelf(class).keep(features);
        if run < RUN { None } else { self.shelf(class.other()).rehearse() }
    }

    /// A message was forgotten.
    pub(super) fn forget(&mut self, class: Class, features: &Features) {
        self.shelf(class).messages.retain(|kept| kept != features);
    }

    fn shelf(&mut self, class: Class) -> &mut Shelf {
        match class {
            Class::Spam => &mut self.spam,
            Class::Ham => &mut self.ham,
        }
    }
}

impl Shelf {
    fn keep(&mut self, features: &Features) {
        if self.messages.len() == KEPT {
            self.messages.pop_front();
            self.next = self.next.saturating_sub(1);
        }
        self.messages.push_back(features.without_texts());
    }

    fn rehearse(&mut self) -> Option<Features> {
        let at = if self.next < self.messages.len() { self.next } else { 0 };
        self.next = at + 1;
        self.messages.get(at).cloned()
    }
}
