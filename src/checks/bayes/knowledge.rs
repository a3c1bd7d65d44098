//! The model, shared by those who judge and the one who learns.

use std::sync::{PoisonError, RwLock};

use super::Model;

/// What is known. Reading never waits longer than one message takes to be learned.
#[derive(Debug, Default)]
pub struct Knowledge(RwLock<Model>);

impl Knowledge {
    /// What this model knows.
    pub fn new(model: Model) -> Self {
        Self(RwLock::new(model))
    }

    /// Looks something up. A learner that panicked has left a model that is a little off, not one
    /// that cannot be used.
    pub fn read<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Learns something: short, or everybody waits.
    pub fn change(&self, learn: impl FnOnce(&mut Model)) {
        learn(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Knows what another model knows.
    pub fn replace(&self, model: Model) {
        let before = {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *known, model)
        };
        // Takes its time; nobody waits for it.
        drop(before);
    }
}
