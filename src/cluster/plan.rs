//! What a node does next: a pure function of where its store stands, what the servers have, and what it
//! remembers. No time, no network: `tests.rs` beside it plays thousands of farms that go wrong.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::store::{Cursor, Standing};

/// The last sequence known of each origin.
pub(super) type Positions = BTreeMap<u64, u64>;

/// When a snapshot is worth its while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// A node with more events to tell makes a snapshot instead: it does not fill the log.
    pub(super) most_backlog: u64,
    /// The log is not trimmed for less, in bytes.
    pub(super) least_log_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { most_backlog: 20_000, least_log_bytes: 64 << 20 }
    }
}

/// The log as the servers have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Log {
    /// Which one: a log that was lost comes back with another number.
    pub(super) number: u64,
    /// The place of the first piece that is left; one more than `last` if none is.
    pub(super) first: u64,
    /// The place of the last piece that ever came.
    pub(super) last: u64,
    /// Its size.
    pub(super) bytes: u64,
}

/// A snapshot that was offered: the whole state of a node, in the object store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// Its name in the object store.
    pub(super) object: String,
    /// Who made it.
    pub(super) by: String,
    /// The version of what makes the features in it.
    pub(super) tokenizer: u32,
    /// Of which events it is the state.
    pub(super) positions: Positions,
    /// How far its maker had read the log.
    pub(super) cursor: Cursor,
    /// The hash of that state.
    #[serde(with = "hash")]
    pub(super) state_hash: u128,
    /// Its size in the object store.
    pub(super) bytes: u64,
    /// The log is not needed up to this place: the snapshot before covers it, too.
    pub(super) trim_to: u64,
}

/// What a node said of itself last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Peer {
    /// Of which events it has the state. Of its own those that it has announced.
    pub(super) positions: Positions,
    /// How far it has read the log.
    pub(super) cursor: Option<Cursor>,
    /// The hash of its state.
    #[serde(with = "hash")]
    pub(super) state_hash: u128,
    /// How many messages it keeps: nodes that keep other numbers have other states.
    pub(super) most_messages: u64,
}

/// What the servers have.
#[derive(Clone, Debug)]
pub(super) struct Farm {
    /// The log.
    pub(super) log: Log,
    /// This node's last piece in the log.
    pub(super) published: Published,
    /// The newest snapshot.
    pub(super) snapshot: Option<Snapshot>,
    /// What nodes said of themselves, this one included.
    pub(super) peers: BTreeMap<String, Peer>,
    /// Those heard of lately. The first of them sees to the log.
    pub(super) alive: BTreeSet<String>,
}

/// The last piece of this node's origin in the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Published {
    /// The last event in it; zero: there is none.
    pub(super) sequence: u64,
    /// Its place in the log.
    pub(super) place: u64,
}

/// What a node remembers while it is connected.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The snapshot it has taken in, or made, last.
    pub(super) known: Option<String>,
    /// It is making one.
    pub(super) is_offering: bool,
    /// A piece that it cannot use, for want of what came before it.
    pub(super) gap: Option<Gap>,
    /// Gaps for which it has read the log again.
    pub(super) reread: BTreeSet<Gap>,
}

/// An origin's events came without those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Gap {
    /// Whose.
    pub(super) origin: u64,
    /// The first one that came.
    pub(super) first: u64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Take another origin: this is an older copy of a store that has told others more.
    Disown,
    /// Go on reading after that place.
    Read(Cursor),
    /// Take the snapshot in, and go on reading where it ends, if that is later.
    Merge,
    /// Make a snapshot.
    Offer,
    /// Announce, then publish from that event on.
    Publish(u64),
    /// Let the log forget everything up to that place.
    Trim(u64),
    /// The piece with the gap is of no use: pass over it.
    PassOver,
}

/// One node's view.
pub(super) struct View<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// How many messages it keeps.
    pub(super) most_messages: u64,
    /// When a snapshot is worth its while.
    pub(super) limits: Limits,
    /// Where its store stands.
    pub(super) standing: &'a Standing,
    /// What the servers have.
    pub(super) farm: &'a Farm,
    /// What it remembers.
    pub(super) memory: &'a Memory,
}

impl View<'_> {
    /// What to do next; nothing: wait for news.
    pub(super) fn next(&self) -> Option<Step> {
        self.disown().or_else(|| self.reading()).or_else(|| self.telling())
    }

    /// Somebody knows more of this node than it ever announced.
    fn disown(&self) -> Option<Step> {
        let Farm { published, snapshot, peers, .. } = self.farm;
        let origin = self.standing.origin;
        let snapshot = snapshot.iter().map(|snapshot| &snapshot.positions);
        let told = peers.values().map(|peer| &peer.positions).chain(snapshot);
        let known = told.map(|positions| position(positions, origin));
        let known = known.max().unwrap_or_default().max(published.sequence);
        (known > self.standing.announced).then_some(Step::Disown)
    }

    fn reading(&self) -> Option<Step> {
        let Log { number, first, last, .. } = self.farm.log;
        let start = Cursor { log: number, sequence: first.saturating_sub(1) };
        let news = self.farm.snapshot.as_ref().filter(|snapshot| !self.covers(snapshot));
        let Some(cursor) = self.cursor() else {
            return Some(match news {
                Some(_) => Step::Merge,
                None => Step::Read(self.after_snapshot().unwrap_or(start)),
            });
        };
        let is_trimmed = cursor.sequence < start.sequence;
        if let Some(snapshot) = news {
            let has_read_as_far = snapshot.cursor.log != number
                || snapshot.cursor.sequence > last
                || cursor.sequence >= snapshot.cursor.sequence;
            let fills_gap = self.memory.gap.is_some_and(|gap| {
                position(&snapshot.positions, gap.origin).saturating_add(1) >= gap.first
            });
            if is_trimmed || has_read_as_far || fills_gap || self.standing.positions.is_empty() {
                return Some(Step::Merge);
            }
        }
        if is_trimmed {
            return Some(Step::Read(start));
        }
        if let Some(gap) = self.memory.gap {
            let again = !self.memory.reread.contains(&gap) && cursor.sequence > start.sequence;
            return Some(if again { Step::Read(start) } else { Step::PassOver });
        }
        self.differs_from_snapshot().then_some(Step::Merge)
    }

    fn telling(&self) -> Option<Step> {
        let Some(snapshot) = &self.farm.snapshot else { return self.offer() };
        let published =
            self.farm.published.sequence.max(position(&snapshot.positions, self.standing.origin));
        let given = self.standing.given();
        if given.saturating_sub(published) > self.limits.most_backlog {
            return self.offer();
        }
        if given > published {
            return Some(Step::Publish(published.saturating_add(1)));
        }
        if self.should_offer(snapshot) {
            return self.offer();
        }
        let is_trimmable = snapshot.cursor.log == self.farm.log.number
            && snapshot.trim_to >= self.farm.log.first
            && snapshot.trim_to <= self.farm.log.last;
        (is_trimmable && self.sees_to_the_log()).then_some(Step::Trim(snapshot.trim_to))
    }

    /// Only what includes the last snapshot may take its place.
    fn offer(&self) -> Option<Step> {
        let includes = self.farm.snapshot.as_ref().is_none_or(|snapshot| self.covers(snapshot));
        (includes && !self.memory.is_offering).then_some(Step::Offer)
    }

    fn should_offer(&self, snapshot: &Snapshot) -> bool {
        let Log { first, last, bytes, .. } = self.farm.log;
        let pieces = last.saturating_sub(first).saturating_add(1).max(1);
        let since = last.saturating_sub(snapshot.cursor.sequence).min(pieces);
        let tail = (u128::from(bytes) * u128::from(since) / u128::from(pieces)) as u64;
        let is_long = tail > self.limits.least_log_bytes.max(snapshot.bytes / 2);
        (is_long && self.sees_to_the_log() && self.cursor().is_some_and(|at| at.sequence >= last))
            || self.others().any(|peer| self.knows_more_than(peer, snapshot))
    }

    /// Whether that node, which has read the log as far as this one, lacks something all the same: it
    /// is not in the log.
    fn knows_more_than(&self, peer: &Peer, snapshot: &Snapshot) -> bool {
        let (Some(ours), Some(theirs)) = (self.cursor(), peer.cursor) else { return false };
        if ours.log != theirs.log || theirs.sequence < ours.sequence {
            return false;
        }
        let origin = self.standing.origin;
        let more = self.standing.positions.iter().any(|(&of, &sequence)| {
            let known = position(&peer.positions, of).max(position(&snapshot.positions, of));
            match of == origin {
                true => {
                    let Published { sequence, place } = self.farm.published;
                    theirs.sequence >= place && sequence > known
                }
                false => sequence > known,
            }
        });
        more || (theirs == ours && self.differs_from(peer) && !self.is_state_of(snapshot))
    }

    /// The same events, and another state: something came outside the journals, by an import or from a
    /// restored backup.
    fn differs_from(&self, peer: &Peer) -> bool {
        self.has_positions(&peer.positions)
            && peer.state_hash != self.standing.state_hash
            && peer.most_messages == self.most_messages
    }

    fn differs_from_snapshot(&self) -> bool {
        self.farm.snapshot.as_ref().is_some_and(|snapshot| {
            self.has_positions(&snapshot.positions)
                && snapshot.state_hash != self.standing.state_hash
                && self.memory.known.as_ref() != Some(&snapshot.object)
        })
    }

    fn is_state_of(&self, snapshot: &Snapshot) -> bool {
        self.has_positions(&snapshot.positions) && snapshot.state_hash == self.standing.state_hash
    }

    /// Whether everything is announced, and these are the events.
    fn has_positions(&self, positions: &Positions) -> bool {
        self.standing.given() == self.standing.announced && self.standing.positions == *positions
    }

    /// Whether this node knows all that is in the snapshot.
    fn covers(&self, snapshot: &Snapshot) -> bool {
        let known = |origin| position(&self.standing.positions, origin);
        snapshot.positions.iter().all(|(&origin, &sequence)| sequence <= known(origin))
    }

    /// How far this log has been read.
    fn cursor(&self) -> Option<Cursor> {
        let Log { number, last, .. } = self.farm.log;
        self.standing.cursor.filter(|at| at.log == number && at.sequence <= last)
    }

    /// Where a node goes on reading that knows all that is in the snapshot.
    fn after_snapshot(&self) -> Option<Cursor> {
        let Log { number, first, last, .. } = self.farm.log;
        let cursor = self.farm.snapshot.as_ref()?.cursor;
        let fits =
            cursor.log == number && (first.saturating_sub(1)..=last).contains(&cursor.sequence);
        fits.then_some(cursor)
    }

    fn sees_to_the_log(&self) -> bool {
        self.farm.alive.iter().next().is_none_or(|first| first.as_str() >= self.name)
    }

    fn others(&self) -> impl Iterator<Item = &Peer> {
        self.farm.peers.iter().filter(|(name, _)| *name != self.name).map(|(_, peer)| peer)
    }
}

impl Peer {
    /// What a node says of itself.
    pub(super) fn of(standing: &Standing, most_messages: u64) -> Self {
        Self {
            positions: told_positions(standing),
            cursor: standing.cursor,
            state_hash: standing.state_hash,
            most_messages,
        }
    }
}

impl Snapshot {
    /// Of a state that stood there, to take the place of the one before. `None` if the log was never
    /// read.
    pub(super) fn of(
        object: String,
        (by, tokenizer): (&str, u32),
        standing: &Standing,
        bytes: u64,
        before: Option<&Self>,
    ) -> Option<Self> {
        let cursor = standing.cursor?;
        let before = before.filter(|before| before.cursor.log == cursor.log);
        Some(Self {
            object,
            by: by.to_owned(),
            tokenizer,
            positions: standing.positions.clone(),
            cursor,
            state_hash: standing.state_hash,
            bytes,
            trim_to: before.map_or(0, |before| before.cursor.sequence),
        })
    }
}

/// What others may know of a node's own events is what it has announced.
fn told_positions(standing: &Standing) -> Positions {
    let mut positions = standing.positions.clone();
    if let Some(own) = positions.get_mut(&standing.origin) {
        *own = standing.announced;
    }
    positions
}

/// Where a node goes on reading that has taken a snapshot in; `None`: where it was.
pub(super) fn cursor_after_merge(
    standing: &Standing,
    snapshot: &Snapshot,
    log: &Log,
) -> Option<Cursor> {
    let is_of_this_log = snapshot.cursor.log == log.number && snapshot.cursor.sequence <= log.last;
    let has_read_more = standing.cursor.is_some_and(|at| {
        at.log == log.number && at.sequence <= log.last && at.sequence >= snapshot.cursor.sequence
    });
    (is_of_this_log && !has_read_more).then_some(snapshot.cursor)
}

/// What a node is to do with a piece of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Apply it.
    Apply,
    /// It is known.
    Known,
    /// It is this node's own, and not known: see [`Step::Disown`].
    Ours,
    /// Something is missing before it.
    Gap(Gap),
}

/// Looks at the events `first..=last` of that origin.
pub(super) fn look_at(standing: &Standing, origin: u64, first: u64, last: u64) -> Use {
    let known = position(&standing.positions, origin);
    if origin == standing.origin {
        return if last > standing.announced { Use::Ours } else { Use::Known };
    }
    if last <= known {
        return Use::Known;
    }
    if first > known.saturating_add(1) { Use::Gap(Gap { origin, first }) } else { Use::Apply }
}

fn position(positions: &Positions, origin: u64) -> u64 {
    positions.get(&origin).copied().unwrap_or_default()
}

/// State hashes as `store verify` prints them; JSON has no numbers of that size.
mod hash {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(hash: &u128, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{hash:032x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let text = String::deserialize(from)?;
        u128::from_str_radix(&text, 16).map_err(de::Error::custom)
    }
}
