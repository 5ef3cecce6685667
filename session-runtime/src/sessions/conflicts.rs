//! Sessions of different users that came in one request: whoever logs in or out with one of them ends the others
//! as well, also where their cookies are not sent.
//!
//! A neighbour, or an earlier `access_token_path`, can leave an access cookie where a login never sees it.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use super::Sessions;
use crate::handle::SessionHandle;

/// How many sessions are remembered; those that were not met for the longest time make room.
const MOST: usize = 1000;

/// How long they are remembered: long enough for a person to log in again.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// What each session was refused beside.
pub(super) struct Conflicts(Cache<SessionHandle, Met>);

/// Sessions that were refused together.
#[derive(Clone)]
struct Met {
    handles: Arc<[SessionHandle]>,
    /// When (monotonic).
    at: Duration,
}

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
    pub(crate) fn note_conflict(&self, handles: &[SessionHandle]) {
        let met = Met {
            handles: handles.into(),
            at: self.monotonic(),
        };
        for handle in handles {
            self.inner.conflicts.0.insert(*handle, met.clone());
        }
    }

    /// These sessions, and those that they were refused beside; each once, oldest first.
    pub(crate) fn with_conflicts(&self, handles: Vec<SessionHandle>) -> Vec<SessionHandle> {
        let conflicts = &self.inner.conflicts.0;
        let now = self.monotonic();
        let beside: Vec<Met> = handles
            .iter()
            .filter_map(|handle| conflicts.get(handle))
            .filter(|met| now.saturating_sub(met.at) <= KEPT)
            .collect();
        if beside.is_empty() {
            return handles;
        }
        let mut all = handles;
        all.extend(beside.iter().flat_map(|met| met.handles.iter()));
        all.sort_unstable();
        all.dedup();
        all
    }
}
