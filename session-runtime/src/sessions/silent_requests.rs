//! Requests without `Sec-Fetch-Site` and `Origin`: counted, so that an operator knows what
//! `csrf_require_evidence` would refuse.

use std::sync::{Mutex, PoisonError};

/// How many there were since the last report, and the path of the last one.
#[derive(Debug, Default)]
pub(super) struct SilentRequests(Mutex<(u64, String)>);

impl SilentRequests {
    /// Counts a request that was accepted.
    pub(super) fn count(&self, path: String) {
        let mut silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *silence = (silence.0 + 1, path);
    }

    /// How many there were since the last call, and the path of the last one.
    pub(super) fn take(&self) -> (u64, String) {
        let mut silence = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *silence)
    }
}
