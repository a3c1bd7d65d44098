//! The control door: HTTP for administrators and their tools.
//!
//! | request | answer |
//! |---|---|
//! | `GET /metrics` | the Prometheus text of all counters |
//! | `GET /health` | `ok` |
//! | `POST /train/spam`, `/train/ham`, `/train/forget` | learns or forgets the message in the body; `?dry_run` only says what it would do |
//! | `GET /store` | how much is learned |
//! | `GET /store/verify` | reads everything and says whether it fits together |
//! | `GET /store/export` | all that is learned, a line a message |
//! | `POST /store/compact` | gives space back to the disk |
//! | `GET /access` | whom an administrator lets in or keeps out |
//! | `POST /access` | changes that: a JSON array of orders, `{"set": …}` or `{"remove": "PATTERN"}` |
//! | `GET /cluster` | how the farm looks from this node |
//! | `GET /status` | how the service stands: DNS lists, readers of attachments |
//!
//! There is no authentication: who may connect may do it. What reaches the store is taken on unix sockets
//! alone, where the permissions of the file say who that is. What a route refuses is JSON, `{"error": …}`;
//! requests that no route takes are answered in plain text.

mod access;
mod client;
mod train;

use std::{future::Future, io, sync::Arc};

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};

pub use client::{Client, ClientError};

use crate::{
    endpoint::{Endpoint, Mode},
    filter::learn::Learner,
    listen::Socket,
    metrics,
};

/// `[control]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where to listen; beside these there is always a socket in the store's folder.
    pub listen: Vec<Endpoint>,
    /// Permission bits of unix sockets.
    pub socket_mode: Mode,
}

impl Default for Settings {
    fn default() -> Self {
        Self { listen: Vec::new(), socket_mode: Mode(0o600) }
    }
}

/// Says how something looks at this moment, as JSON.
pub type View = Arc<dyn Fn() -> serde_json::Value + Send + Sync>;

/// What can be looked at.
#[derive(Clone)]
pub struct Views {
    /// The service.
    pub status: View,
    /// What this node takes part in, if it does.
    pub farm: Option<View>,
}

/// Serves one socket until `shutdown` completes. `learner` takes what is taught; without one,
/// teaching is refused.
///
/// # Errors
/// The socket cannot go on.
pub async fn serve(
    socket: Socket,
    text: metrics::Text,
    learner: Option<Arc<Learner>>,
    Views { status, farm }: Views,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(async move || text.render()))
        .route("/health", get(async || "ok\n"))
        .route("/status", get(async move || Json(status())))
        .route("/cluster", get(async move || cluster(farm.as_ref())));
    match socket {
        Socket::Tcp(listener) => {
            let router = router.merge(train::refused()).merge(access::refused());
            axum::serve(listener, router).with_graceful_shutdown(shutdown).await
        }
        Socket::Unix(listener) => {
            let router = router.merge(access::routes(learner.clone()));
            let router = router.merge(train::routes(learner));
            axum::serve(listener, router).with_graceful_shutdown(shutdown).await
        }
    }
}

fn cluster(farm: Option<&View>) -> Response {
    match farm {
        Some(farm) => Json(farm()).into_response(),
        None => train::refusal(
            StatusCode::NOT_FOUND,
            "this node takes part in no farm ([cluster] nats is empty)",
        ),
    }
}
