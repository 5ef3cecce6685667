//! Requests that do not say where they come from: counted, so that an operator knows what
//! `csrf_require_evidence` would refuse.

use std::sync::{Mutex, PoisonError};

use super::Sessions;
use crate::event::Event;

/// How many came since they were told last, and where the last one went.
#[derive(Debug, Default)]
pub(super) struct Silence(Mutex<(u64, String)>);

impl Sessions {
    /// Counts a request that was let through.
    pub(crate) fn count_silent_request(&self, path: String) {
        let silence = self.inner.silence.0.lock();
        let mut silence = silence.unwrap_or_else(PoisonError::into_inner);
        *silence = (silence.0 + 1, path);
    }

    /// Tells how many there were, if there were any.
    pub(crate) fn report_silent_requests(&self) {
        let silence = self.inner.silence.0.lock();
        let (count, path) = std::mem::take(&mut *silence.unwrap_or_else(PoisonError::into_inner));
        if count > 0 {
            self.emit(&Event::SilentRequests { count, path });
        }
    }

    /// What a task does once a minute, for tests that cannot wait for it.
    #[cfg(feature = "testing")]
    pub fn report_silent_requests_now(&self) {
        self.report_silent_requests();
    }
}
