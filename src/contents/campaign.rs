//! What was seen on pictures: a campaign's picture is read once, though each copy differs a little.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::picture::PictureHash;

/// So many of the pictures read last are compared by what they look like.
const COMPARED: usize = 500;

/// What is on a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sight {
    /// What is written on it.
    pub text: String,
    /// What bar codes and QR codes on it say.
    pub codes: Vec<String>,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Campaigns {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    by_digest: HashMap<[u8; 32], Arc<Sight>>,
    /// The oldest first.
    digests: VecDeque<[u8; 32]>,
    by_look: VecDeque<(PictureHash, Arc<Sight>)>,
}

impl Campaigns {
    /// Remembers so many.
    pub(super) fn new(most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { most, state: Mutex::default() }
    }

    /// The very same picture.
    pub(super) fn same(&self, digest: &[u8; 32]) -> Option<Arc<Sight>> {
        self.state().by_digest.get(digest).cloned()
    }

    /// One that looks alike.
    pub(super) fn alike(&self, hash: &PictureHash) -> Option<Arc<Sight>> {
        let state = self.state();
        let mut newest_first = state.by_look.iter().rev();
        newest_first.find(|(known, _)| known.is_same(hash)).map(|(_, sight)| Arc::clone(sight))
    }

    /// Remembers what was seen; `hash` of one that was read.
    pub(super) fn remember(&self, digest: [u8; 32], hash: Option<PictureHash>, sight: Arc<Sight>) {
        let mut state = self.state();
        if let Some(hash) = hash {
            state.by_look.push_back((hash, Arc::clone(&sight)));
            if state.by_look.len() > COMPARED.min(self.most) {
                state.by_look.pop_front();
            }
        }
        if state.by_digest.insert(digest, sight).is_none() {
            state.digests.push_back(digest);
        }
        if state.digests.len() > self.most
            && let Some(oldest) = state.digests.pop_front()
        {
            state.by_digest.remove(&oldest);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
