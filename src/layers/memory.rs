//! What was found of views, kept for as long as their layer stays at the revision at which it was found.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Views that are remembered.
const REMEMBERED: usize = 1024;

/// The newest revision of each layer that anybody has seen. What is found under it may be old by now; what is not found
/// under it is most likely nowhere.
#[derive(Default)]
pub(super) struct Latest(Mutex<HashMap<String, i64>>);

impl Latest {
    /// The layer's; 0 where nobody has seen any.
    pub fn of(&self, layer: &str) -> i64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(layer).copied().unwrap_or(0)
    }

    /// Somebody has seen this one.
    pub fn note(&self, layer: &str, revision: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get_mut(layer) {
            Some(latest) => *latest = revision.max(*latest),
            None => drop(all.insert(layer.to_owned(), revision)),
        }
    }
}

/// One finding for each view.
pub(super) struct Memory<T>(Mutex<HashMap<String, (i64, T)>>);

impl<T> Default for Memory<T> {
    fn default() -> Memory<T> {
        Memory(Mutex::default())
    }
}

impl<T: Clone> Memory<T> {
    /// What was found of a view at a revision.
    pub fn at(&self, mark: &str, revision: i64) -> Option<T> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(mark).filter(|(found_at, _)| *found_at == revision).map(|(_, found)| found.clone())
    }

    /// Keeps what was found.
    pub fn keep(&self, mark: String, revision: i64, found: T) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(mark, (revision, found));
    }
}
