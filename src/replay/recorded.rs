//! Kept mail that was judged before, judged once more by what was recorded then: no network.

use std::{collections::HashMap, path::Path, sync::Arc};

use serde::Serialize;

use super::judge::{inquire, take};
use crate::{
    checks::bayes,
    filter::{
        Filter,
        record::{Record, RecordError, as_it_came},
    },
    history::{Archive, HistoryError, Place},
    mail::{Client, Envelope, Message},
    verdict::{Judgement, Points, Verdict},
};

/// The records of a folder, by what they are about.
#[derive(Debug)]
pub struct Recorded {
    archive: Archive,
    by_digest: HashMap<[u8; 16], Place>,
}

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// It cannot be read.
    #[error("the history")]
    History(#[from] HistoryError),
    /// It is of another version, or damaged.
    #[error("a record of the history")]
    Record(#[from] RecordError),
}

impl Recorded {
    /// The records of this folder as they are now.
    ///
    /// # Errors
    /// The folder or a file in it cannot be read.
    pub fn open(folder: &Path) -> Result<Self, RecordedError> {
        let archive = Archive::open(folder)?;
        Ok(Self { by_digest: archive.by_digest(), archive })
    }

    /// How many messages have a record.
    pub fn messages(&self) -> usize {
        self.by_digest.len()
    }

    /// The newest record of a message, of which at most `scan_bytes` are looked at; `None` if there
    /// is none.
    ///
    /// # Errors
    /// The record cannot be read.
    pub fn find(&self, raw: &[u8], scan_bytes: usize) -> Result<Option<Record>, RecordedError> {
        let beginning = raw.get(..scan_bytes).unwrap_or(raw);
        let digest = bayes::digest(&Message::parse(beginning.to_vec()));
        let Some(&place) = self.by_digest.get(&digest) else { return Ok(None) };
        Ok(Some(Record::from_bytes(&self.archive.read(place)?)?))
    }
}

/// How a replay by records went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ByRecord {
    /// Messages whose verdict and score are what was recorded.
    pub same: usize,
    /// Messages with another verdict, or another score.
    pub other: usize,
    /// Messages without a record, which were left out.
    pub left_out: usize,
    /// Questions that were not asked when the messages came: what their answers would be is not known.
    pub missing: usize,
}

impl ByRecord {
    /// Counts a message that was judged again, by what was recorded of it.
    pub fn count(&mut self, judgement: &Judgement, verdict: Verdict, score: Points) {
        if (judgement.verdict, judgement.score) == (verdict, score) {
            self.same += 1;
        } else {
            self.other += 1;
        }
        self.missing += judgement.testimony.missing.len();
    }
}

/// Judges a message as it was judged then, by this filter: what SMTP said and what came from outside
/// is the record's. Header fields that were put on top since are taken off.
pub async fn judge_again(
    filter: &Arc<Filter>,
    mut raw: Vec<u8>,
    record: &Record,
) -> (Judgement, Envelope) {
    if let Some(identity) = &record.identity {
        raw = as_it_came(raw, identity);
    }
    let visit = filter.revisit(Client::clone(record.client()), Arc::new(record.then()));
    let recipients = record.envelope.recipients.clone();
    let envelope = Envelope {
        client: Arc::clone(visit.client()),
        relay: None,
        recipients: Vec::new(),
        ..record.envelope.clone()
    };
    let inquiry = inquire(&visit, envelope).await;
    take(inquiry, recipients, raw, filter.scan_bytes).await
}
