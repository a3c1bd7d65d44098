//! Who learns: the running service, or this process if there is none.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::runtime::Handle;

use crate::{
    cli::Failure,
    config::Settings,
    control::{Client, ClientError},
    endpoint::Endpoint,
    filter::learn::{LearnError, Learner, Taught, Teach},
    service::store_socket,
};

/// Another command that has the store, or a service that starts, gets so long: whoever pipes a
/// message into `train` cannot come back later.
const PATIENCE: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Nobody can be taught.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum TeacherError {
    /// This user may not connect. Whether anybody listens there, the system does not tell.
    #[error(
        "this user may not connect to {socket}: let its group in ([control] listen, socket_mode), \
         or be the service's user"
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

/// What to do where there is neither service nor store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Absent {
    /// Make a store.
    Make,
    /// Leave it so.
    Refuse,
}

impl Teacher {
    /// The running service if one answers, else the store. Waits for a store that is in use, as
    /// by another such command.
    ///
    /// # Errors
    /// See [`TeacherError`].
    pub(in crate::cli) fn find(
        settings: &Settings,
        runtime: &Handle,
        absent: Absent,
    ) -> Result<Self, TeacherError> {
        let until = Instant::now() + PATIENCE;
        loop {
            match Self::look(settings, runtime, absent) {
                Err(TeacherError::Store(error)) if error.is_busy() && Instant::now() < until => {
                    runtime.block_on(async { tokio::time::sleep(PAUSE).await });
                }
                found => return found,
            }
        }
    }

    fn look(settings: &Settings, runtime: &Handle, absent: Absent) -> Result<Self, TeacherError> {
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
        let (store, most) = (&settings.store, settings.limits.scan_bytes);
        let learner = match absent {
            Absent::Make => Learner::open(store, most),
            Absent::Refuse => Learner::open_existing(store, most),
        };
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

/// Why a message was not taught.
pub(in crate::cli) enum NotTaught {
    /// There is something about this message.
    Message(Failure),
    /// No other one would be taught either.
    Any(Failure),
}

/// A message that its reader does not survive.
#[derive(Debug, thiserror::Error)]
#[error("the message broke its reader")]
struct Broken;

/// Teaches one message after the other.
pub(in crate::cli) enum Hand {
    /// Over a connection.
    Service(Client, Handle),
    /// Straight.
    Store(Arc<Learner>),
    /// There is no store yet, and only a dry run: all is new.
    Nothing,
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
    ) -> Result<Taught, NotTaught> {
        match self {
            Self::Service(client, runtime) => runtime
                .block_on(client.teach(teach, message, dry))
                .map_err(|error| not_taught(error.is_about_message(), error)),
            Self::Store(learner) => {
                let work = || {
                    if dry {
                        learner.foresee(teach, message)
                    } else {
                        learner.teach(teach, message)
                    }
                };
                catch_unwind(AssertUnwindSafe(work))
                    .map_err(|_panic| not_taught(true, Broken))?
                    .map_err(|error| not_taught(error.is_about_message(), error))
            }
            Self::Nothing if teach == Teach::Forget => Ok(Taught::NotKnown),
            Self::Nothing => Ok(Taught::Learned),
        }
    }
}

fn not_taught(is_about_message: bool, error: impl Into<Failure>) -> NotTaught {
    if is_about_message { NotTaught::Message(error.into()) } else { NotTaught::Any(error.into()) }
}
