//! How the farm looks from here: for `gatepost cluster status`.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    link::Copies,
    plan::{Log, Positions, Snapshot},
    report::Report,
};
use crate::metrics;

/// Who has said nothing for so long is told apart, in seconds.
const SILENT: u64 = 10;

/// How the farm looks from this node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// This node's name.
    pub node: String,
    /// The server it is connected to; none: it is cut off, learns alone and tells later.
    pub server: Option<String>,
    /// Why it is not connected.
    pub error: Option<String>,
    /// The log.
    pub log: Option<LogStatus>,
    /// The newest snapshot.
    pub snapshot: Option<SnapshotStatus>,
    /// All nodes that ever said anything, by name.
    pub nodes: Vec<NodeStatus>,
    /// All nodes that speak know the same.
    pub level: bool,
    /// Pieces of the log that this process has refused.
    pub refused: u64,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStatus {
    /// The pieces it has.
    pub pieces: u64,
    /// The place of the last.
    pub last: u64,
    /// Its size.
    pub bytes: u64,
    /// The server that leads its copies; none: there is one.
    pub leader: Option<String>,
    /// How many copies there are to be.
    pub copies: usize,
    /// How many of them are up to date.
    pub current: usize,
}

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotStatus {
    /// Who made it.
    pub by: String,
    /// Its size.
    pub bytes: u64,
    /// How many pieces the log has got since.
    pub pieces_since: u64,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// How long ago it spoke, in seconds.
    pub seen_seconds: u64,
    /// It spoke lately.
    pub speaks: bool,
    /// Events that others know and it does not.
    pub behind_events: u64,
    /// For how long it has not known everything, in seconds, when it spoke.
    pub behind_seconds: u64,
    /// Events that it has not told yet.
    pub untold_events: u64,
    /// Messages it knows as spam.
    pub spam: u64,
    /// And as ham.
    pub ham: u64,
    /// The same on all nodes that know the same.
    pub state_hash: String,
    /// The place of the log up to which it has read.
    pub read_to: Option<u64>,
    /// The last event it knows of each origin (16 hexadecimal digits).
    pub positions: BTreeMap<String, u64>,
    /// Its version of gatepost.
    pub version: String,
}

impl Status {
    pub(super) fn connected(&mut self, server: String) {
        (self.server, self.error) = (Some(server), None);
    }

    pub(super) fn disconnected(&mut self, error: String) {
        (self.server, self.error) = (None, Some(error));
    }

    pub(super) fn farm(&mut self, log: &Log, copies: &Copies, snapshot: Option<&Snapshot>) {
        let pieces = log.last.saturating_sub(log.first).saturating_add(1);
        let pieces = if log.first > log.last { 0 } else { pieces };
        let Copies { leader, all, current } = copies.clone();
        let (last, bytes) = (log.last, log.bytes);
        self.log = Some(LogStatus { pieces, last, bytes, leader, copies: all, current });
        self.snapshot = snapshot.map(|snapshot| SnapshotStatus {
            by: snapshot.by.clone(),
            bytes: snapshot.bytes,
            pieces_since: log.last.saturating_sub(snapshot.cursor.sequence),
        });
    }

    pub(super) fn nodes<'a>(
        &mut self,
        reports: impl Iterator<Item = (&'a str, &'a Report, Duration)> + Clone,
    ) {
        let mut known = Positions::new();
        for (_, report, _) in reports.clone() {
            for (&origin, &sequence) in &report.peer.positions {
                let most = known.entry(origin).or_default();
                *most = sequence.max(*most);
            }
        }
        self.nodes = reports.map(|report| node(report, &known)).collect();
        let speaking: Vec<_> = self.nodes.iter().filter(|node| node.speaks).collect();
        let hash = speaking.first().map(|node| node.state_hash.as_str());
        self.level = speaking
            .iter()
            .all(|node| node.untold_events == 0 && Some(node.state_hash.as_str()) == hash);
    }
}

impl Status {
    /// The same as counters.
    pub(super) fn count(&self) {
        if let Some(log) = &self.log {
            metrics::farm_log(log.pieces, log.bytes, log.current);
        }
        for node in &self.nodes {
            let NodeStatus { name, seen_seconds, behind_events, behind_seconds, .. } = node;
            metrics::farm_node(name, *seen_seconds, *behind_events, *behind_seconds);
        }
        metrics::farm_level(self.level);
    }
}

fn node((name, report, ago): (&str, &Report, Duration), known: &BTreeMap<u64, u64>) -> NodeStatus {
    let Report { peer, at, level_at, untold, spam, ham, version, .. } = report;
    let has = |origin| peer.positions.get(origin).copied().unwrap_or_default();
    let behind_events = known.iter().map(|(origin, most)| most.saturating_sub(has(origin))).sum();
    NodeStatus {
        name: name.to_owned(),
        seen_seconds: ago.as_secs(),
        speaks: ago.as_secs() < SILENT,
        behind_events,
        behind_seconds: at.saturating_sub(*level_at) / 1000,
        untold_events: *untold,
        spam: *spam,
        ham: *ham,
        state_hash: format!("{:032x}", peer.state_hash),
        read_to: peer.cursor.map(|cursor| cursor.sequence),
        positions: peer.positions.iter().map(|(of, at)| (format!("{of:016x}"), *at)).collect(),
        version: version.clone(),
    }
}
