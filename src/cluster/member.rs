//! This node's part in the farm: one session after the other.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{sync::watch, task::JoinHandle, time::sleep};

use super::{
    Node, Settings,
    link::Link,
    plan::Limits,
    session::{self, Session, SessionError, stopped},
    status::Status,
};
use crate::{filter::learn::Learner, metrics};

/// The pause after a session that failed at once; doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// A node of a farm, from [`Member::join`] to [`Member::leave`]. Whatever becomes of the farm, the
/// node judges and learns.
#[derive(Debug)]
pub struct Member {
    status: watch::Receiver<Status>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Member {
    /// Takes part from now on. The store is in `folder` and keeps `most_messages`.
    pub fn join(
        settings: &Settings,
        node: &Node,
        learner: Arc<Learner>,
        folder: &Path,
        (most_messages, tokenizer): (u64, u32),
    ) -> Self {
        let begun = Status {
            node: node.to_string(),
            error: Some("not connected yet".to_owned()),
            ..Status::default()
        };
        let (status, watched) = watch::channel(begun);
        let (stop, stopped) = watch::channel(false);
        let member = session::Local {
            name: node.clone(),
            learner,
            folder: folder.to_owned(),
            most_messages,
            tokenizer,
            process: rand::random(),
            limits: Limits::default(),
            status,
        };
        let task = tokio::spawn(take_part(settings.clone(), member, stopped));
        Self { status: watched, stop, task }
    }

    /// How the farm looks from here, now and later.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Ends. What the farm has not been told waits in the store.
    pub async fn leave(self) {
        let _ = self.stop.send(true);
        if self.task.await.is_err() {
            tracing::error!("the part in the farm was broken off by a mistake in gatepost");
        }
    }
}

async fn take_part(settings: Settings, member: session::Local, mut stop: watch::Receiver<bool>) {
    let mut pause = FIRST_PAUSE;
    let mut last = String::new();
    while !*stop.borrow() {
        let mut has_begun = false;
        let ended = attend(&settings, &member, &mut stop, &mut has_begun).await;
        metrics::farm_connected(false);
        let Err(error) = ended else { break };
        let error = crate::chain(&error);
        member.status.send_modify(|status| status.disconnected(error.clone()));
        pause = if has_begun { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        // The same again every few seconds helps nobody.
        if error == last {
            tracing::debug!(error, "not connected to the farm");
        } else {
            tracing::warn!(error, "not connected to the farm; what is learned waits in the store");
        }
        last = if has_begun { String::new() } else { error };
        tokio::select! {
            () = sleep(pause.mul_f64(rand::random_range(0.5..1.0))) => {}
            () = stopped(&mut stop) => break,
        }
    }
}

async fn attend(
    settings: &Settings,
    member: &session::Local,
    stop: &mut watch::Receiver<bool>,
    has_begun: &mut bool,
) -> Result<(), SessionError> {
    let begin = async {
        let link = Link::open(settings, &member.name).await?;
        let server = link.server();
        let session = Session::begin(member.clone(), link).await?;
        Ok::<_, SessionError>((server, session))
    };
    let (server, session) = tokio::select! {
        begun = begin => begun?,
        () = stopped(stop) => return Ok(()),
    };
    *has_begun = true;
    metrics::farm_connected(true);
    tracing::info!(server, node = %member.name, "connected to the farm");
    session.run(stop).await
}
