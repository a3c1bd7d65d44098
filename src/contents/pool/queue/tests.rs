//! The queue by a clock of its own.

use proptest::prelude::*;

use super::*;

const ROOM: Room =
    Room { slots: 2, reserved: 1, waiting: Duration::from_millis(1_000), tasks: 100 };

/// A queue and its clock; tokens are numbers in the order of the offers.
struct Simulated {
    queue: Queue<usize>,
    start: Instant,
    millis: u64,
    offers: usize,
    tickets: BTreeMap<usize, Ticket>,
}

impl Simulated {
    fn new(room: Room) -> Self {
        let start = Instant::now();
        Self { queue: Queue::new(room), start, millis: 0, offers: 0, tickets: BTreeMap::new() }
    }

    fn at(&self, millis: u64) -> Instant {
        self.start + Duration::from_millis(millis)
    }

    /// Offers one that takes so long and has so long; whether it works, and whom it displaced.
    fn offer(&mut self, lane: Lane, cost: u64, within: u64) -> (Result<bool, Skip>, Vec<usize>) {
        let cost = Duration::from_millis(cost);
        let deadline = self.at(self.millis + within);
        let token = self.offers;
        self.offers += 1;
        let offer = Offer { lane, cost, least: cost, deadline };
        let (place, notices) = self.queue.offer(offer, token, self.at(self.millis));
        assert!(notices.iter().all(|notice| notice.turn == Err(Skip::Full)));
        let works = place.map(|place| match place {
            Place::Works(ticket) => self.tickets.insert(token, ticket).is_none(),
            Place::Waits(ticket) => self.tickets.insert(token, ticket).is_some(),
        });
        (works, notices.into_iter().map(|notice| notice.token).collect())
    }

    /// Offers one that is let in.
    fn add(&mut self, lane: Lane, cost: u64, within: u64) {
        assert!(self.offer(lane, cost, within).0.is_ok());
    }

    fn end(&mut self, token: usize, end: End) -> Vec<Notice<usize>> {
        let ticket = self.tickets.remove(&token).unwrap();
        self.queue.end(ticket, end, self.at(self.millis))
    }

    fn adds_up(&self) -> bool {
        let waiting = [Lane::Ours, Lane::Outside].map(|lane| self.queue.waiting(lane).0);
        let open = self.queue.working() + waiting.iter().sum::<usize>();
        let counts = self.queue.counts();
        let offered = counts.accepted + counts.refused_full + counts.refused_deadline;
        counts.accepted == counts.ended() + open as u64 && offered == self.offers as u64
    }
}

fn begins(token: usize) -> Notice<usize> {
    Notice { token, turn: Ok(()) }
}

const WORKS: (Result<bool, Skip>, Vec<usize>) = (Ok(true), Vec::new());
const WAITS: (Result<bool, Skip>, Vec<usize>) = (Ok(false), Vec::new());

#[test]
fn a_slot_stays_free_for_ours() {
    let mut s = Simulated::new(ROOM);
    assert_eq!(s.offer(Lane::Outside, 100, 9_000), WORKS);
    assert_eq!(s.offer(Lane::Outside, 100, 9_000), WORKS);
    assert_eq!(s.offer(Lane::Outside, 100, 9_000), WAITS);
    assert_eq!(s.offer(Lane::Ours, 100, 9_000), WORKS);
    assert_eq!(s.offer(Lane::Ours, 100, 9_000), WAITS);
    assert_eq!(s.end(0, End::Done), [begins(4)], "ours first, though it came last");
    assert_eq!(s.end(1, End::Done), [], "and one stays free");
    assert_eq!(s.end(3, End::Done), [begins(2)]);
    assert!(s.adds_up());
}

#[test]
fn the_dearest_goes_first() {
    let mut s = Simulated::new(ROOM);
    s.add(Lane::Outside, 1, 9_000);
    s.add(Lane::Outside, 1, 9_000);
    assert_eq!(s.offer(Lane::Outside, 400, 9_000), WAITS);
    assert_eq!(s.offer(Lane::Outside, 500, 9_000), WAITS);
    assert_eq!(s.offer(Lane::Outside, 500, 9_000), (Err(Skip::Full), vec![]), "the last of equals");
    assert_eq!(s.offer(Lane::Outside, 100, 9_000), WAITS);
    assert_eq!(s.offer(Lane::Outside, 300, 9_000), (Ok(false), vec![3]));
    assert_eq!(s.offer(Lane::Outside, 350, 9_000), (Ok(false), vec![2]));
    assert_eq!(s.offer(Lane::Outside, 2_000, 90_000), (Err(Skip::Full), vec![]));
    assert_eq!(s.queue.waiting(Lane::Outside), (3, Duration::from_millis(750)));
    assert_eq!(s.offer(Lane::Ours, 900, 9_000), WORKS, "no matter of the other lane's");
    let counts = s.queue.counts();
    assert_eq!((counts.refused_full, counts.skipped_full), (2, 2));
    assert!(s.adds_up());
}

#[test]
fn many_cheap_ones_are_too_many_too() {
    let mut s = Simulated::new(Room { tasks: 2, ..ROOM });
    for _ in 0..4 {
        assert!(s.offer(Lane::Outside, 10, 9_000).0.is_ok());
    }
    assert_eq!(s.offer(Lane::Outside, 10, 9_000), (Err(Skip::Full), vec![]));
    assert_eq!(s.offer(Lane::Outside, 9, 9_000), (Ok(false), vec![3]));
}

#[test]
fn what_cannot_be_done_in_time_does_not_wait() {
    let mut s = Simulated::new(ROOM);
    assert_eq!(s.offer(Lane::Outside, 100, 99), (Err(Skip::Deadline), vec![]), "nor work");
    assert_eq!(s.offer(Lane::Outside, 300, 300), WORKS);
    assert_eq!(s.offer(Lane::Outside, 100, 100), WORKS);
    // Begins at 100, when two of three slots are free.
    assert_eq!(s.offer(Lane::Outside, 50, 149), (Err(Skip::Deadline), vec![]));
    assert_eq!(s.offer(Lane::Outside, 50, 150), WAITS);
    // Begins at 150.
    assert_eq!(s.offer(Lane::Outside, 50, 199), (Err(Skip::Deadline), vec![]));
    assert_eq!(s.offer(Lane::Ours, 50, 50), WORKS);
    // Ours waits for the first of three only, at 50.
    assert_eq!(s.offer(Lane::Ours, 10, 60), WAITS);
    assert_eq!(s.queue.counts().refused_deadline, 3);
    assert!(s.adds_up());
}

#[test]
fn an_estimate_that_was_wrong_is_seen_in_time() {
    let mut s = Simulated::new(Room { slots: 1, reserved: 0, ..ROOM });
    assert_eq!(s.offer(Lane::Outside, 100, 9_000), WORKS);
    assert_eq!(s.offer(Lane::Outside, 100, 250), WAITS);
    assert_eq!(s.offer(Lane::Outside, 100, 350), WAITS);
    s.millis = 200;
    let turns = s.end(0, End::Late);
    assert_eq!(turns, [Notice { token: 1, turn: Err(Skip::Deadline) }, begins(2)]);
    assert_eq!(s.end(1, End::Waited), [], "not known any more");
    let counts = s.queue.counts();
    assert_eq!((counts.late, counts.skipped_deadline), (1, 1));
    assert!(s.adds_up());
}

#[test]
fn a_task_that_can_be_done_in_part_begins_while_it_is_worth_it() {
    let mut s = Simulated::new(ROOM);
    let (cost, least) = (Duration::from_secs(9), Duration::from_millis(10));
    let offer = |deadline| Offer { lane: Lane::Outside, cost, least, deadline };
    let now = s.at(0);
    let (place, _) = s.queue.offer(offer(s.at(9)), 0, now);
    assert_eq!(place, Err(Skip::Deadline));
    let (place, _) = s.queue.offer(offer(s.at(10)), 1, now);
    assert!(matches!(place, Ok(Place::Works(_))));
}

#[test]
fn who_waits_may_go() {
    let mut s = Simulated::new(Room { slots: 1, reserved: 0, ..ROOM });
    s.add(Lane::Outside, 100, 9_000);
    s.add(Lane::Outside, 100, 9_000);
    s.add(Lane::Outside, 100, 9_000);
    assert_eq!(s.end(1, End::Dropped), []);
    assert_eq!(s.end(0, End::Crashed), [begins(2)]);
    assert_eq!(s.end(2, End::Unserved), []);
    let counts = s.queue.counts();
    assert_eq!((counts.dropped, counts.crashed, counts.unserved), (1, 1, 1));
    assert!(s.adds_up());
}

/// A day at three times what two slots can do, beside a little of ours.
#[test]
fn under_a_flood_ours_are_all_done() {
    let mut s = Simulated::new(ROOM);
    let mut ends: Vec<(u64, usize)> = Vec::new();
    let mut costs = BTreeMap::new();
    let (mut ours, mut ours_done, mut outside_done) = (Vec::new(), 0, 0);
    for millis in 0..60_000 {
        s.millis = millis;
        let mut begun = Vec::new();
        while let Some(place) = ends.iter().position(|(end, _)| *end <= millis) {
            let (_, token) = ends.swap_remove(place);
            if ours.contains(&token) {
                ours_done += 1
            } else {
                outside_done += 1
            }
            begun.extend(s.end(token, End::Done).into_iter().filter(|n| n.turn.is_ok()));
        }
        let mut offer = |s: &mut Simulated, lane, cost| {
            let token = s.offers;
            costs.insert(token, cost);
            let (works, _) = s.offer(lane, cost, 2_000);
            if works == Ok(true) {
                begun.push(begins(token));
            }
            (token, works)
        };
        if millis % 10 == 0 {
            let _ = offer(&mut s, Lane::Outside, 30 + millis % 60);
        }
        if millis % 200 == 0 {
            let (token, works) = offer(&mut s, Lane::Ours, 50);
            assert_eq!(works, Ok(true), "ours never waits");
            ours.push(token);
        }
        ends.extend(begun.iter().map(|n| (millis + costs[&n.token], n.token)));
        assert!(s.adds_up());
        assert!(s.queue.waiting(Lane::Outside).1 <= ROOM.waiting);
    }
    assert_eq!(ours.len(), 300);
    assert!(ours_done >= 299, "{ours_done}");
    let counts = s.queue.counts();
    assert_eq!(counts.skipped_deadline, 0, "estimates were right: nobody waited in vain");
    assert!(counts.refused_full + counts.skipped_full > 1_000, "{counts:?}");
    assert!(outside_done > 1_500, "and both slots were busy: {outside_done}");
}

proptest! {
    #[test]
    fn counts_always_add_up(
        steps in prop::collection::vec((0..6_u8, 0..400_u64, 1..1_500_u64), 1..300),
    ) {
        let mut s = Simulated::new(ROOM);
        for (step, cost, within) in steps {
            s.millis += cost / 10;
            match step {
                0..=2 => { let _ = s.offer(Lane::Outside, cost, within); }
                3 => { let _ = s.offer(Lane::Ours, cost, within); }
                _ => {
                    let ends = [End::Done, End::Crashed, End::Late, End::Waited, End::Dropped];
                    let end = ends[cost as usize % ends.len()];
                    if let Some(&token) = s.tickets.keys().nth(within as usize % s.tickets.len().max(1)) {
                        s.end(token, end);
                    }
                }
            }
            prop_assert!(s.adds_up());
            prop_assert!(s.queue.working() <= ROOM.slots + ROOM.reserved);
            for lane in [Lane::Ours, Lane::Outside] {
                prop_assert!(s.queue.waiting(lane).1 <= ROOM.waiting);
            }
            // Nobody waits while there is a slot for him.
            if s.queue.waiting(Lane::Ours).0 > 0 {
                prop_assert_eq!(s.queue.working(), ROOM.slots + ROOM.reserved);
            }
            if s.queue.waiting(Lane::Outside).0 > 0 {
                prop_assert!(s.queue.working() >= ROOM.slots);
            }
        }
    }
}
