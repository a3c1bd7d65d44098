//! Snapshots: the newest one is known, taken in where it has more, and another is made and offered.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{Session, SessionError};
use crate::{
    cluster::{
        link::{LinkError, object_name},
        plan::{Snapshot, cursor_after_merge},
        snapshots::{self, Scratch},
    },
    metrics,
};

impl Session {
    pub(super) async fn ask_for_snapshot(&mut self) -> Result<(), SessionError> {
        (self.offered_at, self.snapshot) = self.link.snapshot().await?;
        let (found, ours) = (self.snapshot.as_ref().map(|s| s.tokenizer), self.local.tokenizer);
        match found.filter(|&found| found != ours) {
            Some(found) => Err(SessionError::Tokenizer { found, ours }),
            None => Ok(()),
        }
    }

    pub(super) async fn merge(&mut self) -> Result<(), SessionError> {
        let Some(snapshot) = self.snapshot.clone() else { return Ok(()) };
        let file = Scratch::new(&self.local.folder, "taken");
        self.link.download(&snapshot.object, file.path()).await?;
        let imported = snapshots::read(&self.local.learner, file.path()).await?;
        snapshots::taken(&snapshot, &imported);
        self.stand().await?;
        if let Some(cursor) = cursor_after_merge(&self.standing, &snapshot, &self.log) {
            self.with_learner(move |learner| learner.read_to(cursor)).await?;
        }
        self.memory.known = Some(snapshot.object);
        self.memory.gap = None;
        Ok(())
    }

    /// Makes a snapshot and offers it, while everything goes on. Its name, if it was taken.
    pub(super) fn make_snapshot(&self) -> JoinHandle<Result<Option<String>, SessionError>> {
        let (local, link) = (self.local.clone(), Arc::clone(&self.link));
        let (before, after) = (self.snapshot.clone(), self.offered_at);
        tokio::spawn(async move {
            let file = Scratch::new(&local.folder, "made");
            let standing = snapshots::write(&local.learner, file.path()).await?;
            let object = object_name(&local.name);
            let bytes = link.upload(&object, file.path()).await?;
            let by = (local.name.as_str(), local.tokenizer);
            let Some(snapshot) = Snapshot::of(object, by, &standing, bytes, before.as_ref()) else {
                return Ok(None);
            };
            let offered = link.offer(&snapshot, after).await;
            let kept = [Some(&snapshot), before.as_ref()].into_iter().flatten();
            let kept: Vec<&str> = kept.map(|snapshot| snapshot.object.as_str()).collect();
            match offered {
                Ok(()) => link.remove_own_but(&kept).await?,
                Err(LinkError::Overtaken) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
            metrics::farm_snapshot("made", bytes);
            tracing::info!(bytes, "made a snapshot for the farm");
            Ok(Some(snapshot.object))
        })
    }

    pub(super) async fn made(
        &mut self,
        made: Result<Option<String>, SessionError>,
    ) -> Result<(), SessionError> {
        (self.making, self.memory.is_offering) = (None, false);
        if let Some(object) = made? {
            self.memory.known = Some(object);
        }
        self.ask_for_snapshot().await
    }
}

/// Waits for the snapshot that is being made; for ever if none is.
pub(super) async fn finished(
    making: &mut Option<JoinHandle<Result<Option<String>, SessionError>>>,
) -> Result<Option<String>, SessionError> {
    match making {
        Some(task) => task.await?,
        None => std::future::pending().await,
    }
}
