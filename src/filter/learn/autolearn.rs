//! What the filter teaches itself: mail that everything but the classifier is sure about.
//!
//! Off unless configured. Never from our own users' mail: a stolen login would teach the filter to
//! like its spam. Never what anybody has taught already. A lesson like any other: durable, replicated,
//! and forgotten by `gatepost train forget`.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{Learner, Teach};
use crate::{
    checks::{
        Case,
        bayes::{Autolearn as Settings, Knowledge, Model},
        rules::RuleSet,
    },
    filter::access::is_of_entry,
    metrics,
    verdict::{Judgement, Points, Reason},
};

/// One label may have so many times the messages of the other before it is no longer learned
/// without being asked: else the classifier would lean to what comes most.
const MOST_IMBALANCE: u64 = 4;

/// Before a label has so many messages, nothing is out of balance.
const FREE: u64 = 200;

/// So many messages may be on their way to the store; more are left out, and counted.
const MOST_AT_ONCE: usize = 16;

/// Learns by itself what is sure.
#[derive(Debug)]
pub struct Autolearn {
    settings: Settings,
    learner: Arc<Learner>,
    /// Free places on the way to the store.
    places: Arc<Semaphore>,
}

impl Autolearn {
    /// `None` if it is not to.
    pub fn new(settings: &Settings, learner: Arc<Learner>) -> Option<Self> {
        let (settings, places) = (settings.clone(), Arc::new(Semaphore::new(MOST_AT_ONCE)));
        settings.enabled.then_some(Self { settings, learner, places })
    }

    /// Learns a message from outside that has been judged, if it is sure; nobody waits for it.
    pub fn consider(&self, rules: &RuleSet, judgement: &Judgement, case: &Case) {
        let Some(teach) = self.lesson(rules, judgement) else { return };
        if !is_balanced(self.learner.knowledge(), teach) {
            return;
        }
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::autolearned("left_out");
            return;
        };
        let learner = Arc::clone(&self.learner);
        let (case, reference) = (case.clone(), judgement.reference);
        spawn_blocking(move || {
            // Given back even if the message breaks its reader.
            let _place = place;
            match learner.teach_arriving(teach, &case) {
                Ok(Some(_)) => {
                    metrics::autolearned(teach.as_str());
                    tracing::debug!(%reference, "learned as {} without being asked", teach.as_str());
                }
                Ok(None) => metrics::autolearned("known"),
                Err(error) => {
                    metrics::autolearned("failed");
                    tracing::warn!(%reference, error = crate::chain(&error), "not learned");
                }
            }
        });
    }

    /// What the findings that may teach say together.
    fn lesson(&self, rules: &RuleSet, judgement: &Judgement) -> Option<Teach> {
        if judgement.reason != Reason::Score {
            return None;
        }
        // What an administrator says of the sender is no opinion of the message.
        let teaches = |name: &str| rules.teaches(name) && !is_of_entry(name);
        let teaching = judgement.findings.iter().filter(|f| teaches(f.name.as_str()));
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

fn is_balanced(knowledge: &Knowledge, teach: Teach) -> bool {
    let (spam, ham) = knowledge.read(Model::learned);
    let (more, less) = if teach == Teach::Spam { (spam, ham) } else { (ham, spam) };
    more < FREE.max(less.saturating_mul(MOST_IMBALANCE))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        checks::bayes::Features,
        filter::learn,
        verdict::{Evidence, Finding, Label, Reference, Testimony, Verdict},
    };

    /// `NAME=points` each.
    fn judgement(findings: &str) -> Judgement {
        let finding = |text: &str| {
            let (name, points) = text.split_once('=').unwrap();
            let evidence = Evidence::Fact(String::new());
            Finding { name: name.into(), weight: points.parse().unwrap(), evidence }
        };
        Judgement {
            reference: Reference::random(),
            profile: "external".into(),
            verdict: Verdict::Accept,
            reason: Reason::Score,
            score: Points::ZERO,
            required: None,
            findings: findings.split_whitespace().map(finding).collect(),
            late: Vec::new(),
            broken: Vec::new(),
            unscanned: false,
            spam_headers: true,
            dry_run: false,
            thresholds: Vec::new(),
            forced: Vec::new(),
            truncated: false,
            rcpt_unanswered: false,
            identity: None,
            authentication: None,
            testimony: Testimony::default(),
            took: Duration::ZERO,
        }
    }

    fn autolearn(folder: &std::path::Path) -> Autolearn {
        let store = learn::Settings { path: folder.to_owned(), ..learn::Settings::default() };
        let learner = Arc::new(Learner::open(&store, 1 << 20).unwrap());
        let settings = Settings { enabled: true, ..Settings::default() };
        Autolearn::new(&settings, learner).unwrap()
    }

    #[test]
    fn what_is_sure_without_the_classifier_is_learned() {
        let folder = tempfile::tempdir().unwrap();
        let autolearn = autolearn(folder.path());
        let rules = RuleSet::parse(&[(
            "x.cf",
            "header A eval:check_for_spf_fail()\nheader BAYES_99 eval:check_bayes('0.99', '1.00')\n\
             tflags BAYES_99 learn\nheader MINE Subject =~ /x/\ntflags MINE noautolearn",
        )]);
        for (findings, lesson) in [
            ("", Some(Teach::Ham)),
            ("A=0.05", Some(Teach::Ham)),
            ("A=0.1", None),
            ("A=11.9", None),
            ("A=12", Some(Teach::Spam)),
            ("A=8 OTHER=5", Some(Teach::Spam)),
            ("A=8 BAYES_99=5", None),
            ("A=8 MINE=5", None),
            ("MINE=50 BAYES_99=50", Some(Teach::Ham)),
            ("A=8 USER_IN_WELCOMELIST=-100", None),
            ("A=13 CLIENT_IN_WELCOMELIST=-100", Some(Teach::Spam)),
        ] {
            assert_eq!(autolearn.lesson(&rules, &judgement(findings)), lesson, "{findings}");
        }
        let late = Judgement { late: vec!["lists"], ..judgement("") };
        assert_eq!(autolearn.lesson(&rules, &late), None, "what was not asked may be spam");
        let forced = Judgement { reason: Reason::Busy, ..judgement("A=20") };
        assert_eq!(autolearn.lesson(&rules, &forced), None);
    }

    #[test]
    fn neither_class_outgrows_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let autolearn = autolearn(folder.path());
        let knowledge = autolearn.learner.knowledge();
        for (spam, ham, may_spam, may_ham) in [
            (0, 0, true, true),
            (199, 0, true, true),
            (200, 0, false, true),
            (200, 50, false, true),
            (200, 51, true, true),
            (100, 1000, true, false),
        ] {
            let mut model = Model::new();
            model.learn(Label::Spam, &Features::imported(spam, []));
            model.learn(Label::Ham, &Features::imported(ham, []));
            knowledge.replace(model);
            let may = [Teach::Spam, Teach::Ham].map(|teach| is_balanced(knowledge, teach));
            assert_eq!(may, [may_spam, may_ham], "{spam} {ham}");
        }
    }
}
