//! `eval:` functions: the questions of the rule language that are no patterns.
//!
//! One file a plugin of SpamAssassin, named after it. Each has a `FUNCTIONS` table with a
//! [`Function`] for each name, which says how close to SpamAssassin's it comes, and reads its own
//! directives, if it has any, into a part of [`Conf`](super::conf::Conf). A call is made into a
//! [`Question`] when the rules are compiled, so that its arguments are read (and its patterns
//! compiled) once; per message it is asked with a [`Scene`], which keeps what several questions need.

/// A [`Function`] without arguments that is answered with yes or no, as SpamAssassin does.
macro_rules! yes_no {
    ($name:literal, $ask:expr) => {
        Function { name: $name, standing: Standing::Same, make: |_, _| Ok(Question::yes_no($ask)) }
    };
}

mod call;
mod header;
mod relay;

pub(super) use call::{Arguments, Call, CallError};
pub(super) use header::Dates;

use super::{conf::Conf, scene::Scene};

/// A function as rules name it.
pub(super) struct Function {
    /// `check_for_missing_to_header`.
    pub(super) name: &'static str,
    /// How it compares with SpamAssassin's.
    #[allow(dead_code)]
    pub(super) standing: Standing,
    /// Reads the arguments of a call.
    pub(super) make: fn(&Arguments, &Conf) -> Result<Question, CallError>,
}

/// How a function compares with SpamAssassin's of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code)]
pub(super) enum Standing {
    /// Gives the same answers.
    Same,
    /// Gives other answers in the cases named here.
    Differs(&'static str),
    /// Another check answers; the rule hits if that check has made the finding.
    Elsewhere(&'static str),
}

/// A call that is ready to be asked about messages.
#[allow(dead_code)]
pub(super) enum Question {
    /// Answered from the message: how often it hits, 0 for not at all.
    Ask(Box<dyn Fn(&Scene<'_>) -> u32 + Send + Sync>),
    /// Hits if another check has made the finding of this name.
    Found(&'static str),
}

impl Question {
    /// A question that is answered with yes or no.
    pub(super) fn yes_no(ask: impl Fn(&Scene<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::Ask(Box::new(move |scene| u32::from(ask(scene))))
    }
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ask(_) => f.write_str("Ask"),
            Self::Found(name) => f.debug_tuple("Found").field(name).finish(),
        }
    }
}

/// All functions, by the plugin of SpamAssassin that has them.
pub(super) const PLUGINS: &[(&str, &[Function])] =
    &[("HeaderEval", header::FUNCTIONS), ("RelayEval", relay::FUNCTIONS)];

/// The function of this name.
pub(super) fn function(name: &str) -> Option<&'static Function> {
    PLUGINS.iter().flat_map(|(_, functions)| *functions).find(|function| function.name == name)
}

#[cfg(test)]
mod tests;
