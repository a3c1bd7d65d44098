//! Teaching through the door: one message a request.
//!
//! Of a long message the beginning is kept, as everywhere, and the rest read and dropped: a teacher
//! whose configuration differs need not know how much that is.

use std::{
    io::{self, BufWriter, Write},
    sync::Arc,
};

use axum::{
    Json, Router,
    body::{Body, Bytes},
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::filter::learn::{LearnError, Learner, Teach};

/// An export is sent in pieces of so many bytes.
const PIECE: usize = 64 << 10;

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

type Taking = State<Option<Arc<Learner>>>;

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
    let message = match beginning(body, learner.scan_bytes()).await {
        Ok(message) => message,
        Err(error) => return refusal(StatusCode::BAD_REQUEST, crate::chain(&error)),
    };
    with(Some(learner), move |learner| {
        if options.is_dry() {
            learner.foresee(teach, message)
        } else {
            learner.teach(teach, message)
        }
    })
    .await
}

/// At most so many bytes of a body, when all of it has come.
async fn beginning(body: Body, most: usize) -> Result<Vec<u8>, axum::Error> {
    let mut message = Vec::new();
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
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
    let (pieces, written) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut output = BufWriter::with_capacity(PIECE, Pieces(pieces.clone()));
        if let Err(error) = learner.export(&mut output) {
            // The reader may be what broke it.
            let _ = pieces.blocking_send(Err(io::Error::other(error)));
        }
    });
    let pieces = stream::unfold(written, async |mut written| {
        let piece = written.recv().await?;
        Some((piece, written))
    });
    Body::from_stream(pieces).into_response()
}

type Piece = io::Result<Bytes>;

/// Hands what is written to another task.
struct Pieces(mpsc::Sender<Piece>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn compact(State(learner): Taking) -> Response {
    with(learner, |learner| learner.compact()).await
}

/// Asks the learner, which blocks, on a thread for that.
async fn with<T: Serialize + Send + 'static>(
    learner: Option<Arc<Learner>>,
    ask: impl FnOnce(&Learner) -> Result<T, LearnError> + Send + 'static,
) -> Response {
    let Some(learner) = learner else { return no_store() };
    match tokio::task::spawn_blocking(move || ask(&learner)).await {
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

fn refusal(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(Refusal { error: error.into() })).into_response()
}
