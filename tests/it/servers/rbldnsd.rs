//! A real DNS list server with a block list and an allow list, IPv4 and IPv6.

use std::{
    net::{SocketAddr, UdpSocket},
    process::Command,
    time::Duration,
};

use super::{Folder, daemon::Daemon, free_address, set_mode};

/// Every list has the entry that RFC 5782 asks for; 127.0.0.1 is in none of them.
const LISTS: [(&str, &str); 5] = [
    ("bl.ip4", "127.0.0.2\n203.0.113.66\n203.0.113.67\n198.51.100.66\n"),
    ("bl.ip6", "::ffff:7f00:2\n2001:db8::66\n"),
    // For "two lists agree": it knows .77, as the first one does not.
    ("two.ip4", "127.0.0.2\n203.0.113.77\n"),
    ("wl.ip4", "127.0.0.2\n203.0.113.67\n"),
    ("wl.ip6", "::ffff:7f00:2\n"),
];

/// On the block list.
pub(crate) const BLOCKED: &str = "203.0.113.66";
/// On the block list, IPv6.
pub(crate) const BLOCKED_V6: &str = "2001:db8::66";
/// On both the block list and the allow list.
pub(crate) const BLOCKED_AND_ALLOWED: &str = "203.0.113.67";
/// On two lists that refuse only together (`one.test` and `two.test`).
pub(crate) const LISTED_TWICE: &str = "203.0.113.77";
/// On no list.
pub(crate) const CLEAN: &str = "203.0.113.10";
/// On no list, IPv6.
pub(crate) const CLEAN_V6: &str = "2001:db8::10";

/// A running rbldnsd for `bl.test`, `one.test`, `two.test` and `wl.test`.
pub(crate) struct Rbldnsd {
    address: SocketAddr,
    _daemon: Daemon,
    _folder: Folder,
}

impl Rbldnsd {
    pub(crate) fn start() -> Self {
        let folder = Folder::new();
        for (name, entries) in LISTS {
            let file =
                folder.write(name, format!("$SOA 60 ns.test host.test 1 60 60 60 60\n{entries}"));
            set_mode(&file, 0o644);
        }
        let address = free_address();
        let mut daemon =
            Daemon::spawn("rbldnsd", &mut command(&folder, address), &folder.path().join("log"));
        daemon.wait_ready(|| answers(address));
        Self { address, _daemon: daemon, _folder: folder }
    }

    /// Where it answers, over UDP.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn command(folder: &Folder, address: SocketAddr) -> Command {
    let mut command = Command::new("rbldnsd");
    command.args(["-n", "-t", "60:10:60", "-b"]);
    command.arg(format!("{}/{}", address.ip(), address.port()));
    command.arg("-w").arg(folder.path());
    command.args([
        "bl.test:ip4set:bl.ip4",
        "bl.test:ip6trie:bl.ip6",
        "one.test:ip4set:two.ip4",
        "two.test:ip4set:two.ip4",
        "wl.test:ip4set:wl.ip4",
        "wl.test:ip6trie:wl.ip6",
    ]);
    command
}

/// Asks for the test entry of bl.test (RFC 1035 by hand: the port is right, or nobody answers).
fn answers(address: SocketAddr) -> bool {
    const QUESTION: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\
        \x012\x010\x010\x03127\x02bl\x04test\x00\x00\x01\x00\x01";
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let _ = socket.send_to(QUESTION, address);
    let mut answer = [0; 512];
    // One answer record at least.
    matches!(socket.recv(&mut answer), Ok(length) if length > QUESTION.len() && answer[7] > 0)
}
