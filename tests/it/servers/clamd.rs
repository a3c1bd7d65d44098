//! A private clamd with a database of our own: it knows EICAR and one signature nobody else has.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    process::Command,
};

use nix::sys::signal::Signal;

use super::{Folder, daemon::Daemon, free_port};

/// Text that only this clamd calls a virus: no other check of the filter can find it.
pub(crate) const OWN_VIRUS: &str = "gatepost-test-virus:7f3a9c51e0d24b68";
/// What it calls that.
pub(crate) const OWN_SIGNATURE: &str = "Gatepost.Test.Own.UNOFFICIAL";
/// What it calls the files that it knows by their digest.
pub(crate) const EXACT_SIGNATURE: &str = "Gatepost.Test.Exact.UNOFFICIAL";
/// What it calls EICAR.
pub(crate) const EICAR_SIGNATURE: &str = "Gatepost.Test.Eicar.UNOFFICIAL";

/// The standard anti-virus test file, in two halves so that no scanner stumbles over this source.
pub(crate) fn eicar() -> String {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR", "-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

/// A running, stopped or killed clamd.
pub(crate) struct Clamd {
    port: u16,
    socket: PathBuf,
    daemon: Daemon,
    folder: Folder,
}

impl Clamd {
    pub(crate) fn start() -> Self {
        Self::knowing(&[])
    }

    /// One that calls exactly these bytes a virus as well, by their MD5 ([`EXACT_SIGNATURE`]).
    pub(crate) fn knowing(files: &[&[u8]]) -> Self {
        let folder = Folder::new();
        let (port, socket) = (free_port(), folder.path().join("clamd.sock"));
        folder.subfolder("database");
        folder.write("database/test.ndb", signatures());
        folder.write("database/test.hdb", hashes(&folder, files));
        folder.write("clamd.conf", configuration(&folder, port));
        let daemon = spawn(&folder);
        let mut clamd = Self { port, socket, daemon, folder };
        clamd.wait_ready();
        clamd
    }

    /// `unix:/PATH`, as in `antivirus.clamd`.
    pub(crate) fn unix(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    /// `inet:127.0.0.1:PORT`.
    pub(crate) fn inet(&self) -> String {
        format!("inet:127.0.0.1:{}", self.port)
    }

    /// Hangs: takes connections, says nothing.
    pub(crate) fn stop(&self) {
        self.daemon.signal(Signal::SIGSTOP);
    }

    /// Goes on after [`stop`](Self::stop).
    pub(crate) fn resume(&self) {
        self.daemon.signal(Signal::SIGCONT);
    }

    /// Gone: connections are refused.
    pub(crate) fn kill(&mut self) {
        self.daemon.kill();
    }

    /// Starts it again after [`kill`](Self::kill), on the same sockets.
    pub(crate) fn restart(&mut self) {
        self.daemon = spawn(&self.folder);
        self.wait_ready();
    }

    fn wait_ready(&mut self) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let socket = self.socket.clone();
        self.daemon.wait_ready(|| {
            UnixStream::connect(&socket).is_ok() && TcpStream::connect(address).is_ok()
        });
    }
}

fn spawn(folder: &Folder) -> Daemon {
    let mut command = Command::new("clamd");
    command.arg("--config-file").arg(folder.path().join("clamd.conf"));
    Daemon::spawn("clamd", &mut command, &folder.path().join("clamd.log"))
}

fn configuration(folder: &Folder, port: u16) -> String {
    let base = folder.path().display();
    format!(
        "Foreground yes\nDatabaseDirectory {base}/database\nLocalSocket {base}/clamd.sock\n\
         LocalSocketMode 666\nFixStaleSocket yes\nTCPAddr 127.0.0.1\nTCPSocket {port}\n\
         TemporaryDirectory {base}\nSelfCheck 0\nLogClean no\nMaxThreads 4\nStreamMaxLength 100M\n"
    )
}

/// One line a signature: name, any type of file, anywhere, the bytes in hexadecimal.
fn signatures() -> String {
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("Gatepost.Test.Eicar:0:*:{}\nGatepost.Test.Own:0:*:{}\n", hex(&eicar()), hex(OWN_VIRUS))
}

/// `MD5:SIZE:NAME`, a line a file.
fn hashes(folder: &Folder, files: &[&[u8]]) -> String {
    let name = EXACT_SIGNATURE.trim_end_matches(".UNOFFICIAL");
    let line = |bytes: &&[u8]| {
        folder.write("digest.bin", bytes);
        let output = Command::new("md5sum").arg(folder.path().join("digest.bin")).output().unwrap();
        let digest = String::from_utf8(output.stdout).unwrap();
        format!("{}:{}:{name}\n", &digest[..32], bytes.len())
    };
    // clamd refuses an empty database file.
    let nothing = "d41d8cd98f00b204e9800998ecf8427f:1:Gatepost.Test.Nothing\n".to_owned();
    files.iter().map(line).chain([nothing]).collect()
}
