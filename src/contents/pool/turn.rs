//! Waiting for a turn.

use std::time::Instant;

use tokio::{sync::oneshot, time::timeout_at};

use super::{
    Failure, Workers,
    cost::Load,
    queue::{End, Lane, Notice, Offer, Place, Queue, Skip, Ticket},
};
use crate::metrics;

/// How one who waits is told that his turn has come, or that he is skipped.
pub(super) type Token = oneshot::Sender<Result<(), Skip>>;

impl Workers {
    /// Waits for a turn.
    pub(super) async fn turn(
        &self,
        loads: &[Load],
        in_part: bool,
        lane: Lane,
        deadline: Instant,
    ) -> Result<Turn<'_>, Failure> {
        let (token, told) = oneshot::channel();
        let (place, notices) = self.offer(loads, in_part, lane, deadline, token);
        tell(notices);
        let turn = |ticket| Turn { workers: self, ticket: Some(ticket) };
        let ticket = match place.map_err(Failure::Skipped)? {
            Place::Works(ticket) => return Ok(turn(ticket)),
            Place::Waits(ticket) => ticket,
        };
        let turn = turn(ticket);
        match timeout_at(deadline.into(), told).await {
            Ok(Ok(Ok(()))) => Ok(turn),
            // It is not known in the queue any more.
            Ok(Ok(Err(skip))) => Err(Failure::Skipped(skip)),
            Ok(Err(_)) | Err(_) => {
                turn.end(End::Waited);
                Err(Failure::Skipped(Skip::Deadline))
            }
        }
    }

    fn offer(
        &self,
        loads: &[Load],
        in_part: bool,
        lane: Lane,
        deadline: Instant,
        token: Token,
    ) -> (Result<Place, Skip>, Vec<Notice<Token>>) {
        let mut state = self.state();
        let now = Instant::now();
        let cost = state.costs.of(loads);
        let least = if in_part { state.costs.base(loads) } else { cost };
        let offer = Offer { lane, cost, least, deadline };
        let offered = state.queue.offer(offer, token, now);
        if offered.0 == Err(Skip::Deadline) && now + least > deadline {
            state.costs.relax(loads);
        }
        self.count(&state.queue);
        offered
    }

    /// For people who watch.
    fn count(&self, queue: &Queue<Token>) {
        let waiting = |lane| queue.waiting(lane).0;
        let (outside, ours) = (waiting(Lane::Outside), waiting(Lane::Ours));
        metrics::contents_queue(self.role.name(), queue.working(), outside, ours);
    }
}

/// Who has gone meanwhile gives the turn back by himself.
fn tell(notices: Vec<Notice<Token>>) {
    for notice in notices {
        let _ = notice.token.send(notice.turn);
    }
}

/// A place in the queue or at work. Dropped, it is given up.
#[derive(Debug)]
pub(super) struct Turn<'w> {
    workers: &'w Workers,
    ticket: Option<Ticket>,
}

impl Turn<'_> {
    /// It is over.
    pub(super) fn end(mut self, end: End) {
        self.leave(end);
    }

    fn leave(&mut self, end: End) {
        if let Some(ticket) = self.ticket.take() {
            let notices = {
                let mut state = self.workers.state();
                let notices = state.queue.end(ticket, end, Instant::now());
                self.workers.count(&state.queue);
                notices
            };
            tell(notices);
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.leave(End::Dropped);
    }
}
