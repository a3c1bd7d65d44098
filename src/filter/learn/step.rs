//! From what the store holds, and how that changes, to the model.

use super::{LearnError, Mark};
use crate::{
    checks::bayes::{Features, Model},
    metrics,
    store::{Change, Entry, Kind, Store},
    verdict::Label,
};

/// The model as it must be, from all the store holds; and of which state that is. Once it is not
/// wanted any more, what comes is soon there and of no use.
pub(super) fn from_nothing(
    store: &Store,
    is_wanted: impl Fn() -> bool,
) -> Result<(Mark, Model), LearnError> {
    let mut model = Model::new();
    let mut mark = Mark::default();
    mark.change = store.entries_by_turns(|digest, entry| {
        if !is_wanted() {
            return;
        }
        let change = Change { digest, before: None, after: Some(entry) };
        Step::of(&change).apply(&mut model);
        mark.follow(&change);
    })?;
    model.settle();
    Ok((mark, model))
}

impl Mark {
    pub(super) fn follow(&mut self, change: &Change) {
        self.state_hash = self.state_hash.wrapping_add(change.to_state_hash());
    }
}

/// What a change means for the model, read before anybody has to wait for it.
pub(super) struct Step {
    before: Option<(Label, Features)>,
    after: Option<(Label, Features)>,
}

impl Step {
    pub(super) fn of(change: &Change) -> Self {
        Self { before: lesson(change.before.as_ref()), after: lesson(change.after.as_ref()) }
    }

    pub(super) fn apply(&self, model: &mut Model) {
        if let Some((label, features)) = &self.before {
            model.forget(*label, features);
        }
        if let Some((label, features)) = &self.after {
            model.learn(*label, features);
        }
    }
}

/// What the model learns of an entry: nothing of a forgotten one, and nothing of one that cannot
/// be read, which only a mistake of ours could make.
fn lesson(entry: Option<&Entry>) -> Option<(Label, Features)> {
    let entry = entry?;
    let label = match entry.kind {
        Kind::Spam => Label::Spam,
        Kind::Ham => Label::Ham,
        Kind::Forgotten | Kind::Allowed | Kind::Blocked | Kind::Unlisted => return None,
    };
    let features = Features::from_bytes(&entry.features).inspect_err(|error| {
        metrics::learning_failed();
        tracing::error!(error = crate::chain(error), "a learned message cannot be read");
    });
    Some((label, features.ok()?))
}
