//! What tasks beside the window have to tell it.

use std::sync::{Arc, Mutex, PoisonError};

/// What was told and not yet looked at. Clones share it.
pub(super) struct Mailbox<T>(Arc<Mutex<Vec<T>>>);

impl<T> Default for Mailbox<T> {
    fn default() -> Self {
        Mailbox(Arc::default())
    }
}

impl<T> Clone for Mailbox<T> {
    fn clone(&self) -> Self {
        Mailbox(self.0.clone())
    }
}

impl<T> Mailbox<T> {
    /// What was told since the last call.
    pub fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn push(&self, told: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }
}
