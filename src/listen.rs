//! Listening sockets for the doors: bound by us, or handed over by systemd.

use std::{
    fs, io,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::endpoint::Endpoint;

/// A bound socket.
#[derive(Debug)]
pub enum Socket {
    /// TCP.
    Tcp(TcpListener),
    /// A unix domain socket.
    Unix(UnixListener),
}

/// Why a socket could not be had.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The address could not be bound.
    #[error("cannot listen on {endpoint}")]
    Bind {
        /// Where.
        endpoint: Endpoint,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another process answers on this socket.
    #[error("cannot listen on unix:{0}: another process is listening there")]
    InUse(PathBuf),
    /// Something that is no socket stands at the path; it is left alone.
    #[error("cannot listen on unix:{0}: a file that is no socket stands there")]
    NotASocket(PathBuf),
    /// The permissions could not be set.
    #[error("cannot set the permissions of {path}")]
    Mode {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A socket handed over by systemd is of no use.
    #[error("the socket handed over by the service manager cannot be used")]
    Inherited(#[source] io::Error),
}

/// Binds a socket. `mode` is the permission bits of a unix socket (0o660 lets group members, such
/// as the MTA, connect). A socket file left behind by a dead process is replaced.
///
/// # Errors
/// See [`ListenError`].
pub async fn bind(endpoint: &Endpoint, mode: u32) -> Result<Socket, ListenError> {
    let failed = |source| ListenError::Bind { endpoint: endpoint.clone(), source };
    match endpoint {
        Endpoint::Inet { host, port } => {
            TcpListener::bind((host.as_str(), *port)).await.map(Socket::Tcp).map_err(failed)
        }
        Endpoint::Unix(path) => {
            clear(path).await?;
            let listener = UnixListener::bind(path).map_err(failed)?;
            fs::set_permissions(path, fs::Permissions::from_mode(mode))
                .map_err(|source| ListenError::Mode { path: path.clone(), source })?;
            Ok(Socket::Unix(listener))
        }
    }
}

/// The sockets that systemd opened for us (`sd_listen_fds`), in the order of the unit file.
///
/// # Errors
/// One of them is no listening stream socket.
pub fn inherited() -> Result<Vec<Socket>, ListenError> {
    let mut given = listenfd::ListenFd::from_env();
    let mut sockets = Vec::new();
    for index in 0..given.len() {
        sockets.extend(take(&mut given, index).map_err(ListenError::Inherited)?);
    }
    Ok(sockets)
}

fn take(given: &mut listenfd::ListenFd, index: usize) -> io::Result<Option<Socket>> {
    if let Ok(Some(listener)) = given.take_tcp_listener(index) {
        listener.set_nonblocking(true)?;
        return TcpListener::from_std(listener).map(|l| Some(Socket::Tcp(l)));
    }
    let Some(listener) = given.take_unix_listener(index)? else { return Ok(None) };
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener).map(|l| Some(Socket::Unix(l)))
}

impl Socket {
    /// Where it listens, with the port that the system chose.
    pub fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Endpoint::from),
            Self::Unix(listener) => {
                let address = listener.local_addr().ok()?;
                Some(Endpoint::Unix(address.as_pathname()?.to_owned()))
            }
        }
    }
}

/// Takes away a dead process's socket file, and nothing else.
async fn clear(path: &Path) -> Result<(), ListenError> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    if !found.file_type().is_socket() {
        return Err(ListenError::NotASocket(path.to_owned()));
    }
    let failed = |source| ListenError::Bind { endpoint: Endpoint::Unix(path.to_owned()), source };
    match UnixStream::connect(path).await {
        Ok(_) => Err(ListenError::InUse(path.to_owned())),
        // Only this says that nobody listens; a full queue or a lack of permission does not.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(ListenError::InUse(path.to_owned()))
        }
        Err(error) => Err(failed(error)),
    }
}

/// What would keep us from listening here, for `config check`; `None` if nothing would. A socket
/// in use is no obstacle: most likely it is the running service that is about to be reloaded.
pub fn obstacle(endpoint: &Endpoint) -> Option<String> {
    match endpoint {
        Endpoint::Inet { host, port } => {
            let bound = std::net::TcpListener::bind((host.as_str(), *port)).err()?;
            (bound.kind() != io::ErrorKind::AddrInUse).then(|| bound.to_string())
        }
        Endpoint::Unix(path) => match fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                Some("a file that is no socket stands there".to_owned())
            }
            Ok(_) => None,
            Err(_) => unwritable(path.parent()?),
        },
    }
}

/// Why no socket can be made in this folder, found out by making one.
fn unwritable(folder: &Path) -> Option<String> {
    let probe = folder.join(format!(".gatepost-{}", std::process::id()));
    let bound = std::os::unix::net::UnixListener::bind(&probe);
    let _ = fs::remove_file(&probe);
    bound.err().map(|error| format!("no socket can be made in {}: {error}", folder.display()))
}
