//! Snapshots: the whole state as `store export` writes it, compressed, in the object store.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::task::spawn_blocking;

use super::{link::LinkError, plan::Snapshot, session::SessionError};
use crate::{
    filter::learn::Learner,
    metrics,
    store::{Imported, Standing},
};

/// Features are hashes and hardly get smaller; base 64 around them does.
const LEVEL: i32 = 1;

/// A file that is gone when it is no longer needed.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    /// In that folder; what a process left that was killed is overwritten.
    pub(super) fn new(folder: &Path, what: &str) -> Self {
        Self(folder.join(format!("snapshot.{what}")))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It may not have been made.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes the state as it is at this moment, while everything goes on. All of this node's own events in it
/// count as announced from now on.
pub(super) async fn write(learner: &Arc<Learner>, to: &Path) -> Result<Standing, SessionError> {
    let (learner, path) = (Arc::clone(learner), to.to_owned());
    let written = spawn_blocking(move || {
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
        let mut output =
            zstd::Encoder::new(BufWriter::new(file.map_err(disk)?), LEVEL).map_err(disk)?;
        let mut standing = learner.export(&mut output)?;
        output.finish().and_then(|mut file| file.flush()).map_err(disk)?;
        learner.announce(standing.given())?;
        standing.announced = standing.given();
        Ok::<_, SessionError>(standing)
    });
    written.await?
}

/// Takes in what another node has written.
#[expect(clippy::disallowed_types, reason = "written by our own kind, and read piece by piece")]
pub(super) async fn read(learner: &Arc<Learner>, from: &Path) -> Result<Imported, SessionError> {
    let (learner, path) = (Arc::clone(learner), from.to_owned());
    let read = spawn_blocking(move || {
        let input = zstd::Decoder::new(File::open(&path).map_err(disk)?).map_err(disk)?;
        Ok::<_, SessionError>(learner.import(&mut BufReader::new(input))?)
    });
    read.await?
}

fn disk(error: io::Error) -> SessionError {
    LinkError::Disk(error).into()
}

/// Says what was taken in.
pub(super) fn taken(snapshot: &Snapshot, imported: &Imported) {
    metrics::farm_snapshot("taken", snapshot.bytes);
    tracing::info!(
        by = snapshot.by,
        bytes = snapshot.bytes,
        learned = imported.taken,
        known = imported.known,
        "took in a snapshot of the farm"
    );
}
