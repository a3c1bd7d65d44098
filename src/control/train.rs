//! Teaching through the door: one message a request.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use crate::filter::learn::{LearnError, Learner, Teach};

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
    let most = learner.as_ref().map_or(0, |learner| learner.scan_bytes());
    Router::new()
        .route("/train/{teach}", post(train).layer(DefaultBodyLimit::max(most)))
        .route("/store", get(status))
        .route("/store/compact", post(compact))
        .with_state(learner)
}

/// The same routes where anybody could come.
pub(super) fn refused() -> Router {
    let refuse = async || {
        refusal(StatusCode::FORBIDDEN, "the store is reached through unix sockets alone")
    };
    Router::new()
        .route("/train/{teach}", post(refuse))
        .route("/store", get(refuse))
        .route("/store/compact", post(refuse))
}

async fn train(
    State(learner): Taking,
    Path(teach): Path<Teach>,
    Query(options): Query<Options>,
    message: Bytes,
) -> Response {
    with(learner, move |learner| {
        let message = message.to_vec();
        if options.is_dry() { learner.foresee(teach, message) } else { learner.teach(teach, message) }
    })
    .await
}

async fn status(State(learner): Taking) -> Response {
    with(learner, |learner| learner.status()).await
}

async fn compact(State(learner): Taking) -> Response {
    with(learner, |learner| learner.compact()).await
}

/// Asks the learner, which blocks, on a thread for that.
async fn with<T: Serialize + Send + 'static>(
    learner: Option<Arc<Learner>>,
    ask: impl FnOnce(&Learner) -> Result<T, LearnError> + Send + 'static,
) -> Response {
    let Some(learner) = learner else {
        return refusal(StatusCode::SERVICE_UNAVAILABLE, "this service has no store; its log says why");
    };
    match tokio::task::spawn_blocking(move || ask(&learner)).await {
        Ok(Ok(answer)) => Json(answer).into_response(),
        Ok(Err(error)) => refusal(StatusCode::SERVICE_UNAVAILABLE, crate::chain(&error)),
        Err(_) => refusal(StatusCode::INTERNAL_SERVER_ERROR, "the message broke its reader"),
    }
}

fn refusal(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(Refusal { error: error.into() })).into_response()
}
