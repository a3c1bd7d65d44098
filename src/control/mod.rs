//! The control door: HTTP for administrators and their tools.
//!
//! `GET /metrics` is the Prometheus text of all counters, `GET /health` answers `ok`. There is no
//! authentication: listen on loopback or a unix socket only.

use std::{future::Future, io};

use axum::{Router, routing::get};
use serde::{Deserialize, Serialize};

use crate::{endpoint::Endpoint, listen::Socket, metrics};

/// `[control]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where to listen; nowhere if empty.
    pub listen: Vec<Endpoint>,
}

/// Serves one socket until `shutdown` completes.
///
/// # Errors
/// The socket cannot go on.
pub async fn serve(
    socket: Socket,
    text: metrics::Text,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", get(async move || text.render()))
        .route("/health", get(async || "ok\n"));
    match socket {
        Socket::Tcp(listener) => {
            axum::serve(listener, router).with_graceful_shutdown(shutdown).await
        }
        Socket::Unix(listener) => {
            axum::serve(listener, router).with_graceful_shutdown(shutdown).await
        }
    }
}
