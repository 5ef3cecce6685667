//! The revoked sessions, in memory: what verification asks instead of the database.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::handle::SessionHandle;

/// Entries are kept this much longer than any access token of theirs lives, for clocks that differ.
pub(crate) const RETENTION: TimeDelta = TimeDelta::minutes(10);

/// Looking through all entries takes time, so it is done rarely.
const PRUNE_EVERY: Duration = Duration::from_secs(60);

/// For this long a browser may still present a session that a later one of its own has replaced.
const REPLACED_FOR: Duration = Duration::from_secs(120);

/// A line of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its place; given after its transaction committed, so none is ever missed.
    pub(crate) number: i64,
    pub(crate) handle: SessionHandle,
    /// The last instant an access token of this session may be good.
    pub(crate) until: DateTime<Utc>,
    /// Whether a later session of the same browser took its place.
    pub(crate) replaced: bool,
}

/// How far this process has read the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) number: i64,
    pub(crate) handle: SessionHandle,
}

/// What is known of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Revoked,
    Unrevoked,
    /// The feed was not read for too long.
    TooLittle,
}

/// The handles that must be refused, and how fresh that knowledge is.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    revoked: HashMap<SessionHandle, Remembered>,
    position: Option<Position>,
    read_at: Duration,
    /// Whether it was told that the feed is not fresh.
    stalled: bool,
    pruned_at: Duration,
}

/// What is remembered of a revoked session.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    until: DateTime<Utc>,
    replaced: bool,
    /// When this process learned of it (monotonic).
    since: Duration,
}

impl State {
    fn remember(&mut self, handle: SessionHandle, new: Remembered) {
        let known = self.revoked.entry(handle).or_insert(new);
        known.until = known.until.max(new.until);
        known.replaced |= new.replaced;
    }
}

impl Revocations {
    pub(crate) fn contains(&self, handle: SessionHandle) -> bool {
        self.read().revoked.contains_key(&handle)
    }

    /// Whether a later session of the same browser took the place of this one, at most two minutes
    /// before `now` (monotonic) as far as this process knows.
    pub(crate) fn was_replaced(&self, handle: SessionHandle, now: Duration) -> bool {
        self.read()
            .revoked
            .get(&handle)
            .is_some_and(|known| known.replaced && now.saturating_sub(known.since) <= REPLACED_FOR)
    }

    /// This process's own revocations count at once, from `now` (monotonic).
    pub(crate) fn insert(
        &self,
        handles: &[SessionHandle],
        until: DateTime<Utc>,
        replaced: bool,
        now: Duration,
    ) {
        let mut state = self.write();
        for handle in handles {
            let since = now;
            let new = Remembered {
                until,
                replaced,
                since,
            };
            state.remember(*handle, new);
        }
    }

    /// What is known of a session, if the feed was last read at most `bound` before `now` (monotonic).
    pub(crate) fn recall(&self, handle: SessionHandle, now: Duration, bound: Duration) -> Known {
        let state = self.read();
        if state.revoked.contains_key(&handle) {
            Known::Revoked
        } else if now.saturating_sub(state.read_at) <= bound {
            Known::Unrevoked
        } else {
            Known::TooLittle
        }
    }

    /// How long before `now` (monotonic) the last good read of the feed began.
    pub(crate) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.read().read_at)
    }

    /// Notes that the feed is not fresh; says whether that is news.
    pub(crate) fn note_stall(&self) -> bool {
        !self.read().stalled && !std::mem::replace(&mut self.write().stalled, true)
    }

    /// How many handles are remembered.
    #[cfg(feature = "testing")]
    pub(crate) fn len(&self) -> usize {
        self.read().revoked.len()
    }

    pub(crate) fn position(&self) -> Option<Position> {
        self.read().position
    }

    /// Takes in what a read that began at `began` (monotonic) found, and forgets what no longer
    /// matters at `now`.
    pub(crate) fn advance(&self, entries: &[Entry], began: Duration, now: DateTime<Utc>) {
        let mut state = self.write();
        for entry in entries {
            let new = Remembered {
                until: entry.until,
                replaced: entry.replaced,
                since: began,
            };
            state.remember(entry.handle, new);
        }
        if began.saturating_sub(state.pruned_at) >= PRUNE_EVERY {
            state
                .revoked
                .retain(|_, known| known.until + RETENTION > now);
            state.pruned_at = began;
        }
        if let Some(last) = entries.last() {
            state.position = Some(Position {
                number: last.number,
                handle: last.handle,
            });
        }
        state.read_at = state.read_at.max(began);
        state.stalled = false;
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
