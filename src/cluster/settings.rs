//! `[cluster]`

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Node, NodeError};

/// `[cluster]`: with whom this node shares what it learns. Empty: nothing of the kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The NATS servers, `nats://HOST:PORT` or `tls://HOST:PORT`; none: this node is alone.
    pub nats: Vec<String>,
    /// This node's name, a [`Node`]; no two nodes have the same one.
    pub node: String,
    /// On how many servers the log and the snapshots are kept.
    pub replicas: NonZeroUsize,
    /// The certificates that servers are trusted by (PEM); empty: the system's.
    pub tls_ca: PathBuf,
    /// This node's certificate (PEM), for servers that ask for one.
    pub tls_cert: PathBuf,
    /// Its key (PEM).
    pub tls_key: PathBuf,
    /// A file with the seed of this node's NKey.
    pub nkey: PathBuf,
    /// A credentials file of NATS (`.creds`).
    pub credentials: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nats: Vec::new(),
            node: String::new(),
            replicas: NonZeroUsize::MIN,
            tls_ca: PathBuf::new(),
            tls_cert: PathBuf::new(),
            tls_key: PathBuf::new(),
            nkey: PathBuf::new(),
            credentials: PathBuf::new(),
        }
    }
}

impl Settings {
    /// Who this node is in the farm; `None`: it is alone.
    ///
    /// # Errors
    /// The name is no name of a node.
    pub fn node(&self) -> Result<Option<Node>, NodeError> {
        if self.nats.is_empty() { Ok(None) } else { self.node.parse().map(Some) }
    }
}

/// A path, unless it is empty.
pub(super) fn given(path: &Path) -> Option<&Path> {
    Some(path).filter(|path| !path.as_os_str().is_empty())
}
