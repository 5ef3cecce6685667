//! Sessions of different users that came in one request: whoever logs in or out with one of them ends the others
//! as well, also where their cookies are not sent.
//!
//! A neighbour, or an earlier `access_token_path`, can leave an access cookie where a login never sees it.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::Sessions;
use crate::handle::SessionHandle;

/// How many sessions are remembered; those that were not met for the longest time make room.
const MOST: usize = 1000;

/// The most sessions of one request that are remembered.
const MOST_AT_ONCE: usize = 16;

/// What each session was refused beside.
pub(super) struct Conflicts(Cache<SessionHandle, Arc<[SessionHandle]>>);

impl Default for Conflicts {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl std::fmt::Debug for Conflicts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Conflicts")
    }
}

impl Sessions {
    /// Remembers sessions whose tokens were good and that were refused together.
    pub(crate) fn note_conflict(&self, mut handles: Vec<SessionHandle>) {
        handles.truncate(MOST_AT_ONCE);
        let handles: Arc<[SessionHandle]> = handles.into();
        for handle in handles.iter() {
            self.inner.conflicts.0.insert(*handle, Arc::clone(&handles));
        }
    }

    /// These sessions, and those that they were refused beside; each once, oldest first.
    pub(crate) fn with_conflicts(&self, handles: Vec<SessionHandle>) -> Vec<SessionHandle> {
        let conflicts = &self.inner.conflicts.0;
        let beside: Vec<_> = handles
            .iter()
            .filter_map(|handle| conflicts.get(handle))
            .collect();
        if beside.is_empty() {
            return handles;
        }
        let mut all = handles;
        all.extend(beside.iter().flat_map(|handles| handles.iter()));
        all.sort_unstable();
        all.dedup();
        all
    }
}
