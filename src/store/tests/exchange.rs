//! Several stores teach and tell each other: by journal, by snapshot, in any order, with clocks
//! that go wrong.

use proptest::{collection::vec, prelude::*};
use tempfile::TempDir;

use super::{
    Mirror, access_entries, assert_sound, digest, entries, entry_of, folder, kinds, lesson, open,
    order::{access_definition, definition},
    reflect,
};
use crate::store::{Event, Fault, Kind, Outcome, Record, Store};

#[derive(Clone, Debug)]
enum Step {
    Teach {
        node: usize,
        lessons: Vec<(Kind, u8)>,
        clock: u64,
    },
    /// `to` asks `from` for what it has not got, but begins some events before.
    Tell {
        from: usize,
        to: usize,
        most: usize,
        again: u64,
    },
    Snapshot {
        from: usize,
        to: usize,
    },
    Checkpoint {
        node: usize,
    },
    /// The model of a node starts from what it had written down.
    CatchUp {
        node: usize,
    },
}

const NODES: usize = 3;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let node = || 0..NODES;
    let step = prop_oneof![
        6 => (node(), vec((kinds(), 0..7u8), 1..4), 0..50u64)
            .prop_map(|(node, lessons, clock)| Step::Teach { node, lessons, clock }),
        4 => (node(), node(), 1..5usize, 0..3u64)
            .prop_map(|(from, to, most, again)| Step::Tell { from, to, most, again }),
        1 => (node(), node()).prop_map(|(from, to)| Step::Snapshot { from, to }),
        1 => node().prop_map(|node| Step::Checkpoint { node }),
        1 => node().prop_map(|node| Step::CatchUp { node }),
    ];
    vec(step, 0..60)
}

struct Node {
    store: Store,
    /// Follows the changes of each batch.
    mirror: Mirror,
    /// Follows by `changes_since`, from time to time.
    model: Mirror,
    number: u64,
    _folder: TempDir,
}

struct Farm {
    nodes: Vec<Node>,
    events: Vec<Event>,
}

impl Farm {
    fn new(most: u64) -> Self {
        let nodes = (0..NODES).map(|_| {
            let folder = folder();
            let store = open(folder.path(), most);
            let (mirror, model) = (Mirror::new(), Mirror::new());
            Node { store, mirror, model, number: 0, _folder: folder }
        });
        Self { nodes: nodes.collect(), events: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Teach { node, lessons, clock } => self.teach(node, &lessons, clock),
            Step::Tell { from, to, most, again } => {
                self.tell(from, to, most, again);
            }
            Step::Snapshot { from, to } => self.snapshot(from, to),
            Step::Checkpoint { node } => {
                self.catch_up(node);
                let node = &self.nodes[node];
                node.store.checkpointed(node.number).unwrap();
            }
            Step::CatchUp { node } => self.catch_up(node),
        }
    }

    /// The last lesson on a message in a batch must be its entry afterwards.
    fn teach(&mut self, node: usize, lessons: &[(Kind, u8)], clock: u64) {
        for (kind, number) in lessons {
            let node = &mut self.nodes[node];
            let batch = node.store.teach_at(vec![lesson(*kind, *number)], clock).unwrap();
            batch.changes.into_iter().for_each(|change| reflect(&mut node.mirror, change));
            let entry = entry_of(&node.store, kind.topic(), digest(*number));
            match batch.outcomes[0] {
                Outcome::Known => assert_eq!(entry.unwrap().kind, *kind),
                Outcome::NotKnown => assert!(entry.is_none_or(|e| e.kind.takes_back())),
                _ => {
                    let entry = entry.unwrap();
                    assert_eq!(entry.kind, *kind);
                    self.events.push(Event { digest: digest(*number), entry });
                }
            }
        }
    }

    /// Returns whether there was anything to tell.
    fn tell(&mut self, from: usize, to: usize, most: usize, again: u64) -> bool {
        let origin = self.nodes[from].store.origin().unwrap();
        let position = self.nodes[to].store.position(origin).unwrap();
        let records =
            self.nodes[from].store.journal_from((position + 1).saturating_sub(again), most);
        let records = records.unwrap();
        let told = !records.is_empty();
        if from != to {
            let node = &mut self.nodes[to];
            let batch = node.store.apply(records, None).unwrap();
            batch.changes.into_iter().for_each(|change| reflect(&mut node.mirror, change));
        }
        told
    }

    fn snapshot(&mut self, from: usize, to: usize) {
        let mut export = Vec::new();
        self.nodes[from].store.export(&mut export).unwrap();
        let node = &mut self.nodes[to];
        let imported = node.store.import(&mut &export[..]).unwrap();
        let number =
            node.store.changes_since(imported.since, |change| reflect(&mut node.mirror, change));
        assert_eq!(number.unwrap(), Some(imported.number));
    }

    fn catch_up(&mut self, node: usize) {
        let Node { store, model, number, .. } = &mut self.nodes[node];
        *number = store.changes_since(*number, |change| reflect(model, change)).unwrap().unwrap();
        assert_eq!(*model, entries(store));
    }

    fn tell_all(&mut self) {
        for from in 0..NODES {
            for to in (0..NODES).filter(|to| *to != from) {
                while self.tell(from, to, 5, 0) {}
            }
        }
    }
}

proptest! {
    #[test]
    fn stores_that_know_the_same_events_have_the_same_state(
        steps in steps(),
        most in prop_oneof![1..6u64, Just(100)],
    ) {
        let mut farm = Farm::new(most);
        steps.into_iter().for_each(|step| farm.step(step));
        farm.tell_all();
        let expected = definition(&farm.events, most as usize);
        let access = access_definition(&farm.events);
        let hash = farm.nodes[0].store.state_hash().unwrap();
        for index in 0..NODES {
            farm.catch_up(index);
            let node = &farm.nodes[index];
            prop_assert_eq!(&entries(&node.store), &expected);
            prop_assert_eq!(&node.mirror, &expected);
            prop_assert_eq!(&access_entries(&node.store), &access);
            prop_assert_eq!(node.store.state_hash().unwrap(), hash);
            assert_sound(&node.store);
        }
    }
}

#[test]
fn a_gap_and_a_repetition_are_told_apart() {
    let (ours, theirs) = (folder(), folder());
    let (one, other) = (open(ours.path(), 10), open(theirs.path(), 10));
    for number in 1..=3 {
        super::teach(&one, Kind::Spam, number);
    }
    super::teach(&one, Kind::Ham, 2);
    let journal = one.journal_from(1, 10).unwrap();
    let origin = one.origin().unwrap();
    assert_eq!(journal[1], Record::Void { origin, first: 2, last: 2 });
    let error = other.apply(journal[1..].to_vec(), None).unwrap_err();
    assert!(matches!(error.fault, Fault::Gap { expected: 1, found: 2, .. }), "{error}");
    assert_eq!(other.number().unwrap(), 0);
    let expected = [Outcome::Learned, Outcome::Void, Outcome::Learned, Outcome::Learned];
    assert_eq!(other.apply(journal.clone(), None).unwrap().outcomes, expected);
    assert_eq!(other.apply(journal, None).unwrap().outcomes, [Outcome::Duplicate; 4]);
    assert_eq!(one.state_hash().unwrap(), other.state_hash().unwrap());
}

#[test]
fn impossible_events_are_refused_and_can_be_passed_over() {
    let (ours, theirs) = (folder(), folder());
    let (one, other) = (open(ours.path(), 10), open(theirs.path(), 10));
    super::teach(&one, Kind::Spam, 1);
    let good = one.journal_from(1, 10).unwrap().remove(0);
    let Record::Event(event) = &good else { panic!("{good:?}") };
    let spoil: [fn(&mut Event); 7] = [
        |event| event.entry.stamp.origin = 0,
        |event| event.entry.stamp.sequence = 0,
        |event| event.entry.stamp.time = u64::MAX,
        |event| event.entry.kind = Kind::Forgotten,
        |event| event.entry.kind = Kind::Unlisted,
        |event| {
            event.entry.kind = Kind::Blocked;
            event.entry.features = vec![0; crate::store::MOST_ACCESS_BYTES + 1];
        },
        |event| event.entry.features = vec![0; crate::store::MOST_FEATURE_BYTES + 1],
    ];
    for spoil in spoil {
        let mut event = event.clone();
        spoil(&mut event);
        let error = other.apply(vec![good.clone(), Record::Event(event)], None).unwrap_err();
        assert!(matches!(error.fault, Fault::Malformed { .. }), "{error}");
        assert_eq!(other.number().unwrap(), 0, "all or nothing");
    }
    let origin = one.origin().unwrap();
    let backwards = Record::Void { origin, first: 2, last: 1 };
    assert!(other.apply(vec![backwards], None).is_err());
    let endless = Record::Void { origin, first: 1, last: u64::MAX };
    assert_eq!(other.apply(vec![endless, good], None).unwrap().outcomes[1], Outcome::Duplicate);
}

/// A backup is restored: others know events under its name that it has not got.
#[test]
fn an_older_copy_of_itself_gets_a_new_origin() {
    let (ours, backup) = (folder(), folder());
    let one = open(ours.path(), 10);
    super::teach(&one, Kind::Spam, 1);
    drop(one);
    let name = crate::store::FILE_NAME;
    std::fs::copy(ours.path().join(name), backup.path().join(name)).unwrap();
    let one = open(ours.path(), 10);
    super::teach(&one, Kind::Ham, 1);
    super::teach(&one, Kind::Ham, 2);
    let origin = one.origin().unwrap();

    for by_snapshot in [true, false] {
        let (restored, theirs) = (folder(), folder());
        let other = open(theirs.path(), 10);
        other.apply(one.journal_from(1, 10).unwrap(), None).unwrap();
        std::fs::copy(backup.path().join(name), restored.path().join(name)).unwrap();
        let restored = open(restored.path(), 10);
        assert_eq!(restored.origin().unwrap(), origin);
        if by_snapshot {
            let mut export = Vec::new();
            other.export(&mut export).unwrap();
            restored.import(&mut &export[..]).unwrap();
        } else {
            restored.apply(one.journal_from(2, 10).unwrap(), None).unwrap();
        }
        assert_eq!(restored.state_hash().unwrap(), other.state_hash().unwrap());
        assert_ne!(restored.origin().unwrap(), origin);
        super::teach(&restored, Kind::Spam, 3);
        assert_eq!(restored.position(restored.origin().unwrap()).unwrap(), 1);
        other.apply(restored.journal_from(1, 10).unwrap(), None).unwrap();
        assert_eq!(restored.state_hash().unwrap(), other.state_hash().unwrap());
        assert_sound(&restored);
    }
}
