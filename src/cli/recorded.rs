//! `--recorded`: the history of a service as what judges, instead of the network.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::OnceCell;

use super::Failure;
use crate::{
    config::Config,
    filter::{Filter, record::Record},
    mail::Envelope,
    replay::{Recorded, judge_again},
    service::{Built, Learned, Offline, build},
    verdict::Judgement,
};

/// The option.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Source {
    /// Judge by what was recorded when each message came: envelope, DNS answers, scanner's result, and
    /// the classifier's opinion of then. Nobody is asked. Messages without a record are named and left
    /// out. FOLDER: the history of another machine; else the one of [history]
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true)]
    recorded: Option<Option<PathBuf>>,
}

/// Messages were left out because there is no record of them.
#[derive(Debug, thiserror::Error)]
#[error(
    "{left_out} messages were left out: there is no record of them among the {records} in {}", folder.display()
)]
pub(super) struct LeftOut {
    left_out: usize,
    records: usize,
    folder: PathBuf,
}

/// A message, judged again.
pub(super) struct Again {
    pub(super) judgement: Judgement,
    pub(super) envelope: Envelope,
    pub(super) built: Arc<Built>,
    /// What was recorded.
    pub(super) record: Record,
}

/// A history, and the filter that judges by it.
pub(super) struct Judge {
    config: Config,
    recorded: Arc<Recorded>,
    folder: PathBuf,
    /// By whether the classifier had learned enough: then other scores count.
    built: [OnceCell<Arc<Built>>; 2],
}

impl Source {
    /// Whether the option is given.
    pub(super) fn is_given(&self) -> bool {
        self.recorded.is_some()
    }

    /// The folder, if the option is given.
    pub(super) fn folder(&self, config: &Config) -> Option<PathBuf> {
        let given = self.recorded.clone()?;
        Some(given.unwrap_or_else(|| configured(config)))
    }
}

/// The folder of the service.
pub(super) fn configured(config: &Config) -> PathBuf {
    config.settings.history.folder(&config.settings.store.path)
}

impl Judge {
    /// Reads the keys of all records.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(super) fn open(config: &Config, folder: &Path) -> Result<Self, Failure> {
        let recorded = Arc::new(Recorded::open(folder)?);
        Ok(Self::new(config, recorded, folder))
    }

    /// Another configuration, by the same records.
    pub(super) fn beside(&self, config: &Config) -> Self {
        Self::new(config, Arc::clone(&self.recorded), &self.folder)
    }

    fn new(config: &Config, recorded: Arc<Recorded>, folder: &Path) -> Self {
        let built = [OnceCell::new(), OnceCell::new()];
        Self { config: config.clone(), recorded, folder: folder.to_owned(), built }
    }

    /// A filter that has judged, if any has.
    pub(super) fn filter(&self) -> Option<Arc<Filter>> {
        let built = self.built.iter().find_map(OnceCell::get)?;
        Some(Arc::clone(&built.filter))
    }

    /// Judges a message; `None` if there is no record of it.
    ///
    /// # Errors
    /// The record cannot be read, or the configuration not be built.
    pub(super) async fn judge(&self, raw: Vec<u8>) -> Result<Option<Again>, Failure> {
        let scan_bytes = self.config.settings.limits.scan_bytes;
        let Some(record) = self.recorded.find(&raw, scan_bytes)? else { return Ok(None) };
        let built = Arc::clone(self.built(record.provenance.bayes_scores).await?);
        let (judgement, envelope) = judge_again(&built.filter, raw, &record).await;
        Ok(Some(Again { judgement, envelope, built, record }))
    }

    /// What is to be said of messages that were left out, if any were.
    pub(super) fn left_out(&self, left_out: usize) -> Option<LeftOut> {
        let (records, folder) = (self.recorded.messages(), self.folder.clone());
        (left_out > 0).then_some(LeftOut { left_out, records, folder })
    }

    async fn built(&self, bayes_scores: bool) -> Result<&Arc<Built>, Failure> {
        let [without, with] = &self.built;
        let cell = if bayes_scores { with } else { without };
        let make = || async {
            let learned = Learned::recorded(&self.config.settings);
            let offline = Offline::Recorded { bayes_scores };
            build(&self.config, offline, learned, None).await.map(Arc::new)
        };
        Ok(cell.get_or_try_init(make).await?)
    }
}
