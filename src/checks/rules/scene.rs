//! What rules see of one message, each view made once and only if a rule asks for it.

use std::cell::OnceCell;

use super::{
    conf::Conf,
    eval::{Freemails, FromName},
    relays::Relays,
    text::Headers,
};
use crate::checks::Case;

/// A message and its envelope as rules see them. Lives for one examination, on one thread.
pub(super) struct Scene<'c> {
    /// Both, as they came.
    pub(super) case: &'c Case,
    /// What rules files have set.
    pub(super) conf: &'c Conf,
    /// The header fields, by name.
    pub(super) headers: Headers<'c>,
    /// What FreeMail has read.
    pub(super) freemails: Freemails,
    /// What FromNameSpoof has seen.
    pub(super) from_name: FromName,
    relays: OnceCell<Relays>,
}

impl<'c> Scene<'c> {
    /// The views of a case, none of them made yet.
    pub(super) fn new(case: &'c Case, conf: &'c Conf) -> Self {
        Self {
            case,
            conf,
            headers: Headers::of(case),
            freemails: Freemails::default(),
            from_name: FromName::default(),
            relays: OnceCell::new(),
        }
    }

    /// The rendered paragraphs as rules see them, the Subject first: where a function of FreeMail
    /// has read them, without the addresses it takes out.
    pub(super) fn body(&self) -> Vec<&[u8]> {
        match self.freemails.changed_text() {
            Some(changed) => changed.iter().map(Vec::as_slice).collect(),
            None => self.case.message.body().iter().map(AsRef::as_ref).collect(),
        }
    }

    /// The relays the message came by.
    pub(super) fn relays(&self) -> &Relays {
        self.relays.get_or_init(|| Relays::of(self))
    }
}
