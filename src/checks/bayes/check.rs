//! The question: how likely is this message spam, by what has been learned?

use std::sync::Arc;

use super::{Clue, Features, Knowledge, Opinion};
use crate::{
    checks::{Answered, Case, Check, Work},
    verdict::{Answer, Evidence, Finding, Name, Opinion as Thought, Points, Token, Witness},
};

/// How many tokens are shown.
const SHOWN: usize = 12;

/// Asks the classifier.
#[derive(Clone, Debug)]
pub struct Bayes {
    /// What is known, or why nothing can be.
    knowledge: Result<Arc<Knowledge>, String>,
    minimum_messages: u64,
    name: Name,
}

/// The store that should be there is not.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unavailable(String);

impl Bayes {
    /// A check that knows what `knowledge` knows, or says on every message why it does not know.
    /// It has no opinion before it has learned `minimum_messages` of spam, and of ham.
    pub fn new(knowledge: Result<Arc<Knowledge>, String>, minimum_messages: u64) -> Self {
        Self { knowledge, minimum_messages, name: "BAYES".into() }
    }
}

/// Whether so much is learned that the classifier may have an opinion. Counts of another filter help
/// it, but only messages teach how far its scores can be trusted.
pub fn is_ripe(knowledge: &Knowledge, minimum_messages: u64) -> bool {
    let ((spam, ham), taught) = knowledge.read(|model| (model.learned(), model.taught()));
    spam.min(ham) >= minimum_messages && taught >= minimum_messages.saturating_mul(2)
}

impl Check for Bayes {
    fn name(&self) -> &'static str {
        "bayes"
    }

    fn of_message(&self, case: &Case, witness: &Witness) -> Option<Work> {
        let (bayes, case, witness) = (self.clone(), case.clone(), witness.clone());
        Some(Work::Cpu(Box::new(move || bayes.judge(&case, &witness))))
    }
}

impl Bayes {
    fn judge(&self, case: &Case, witness: &Witness) -> Answered {
        let thought = match witness.then() {
            Some(then) => then.opinion.clone().ok_or_else(|| {
                witness.missed("the classifier's opinion".to_owned());
                Unavailable("what the classifier thought is not recorded".to_owned())
            })?,
            None => self.think(case),
        };
        witness.thought(thought.clone());
        let Thought { millionths, because, failure, .. } = thought;
        if let Some(why) = failure {
            return Err(Unavailable(why).into());
        }
        let finding = millionths.map(|millionths| Finding {
            name: self.name.clone(),
            weight: Points::ZERO,
            evidence: Evidence::Probability { millionths, because },
        });
        Ok(Answer { findings: finding.into_iter().collect(), ..Answer::default() })
    }

    fn think(&self, case: &Case) -> Thought {
        let knowledge = match &self.knowledge {
            Ok(knowledge) => knowledge,
            Err(why) => return Thought { failure: Some(why.clone()), ..Thought::default() },
        };
        let state = knowledge.state();
        if !is_ripe(knowledge, self.minimum_messages) {
            return Thought { state, ..Thought::default() };
        }
        let features = Features::arriving(&case.message, &case.envelope);
        let (Opinion { probability, .. }, clues) =
            knowledge.read(|model| model.explain(&features, SHOWN));
        let because = clues.into_iter().map(token).collect();
        let millionths = Some((probability.clamp(0.0, 1.0) * 1e6).round() as u32);
        Thought { millionths, state, because, failure: None }
    }
}

fn token(clue: Clue) -> Token {
    let Clue { text, spam, ham, log_odds } = clue;
    Token { text: text.unwrap_or_default(), spam, ham, log_odds }
}
