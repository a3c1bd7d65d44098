//! What the filter teaches itself: mail that everything but the classifier is sure about.
//!
//! Off unless configured. Never from our own users' mail: a stolen login would teach the filter to
//! like its spam. Never what anybody has taught already. A lesson like any other: durable, replicated,
//! and forgotten by `gatepost train forget`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::task::spawn_blocking;

use super::{LearnError, Learner, Teach};
use crate::{
    checks::{
        bayes::{Autolearn as Settings, Knowledge, Model},
        rules::RuleSet,
    },
    mail::Message,
    metrics,
    verdict::{Judgement, Points, Reason},
};

/// One class may have so many times the messages of the other before it is no longer learned
/// without being asked: else the classifier would lean to what comes most.
const MOST_IMBALANCE: u64 = 4;

/// Before a class has so many messages, nothing is out of balance.
const FREE: u64 = 200;

/// So many messages may be on their way to the store; more are left out, and counted.
const MOST_AT_ONCE: usize = 16;

/// Learns by itself what is sure.
#[derive(Debug)]
pub struct Autolearn {
    settings: Settings,
    learner: Arc<Learner>,
    under_way: Arc<AtomicUsize>,
}

impl Autolearn {
    /// `None` if it is not to.
    pub fn new(settings: &Settings, learner: Arc<Learner>) -> Option<Self> {
        let settings = settings.clone();
        settings.enabled.then(|| Self { settings, learner, under_way: Arc::default() })
    }

    /// Learns a message from outside that has been judged, if it is sure; nobody waits for it.
    pub fn consider(&self, rules: &RuleSet, judgement: &Judgement, message: &Arc<Message>) {
        let Some(teach) = self.lesson(rules, judgement) else { return };
        if !is_balanced(self.learner.knowledge(), teach) {
            return;
        }
        if self.under_way.fetch_add(1, Ordering::Relaxed) >= MOST_AT_ONCE {
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            metrics::autolearned("left_out");
            return;
        }
        let (learner, under_way) = (Arc::clone(&self.learner), Arc::clone(&self.under_way));
        let (message, reference) = (Arc::clone(message), judgement.reference);
        spawn_blocking(move || {
            match learn(&learner, teach, &message) {
                Ok(true) => {
                    metrics::autolearned(teach.as_str());
                    tracing::debug!(%reference, "learned as {} without being asked", teach.as_str());
                }
                Ok(false) => metrics::autolearned("known"),
                Err(error) => {
                    metrics::autolearned("failed");
                    tracing::warn!(%reference, error = crate::chain(&error), "not learned");
                }
            }
            under_way.fetch_sub(1, Ordering::Relaxed);
        });
    }

    /// What the findings that may teach say together.
    fn lesson(&self, rules: &RuleSet, judgement: &Judgement) -> Option<Teach> {
        if judgement.reason != Reason::Score {
            return None;
        }
        let teaching = judgement.findings.iter().filter(|f| rules.teaches(f.name.as_str()));
        let score: Points = teaching.map(|finding| finding.weight).sum();
        let is_complete = judgement.late.is_empty() && judgement.broken.is_empty();
        if score >= self.settings.spam_from {
            Some(Teach::Spam)
        } else if score < self.settings.ham_below && is_complete {
            Some(Teach::Ham)
        } else {
            None
        }
    }
}

/// `false`: somebody has taught this message before.
fn learn(learner: &Learner, teach: Teach, message: &Message) -> Result<bool, LearnError> {
    if learner.knows(message)? {
        return Ok(false);
    }
    learner.teach_parsed(teach, message)?;
    Ok(true)
}

fn is_balanced(knowledge: &Knowledge, teach: Teach) -> bool {
    let (spam, ham) = knowledge.read(Model::learned);
    let (more, less) = if teach == Teach::Spam { (spam, ham) } else { (ham, spam) };
    more < FREE.max(less.saturating_mul(MOST_IMBALANCE))
}
