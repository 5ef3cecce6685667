//! Sessions of different users that were presented in one request: a login or logout with one of
//! them ends the others too, even if their cookies are not sent with it.
//!
//! Another host on the domain, or an earlier `access_token_path`, can leave an access cookie where
//! no login sees it.

use std::sync::Arc;
use std::time::Duration;

use quick_cache::sync::Cache;

use crate::handle::SessionHandle;

/// How many sessions are remembered; those that were not seen for the longest time are dropped
/// first.
const MOST: usize = 1000;

/// How long they are remembered: long enough for a user to log in again.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// For each session, those that it was refused together with.
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

impl Conflicts {
    /// Remembers sessions whose tokens were valid and that were refused together; `now` is
    /// monotonic.
    pub(super) fn note(&self, handles: &[SessionHandle], now: Duration) {
        let met = Met {
            handles: handles.into(),
            at: now,
        };
        for handle in handles {
            self.0.insert(*handle, met.clone());
        }
    }

    /// These sessions, and those that they were refused together with; each once, oldest first.
    pub(super) fn with(&self, handles: Vec<SessionHandle>, now: Duration) -> Vec<SessionHandle> {
        let beside: Vec<Met> = handles
            .iter()
            .filter_map(|handle| self.0.get(handle))
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
