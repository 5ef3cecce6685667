//! The revoked sessions in memory, which verification consults instead of the database.

mod feed;
mod memory;

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use self::feed::{Entry, Page, Position, Reading};
pub(crate) use self::memory::RETENTION;
use self::memory::State;
use crate::handle::SessionHandle;

/// How long a browser may still present a session that a later login of its own has replaced.
const REPLACED_FOR: Duration = Duration::from_secs(120);

/// What is known about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Revoked,
    Unrevoked,
    /// The feed was not read for too long.
    Stale,
    /// More sessions were revoked than are remembered, and this may be one of them.
    Forgotten,
}

/// The handles to refuse, and when they were last read.
#[derive(Debug)]
pub(crate) struct Revocations {
    state: RwLock<State>,
}

impl Revocations {
    /// Without revocations; access tokens of this process live at most `validity`.
    pub(crate) fn new(validity: TimeDelta) -> Self {
        Self {
            state: RwLock::new(State::new(validity)),
        }
    }

    pub(crate) fn contains(&self, handle: SessionHandle) -> bool {
        self.read().revoked.contains_key(&handle)
    }

    /// Whether a later login of the same browser replaced this session at most two minutes before
    /// `now` (monotonic), as far as this process knows.
    pub(crate) fn was_replaced(&self, handle: SessionHandle, now: Duration) -> bool {
        self.read()
            .revoked
            .get(&handle)
            .is_some_and(|known| known.replaced && now.saturating_sub(known.since) <= REPLACED_FOR)
    }

    /// Adds this process's own revocations, which take effect at once, at `now` (monotonic).
    pub(crate) fn insert(
        &self,
        handles: &[SessionHandle],
        until: DateTime<Utc>,
        replaced: bool,
        now: Duration,
    ) {
        let mut state = self.write();
        for handle in handles {
            // It may have been read from the feed already.
            if state.remember(*handle, until, replaced, now) {
                state.unconfirmed.insert(*handle);
            }
        }
    }

    /// What is known about a session, if the feed was last read at most `bound` before `now`
    /// (monotonic).
    pub(crate) fn recall(&self, handle: SessionHandle, now: Duration, bound: Duration) -> Known {
        let state = self.read();
        if state.revoked.contains_key(&handle) {
            Known::Revoked
        } else if state.is_stale(now, bound) {
            Known::Stale
        } else if state.forgotten.is_some() {
            Known::Forgotten
        } else {
            Known::Unrevoked
        }
    }

    /// Whether the feed was last read more than `bound` before `now` (monotonic).
    pub(crate) fn is_stale(&self, now: Duration, bound: Duration) -> bool {
        self.read().is_stale(now, bound)
    }

    /// How long before `now` (monotonic) the last successful read of the feed began.
    pub(crate) fn age(&self, now: Duration) -> Duration {
        self.read().age(now)
    }

    /// Notes that the feed is stale; returns whether that is new.
    pub(crate) fn note_stall(&self) -> bool {
        !self.read().stall_told && !std::mem::replace(&mut self.write().stall_told, true)
    }

    /// Notes that not all revoked sessions are remembered, if so; returns whether that is new.
    pub(crate) fn note_full(&self) -> bool {
        let told = |state: &State| state.forgotten.is_none() || state.full_told;
        !told(&self.read()) && !std::mem::replace(&mut self.write().full_told, true)
    }

    /// The longest validity of an access token announced since this process started.
    pub(crate) fn longest_validity(&self) -> TimeDelta {
        self.read().longest_validity
    }

    /// How many handles are remembered.
    pub(crate) fn len(&self) -> usize {
        self.read().revoked.len()
    }

    /// Limits the memory, so that a test need not revoke a million sessions.
    #[cfg(feature = "internals")]
    pub(crate) fn remember_at_most(&self, most: usize) {
        self.write().most = most;
    }

    /// Begins a read of the feed at `now` (monotonic), from the last position.
    pub(crate) fn begin(&self, now: Duration) -> Reading {
        Reading {
            began: now,
            position: self.read().position,
            met: None,
        }
    }

    /// Adds a part of the feed.
    pub(crate) fn take_in(&self, reading: &mut Reading, page: &Page) {
        if page.from_start {
            (reading.position, reading.met) = (None, Some(HashSet::new()));
        }
        let mut state = self.write();
        let announced = page.longest_validity.unwrap_or_default();
        state.longest_validity = state.longest_validity.max(announced);
        for entry in &page.entries {
            state.remember(entry.handle, entry.until, entry.replaced, reading.began);
            state.unconfirmed.remove(&entry.handle);
            if let Some(met) = &mut reading.met {
                met.insert(entry.handle);
            }
            reading.position = Some(Position {
                number: entry.number,
                handle: entry.handle,
            });
        }
    }

    /// Ends a read of the feed, and forgets what no longer matters at `wall`. Returns what this
    /// process remembers but the feed did not contain, because a failover lost it.
    pub(crate) fn finish(&self, reading: Reading, wall: DateTime<Utc>) -> Vec<SessionHandle> {
        let mut state = self.write();
        state.forget_what_is_over(wall, reading.began);
        // What was revoked during the read may be in the next one.
        let matters = |handle: &SessionHandle| {
            let known = state.revoked.get(handle);
            known.is_some_and(|known| {
                known.since < reading.began && known.kept.until + RETENTION > wall
            })
        };
        let lost: Vec<SessionHandle> = match &reading.met {
            Some(met) => {
                let remembered = state.revoked.keys().copied();
                remembered
                    .filter(|handle| !met.contains(handle) && matters(handle))
                    .collect()
            }
            None => state.unconfirmed.iter().copied().filter(matters).collect(),
        };
        state.position = reading.position;
        state.read_at = state.read_at.max(reading.began);
        state.stall_told = false;
        lost
    }

    /// Notes that these are in the feed.
    pub(crate) fn confirm(&self, handles: &[SessionHandle]) {
        let mut state = self.write();
        for handle in handles {
            state.unconfirmed.remove(handle);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
