//! Telling: what was taught here goes into the log.

use super::{Session, SessionError};
use crate::{
    cluster::{link::LinkError, piece::Piece, plan::Published},
    metrics,
};

/// Records of one's own that are read at once, and told before others are listened to again.
const MOST_RECORDS: usize = 512;

/// So often a publisher may find that somebody else was faster.
const MOST_OVERTAKEN: u32 = 5;

impl Session {
    /// Tells the farm what was taught here, from that event on; not all at once, if it is much.
    pub(super) async fn publish(&mut self, from: u64) -> Result<(), SessionError> {
        let given = self.standing.given();
        let records = self
            .with_learner(move |learner| {
                learner.announce(given)?;
                learner.journal_from(from, MOST_RECORDS)
            })
            .await?;
        for mut piece in Piece::of_journal(records) {
            // What was taught meanwhile is not announced yet.
            piece.cut_after(given);
            if piece.records.is_empty() || !self.publish_piece(&piece).await? {
                break;
            }
        }
        Ok(())
    }

    /// False: what is last in the log is not what was thought.
    async fn publish_piece(&mut self, piece: &Piece) -> Result<bool, SessionError> {
        let payload = piece.to_bytes(self.local.tokenizer)?;
        let bytes = payload.len();
        match self.link.publish(piece, payload, (self.published.place, self.overtaken)).await {
            Ok(place) => {
                self.published = Published { sequence: piece.last, place };
                self.log.last = self.log.last.max(place);
                self.overtaken = 0;
                metrics::farm_piece("told", piece.last - piece.first + 1, bytes);
                Ok(true)
            }
            Err(LinkError::Overtaken) => {
                self.overtaken += 1;
                if self.overtaken > MOST_OVERTAKEN {
                    return Err(SessionError::Twin(self.local.name.clone()));
                }
                self.published = self.link.published(self.standing.origin).await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}
