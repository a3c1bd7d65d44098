//! What a farm is to be: as said on the command line, and checked.

use std::{
    collections::BTreeSet,
    fmt,
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::cluster::{Node, NodeError};

/// So many servers at most: more copies make every write slower and nothing safer.
const MOST_SERVERS: usize = 5;

/// The address or name by which a machine is reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Host {
    /// An address.
    Address(IpAddr),
    /// A name in DNS, in lower case.
    Name(String),
}

/// Text that is no [`Host`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither an address nor a host name")]
pub struct HostError(String);

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        if is_host_name(&name) { Ok(Self::Name(name)) } else { Err(HostError(text.to_owned())) }
    }
}

/// Letters, digits and hyphens in labels (RFC 1123); a last label of digits would be a mistyped address.
fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= 253
        && name.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

impl Host {
    /// With a port, as in URLs.
    pub(super) fn with_port(&self, port: u16) -> String {
        match self {
            Self::Address(IpAddr::V6(address)) => format!("[{address}]:{port}"),
            other => format!("{other}:{port}"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A machine of the farm: `NAME=HOST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What it is called in the farm.
    pub node: Node,
    /// How the others reach it.
    pub host: Host,
}

/// Text that is no [`Member`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemberError {
    /// No equals sign.
    #[error("expected NAME=HOST, e.g. a=192.0.2.1")]
    Form,
    /// A wrong name.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A wrong host.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl FromStr for Member {
    type Err = MemberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (node, host) = text.split_once('=').ok_or(MemberError::Form)?;
        Ok(Self { node: node.parse()?, host: host.parse()? })
    }
}

/// Where files will lie on the machines that they are copied to.
#[derive(Clone, Debug)]
pub struct Places {
    /// A server's files.
    pub server: PathBuf,
    /// What JetStream keeps.
    pub storage: PathBuf,
    /// A node's files.
    pub node: PathBuf,
}

/// A farm that can be.
#[derive(Debug)]
pub struct Plan {
    /// Those that filter mail.
    pub(super) nodes: Vec<Member>,
    /// Those of them that also run nats-server.
    pub(super) servers: Vec<Member>,
    pub(super) places: Places,
    /// How much JetStream may keep on each server, in GB.
    pub(super) gigabytes: u32,
}

/// A farm that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// No nodes.
    #[error("a farm needs at least one node")]
    Empty,
    /// The same name or host twice.
    #[error("{0}: named twice")]
    Twice(String),
    /// A server on no node.
    #[error("server {0}: no node has this name")]
    Unknown(Node),
    /// A number of servers that is no better than one less.
    #[error(
        "{0} servers: must be 1, 3 or 5; a majority has to be there, so an even number is no safer than one less"
    )]
    Servers(usize),
    /// A place that does not fit into a configuration file.
    #[error("{}: must be an absolute path without quotes or control characters", .0.display())]
    Place(PathBuf),
    /// A store of nothing.
    #[error("JetStream needs at least 1 GB")]
    Storage,
}

impl Plan {
    /// Checks what was asked for. Without `servers`, the first three nodes are that, or the first if
    /// there are fewer than three.
    pub fn new(
        nodes: Vec<Member>,
        servers: &[Node],
        places: Places,
        gigabytes: u32,
    ) -> Result<Self, Mistake> {
        if nodes.is_empty() {
            return Err(Mistake::Empty);
        }
        once(nodes.iter().map(|member| member.node.to_string()))?;
        once(nodes.iter().map(|member| member.host.to_string()))?;
        once(servers.iter().map(ToString::to_string))?;
        let servers = match servers {
            [] if nodes.len() < 3 => nodes.iter().take(1).cloned().collect(),
            [] => nodes.iter().take(3).cloned().collect(),
            named => find(&nodes, named)?,
        };
        if servers.len().is_multiple_of(2) || servers.len() > MOST_SERVERS {
            return Err(Mistake::Servers(servers.len()));
        }
        for place in [&places.server, &places.storage, &places.node] {
            check_place(place)?;
        }
        if gigabytes == 0 {
            return Err(Mistake::Storage);
        }
        Ok(Self { nodes, servers, places, gigabytes })
    }

    /// How many copies of the log there are: one a server, but three at most. Two servers may then be
    /// lost of five, and each write still waits for one other server only.
    pub(super) fn replicas(&self) -> usize {
        self.servers.len().min(3)
    }
}

fn once(names: impl Iterator<Item = String>) -> Result<(), Mistake> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.clone()) {
            return Err(Mistake::Twice(name));
        }
    }
    Ok(())
}

fn find(nodes: &[Member], names: &[Node]) -> Result<Vec<Member>, Mistake> {
    let member = |name: &Node| {
        let found = nodes.iter().find(|member| member.node == *name);
        found.cloned().ok_or_else(|| Mistake::Unknown(name.clone()))
    };
    names.iter().map(member).collect()
}

/// It stands in quotes, in nats-server's configuration and in TOML.
fn check_place(path: &Path) -> Result<(), Mistake> {
    let fits = path.to_str().is_some_and(|text| !text.contains(['"', '\\', '$', '\n', '\r', '\t']));
    if path.is_absolute() && fits { Ok(()) } else { Err(Mistake::Place(path.to_owned())) }
}
