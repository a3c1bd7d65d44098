//! Reports: this node says how it is and hears how others are; from both, how the farm is.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use super::{Local, Session, SessionError};
use crate::{
    cluster::{link::News, plan::Peer, report::Report},
    metrics,
};

/// Others are asked for by name every so many rounds; what they say in between is heard.
const ROUNDS_TO_ASK: u32 = 5;

/// What another node said, and when it was heard.
pub(super) struct Heard {
    pub report: Report,
    /// By this node's clock.
    pub at: Instant,
}

impl Session {
    pub(super) async fn hear(&mut self, news: News) -> Result<(), SessionError> {
        match news {
            News::Log => {}
            News::Snapshot => self.ask_for_snapshot().await?,
            News::Report { node, payload } => {
                self.note_report(node.clone(), &payload);
                self.look_for_twin(&node)?;
            }
        }
        Ok(())
    }

    /// After something was heard in that name, just now: what the servers have kept may have been said by
    /// this node before it was started again, by whatever clock it had then.
    fn look_for_twin(&self, node: &str) -> Result<(), SessionError> {
        let Local { name, process, .. } = &self.local;
        let is_other = |heard: &Heard| heard.report.process != *process;
        match self.heard.get(node).is_some_and(is_other) && node == name.as_str() {
            true => Err(SessionError::Twin(name.clone())),
            false => Ok(()),
        }
    }

    fn note_report(&mut self, node: String, payload: &[u8]) {
        let Ok(report) = serde_json::from_slice::<Report>(payload) else {
            // Of another version, or of somebody with a key who is no gatepost.
            metrics::farm_refused("form");
            return;
        };
        match self.heard.get_mut(&node) {
            Some(heard) if heard.report.at == report.at => heard.report = report,
            _ => drop(self.heard.insert(node, Heard { report, at: Instant::now() })),
        }
    }

    pub(super) async fn ask_for_reports(&mut self) -> Result<(), SessionError> {
        for (node, payload) in self.link.reports().await? {
            self.note_report(node, &payload);
        }
        Ok(())
    }

    /// Says how this node is, and asks how the farm is: what is acknowledged comes from a majority, so
    /// the answers right after it are not those of a server that was left behind.
    pub(super) async fn round(&mut self) -> Result<(), SessionError> {
        self.say().await?;
        self.rounds += 1;
        (self.log, self.copies) = self.link.log().await?;
        self.published = self.link.published(self.standing.origin).await?;
        self.ask_for_snapshot().await?;
        if self.rounds.is_multiple_of(ROUNDS_TO_ASK) {
            self.ask_for_reports().await?;
        }
        Ok(())
    }

    pub(super) async fn say(&mut self) -> Result<(), SessionError> {
        let report = self.report();
        self.link.say(&report).await?;
        (self.has_news, self.said_at) = (false, Instant::now());
        let heard = Heard { report, at: Instant::now() };
        self.heard.insert(self.local.name.to_string(), heard);
        Ok(())
    }

    fn report(&mut self) -> Report {
        let (at, untold) = (now(), self.untold());
        if untold == 0 && self.unread() == 0 {
            self.level_at = at;
        }
        Report {
            peer: Peer::of(&self.standing, self.local.most_messages),
            process: self.local.process,
            at,
            level_at: self.level_at,
            untold,
            spam: self.standing.counts.spam,
            ham: self.standing.counts.ham,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }

    /// Own events that the farm has not been told.
    fn untold(&self) -> u64 {
        let origin = &self.standing.origin;
        let covered = self.snapshot.as_ref().and_then(|s| s.positions.get(origin).copied());
        let told = self.published.sequence.max(covered.unwrap_or_default());
        self.standing.given().saturating_sub(told)
    }

    /// Pieces of the log that have not been read.
    fn unread(&self) -> u64 {
        let cursor = self.standing.cursor.filter(|cursor| cursor.log == self.log.number);
        self.log.last.saturating_sub(cursor.map_or(0, |cursor| cursor.sequence))
    }

    pub(super) fn publish_status(&self) {
        metrics::farm_lag(self.untold(), self.unread());
        let reports = self
            .heard
            .iter()
            .map(|(name, heard)| (name.as_str(), &heard.report, heard.at.elapsed()));
        self.local.status.send_modify(|status| {
            status.connected(self.link.server());
            status.farm(&self.log, &self.copies, self.snapshot.as_ref());
            status.nodes(reports);
            status.count();
        });
    }
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
