//! Who learns: the running service, or this process if there is none.

use std::{io, sync::Arc};

use tokio::runtime::Handle;

use crate::{
    cli::Failure,
    config::Settings,
    control::{Client, ClientError},
    endpoint::Endpoint,
    filter::learn::{LearnError, Learner, Taught, Teach},
    service::store_socket,
};

/// Nobody can be taught.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum TeacherError {
    /// This user may not connect.
    #[error(
        "a service runs, but this user may not connect to {socket}: let its group in \
         ([control] listen, socket_mode)"
    )]
    Forbidden {
        /// The socket.
        socket: Endpoint,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// The store can neither be opened nor does its owner answer.
    #[error("no service answers on a control socket, and the store cannot be opened here")]
    Store(#[source] LearnError),
}

/// Takes lessons.
pub(in crate::cli) enum Teacher {
    /// The service behind this socket.
    Service(Endpoint, Handle),
    /// The store itself.
    Store(Arc<Learner>),
}

impl Teacher {
    /// The running service if one answers, else the store.
    ///
    /// # Errors
    /// See [`TeacherError`].
    pub(in crate::cli) fn find(
        settings: &Settings,
        runtime: &Handle,
    ) -> Result<Self, TeacherError> {
        let unix = |endpoint: &&Endpoint| matches!(endpoint, Endpoint::Unix(_));
        let listed = settings.control.listen.iter().filter(unix).cloned();
        let mut forbidden = None;
        for socket in listed.chain([store_socket(settings)]) {
            match runtime.block_on(Client::connect(&socket)) {
                Ok(_) => return Ok(Self::Service(socket, runtime.clone())),
                Err(source) if is_forbidden(&source) => {
                    forbidden.get_or_insert(TeacherError::Forbidden { socket, source });
                }
                Err(_) => {}
            }
        }
        if let Some(forbidden) = forbidden {
            return Err(forbidden);
        }
        let learner = Learner::open(&settings.store, settings.limits.scan_bytes);
        Ok(Self::Store(Arc::new(learner.map_err(TeacherError::Store)?)))
    }

    /// A way to teach for one thread.
    ///
    /// # Errors
    /// The service is gone.
    pub(in crate::cli) fn hand(&self) -> Result<Hand, Failure> {
        Ok(match self {
            Self::Service(socket, runtime) => {
                let client = runtime.block_on(Client::connect(socket))?;
                Hand::Service(client, runtime.clone())
            }
            Self::Store(learner) => Hand::Store(Arc::clone(learner)),
        })
    }
}

fn is_forbidden(error: &ClientError) -> bool {
    matches!(error, ClientError::Connect(_, source) if source.kind() == io::ErrorKind::PermissionDenied)
}

/// Teaches one message after the other.
pub(in crate::cli) enum Hand {
    /// Over a connection.
    Service(Client, Handle),
    /// Straight.
    Store(Arc<Learner>),
}

impl Hand {
    /// Teaches one message; `dry` only says what that would do.
    ///
    /// # Errors
    /// It was not learned.
    pub(in crate::cli) fn teach(
        &mut self,
        teach: Teach,
        message: Vec<u8>,
        dry: bool,
    ) -> Result<Taught, Failure> {
        Ok(match self {
            Self::Service(client, runtime) => {
                runtime.block_on(client.teach(teach, message, dry))?
            }
            Self::Store(learner) if dry => learner.foresee(teach, message)?,
            Self::Store(learner) => learner.teach(teach, message)?,
        })
    }
}
