//! What the filter has learned: the store of a service, or the copy of it that anybody may read.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crate::{
    checks::{
        access::{Book, Gate},
        bayes::{Bayes, Knowledge, is_ripe},
    },
    config::Settings,
    endpoint::Endpoint,
    filter::learn::{LearnError, Learner, autolearn::Autolearn, read_access, read_checkpoint},
};

/// How often it is looked whether enough has been learned.
const LOOK: Duration = Duration::from_secs(5);

/// A store that is in use keeps the service from its doors for so long at most.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two attempts to open it.
const PAUSE: Duration = Duration::from_millis(100);

/// What is learned, and who may learn more.
#[derive(Clone, Debug, Default)]
pub enum Learned {
    /// There is no classifier, because nobody wants it or has made a place for it.
    #[default]
    Nothing,
    /// There should be one; why there is none.
    Missing(String),
    /// As the model was when it was last copied; nothing is learned here.
    Copy(Arc<Knowledge>),
    /// The store itself.
    Live(Arc<Learner>),
}

impl Learned {
    /// Opens the store, which then belongs to this process. Blocks, for seconds if the model has
    /// to be made anew.
    pub fn open(settings: &Settings) -> Self {
        if !settings.bayes.enabled {
            return Self::Nothing;
        }
        let store = &settings.store;
        match open_in_time(settings) {
            Ok(learner) => Self::Live(Arc::new(learner)),
            // Nobody has made the folder, and this user may not: learning was never set up.
            Err(error) if !store.path.exists() => {
                let (path, why) = (store.path.display(), crate::chain(&error));
                tracing::warn!(%path, why, "nothing is learned: there is no store ([store] path)");
                Self::Nothing
            }
            Err(error) => {
                let why = crate::chain(&error);
                tracing::error!(why, "mail is judged without what was learned, until a restart");
                Self::Missing(why)
            }
        }
    }

    /// Reads the copy of the model that the owner of the store has left. Where nothing is learned yet, there may
    /// be access entries.
    pub fn copy(settings: &Settings) -> Self {
        if !settings.bayes.enabled {
            return Self::Nothing;
        }
        match read_checkpoint(&settings.store.path) {
            Ok(Some((mark, model))) => {
                let knowledge = Knowledge::new(model);
                knowledge.set_state(mark.state_hash);
                Self::Copy(Arc::new(knowledge))
            }
            Ok(None) if matches!(read_access(&settings.store.path), Ok(None)) => Self::Nothing,
            Ok(None) => Self::Copy(Arc::default()),
            Err(error) => Self::Missing(crate::chain(&error)),
        }
    }

    /// None at all: only what was recorded is known.
    pub fn recorded(settings: &Settings) -> Self {
        if !settings.bayes.enabled {
            return Self::Nothing;
        }
        Self::Missing("what the classifier thought is not recorded".to_owned())
    }

    /// The check that asks it; `None` if there is nothing to ask.
    pub(super) fn check(&self, settings: &Settings) -> Option<Bayes> {
        let knowledge = match self {
            Self::Nothing => return None,
            Self::Missing(why) => Err(why.clone()),
            Self::Copy(knowledge) => Ok(Arc::clone(knowledge)),
            Self::Live(learner) => Ok(Arc::clone(learner.knowledge())),
        };
        Some(Bayes::new(knowledge, settings.bayes.minimum_messages))
    }

    /// The check that asks for access entries. Without a store there are none, unless a record holds some.
    pub(super) fn gate(&self, settings: &Settings) -> Gate {
        Gate::new(match self {
            Self::Live(learner) => Arc::clone(learner.book()),
            Self::Copy(_) => Arc::new(copied_book(settings)),
            Self::Nothing | Self::Missing(_) => Arc::default(),
        })
    }

    /// Learns by itself, if it is to.
    pub(super) fn autolearn(&self, settings: &Settings) -> Option<Autolearn> {
        Autolearn::new(&settings.bayes.autolearn, Arc::clone(self.learner()?))
    }

    /// Who may be taught.
    pub fn learner(&self) -> Option<&Arc<Learner>> {
        if let Self::Live(learner) = self { Some(learner) } else { None }
    }

    /// Whether enough is learned for an opinion.
    pub(super) fn is_ripe(&self, settings: &Settings) -> bool {
        let minimum = settings.bayes.minimum_messages;
        match self {
            Self::Nothing | Self::Missing(_) => false,
            Self::Copy(knowledge) => is_ripe(knowledge, minimum),
            Self::Live(learner) => is_ripe(learner.knowledge(), minimum),
        }
    }

    /// Completes once enough is learned that was not when it was called; else never.
    pub(super) async fn ripens(self, settings: Settings) {
        if self.is_ripe(&settings) || self.learner().is_none() {
            std::future::pending::<()>().await;
        }
        while !self.is_ripe(&settings) {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Opens the store; waits a while for somebody else who has it, as `gatepost train` did while no
/// service ran.
#[expect(clippy::disallowed_methods, reason = "called on a thread that may block")]
fn open_in_time(settings: &Settings) -> Result<Learner, LearnError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match Learner::open(&settings.store, settings.limits.scan_bytes) {
            Err(error) if error.is_busy() && Instant::now() < until => thread::sleep(PAUSE),
            opened => return opened,
        }
    }
}

/// The access entries as the owner of the store has copied them last.
fn copied_book(settings: &Settings) -> Book {
    let list = read_access(&settings.store.path).unwrap_or_else(|error| {
        tracing::warn!(error = crate::chain(&error), "access entries are not heeded");
        None
    });
    Book::new(list.unwrap_or_default())
}

/// The socket in the store's folder, for who may enter that.
pub fn store_socket(settings: &Settings) -> Endpoint {
    Endpoint::Unix(settings.store.path.join("control.sock"))
}
