//! A client of NATS on one of the hosts: what the tests see of a farm from outside gatepost.

use std::{future::Future, time::Duration};

use async_nats::{
    Client as Connection, ConnectError, ConnectOptions,
    jetstream::{self, Context},
};
use tokio::runtime::{Builder, Runtime};

use crate::servers::netns::Host;

/// How long JetStream may take to answer before a call fails: it does not answer at all without quorum.
pub(crate) const ANSWER: Duration = Duration::from_secs(3);

/// A connection with its own runtime, whose threads are on the host.
pub(crate) struct Client {
    runtime: Runtime,
    connection: Connection,
}

impl Client {
    /// Without TLS or users; panics if nobody lets it in.
    pub(crate) fn connect(host: &Host, urls: Vec<String>) -> Self {
        Self::with(host, urls, ConnectOptions::new).unwrap()
    }

    /// With options of the test's.
    pub(crate) fn with(
        host: &Host,
        urls: Vec<String>,
        options: impl FnOnce() -> ConnectOptions + Send + 'static,
    ) -> Result<Self, ConnectError> {
        let runtime = host
            .inside(|| Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap());
        let connect = async move {
            let options = options().ping_interval(Duration::from_secs(2));
            options.connection_timeout(ANSWER).request_timeout(Some(ANSWER)).connect(urls).await
        };
        let connection = runtime.block_on(runtime.spawn(connect)).unwrap()?;
        Ok(Self { runtime, connection })
    }

    /// Does something with JetStream, on the host.
    pub(crate) fn jetstream<F, T>(&self, act: impl FnOnce(Context) -> F) -> T
    where
        F: Future<Output = T> + Send + 'static,
        T: Send + 'static,
    {
        // It starts a task of its own.
        let _inside = self.runtime.enter();
        let mut context = jetstream::new(self.connection.clone());
        context.set_timeout(ANSWER);
        self.run(act(context))
    }

    /// The connection, for what is not JetStream.
    pub(crate) fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// Runs something on the host.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        act: impl Future<Output = T> + Send + 'static,
    ) -> T {
        self.runtime.block_on(self.runtime.spawn(act)).unwrap()
    }
}
