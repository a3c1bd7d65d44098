//! The same set of events in any order and split, with repetitions: the same state.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::Index};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{Mirror, TOKENIZER, access_entries, assert_sound, entries, folder, kinds, open};
use crate::store::{
    Digest, Entry, Event, Kind, Stamp, Topic,
    hash::entry_hash,
    line::{LINE_FORMAT, Line},
};

/// Few messages, times and origins, so that they meet; even stamps that two events share.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..8u8, 0..20u64, 1..4u64, 1..4u64, kinds(), 0..2u8);
    let event = event.prop_map(|(number, time, origin, sequence, kind, feature)| {
        let features = if kind.takes_back() { vec![] } else { vec![feature] };
        let stamp = Stamp { time, origin, sequence };
        Event { digest: Digest([number; 16]), entry: Entry { stamp, kind, features } }
    });
    vec(event, 0..40)
}

/// The definition, word for word: the last word on each message, of these the newest.
pub(super) fn definition(events: &[Event], most: usize) -> Mirror {
    let mut newest: Vec<_> = last_words(events, Topic::Message).into_iter().collect();
    newest.sort_by_key(|(digest, entry)| (entry.stamp, *digest));
    newest.into_iter().rev().take(most).collect()
}

/// The last word on each access entry.
pub(super) fn access_definition(events: &[Event]) -> Mirror {
    last_words(events, Topic::Access)
}

fn last_words(events: &[Event], topic: Topic) -> Mirror {
    let mut last: BTreeMap<Digest, Entry> = BTreeMap::new();
    let of_topic = events.iter().filter(|event| event.entry.kind.topic() == topic);
    for Event { digest, entry } in of_topic {
        let order = |entry: &Entry| (entry.stamp, entry.kind, entry.features.clone());
        if last.get(digest).is_none_or(|known| order(known) < order(entry)) {
            last.insert(*digest, entry.clone());
        }
    }
    last
}

/// An export by hand: entries in any order, no positions.
fn export(events: &[Event]) -> String {
    let mut text = format!("{}\n", Line::Header { format: LINE_FORMAT, tokenizer: TOKENIZER });
    let mut hash = 0u128;
    for event in events {
        hash = hash.wrapping_add(entry_hash(event.digest, &event.entry));
        text += &format!("{}\n", Line::Event(event.clone()));
    }
    text + &format!("{}\n", Line::End { count: events.len() as u64, hash })
}

proptest! {
    #[test]
    fn the_state_is_a_function_of_the_set(
        events in events(),
        most in 1..10u64,
        swaps in vec((any::<Index>(), any::<Index>()), 0..60),
        again in vec(any::<Index>(), 0..10),
        split in any::<Index>(),
    ) {
        let expected = definition(&events, most as usize);
        let access = access_definition(&events);
        let mut shuffled = events.clone();
        if !events.is_empty() {
            shuffled.extend(again.iter().map(|index| index.get(&events).clone()));
            for (one, other) in &swaps {
                let (one, other) = (one.index(shuffled.len()), other.index(shuffled.len()));
                shuffled.swap(one, other);
            }
        }
        let (first, second) = shuffled.split_at(split.index(shuffled.len() + 1));
        let (folder, other_folder) = (folder(), folder());
        let store = open(folder.path(), most);
        store.import(&mut export(first).as_bytes()).unwrap();
        store.import(&mut export(second).as_bytes()).unwrap();
        prop_assert_eq!(&entries(&store), &expected);
        prop_assert_eq!(&access_entries(&store), &access);
        assert_sound(&store);
        // By two stores, one of which tells the other its state.
        let other = open(other_folder.path(), most);
        other.import(&mut export(second).as_bytes()).unwrap();
        drop(store);
        let third = super::folder();
        let half = open(third.path(), most);
        half.import(&mut export(first).as_bytes()).unwrap();
        let mut snapshot = Vec::new();
        half.export(&mut snapshot).unwrap();
        other.import(&mut &snapshot[..]).unwrap();
        prop_assert_eq!(&entries(&other), &expected);
        prop_assert_eq!(&access_entries(&other), &access);
        assert_sound(&other);
    }
}

const KINDS: [Kind; 6] =
    [Kind::Spam, Kind::Ham, Kind::Forgotten, Kind::Allowed, Kind::Blocked, Kind::Unlisted];

/// Learned, moved, forgotten and said twice, by three nodes: 2,000 events of 700 messages and as many access
/// entries.
fn many_events() -> Vec<Event> {
    let mut numbers = StdRng::seed_from_u64(1);
    let event = |sequence: u64| {
        let kind = KINDS[numbers.random_range(..KINDS.len())];
        let features = if kind.takes_back() { vec![] } else { vec![7; 300] };
        let (time, origin) = (numbers.random_range(..900), 1 + sequence % 3);
        let digest = Digest(numbers.random_range(..700_u128).to_be_bytes());
        let stamp = Stamp { time, origin, sequence };
        Event { digest, entry: Entry { stamp, kind, features } }
    };
    (1..=2_000).map(event).collect()
}

#[test]
fn two_thousand_events_in_a_hundred_orders() {
    let mut events = many_events();
    let mut numbers = StdRng::seed_from_u64(2);
    let mut hashes = Vec::new();
    for _ in 0..100 {
        for last in (1..events.len()).rev() {
            events.swap(last, numbers.random_range(..=last));
        }
        let folder = folder();
        let store = open(folder.path(), 1_000);
        let split = numbers.random_range(..events.len());
        let (first, second) = events.split_at(split);
        // What both say counts once.
        let both = &events[split / 2..];
        for part in [first, both, second] {
            store.import(&mut export(part).as_bytes()).unwrap();
        }
        hashes.push(store.state_hash().unwrap());
    }
    let folder = folder();
    let store = open(folder.path(), 1_000);
    store.import(&mut export(&events).as_bytes()).unwrap();
    hashes.push(store.state_hash().unwrap());
    assert_eq!(entries(&store), definition(&events, 1_000));
    assert_eq!(access_entries(&store), access_definition(&events));
    hashes.dedup();
    assert_eq!(hashes.len(), 1, "one state");
}
