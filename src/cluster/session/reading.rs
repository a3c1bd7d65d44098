//! Reading: what others told is learned from the log, in its order; what is no good is refused and counted.

use std::{pin::pin, sync::Arc};

use futures_util::{Stream, StreamExt as _, stream};

use super::{Session, SessionError};
use crate::{
    cluster::{
        link::{Link, LinkError, Message},
        piece::{Piece, PieceError},
        plan::{Use, look_at},
        subject::{name_number, read_journal},
    },
    metrics,
    store::{Cursor, Record, Standing},
};

/// Pieces that are learned in one transaction, and their bytes.
const MOST_PIECES: usize = 64;
const MOST_BYTES: usize = 2 << 20;

/// Messages of the log that are asked for at once.
const AT_ONCE: usize = 16;

impl Session {
    /// Learns what is next in the log. False: nothing was.
    pub(super) async fn read(&mut self) -> Result<bool, SessionError> {
        let Some(start) = self.standing.cursor else { return Ok(false) };
        let mut batch = Batch::new(start, self.standing.clone());
        let mut known = pin!(read_ahead(Arc::clone(&self.link), start.sequence, self.log.last));
        while !batch.is_full() {
            let message = match known.next().await {
                Some(message) => message?,
                // Whether there is more than was known.
                None => self.link.read_after(batch.cursor.sequence).await?,
            };
            let Some(message) = message else { break };
            if message.place <= batch.cursor.sequence {
                continue;
            }
            self.log.last = self.log.last.max(message.place);
            batch.pieces += 1;
            if !self.take(message, &mut batch) {
                break;
            }
        }
        let Batch { records, cursor, is_ours, .. } = batch;
        if cursor != start {
            self.with_learner(move |learner| learner.apply(records, cursor)).await?;
        }
        if is_ours {
            self.stand().await?;
            self.disown().await?;
        }
        Ok(cursor != start || is_ours || self.memory.gap.is_some())
    }

    /// Adds a message to the batch. False: it has to wait.
    fn take(&mut self, message: Message, batch: &mut Batch) -> bool {
        let place = message.place;
        match open(&message, self.local.tokenizer) {
            Ok(piece) => match look_at(&batch.standing, piece.origin, piece.first, piece.last) {
                Use::Apply => batch.add(piece, message.payload.len()),
                Use::Known => {}
                Use::Ours => {
                    batch.is_ours = true;
                    return false;
                }
                Use::Gap(gap) => {
                    self.memory.gap = Some(gap);
                    return false;
                }
            },
            Err(refusal) => self.refuse(&message, &refusal),
        }
        batch.cursor.sequence = place;
        true
    }

    pub(super) async fn pass_over(&mut self) -> Result<(), SessionError> {
        let gap = self.memory.gap.take();
        let (Some(gap), Some(cursor)) = (gap, self.standing.cursor) else { return Ok(()) };
        let Some(message) = self.link.read_after(cursor.sequence).await? else { return Ok(()) };
        self.refuse(&message, &Refusal::Gap { origin: gap.origin, first: gap.first });
        let cursor = Cursor { sequence: message.place, ..cursor };
        self.with_learner(move |learner| learner.read_to(cursor)).await
    }

    /// Counts what is refused; says so once a session for each subject and reason.
    fn refuse(&mut self, message: &Message, refusal: &Refusal) {
        let why = refusal.word();
        metrics::farm_refused(why);
        self.local.status.send_modify(|status| status.refused += 1);
        let error = crate::chain(refusal);
        let Message { place, subject, .. } = message;
        if self.complained.len() < 100 && self.complained.insert((subject.clone(), why)) {
            tracing::warn!(subject, place, error, "a piece of the farm's log is refused");
        } else {
            tracing::debug!(subject, place, error, "a piece of the farm's log is refused");
        }
    }
}

/// Pieces that are learned in one transaction.
struct Batch {
    records: Vec<Record>,
    cursor: Cursor,
    /// Where the store will stand.
    standing: Standing,
    pieces: usize,
    bytes: usize,
    /// There are events of this node that it does not know.
    is_ours: bool,
}

impl Batch {
    fn new(cursor: Cursor, standing: Standing) -> Self {
        Self { records: Vec::new(), cursor, standing, pieces: 0, bytes: 0, is_ours: false }
    }

    fn is_full(&self) -> bool {
        self.pieces >= MOST_PIECES || self.bytes >= MOST_BYTES
    }

    fn add(&mut self, piece: Piece, bytes: usize) {
        metrics::farm_piece("learned", piece.last - piece.first + 1, bytes);
        self.standing.positions.insert(piece.origin, piece.last);
        self.records.extend(piece.records);
        self.bytes += bytes;
    }
}

/// Why a piece of the log is not learned.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("its subject is no journal's, or it did not come from the node")]
    Subject,
    #[error("it cannot be read")]
    Piece(#[source] PieceError),
    #[error("it has events of origin {0:016x}, which is not that node's")]
    Stranger(u64),
    #[error("origin {origin:016x}: what comes before event {first} is nowhere to be had yet")]
    Gap { origin: u64, first: u64 },
}

impl Refusal {
    fn word(&self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Piece(PieceError::Tokenizer { .. }) => "tokenizer",
            Self::Piece(_) => "form",
            Self::Stranger(_) => "stranger",
            Self::Gap { .. } => "gap",
        }
    }
}

/// The piece in a message, if the node on whose subject it came may say it.
fn open(message: &Message, tokenizer: u32) -> Result<Piece, Refusal> {
    let subject = read_journal(&message.subject).filter(|_| !message.is_answer);
    let (node, origin) = subject.ok_or(Refusal::Subject)?;
    let piece = Piece::from_bytes(&message.payload, tokenizer).map_err(Refusal::Piece)?;
    let is_its_own = piece.origin == origin && (origin >> 32) as u32 == name_number(&node);
    if is_its_own { Ok(piece) } else { Err(Refusal::Stranger(piece.origin)) }
}

/// What follows that place in the log, up to its known end, asked for side by side: a far server takes its
/// time for each answer, and others write meanwhile. What has been trimmed gives the next one there
/// is, more than once.
fn read_ahead(
    link: Arc<Link>,
    after: u64,
    last: u64,
) -> impl Stream<Item = Result<Option<Message>, LinkError>> {
    let ask = move |place| {
        let link = Arc::clone(&link);
        async move { link.read_after(place).await }
    };
    stream::iter(after..last).map(ask).buffered(AT_ONCE)
}
