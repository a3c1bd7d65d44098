//! `gatepost cluster init`: all files of a new farm, from the names and addresses of its nodes.
//!
//! ```text
//! FOLDER/README.txt             what to copy where
//! FOLDER/authority/             keys of both authorities; stays here, for certificates of later nodes
//! FOLDER/servers/NAME/          nats-server: configuration, users, certificates; the same users everywhere
//! FOLDER/nodes/NAME/            gatepost: a piece of its configuration, certificate, NKey
//! FOLDER/operator/              certificate and NKey of whoever looks after the streams
//! ```
//!
//! # Who may do what
//! Three things stand between a stranger and the log. The port wants a certificate of the farm's
//! authority; the user is an NKey that the server knows; the user may only do what [`permissions`]
//! lists. Servers among themselves use certificates of a second authority: with one authority for all,
//! a node could pass for a server, and servers may do everything.
//!
//! Nothing is ever overwritten: keys that are gone lock everybody out.

mod certificates;
mod files;
mod node;
mod permissions;
mod plan;
mod readme;
mod server;
#[cfg(test)]
mod tests;

use std::{io, path::PathBuf};

pub use plan::{Host, HostError, Member, MemberError, Mistake, Places, Plan};

/// Where clients connect: every nats-server's usual port.
const CLIENT_PORT: u16 = 4222;
/// Where servers connect to each other.
const ROUTE_PORT: u16 = 6222;
/// Where a server tells how it is, to its own machine alone.
const MONITOR_PORT: u16 = 8222;

/// The files could not be made.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something is there already.
    #[error("{}: is there already, and nothing is overwritten", .0.display())]
    Exists(PathBuf),
    /// A file or folder could not be written.
    #[error("{}: cannot write", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// An NKey could not be made.
    #[error("cannot make an NKey")]
    Key(#[from] nkeys::error::Error),
}

/// Writes all files of a new farm into a folder that is empty or not there yet; only its owner may
/// enter it. Returns the paths, in the order of their making.
pub fn init(plan: &Plan, folder: PathBuf) -> Result<Vec<PathBuf>, InitError> {
    let farm = Farm::found(plan)?;
    let mut files = files::Files::new(folder)?;
    farm.authority.write(&mut files, "authority/ca")?;
    farm.routes.write(&mut files, "authority/route-ca")?;
    for server in &plan.servers {
        server::write(plan, &farm, server, &mut files)?;
    }
    for (member, key) in plan.nodes.iter().zip(&farm.keys) {
        node::write(plan, &farm, member, key, &mut files)?;
    }
    farm.write_client("operator", "operator", &farm.operator, &mut files)?;
    files.write("README.txt", &readme::text(plan))?;
    Ok(files.written)
}

/// What all files of a farm are made of.
struct Farm {
    /// Signs servers and clients.
    authority: certificates::Authority,
    /// Signs servers for each other.
    routes: certificates::Authority,
    /// One a node, in their order.
    keys: Vec<nkeys::KeyPair>,
    operator: nkeys::KeyPair,
}

impl Farm {
    fn found(plan: &Plan) -> Result<Self, InitError> {
        Ok(Self {
            authority: certificates::Authority::new("gatepost farm")?,
            routes: certificates::Authority::new("gatepost farm, servers among themselves")?,
            keys: plan.nodes.iter().map(|_| nkeys::KeyPair::new_user()).collect(),
            operator: nkeys::KeyPair::new_user(),
        })
    }

    /// What a client needs to be let in.
    fn write_client(
        &self,
        folder: &str,
        name: &str,
        key: &nkeys::KeyPair,
        files: &mut files::Files,
    ) -> Result<(), InitError> {
        files.write(&format!("{folder}/ca.pem"), &self.authority.certificate)?;
        self.authority.client(name)?.write(files, &format!("{folder}/client"))?;
        files.write(&format!("{folder}/client.seed"), &format!("{}\n", key.seed()?))
    }
}
