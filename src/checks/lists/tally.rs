//! What has been answered so far to the questions of one stage.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    About, ListsError, Reason,
    check::Shared,
    decide::{self, Hit},
    list::List,
    plan::Question,
    zone::Said,
};
use crate::{
    checks::Failure,
    dns::{DnsError, Records},
    verdict::Witness,
};

/// Takes in answers as they come. Whoever waits no longer takes what is there by then from the
/// witness, so a slow list costs its own findings alone.
pub(super) struct Tally<'l> {
    shared: &'l Shared,
    following: &'l [usize],
    witness: &'l Witness,
    state: Mutex<State<'l>>,
}

#[derive(Default)]
struct State<'l> {
    /// By list and name, so that the order in which answers come decides nothing.
    hits: BTreeMap<(usize, String), Hit<'l>>,
    asked: usize,
    aside: usize,
    failed: usize,
    last: Option<Reason>,
}

impl<'l> Tally<'l> {
    pub(super) fn new(shared: &'l Shared, following: &'l [usize], witness: &'l Witness) -> Self {
        Self { shared, following, witness, state: Mutex::default() }
    }

    /// The lists that are about this, which other lookups lead to.
    pub(super) fn following(&self, about: About) -> impl Iterator<Item = (usize, &'l List)> {
        let lists = self
            .following
            .iter()
            .filter_map(|&number| Some((number, self.shared.lists.get(number)?)));
        lists.filter(move |(_, list)| list.definition.about == about)
    }

    /// Takes in what came of a question.
    pub(super) fn add(&self, question: &Question, said: Said) {
        let mut state = self.state();
        state.asked += 1;
        match said {
            Said::Aside => state.aside += 1,
            Said::Answer(records) => self.read(&mut state, question, &records),
            Said::Failure(reason) => {
                if let Reason::Fails(DnsError::Refused { code, .. }) = &reason {
                    // Some want to know just that.
                    let refused = Records {
                        answers: Vec::new(),
                        code: *code,
                        ttl: std::time::Duration::ZERO,
                    };
                    self.read(&mut state, question, &refused);
                }
                state.failed += 1;
                state.last = Some(reason);
            }
        }
    }

    /// Takes in that a lookup failed which questions would have followed.
    pub(super) fn failed(&self, error: DnsError) {
        let mut state = self.state();
        state.asked += 1;
        state.failed += 1;
        state.last = Some(Reason::Fails(error));
    }

    /// Takes in that a lookup was answered which questions may follow.
    pub(super) fn answered(&self) {
        self.state().asked += 1;
    }

    /// The hits in the order of the lists.
    ///
    /// # Errors
    /// Nobody answered, or nobody could be asked.
    pub(super) fn finish(self) -> Result<Vec<Hit<'l>>, Failure> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let asked = state.asked - state.aside;
        if asked == 0 && state.aside > 0 {
            return Err(ListsError::NoneInUse.into());
        }
        match state.last {
            Some(last) if state.failed == asked && state.hits.is_empty() => {
                Err(ListsError::NoneAnswered { asked, last }.into())
            }
            _ => Ok(state.hits.into_values().collect()),
        }
    }

    fn read(
        &self,
        state: &mut State<'l>,
        question: &Question,
        records: &Records<crate::dns::Datum>,
    ) {
        let mut is_new = false;
        for &number in &question.lists {
            let Some(list) = self.shared.lists.get(number) else { continue };
            let shown = || self.shared.shown(question);
            if let Some(hit) = Hit::of(&list.definition, shown, records) {
                state.hits.insert((number, question.label.clone()), hit);
                is_new = true;
            }
        }
        if is_new {
            let hits: Vec<Hit<'_>> = state.hits.values().cloned().collect();
            self.witness.found_so_far(decide::findings(&hits));
        }
    }

    fn state(&self) -> MutexGuard<'_, State<'l>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
