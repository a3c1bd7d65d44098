//! Farms of real stores on a pretended network, where everything goes wrong that can: nodes cut off,
//! killed, restored from old backups; the log lost, rolled back, with pieces twice and in the wrong
//! order. When all is well again, all nodes must come to rest, and know the same: all that was taught.

use std::{fs, num::NonZeroU64, path::PathBuf};

use proptest::{collection::vec, prelude::*, sample::Index};
use tempfile::TempDir;

use super::*;
use crate::{
    cluster::piece::Piece,
    store::{self, Digest, Entry, Event, FILE_NAME, Kind, Lesson, Outcome, Store, Topic},
};

const NODES: usize = 3;
const MOST_MESSAGES: u64 = 1_000;
/// Far more turns than any farm here needs to come to rest.
const PATIENCE: usize = 400;

#[derive(Clone, Debug)]
enum Act {
    Teach {
        node: usize,
        kind: Kind,
        number: u8,
        clock: u64,
    },
    /// The node does so many things.
    Turn {
        node: usize,
        times: usize,
    },
    Cut(usize),
    Heal(usize),
    /// Forgets what is in memory.
    Kill(usize),
    Backup(usize),
    Restore(usize),
    /// All lessons of another store, which has no place in any journal here.
    Import {
        node: usize,
        number: u8,
    },
    LoseLog {
        snapshot_too: bool,
    },
    RollBack(usize),
    /// A piece comes again.
    Again(Index),
    /// The last two pieces come in the other order.
    Swap,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let kind = prop_oneof![
        2 => Just(Kind::Spam),
        2 => Just(Kind::Ham),
        2 => Just(Kind::Forgotten),
        1 => Just(Kind::Allowed),
        1 => Just(Kind::Blocked),
        1 => Just(Kind::Unlisted),
    ];
    let node = || 0..NODES;
    let act = prop_oneof![
        10 => (node(), kind, 0..9u8, 0..50u64)
            .prop_map(|(node, kind, number, clock)| Act::Teach { node, kind, number, clock }),
        16 => (node(), 1..6usize).prop_map(|(node, times)| Act::Turn { node, times }),
        1 => node().prop_map(Act::Cut),
        1 => node().prop_map(Act::Heal),
        1 => node().prop_map(Act::Kill),
        1 => node().prop_map(Act::Backup),
        1 => node().prop_map(Act::Restore),
        1 => (node(), 0..9u8).prop_map(|(node, number)| Act::Import { node, number }),
        1 => any::<bool>().prop_map(|snapshot_too| Act::LoseLog { snapshot_too }),
        1 => (1..4usize).prop_map(Act::RollBack),
        1 => any::<Index>().prop_map(Act::Again),
        1 => Just(Act::Swap),
    ];
    vec(act, 0..80)
}

/// What the servers have.
#[derive(Default)]
struct Servers {
    number: u64,
    last: u64,
    first: u64,
    /// Place, who, what.
    log: Vec<(u64, String, Piece)>,
    snapshot: Option<(Snapshot, Vec<u8>)>,
    snapshots: u64,
    peers: BTreeMap<String, Peer>,
}

impl Servers {
    fn append(&mut self, by: &str, piece: Piece) {
        self.last += 1;
        self.log.push((self.last, by.to_owned(), piece));
    }

    fn lose(&mut self, snapshot_too: bool) {
        self.log.clear();
        (self.number, self.first, self.last) = (self.number + 1, 1, 0);
        if snapshot_too {
            self.snapshot = None;
            self.peers.clear();
        }
    }

    fn roll_back(&mut self, pieces: usize) {
        for _ in 0..pieces {
            self.last -= u64::from(self.log.pop().is_some());
        }
    }
}

struct Node {
    name: String,
    folder: TempDir,
    store: Option<Store>,
    memory: Memory,
    is_cut: bool,
    /// A snapshot on its way, and what it is to replace.
    offer: Option<(u64, Snapshot, Vec<u8>)>,
    has_backup: bool,
}

impl Node {
    fn new(index: usize) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let name = ["a", "b", "c"][index].to_owned();
        let mut node = Self {
            name,
            folder,
            store: None,
            memory: Memory::default(),
            is_cut: false,
            offer: None,
            has_backup: false,
        };
        node.open();
        node.store().speak_as(index as u32 + 1).unwrap();
        node
    }

    fn open(&mut self) {
        let most_messages = NonZeroU64::new(MOST_MESSAGES).unwrap();
        let settings = store::Settings { most_messages, tokenizer: 1 };
        self.store = Some(Store::open(self.folder.path(), &settings).unwrap());
        (self.memory, self.offer) = (Memory::default(), None);
    }

    fn store(&self) -> &Store {
        self.store.as_ref().unwrap()
    }

    fn standing(&self) -> Standing {
        self.store().standing().unwrap()
    }

    fn files(&self) -> (PathBuf, PathBuf) {
        (self.folder.path().join(FILE_NAME), self.folder.path().join("backup"))
    }

    fn back_up(&mut self) {
        self.store = None;
        let (file, backup) = self.files();
        fs::copy(file, backup).unwrap();
        self.has_backup = true;
        self.open();
    }

    fn restore(&mut self) {
        if !self.has_backup {
            return;
        }
        self.store = None;
        let (file, backup) = self.files();
        fs::copy(backup, file).unwrap();
        self.open();
    }

    fn farm(&self, servers: &Servers) -> Farm {
        let origin = self.standing().origin;
        let of_ours = servers.log.iter().rev().find(|(_, _, piece)| piece.origin == origin);
        let published =
            of_ours.map(|(place, _, piece)| Published { sequence: piece.last, place: *place });
        let first = servers.log.first().map_or(servers.last + 1, |(place, ..)| *place);
        let bytes = servers.log.len() as u64 * 100;
        Farm {
            log: Log { number: servers.number, first, last: servers.last, bytes },
            published: published.unwrap_or_default(),
            snapshot: servers.snapshot.as_ref().map(|(snapshot, _)| snapshot.clone()),
            peers: servers.peers.clone(),
            alive: servers.peers.keys().cloned().collect(),
        }
    }

    fn say(&self, servers: &mut Servers) {
        let standing = self.standing();
        let peer = Peer::of(&standing, MOST_MESSAGES);
        servers.peers.insert(self.name.clone(), peer);
    }

    /// Does one thing. False: there is nothing to do.
    fn turn(&mut self, servers: &mut Servers) -> bool {
        if self.is_cut {
            return false;
        }
        if self.finish_offer(servers) {
            return true;
        }
        let (standing, farm) = (self.standing(), self.farm(servers));
        let view = View {
            name: &self.name,
            most_messages: MOST_MESSAGES,
            limits: Limits { most_backlog: 6, least_log_bytes: 500 },
            standing: &standing,
            farm: &farm,
            memory: &self.memory,
        };
        match view.next() {
            Some(step) => self.perform(step, &standing, servers),
            None => return self.read(&standing, servers),
        }
        true
    }

    fn perform(&mut self, step: Step, standing: &Standing, servers: &mut Servers) {
        match step {
            Step::Disown => self.store().disown().unwrap(),
            Step::Read(cursor) => {
                self.memory.reread.extend(self.memory.gap.take());
                self.store().read_to(cursor).unwrap();
            }
            Step::Merge => self.merge(servers),
            Step::Offer => self.begin_offer(servers),
            Step::Publish(first) => {
                self.store().announce(standing.given()).unwrap();
                let records = self.store().journal_from(first, 2).unwrap();
                for piece in Piece::of_journal(records) {
                    servers.append(&self.name, piece);
                }
            }
            Step::Trim(to) => servers.log.retain(|(place, ..)| *place > to),
            Step::PassOver => {
                self.memory.gap = None;
                let at = standing.cursor.unwrap();
                let next = servers.log.iter().map(|(place, ..)| *place).find(|p| *p > at.sequence);
                // What was there may be rolled back meanwhile: then there is nothing to pass over.
                if let Some(sequence) = next {
                    self.store().read_to(Cursor { sequence, ..at }).unwrap();
                }
            }
        }
    }

    fn merge(&mut self, servers: &Servers) {
        let (snapshot, bytes) = servers.snapshot.as_ref().unwrap();
        self.store().import(&mut bytes.as_slice()).unwrap();
        if let Some(cursor) =
            cursor_after_merge(&self.standing(), snapshot, &self.farm(servers).log)
        {
            self.store().read_to(cursor).unwrap();
        }
        self.memory.known = Some(snapshot.object.clone());
        self.memory.gap = None;
    }

    fn begin_offer(&mut self, servers: &Servers) {
        let mut bytes = Vec::new();
        let standing = self.store().export(&mut bytes).unwrap();
        self.store().announce(standing.given()).unwrap();
        let before = servers.snapshot.as_ref().map(|(snapshot, _)| snapshot);
        let object = format!("{}-{}", self.name, servers.snapshots);
        let snapshot = Snapshot::of(object, (&self.name, 1), &standing, 100, before).unwrap();
        self.memory.is_offering = true;
        self.offer = Some((servers.snapshots, snapshot, bytes));
    }

    fn finish_offer(&mut self, servers: &mut Servers) -> bool {
        let Some((replaces, snapshot, bytes)) = self.offer.take() else { return false };
        self.memory.is_offering = false;
        if servers.snapshots == replaces {
            self.memory.known = Some(snapshot.object.clone());
            servers.snapshots += 1;
            servers.snapshot = Some((snapshot, bytes));
        }
        true
    }

    fn read(&mut self, standing: &Standing, servers: &Servers) -> bool {
        let cursor = standing.cursor.unwrap();
        let next = servers.log.iter().find(|(place, ..)| *place > cursor.sequence);
        let Some((place, _, piece)) = next else { return false };
        let cursor = Cursor { sequence: *place, ..cursor };
        match look_at(standing, piece.origin, piece.first, piece.last) {
            Use::Apply => {
                self.store().apply(piece.records.clone(), Some(cursor)).unwrap();
            }
            Use::Known => self.store().read_to(cursor).unwrap(),
            Use::Ours => self.store().disown().unwrap(),
            Use::Gap(gap) => self.memory.gap = Some(gap),
        }
        true
    }
}

struct World {
    servers: Servers,
    nodes: Vec<Node>,
    /// What was taught, and by whom.
    events: Vec<(usize, Event)>,
    /// Nothing has died with a store.
    is_complete: bool,
}

impl World {
    fn new() -> Self {
        let servers = Servers { number: 1, first: 1, ..Servers::default() };
        let nodes = (0..NODES).map(Node::new).collect();
        Self { servers, nodes, events: Vec::new(), is_complete: true }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Teach { node, kind, number, clock } => self.teach(node, kind, number, clock),
            Act::Turn { node, times } => {
                for _ in 0..times {
                    let node = &mut self.nodes[node];
                    node.turn(&mut self.servers);
                    if !node.is_cut {
                        node.say(&mut self.servers);
                    }
                }
            }
            Act::Cut(node) => self.nodes[node].is_cut = true,
            Act::Heal(node) => self.nodes[node].is_cut = false,
            Act::Kill(node) => {
                let node = &mut self.nodes[node];
                (node.memory, node.offer) = (Memory::default(), None);
            }
            Act::Backup(node) => self.nodes[node].back_up(),
            Act::Restore(node) => self.restore(node),
            Act::Import { node, number } => self.import(node, number),
            Act::LoseLog { snapshot_too } => self.servers.lose(snapshot_too),
            Act::RollBack(pieces) => self.servers.roll_back(pieces),
            Act::Again(index) if !self.servers.log.is_empty() => {
                let (_, by, piece) = index.get(&self.servers.log).clone();
                self.servers.append(&by, piece);
            }
            Act::Again(_) => {}
            Act::Swap => {
                if let [.., one, other] = self.servers.log.as_mut_slice() {
                    std::mem::swap(&mut one.1, &mut other.1);
                    std::mem::swap(&mut one.2, &mut other.2);
                }
            }
        }
    }

    fn teach(&mut self, node: usize, kind: Kind, number: u8, clock: u64) {
        let digest = Digest([number; 16]);
        let lesson = Lesson { kind, digest, features: vec![number, node as u8] };
        let store = self.nodes[node].store();
        let batch = store.teach_at(vec![lesson], clock).unwrap();
        if !matches!(batch.outcomes[0], Outcome::Known | Outcome::NotKnown) {
            let entry = entry(store, kind.topic(), digest).unwrap();
            self.events.push((node, Event { digest, entry }));
        }
    }

    fn import(&mut self, node: usize, number: u8) {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let settings = store::Settings { most_messages: NonZeroU64::MAX, tokenizer: 1 };
        let other = Store::open(folder.path(), &settings).unwrap();
        let digest = Digest([number; 16]);
        let lesson = Lesson { kind: Kind::Spam, digest, features: vec![number, 99] };
        other.teach_at(vec![lesson], 30).unwrap();
        let entry = other.entry(digest).unwrap().unwrap();
        self.events.push((node, Event { digest, entry }));
        let mut bytes = Vec::new();
        other.export(&mut bytes).unwrap();
        // Without positions, as another program may write it.
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        let bytes: Vec<u8> =
            lines.filter(|line| !line.starts_with(b"position")).flatten().copied().collect();
        self.nodes[node].store().import(&mut bytes.as_slice()).unwrap();
    }

    /// What only this node knew dies with its store.
    fn restore(&mut self, node: usize) {
        if !self.nodes[node].has_backup {
            return;
        }
        self.nodes[node].restore();
        let nodes = &self.nodes;
        let before = self.events.len();
        self.events.retain(|(_, event)| nodes.iter().any(|node| knows(node.store(), event)));
        self.is_complete &= self.events.len() == before;
    }

    /// Everybody is well again, and comes to rest.
    fn settle(&mut self) {
        for node in &mut self.nodes {
            node.is_cut = false;
        }
        let mut idle = 0;
        for _ in 0..PATIENCE {
            let mut is_busy = false;
            for node in &mut self.nodes {
                node.say(&mut self.servers);
                is_busy |= node.turn(&mut self.servers);
            }
            // In the second one everybody knows how the others ended the first.
            idle = if is_busy { 0 } else { idle + 1 };
            if idle == 2 {
                return;
            }
        }
        panic!("the farm does not come to rest");
    }

    fn check(&self) {
        let standings: Vec<_> = self.nodes.iter().map(Node::standing).collect();
        for standing in &standings {
            assert_eq!(standing.state_hash, standings[0].state_hash);
            assert_eq!(standing.positions, standings[0].positions);
        }
        for (by, event) in &self.events {
            assert!(knows(self.nodes[0].store(), event), "lost, taught at {by}: {event:?}");
        }
        for node in &self.nodes {
            assert_eq!(node.store().verify().unwrap().mistakes, Vec::<String>::new());
        }
        if self.is_complete {
            let is_known = |digest, entry| {
                let event = Event { digest, entry };
                assert!(self.events.iter().any(|(_, e)| *e == event), "invented: {event:?}");
            };
            self.nodes[0].store().entries(is_known).unwrap();
            self.nodes[0].store().access(is_known).unwrap();
        }
    }
}

fn entry(store: &Store, topic: Topic, digest: Digest) -> Option<Entry> {
    match topic {
        Topic::Message => store.entry(digest).unwrap(),
        Topic::Access => store.access_entry(digest).unwrap(),
    }
}

/// The event, or a later word on that message or access entry.
fn knows(store: &Store, event: &Event) -> bool {
    let entry = entry(store, event.entry.kind.topic(), event.digest);
    entry.is_some_and(|entry| entry.stamp >= event.entry.stamp)
}

proptest! {
    #[test]
    fn farms_come_to_rest_and_know_the_same(acts in acts()) {
        let mut world = World::new();
        acts.into_iter().for_each(|act| world.act(act));
        world.settle();
        world.check();
    }
}
