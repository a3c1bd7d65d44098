use proptest::{collection::vec, prelude::*};

use super::*;
use crate::store::{MOST_ACCESS_BYTES, MOST_FEATURE_BYTES};

const TOKENIZER: u32 = 7;
const ORIGIN: u64 = 0x1234_5678_0000_0001;

const KINDS: [Kind; 6] =
    [Kind::Spam, Kind::Ham, Kind::Forgotten, Kind::Allowed, Kind::Blocked, Kind::Unlisted];

/// A journal from event `first` on: events, and voids of some length.
fn journal() -> impl Strategy<Value = Vec<Record>> {
    let item = prop_oneof![
        (0..6u8, 0..=LATEST, any::<[u8; 16]>(), vec(any::<u8>(), 0..300)).prop_map(Some),
        Just(None),
    ];
    (1..1_000_000u64, vec((item, 1..5u64), 0..20)).prop_map(|(first, items)| {
        let mut sequence = first;
        let record = |(item, length): (Option<_>, u64)| {
            let first = sequence;
            sequence += if item.is_some() { 1 } else { length };
            item.map_or_else(
                || Record::Void { origin: ORIGIN, first, last: sequence - 1 },
                |(kind, time, digest, features): (_, _, _, Vec<u8>)| {
                    let kind = KINDS[usize::from(kind)];
                    let features = if kind.takes_back() { Vec::new() } else { features };
                    let stamp = Stamp { time, origin: ORIGIN, sequence: first };
                    let entry = Entry { stamp, kind, features };
                    Record::Event(Event { digest: Digest(digest), entry })
                },
            )
        };
        items.into_iter().map(record).collect()
    })
}

proptest! {
    #[test]
    fn what_is_told_is_what_is_read(journal in journal()) {
        let mut read = Vec::new();
        for piece in Piece::of_journal(journal.clone()) {
            let bytes = piece.to_bytes(TOKENIZER).unwrap();
            let again = Piece::from_bytes(&bytes, TOKENIZER).unwrap();
            prop_assert_eq!(&again, &piece);
            prop_assert_eq!(Piece::last_event(&bytes), Some(piece.last));
            read.extend(again.records);
        }
        prop_assert_eq!(read, journal);
    }

    #[test]
    fn whatever_comes_is_a_piece_or_an_error(
        journal in journal(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise in vec(any::<u8>(), 0..200),
    ) {
        let _ = Piece::from_bytes(&noise, TOKENIZER);
        for piece in Piece::of_journal(journal) {
            let mut bytes = piece.to_bytes(TOKENIZER).unwrap();
            for (index, byte) in &changes {
                let index = index.index(bytes.len());
                bytes[index] = *byte;
            }
            if let Ok(read) = Piece::from_bytes(&bytes, TOKENIZER) {
                let spans = read.records.iter().map(span);
                let mut next = read.first;
                for (origin, first, last) in spans {
                    prop_assert_eq!((origin, first), (read.origin, next));
                    next = last + 1;
                }
                prop_assert_eq!(next, read.last + 1);
            }
        }
    }

    #[test]
    fn a_piece_that_is_cut_has_no_later_events(journal in journal(), at in 0..12u64) {
        for mut piece in Piece::of_journal(journal) {
            let last = piece.first + at;
            piece.cut_after(last);
            prop_assert!(piece.last <= last);
            prop_assert_eq!(piece.records.last().map(|record| span(record).2), Some(piece.last));
        }
    }
}

#[test]
fn large_journals_are_told_in_pieces_that_servers_take() {
    let event = |sequence| {
        let stamp = Stamp { time: 1, origin: ORIGIN, sequence };
        let entry = Entry { stamp, kind: Kind::Spam, features: vec![0; MOST_FEATURE_BYTES] };
        Record::Event(Event { digest: Digest([0; 16]), entry })
    };
    let pieces = Piece::of_journal((1..=20).map(event).collect());
    assert_eq!(pieces.iter().map(|piece| piece.records.len()).sum::<usize>(), 20);
    for piece in pieces {
        assert!(piece.to_bytes(TOKENIZER).unwrap().len() <= MOST_BYTES);
    }
}

#[test]
fn what_no_store_can_have_made_is_refused() {
    let wire =
        |origin, first, items| Wire { format: FORMAT, tokenizer: TOKENIZER, origin, first, items };
    let late = Item::Forgotten { time: LATEST + 1, digest: [0; 16] };
    let large =
        Item::Ham(Lesson { time: 1, digest: [0; 16], features: vec![0; MOST_FEATURE_BYTES + 1] });
    let wordy = Item::Blocked(Lesson {
        time: 1,
        digest: [0; 16],
        features: vec![0; MOST_ACCESS_BYTES + 1],
    });
    for (wire, error) in [
        (wire(0, 1, vec![Item::Void(1)]), "has no events"),
        (wire(1, 0, vec![Item::Void(1)]), "has no events"),
        (wire(1, 1, vec![]), "has no events"),
        (wire(1, 1, vec![Item::Void(0)]), "nothing is void"),
        (wire(1, 2, vec![Item::Void(u64::MAX)]), "too many events"),
        (wire(1, 1, vec![Item::Void(u64::MAX)]), "too many events"),
        (wire(1, 1, vec![late]), "never comes"),
        (wire(1, 1, vec![large]), "too many features"),
        (wire(1, 1, vec![wordy]), "too many features"),
        (Wire { tokenizer: 8, ..wire(1, 1, vec![]) }, "tokenizer 8"),
        (Wire { format: 2, ..wire(1, 1, vec![]) }, "format 2"),
    ] {
        let bytes = postcard::to_stdvec(&wire).unwrap();
        let found = Piece::from_bytes(&bytes, TOKENIZER).unwrap_err().to_string();
        assert!(found.contains(error), "{error}: {found}");
    }
    let mut trailing = postcard::to_stdvec(&wire(1, 1, vec![Item::Void(1)])).unwrap();
    trailing.push(0);
    assert!(matches!(Piece::from_bytes(&trailing, TOKENIZER), Err(PieceError::Trailing(1))));
    let huge = vec![1; MOST_BYTES + 1];
    assert!(matches!(Piece::from_bytes(&huge, TOKENIZER), Err(PieceError::Large(_))));
}
