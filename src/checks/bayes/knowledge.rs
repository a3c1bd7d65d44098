//! The model, shared by those who judge and the one who learns.

use std::sync::{Mutex, PoisonError, RwLock};

use super::Model;

/// What is known. Reading never waits longer than one message takes to be learned.
#[derive(Debug, Default)]
pub struct Knowledge {
    model: RwLock<Model>,
    state: Mutex<Option<u128>>,
}

impl Knowledge {
    /// What this model knows.
    pub fn new(model: Model) -> Self {
        Self { model: RwLock::new(model), state: Mutex::default() }
    }

    /// The state hash of the store that the model follows, if anybody keeps count.
    pub fn state(&self) -> Option<u128> {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model is of this state now.
    pub fn set_state(&self, state_hash: u128) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(state_hash);
    }

    /// Looks something up. A learner that panicked has left a model that is a little off, not one
    /// that cannot be used.
    pub fn read<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.model.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Learns something: short, or everybody waits.
    pub fn change(&self, learn: impl FnOnce(&mut Model)) {
        learn(&mut self.model.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Knows what another model knows.
    pub fn replace(&self, model: Model) {
        let before = {
            let mut known = self.model.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, model)
        };
        // Takes its time; nobody waits for it.
        drop(before);
    }
}
