//! Teaching through the door: one message a request.
//!
//! Of a long message the beginning is kept, as everywhere, and the rest read and dropped: a teacher
//! whose configuration differs need not know how much that is.
//!
//! What reaches the store blocks a thread, and those judge as well: so many requests at once have one,
//! others wait. Nobody keeps one by doing nothing.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::{
    runtime::Handle,
    sync::{AcquireError, Semaphore, SemaphorePermit, mpsc, oneshot},
    task::spawn_blocking,
    time::timeout,
};

use crate::filter::learn::{LearnError, Learner, Teach};

/// An export is sent in pieces of so many bytes.
const PIECE: usize = 64 << 10;

/// Requests that are worked on at once, of all sockets: each holds a thread, and a message.
static PLACES: Semaphore = Semaphore::const_new(32);

/// One of them; an error only once they are closed, which they never are.
type Place = Result<SemaphorePermit<'static>, AcquireError>;

/// Who sends or takes nothing for so long is cut off. As long as an export is not read on, the store's
/// file can be neither checked nor compacted.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a request that cannot be fulfilled is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Refusal {
    /// Why, with all causes.
    pub(super) error: String,
}

#[derive(Debug, Deserialize)]
struct Options {
    /// There if it is to be dry; whatever it says.
    dry_run: Option<String>,
}

impl Options {
    fn is_dry(&self) -> bool {
        self.dry_run.as_deref().is_some_and(|text| text != "false" && text != "0")
    }
}

pub(super) type Taking = State<Option<Arc<Learner>>>;

/// The routes of a unix socket.
pub(super) fn routes(learner: Option<Arc<Learner>>) -> Router {
    Router::new()
        .route("/train/{teach}", post(train))
        .route("/store", get(status))
        .route("/store/verify", get(verify))
        .route("/store/export", get(export))
        .route("/store/compact", post(compact))
        .with_state(learner)
}

/// The same routes where anybody could come.
pub(super) fn refused() -> Router {
    let refuse =
        async || refusal(StatusCode::FORBIDDEN, "the store is reached through unix sockets alone");
    Router::new()
        .route("/train/{teach}", post(refuse))
        .route("/store", get(refuse))
        .route("/store/verify", get(refuse))
        .route("/store/export", get(refuse))
        .route("/store/compact", post(refuse))
}

async fn train(
    State(learner): Taking,
    Path(teach): Path<Teach>,
    Query(options): Query<Options>,
    body: Body,
) -> Response {
    let Some(learner) = learner else { return no_store() };
    let place = PLACES.acquire().await;
    let message = match beginning(body, learner.scan_bytes()).await {
        Ok(message) => message,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, crate::chain(&*error)),
    };
    answered(learner, place, move |learner| {
        if options.is_dry() {
            learner.foresee(teach, message)
        } else {
            learner.teach(teach, message)
        }
    })
    .await
}

/// At most so many bytes of a body, when all of it has come.
async fn beginning(body: Body, most: usize) -> Result<Vec<u8>, axum::BoxError> {
    let mut message = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = timeout(PATIENCE, pieces.next()).await? {
        let piece = piece?;
        let room = most.saturating_sub(message.len());
        message.extend_from_slice(piece.get(..room).unwrap_or(&piece));
    }
    Ok(message)
}

async fn status(State(learner): Taking) -> Response {
    with(learner, |learner| learner.status()).await
}

async fn verify(State(learner): Taking) -> Response {
    with(learner, |learner| learner.verify()).await
}

/// As it is written, in pieces; if it breaks off, so does the answer.
async fn export(State(learner): Taking) -> Response {
    let Some(learner) = learner else { return no_store() };
    let place = PLACES.acquire().await;
    let (pieces, written) = mpsc::channel(4);
    let (end, ended) = oneshot::channel();
    let pieces = Pieces { pieces, runtime: Handle::current(), patience: PATIENCE };
    spawn_blocking(move || {
        let _place = place;
        let mut output = BufWriter::with_capacity(PIECE, pieces);
        let exported = learner.export(&mut output).map(drop);
        // What a failure left in it has no reader.
        let _ = output.into_parts();
        let _ = end.send(exported.map_err(io::Error::other));
    });
    Body::from_stream(until_the_end(written, ended)).into_response()
}

type Ended = oneshot::Receiver<io::Result<()>>;

/// What was written; then an error, unless it was all.
fn until_the_end(
    written: mpsc::Receiver<Bytes>,
    ended: Ended,
) -> impl Stream<Item = io::Result<Bytes>> {
    let pieces = stream::unfold(written, async |mut written| {
        let piece = written.recv().await?;
        Some((Ok(piece), written))
    });
    let end = stream::once(async {
        ended.await.unwrap_or_else(|_| Err(io::ErrorKind::UnexpectedEof.into()))
    });
    pieces.chain(end.filter_map(async |end| end.err().map(Err)))
}

/// Hands what is written to another task.
struct Pieces {
    pieces: mpsc::Sender<Bytes>,
    /// Where that task is.
    runtime: Handle,
    /// How long a piece may wait to be taken.
    patience: Duration,
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = self.pieces.send(Bytes::copy_from_slice(bytes));
        let sent = self.runtime.block_on(async { timeout(self.patience, piece).await });
        sent?.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn compact(State(learner): Taking) -> Response {
    with(learner, |learner| learner.compact()).await
}

pub(super) async fn with<T: Serialize + Send + 'static>(
    learner: Option<Arc<Learner>>,
    ask: impl FnOnce(&Learner) -> Result<T, LearnError> + Send + 'static,
) -> Response {
    let Some(learner) = learner else { return no_store() };
    let place = PLACES.acquire().await;
    answered(learner, place, ask).await
}

/// Asks the learner, which blocks, on a thread for that; whoever asked may go away meanwhile.
async fn answered<T: Serialize + Send + 'static>(
    learner: Arc<Learner>,
    place: Place,
    ask: impl FnOnce(&Learner) -> Result<T, LearnError> + Send + 'static,
) -> Response {
    let asked = spawn_blocking(move || {
        let _place = place;
        ask(&learner)
    });
    match asked.await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error)) if error.is_about_message() => {
            refusal(StatusCode::UNPROCESSABLE_ENTITY, crate::chain(&error))
        }
        Ok(Err(error)) => refusal(StatusCode::SERVICE_UNAVAILABLE, crate::chain(&error)),
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "the message broke its reader"),
    }
}

fn no_store() -> Response {
    refusal(StatusCode::SERVICE_UNAVAILABLE, "this service has no store; its log says why")
}

pub(super) fn refusal(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(Refusal { error: error.into() })).into_response()
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn nobody_waits_for_ever_for_a_reader() {
        let (pieces, mut written) = mpsc::channel(1);
        let (runtime, patience) = (Handle::current(), Duration::from_millis(20));
        let mut pieces = Pieces { pieces, runtime, patience };
        let outcomes = spawn_blocking(move || [b"one", b"two"].map(|piece| pieces.write(piece)));
        let [one, two] = outcomes.await.unwrap();
        assert_eq!(one.unwrap(), 3);
        assert_eq!(two.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(written.recv().await.as_deref(), Some(&b"one"[..]));
        assert_eq!(written.recv().await, None);
    }

    /// Half an export must not look like a whole one.
    #[tokio::test]
    async fn what_breaks_off_ends_with_an_error() {
        for (said, is_whole) in [
            (Some(Ok(())), true),
            (Some(Err(io::ErrorKind::TimedOut.into())), false),
            (None, false),
        ] {
            let (pieces, written) = mpsc::channel(1);
            let (end, ended) = oneshot::channel();
            pieces.try_send(Bytes::from_static(b"line\n")).unwrap();
            drop(pieces);
            if let Some(said) = said {
                end.send(said).unwrap();
            } else {
                drop(end);
            }
            let mut all = Box::pin(until_the_end(written, ended));
            assert_eq!(all.try_next().await.unwrap().as_deref(), Some(&b"line\n"[..]));
            assert_eq!(all.try_next().await.is_ok_and(|next| next.is_none()), is_whole);
        }
    }
}
