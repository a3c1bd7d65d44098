//! Whom to let in and keep out, through the door: the list, and orders that change it.

use std::sync::Arc;

use axum::{
    Router, body::Bytes, extract::State, http::StatusCode, response::Response, routing::get,
};

use super::train::{Taking, refusal, with};
use crate::{
    checks::access::Entry,
    filter::learn::{Learner, Order},
};

/// The routes of a unix socket.
pub(super) fn routes(learner: Option<Arc<Learner>>) -> Router {
    Router::new().route("/access", get(list).post(order)).with_state(learner)
}

/// The same routes where anybody could come.
pub(super) fn refused() -> Router {
    let refuse = async || {
        refusal(StatusCode::FORBIDDEN, "access entries are reached through unix sockets alone")
    };
    Router::new().route("/access", get(refuse).post(refuse))
}

async fn list(State(learner): Taking) -> Response {
    with(learner, |learner| {
        let list = learner.book().list();
        Ok(list.entries().into_iter().cloned().collect::<Vec<Entry>>())
    })
    .await
}

async fn order(State(learner): Taking, body: Bytes) -> Response {
    match serde_json::from_slice::<Vec<Order>>(&body) {
        Ok(orders) => with(learner, move |learner| learner.order(&orders)).await,
        Err(error) => refusal(StatusCode::BAD_REQUEST, crate::chain(&error)),
    }
}
