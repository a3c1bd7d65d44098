//! What rules see of one message, each view made once and only if a rule asks for it.

use std::cell::OnceCell;

use super::{conf::Conf, eval::Dates, relays::Relays, text::Fields};
use crate::checks::Case;

/// A message and its envelope as rules see them. Lives for one examination, on one thread.
pub(super) struct Scene<'c> {
    /// Both, as they came.
    pub(super) case: &'c Case,
    /// What rules files have set.
    pub(super) conf: &'c Conf,
    /// The header fields.
    pub(super) headers: Fields<'c>,
    relays: OnceCell<Relays>,
    dates: OnceCell<Dates>,
}

impl<'c> Scene<'c> {
    /// The views of a case, none of them made yet.
    pub(super) fn new(case: &'c Case, conf: &'c Conf) -> Self {
        Self {
            case,
            conf,
            headers: Fields::of(case.message.raw()),
            relays: OnceCell::new(),
            dates: OnceCell::new(),
        }
    }

    /// The relays the message came by.
    pub(super) fn relays(&self) -> &Relays {
        self.relays.get_or_init(|| Relays::of(self))
    }

    /// What its dates tell.
    pub(super) fn dates(&self) -> &Dates {
        self.dates.get_or_init(|| Dates::of(self))
    }
}
