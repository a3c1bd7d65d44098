//! The other end of the door: what `train`, `store` and `access` ask of a running service.

use std::{
    io::{self, Write},
    time::Duration,
};

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, StatusCode, body::Incoming, client::conn::http1, header::HOST};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::{net::UnixStream, time::timeout};

use super::train::Refusal;
use crate::{
    checks::access::Entry,
    endpoint::Endpoint,
    filter::learn::{Compacted, Order, Status, Taught, Teach, Verified},
};

/// No answer is longer.
const MOST_ANSWER: usize = 64 << 10;

/// The list of access entries is as long as people make it, and no longer than this.
const MOST_LIST: usize = 256 << 20;

/// A service that takes longer has lost us. Compacting a big store takes minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Why the service did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens there.
    #[error("cannot connect to the service at {0}")]
    Connect(Endpoint, #[source] io::Error),
    /// The connection broke.
    #[error("the connection to the service broke")]
    Broken(#[source] hyper::Error),
    /// It said no.
    #[error("the service refuses: {error}")]
    Refused {
        /// What kind of no.
        status: StatusCode,
        /// Why, in its words.
        error: String,
    },
    /// What listens there is something else, or another version.
    #[error("the service answered something that is not understood")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What it answered cannot be written.
    #[error("cannot write")]
    Output(#[source] io::Error),
    /// It does not answer.
    #[error("the service did not answer within {} s", PATIENCE.as_secs())]
    Silent,
}

impl ClientError {
    /// This message is not learned, others may be.
    pub fn is_about_message(&self) -> bool {
        let about = [StatusCode::UNPROCESSABLE_ENTITY, StatusCode::INTERNAL_SERVER_ERROR];
        matches!(self, Self::Refused { status, .. } if about.contains(status))
    }
}

/// A connection to a running service.
#[derive(Debug)]
pub struct Client(http1::SendRequest<Full<Bytes>>);

impl Client {
    /// Connects to a control socket of the service.
    ///
    /// # Errors
    /// [`ClientError::Connect`]: nobody listens there, or it is no unix socket.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, ClientError> {
        let failed = |error| ClientError::Connect(endpoint.clone(), error);
        let Endpoint::Unix(path) = endpoint else {
            return Err(failed(io::Error::other(
                "the store is reached through unix sockets alone",
            )));
        };
        let stream = UnixStream::connect(path).await.map_err(failed)?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(ClientError::Broken)?;
        // Ends with the connection; its error comes out of the request as well.
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Has a message learned or forgotten; `dry` only asks what that would do.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn teach(
        &mut self,
        teach: Teach,
        message: Vec<u8>,
        dry: bool,
    ) -> Result<Taught, ClientError> {
        let dry = if dry { "?dry_run=true" } else { "" };
        self.ask(Method::POST, &format!("/train/{}{dry}", teach.as_str()), message).await
    }

    /// How much is learned.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn status(&mut self) -> Result<Status, ClientError> {
        self.ask(Method::GET, "/store", Vec::new()).await
    }

    /// Has everything read and checked.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn verify(&mut self) -> Result<Verified, ClientError> {
        self.ask(Method::GET, "/store/verify", Vec::new()).await
    }

    /// Writes all that is learned.
    ///
    /// # Errors
    /// See [`ClientError`]; `to` may hold a part of it then.
    pub async fn export(&mut self, to: &mut impl Write) -> Result<(), ClientError> {
        let sent = self.send(Method::GET, "/store/export", Vec::new());
        let mut body = timeout(PATIENCE, sent).await.unwrap_or(Err(ClientError::Silent))?;
        while let Some(frame) =
            timeout(PATIENCE, body.frame()).await.or(Err(ClientError::Silent))?
        {
            if let Ok(piece) = frame.map_err(ClientError::Broken)?.into_data() {
                to.write_all(&piece).map_err(ClientError::Output)?;
            }
        }
        Ok(())
    }

    /// Whom an administrator lets in or keeps out.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn access(&mut self) -> Result<Vec<Entry>, ClientError> {
        let asked = self.exchange(Method::GET, "/access", Vec::new(), MOST_LIST);
        timeout(PATIENCE, asked).await.unwrap_or(Err(ClientError::Silent))
    }

    /// Changes that: what became of each order.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn order(&mut self, orders: &[Order]) -> Result<Vec<Taught>, ClientError> {
        let body = serde_json::to_vec(orders).map_err(|error| ClientError::Answer(error.into()))?;
        self.ask(Method::POST, "/access", body).await
    }

    /// How the service stands, as it said it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn standing<T: DeserializeOwned>(&mut self) -> Result<T, ClientError> {
        self.ask(Method::GET, "/status", Vec::new()).await
    }

    /// How the farm looks from that node, as the service said it.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn cluster<T: DeserializeOwned>(&mut self) -> Result<T, ClientError> {
        self.ask(Method::GET, "/cluster", Vec::new()).await
    }

    /// Gives space back to the disk.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn compact(&mut self) -> Result<Compacted, ClientError> {
        self.ask(Method::POST, "/store/compact", Vec::new()).await
    }

    async fn ask<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<T, ClientError> {
        timeout(PATIENCE, self.exchange(method, path, body, MOST_ANSWER))
            .await
            .unwrap_or(Err(ClientError::Silent))
    }

    async fn exchange<T: DeserializeOwned>(
        &mut self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        most: usize,
    ) -> Result<T, ClientError> {
        let body = self.send(method, path, body).await?;
        let body = Limited::new(body, most).collect().await;
        let body = body.map_err(ClientError::Answer)?.to_bytes();
        serde_json::from_slice(&body).map_err(|error| ClientError::Answer(error.into()))
    }

    /// The body of a good answer.
    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Incoming, ClientError> {
        let request = Request::builder().method(method).uri(path).header(HOST, "gatepost");
        let request = request
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| ClientError::Answer(error.into()))?;
        self.0.ready().await.map_err(ClientError::Broken)?;
        let response = self.0.send_request(request).await.map_err(ClientError::Broken)?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = Limited::new(response.into_body(), MOST_ANSWER).collect().await;
        let body = body.map_err(ClientError::Answer)?.to_bytes();
        let told = serde_json::from_slice::<Refusal>(&body);
        let error = told.map_or_else(|_| status.to_string(), |told| told.error);
        Err(ClientError::Refused { status, error })
    }
}
