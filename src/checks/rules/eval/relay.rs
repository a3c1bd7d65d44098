//! RelayEval: questions about the path a message took.

use super::{Function, Question, Standing};

/// See [`super::PLUGINS`].
pub(super) const FUNCTIONS: &[Function] = &[Function {
    name: "check_no_relays",
    standing: Standing::Same,
    make: |_, _| Ok(Question::yes_no(|scene| scene.case.message.trace().is_empty())),
}];
