//! One configuration on the mail that is replayed, with what it knows.

use std::{
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::runtime::Handle;

use super::{Judging, Only};
use crate::{
    checks::bayes::{Knowledge, is_ripe},
    cli::{Failure, recorded},
    config::{Config, Settings},
    filter::{Filter, learn::read_checkpoint},
    replay::{ByRecord, Classifier, Learning, Letter, Lexicon, Record, Traced, judge, learn},
    service::{Built, Learned, Offline, build},
};

/// Messages wait for each other here, and nobody is turned away for it.
const ENDLESS_MS: u64 = 3_600_000;

/// There is nothing to judge by.
#[derive(Debug, thiserror::Error)]
#[error("nothing is learned in {0}: teach it, or add --online or --train-first")]
struct NothingLearned(String);

/// A filter, or a classifier alone.
pub(super) struct Site {
    runtime: Handle,
    judge: Judge,
    lexicon: Arc<Mutex<Lexicon>>,
    login: Option<String>,
    online: bool,
}

enum Judge {
    Classifier(Classifier),
    Filter(Box<Whole>),
    Then(Box<Then>),
}

/// The whole filter, by what was recorded when the messages came.
struct Then {
    judge: recorded::Judge,
    count: Mutex<ByRecord>,
}

/// The whole filter.
struct Whole {
    config: Config,
    offline: Offline,
    built: Mutex<Arc<Built>>,
    /// What it has learned here; `None` if it does not learn.
    knowledge: Option<Arc<Knowledge>>,
    /// The filter was built when enough was learned for an opinion.
    ripe: AtomicBool,
}

impl Site {
    /// Builds what judges; `beside` another site, it counts findings together with that one and asks
    /// the network through the same cache.
    ///
    /// # Errors
    /// The configuration cannot be built, or the classifier alone is asked and knows nothing.
    pub(super) fn new(
        config: Config,
        judging: &Judging,
        runtime: Handle,
        beside: Option<&Self>,
    ) -> Result<Self, Failure> {
        let before = beside.and_then(Self::whole);
        let judge = match (judging.recorded.folder(&config), judging.only) {
            (Some(folder), _) => {
                Judge::Then(Box::new(Then::new(config, judging, &folder, beside)?))
            }
            (None, Some(Only::Bayes)) => {
                Judge::Classifier(classifier(&config.settings, judging.learns())?)
            }
            _ => Judge::Filter(Box::new(Whole::new(config, judging, &runtime, before)?)),
        };
        let lexicon = beside.map(|site| Arc::clone(&site.lexicon)).unwrap_or_default();
        let (login, online) = (judging.login.clone(), judging.online);
        Ok(Self { runtime, judge, lexicon, login, online })
    }

    fn whole(&self) -> Option<&Whole> {
        match &self.judge {
            Judge::Filter(whole) => Some(whole),
            Judge::Classifier(_) | Judge::Then(_) => None,
        }
    }

    /// How it went by records.
    pub(super) fn by_record(&self) -> Option<ByRecord> {
        let Judge::Then(then) = &self.judge else { return None };
        Some(then.count().clone())
    }

    /// What was found so far, by number.
    pub(super) fn lexicon(&self) -> MutexGuard<'_, Lexicon> {
        self.lexicon.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The filter as it is now.
    pub(super) fn filter(&self) -> Option<Arc<Filter>> {
        match &self.judge {
            Judge::Classifier(_) => None,
            Judge::Filter(whole) => Some(whole.filter()),
            Judge::Then(then) => then.judge.filter(),
        }
    }

    /// What a classifier alone took.
    pub(super) fn learning(&self) -> Option<Learning> {
        match &self.judge {
            Judge::Filter(_) | Judge::Then(_) => None,
            Judge::Classifier(classifier) => Some(classifier.learning()),
        }
    }

    /// Judges a message, and learns it then if this is online. `None` if it was to be judged by its
    /// record and has none.
    ///
    /// # Errors
    /// The filter could not be built anew when enough was learned; a record cannot be read.
    pub(super) fn judge(&self, letter: Letter) -> Result<Option<Record>, Failure> {
        let whole = match &self.judge {
            Judge::Classifier(classifier) => {
                return Ok(Some(classifier.judge(letter, self.online)));
            }
            Judge::Filter(whole) => whole,
            Judge::Then(then) => return self.judge_again(then, letter),
        };
        let (label, origin) = (letter.label, letter.origin);
        let raw = if self.online { letter.raw.clone() } else { Vec::new() };
        let filter = whole.filter();
        let envelope = |raw: &[u8]| {
            let mut traced = Traced::new(&filter.networks, raw);
            traced.envelope.login.clone_from(&self.login);
            traced
        };
        let judged = judge(&filter, letter.raw, envelope);
        let (judgement, _) = self.runtime.block_on(judged);
        let record = Record::new(label, origin, &judgement, &mut self.lexicon());
        if self.online {
            self.learn(Letter { raw, ..letter })?;
        }
        Ok(Some(record))
    }

    fn judge_again(&self, then: &Then, letter: Letter) -> Result<Option<Record>, Failure> {
        let (label, origin) = (letter.label, letter.origin);
        let Some(again) = self.runtime.block_on(then.judge.judge(letter.raw))? else {
            then.count().left_out += 1;
            return Ok(None);
        };
        let recorded::Again { judgement, record, .. } = again;
        then.count().count(&judgement, record.verdict, record.score);
        Ok(Some(Record::new(label, origin, &judgement, &mut self.lexicon())))
    }

    /// Learns what a message is.
    ///
    /// # Errors
    /// The filter could not be built anew when enough was learned.
    pub(super) fn learn(&self, letter: Letter) -> Result<(), Failure> {
        match &self.judge {
            Judge::Classifier(classifier) => classifier.learn(letter),
            Judge::Filter(whole) => whole.learn(letter, &self.runtime)?,
            // What the classifier thought is the record's.
            Judge::Then(_) => {}
        }
        Ok(())
    }
}

/// One that knows nothing yet, or what the store's owner has left.
fn classifier(settings: &Settings, fresh: bool) -> Result<Classifier, Failure> {
    let path = &settings.store.path;
    let knowledge = if fresh {
        Knowledge::default()
    } else {
        let found = read_checkpoint(path)?;
        let (_, model) = found.ok_or_else(|| NothingLearned(path.display().to_string()))?;
        Knowledge::new(model)
    };
    Ok(Classifier::new(Arc::new(knowledge), settings.limits.scan_bytes))
}

impl Then {
    fn new(
        mut config: Config,
        judging: &Judging,
        folder: &Path,
        beside: Option<&Site>,
    ) -> Result<Self, Failure> {
        prepare(&mut config, judging);
        let judge = match beside.map(|site| &site.judge) {
            Some(Judge::Then(other)) => other.judge.beside(&config),
            _ => recorded::Judge::open(&config, folder)?,
        };
        Ok(Self { judge, count: Mutex::default() })
    }

    fn count(&self) -> MutexGuard<'_, ByRecord> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody is turned away, and what is not asked for is left out.
fn prepare(config: &mut Config, judging: &Judging) {
    let limits = &mut config.settings.limits;
    limits.parallel = limits.parallel.max(judging.jobs().get());
    limits.max_wait_ms = ENDLESS_MS;
    if judging.only == Some(Only::Rules) {
        leave_rules(&mut config.settings);
    }
}

impl Whole {
    /// With `beside`, both ask the same servers through the same cache if they ask the same servers.
    fn new(
        mut config: Config,
        judging: &Judging,
        runtime: &Handle,
        beside: Option<&Self>,
    ) -> Result<Self, Failure> {
        prepare(&mut config, judging);
        let bayes = config.settings.bayes.enabled;
        let knowledge = (judging.learns() && bayes).then(Arc::<Knowledge>::default);
        let learned = match &knowledge {
            Some(knowledge) => Learned::Copy(Arc::clone(knowledge)),
            None => Learned::copy(&config.settings),
        };
        let offline = if judging.offline { Offline::Yes } else { Offline::No };
        let before = beside.map(|whole| (&whole.config, Arc::clone(&whole.built())));
        let before = before.as_ref().map(|(config, built)| (*config, &**built));
        let built = runtime.block_on(build(&config, offline, learned, before))?;
        let ripe = AtomicBool::new(false);
        Ok(Self { config, offline, built: Mutex::new(Arc::new(built)), knowledge, ripe })
    }

    fn filter(&self) -> Arc<Filter> {
        Arc::clone(&self.built().filter)
    }

    fn built(&self) -> MutexGuard<'_, Arc<Built>> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns; once enough is learned for an opinion, other scores count, as in the service.
    fn learn(&self, mut letter: Letter, runtime: &Handle) -> Result<(), Failure> {
        let Some(knowledge) = &self.knowledge else { return Ok(()) };
        letter.raw.truncate(self.config.settings.limits.scan_bytes);
        learn(knowledge, letter);
        let minimum = self.config.settings.bayes.minimum_messages;
        if !self.ripe.load(Ordering::Relaxed) && is_ripe(knowledge, minimum) {
            self.ripe.store(true, Ordering::Relaxed);
            let before = Arc::clone(&self.built());
            let learned = before.learned.clone();
            let anew = build(&self.config, self.offline, learned, Some((&self.config, &before)));
            *self.built() = Arc::new(runtime.block_on(anew)?);
        }
        Ok(())
    }
}

/// Takes everything but the rules out of a configuration.
fn leave_rules(settings: &mut Settings) {
    for profile in settings.profile.values_mut() {
        profile.checks = Some(vec!["rules".to_owned()]);
    }
    settings.dns.list.clear();
    settings.dns.used.clear();
    settings.antivirus.clamd.0.clear();
    settings.bayes.enabled = false;
}
