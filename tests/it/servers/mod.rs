//! Real servers, each a private instance: own folder, own ports, ended by process id.
//!
//! Nothing here pretends to be Postfix, clamd or rbldnsd; the one server that is ours, [`zone`], is
//! a name server because none of Debian's can be told to be late or silent. Everything is blocking:
//! a test reads from top to bottom like the session it describes.

pub(crate) mod clamd;
pub(crate) mod command;
pub(crate) mod daemon;
pub(crate) mod dovecot;
pub(crate) mod gatepost;
pub(crate) mod imap;
pub(crate) mod login;
pub(crate) mod maildir;
pub(crate) mod milter_client;
pub(crate) mod nats;
pub(crate) mod netns;
pub(crate) mod opendkim;
pub(crate) mod postfix;
pub(crate) mod rbldnsd;
pub(crate) mod recipes;
pub(crate) mod sendmail;
pub(crate) mod smtp;
pub(crate) mod zone;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// The domain whose mail every MTA here delivers.
pub(crate) const DOMAIN: &str = "example.test";

/// Where clients with an IPv6 address find every MTA here.
pub(crate) const MX_V6: &str = "2001:db8::25";

/// An MTA with a milter in front of its mailboxes.
pub(crate) trait Mta: Sync {
    /// Where clients connect.
    fn address(&self) -> SocketAddr;

    /// The messages in one mailbox (`user` of `user@example.test`), in no order.
    fn delivered(&self, user: &str) -> Vec<Vec<u8>>;

    /// Waits until nothing is on its way any more; panics after a minute.
    fn settle(&self);
}

/// A folder of one's own that other users may enter (Postfix and rbldnsd drop their privileges).
/// Gone when dropped.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        require_namespace();
        let folder = tempfile::Builder::new().prefix("gatepost-it.").tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes a folder inside.
    pub(crate) fn subfolder(&self, name: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// Writes a file inside.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Gives a file or folder to a system user that a server drops to.
pub(crate) fn give_to(path: &Path, user: &str) {
    let user = nix::unistd::User::from_name(user).unwrap().expect("no such system user");
    nix::unistd::chown(path, Some(user.uid), Some(user.gid)).unwrap();
}

/// The namespace that tests/run.sh makes lets a client have any documentation address.
fn require_namespace() {
    let public = (Ipv4Addr::new(203, 0, 113, 1), 0);
    assert!(
        UdpSocket::bind(public).is_ok(),
        "these tests start real servers in a network namespace of their own: run tests/run.sh"
    );
}

/// A port that nobody else here gets. Clients' ports start above 32768 and nothing else runs in the
/// namespace, so counting is free of the race that binding port 0 and letting go of it has.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(20_000);
    loop {
        let port = NEXT.fetch_add(1, Ordering::Relaxed);
        if TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok() {
            return port;
        }
    }
}

/// `127.0.0.1` with a free port.
pub(crate) fn free_address() -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), free_port())
}

/// Polls until `done`; panics when `limit` has passed, naming what did not happen.
///
/// The limits are for a test that would hang for ever, not claims about speed.
pub(crate) fn wait_until(what: &str, limit: Duration, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        thread::sleep(Duration::from_millis(10));
    }
}
