//! What is remembered about revoked sessions, and for how long.

use std::collections::hash_map::Entry as Slot;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::feed::Position;
use crate::handle::SessionHandle;

/// How much longer entries are kept than an access token lives, because clocks differ.
pub(crate) const RETENTION: TimeDelta = TimeDelta::minutes(10);

/// How many revoked sessions are remembered; about 100 bytes each.
const MOST: usize = 1_000_000;

#[derive(Debug)]
pub(super) struct State {
    pub(super) revoked: HashMap<SessionHandle, Remembered>,
    /// The same handles in the order in which they may be forgotten.
    pub(super) order: VecDeque<SessionHandle>,
    pub(super) most: usize,
    /// How long the entries matter for which there was no room.
    pub(super) forgotten: Option<Kept>,
    /// Revoked by this process and not yet read from the feed.
    pub(super) unconfirmed: HashSet<SessionHandle>,
    /// The longest validity announced since this process started.
    pub(super) longest_validity: TimeDelta,
    pub(super) position: Option<Position>,
    pub(super) read_at: Duration,
    /// Whether the stalled feed was reported.
    pub(super) stall_told: bool,
    /// Whether the full memory was reported.
    pub(super) full_told: bool,
}

/// What is remembered about a revoked session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remembered {
    pub(super) kept: Kept,
    pub(super) replaced: bool,
    /// When this process learned of it (monotonic).
    pub(super) since: Duration,
}

/// How long an entry is kept: neither a wall clock that jumps ahead and back nor one that stands
/// still may end it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// By the wall clock.
    pub(super) until: DateTime<Utc>,
    /// By monotonic time.
    pub(super) at_least: Duration,
}

impl Kept {
    fn is_over(self, wall: DateTime<Utc>, monotonic: Duration) -> bool {
        self.until + RETENTION <= wall && self.at_least <= monotonic
    }

    fn max(self, other: Self) -> Self {
        Self {
            until: self.until.max(other.until),
            at_least: self.at_least.max(other.at_least),
        }
    }
}

impl State {
    pub(super) fn new(validity: TimeDelta) -> Self {
        Self {
            revoked: HashMap::new(),
            order: VecDeque::new(),
            most: MOST,
            forgotten: None,
            unconfirmed: HashSet::new(),
            longest_validity: validity,
            position: None,
            read_at: Duration::ZERO,
            stall_told: false,
            full_told: false,
        }
    }

    /// Remembers a revocation learned of at `now` (monotonic), if there is room; returns whether it
    /// is new.
    pub(super) fn remember(
        &mut self,
        handle: SessionHandle,
        until: DateTime<Utc>,
        replaced: bool,
        now: Duration,
    ) -> bool {
        let kept = Kept {
            until,
            at_least: self.kept_from(now),
        };
        let full = self.revoked.len() >= self.most;
        match self.revoked.entry(handle) {
            Slot::Occupied(mut known) => {
                let known = known.get_mut();
                known.kept.until = known.kept.until.max(until);
                known.replaced |= replaced;
                false
            }
            Slot::Vacant(_) if full => {
                self.forgotten = Some(self.forgotten.map_or(kept, |before| before.max(kept)));
                false
            }
            Slot::Vacant(slot) => {
                slot.insert(Remembered {
                    kept,
                    replaced,
                    since: now,
                });
                self.order.push_back(handle);
                true
            }
        }
    }

    /// Forgets what no longer matters, at these two times.
    pub(super) fn forget_what_is_over(&mut self, wall: DateTime<Utc>, monotonic: Duration) {
        let again = self.kept_from(monotonic);
        while let Some(handle) = self.order.front().copied() {
            match self.revoked.get_mut(&handle) {
                Some(known) if known.kept.at_least > monotonic => break,
                // Its end was set by a wall clock that was ahead, and must not keep the others.
                Some(known) if !known.kept.is_over(wall, monotonic) => {
                    known.kept.at_least = again;
                    self.order.push_back(handle);
                }
                _ => {
                    self.revoked.remove(&handle);
                    self.unconfirmed.remove(&handle);
                }
            }
            self.order.pop_front();
        }
        let over = |kept: Kept| kept.is_over(wall, monotonic);
        if self.forgotten.is_some_and(over) {
            (self.forgotten, self.full_told) = (None, false);
        }
    }

    /// How long before `now` (monotonic) the last successful read of the feed began.
    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.read_at)
    }

    /// Whether that is longer than `bound`.
    pub(super) fn is_stale(&self, now: Duration, bound: Duration) -> bool {
        self.age(now) > bound
    }

    /// Until when (monotonic) a revocation is kept that was learned of at `now`.
    fn kept_from(&self, now: Duration) -> Duration {
        let longest = (self.longest_validity + RETENTION).to_std();
        now.saturating_add(longest.unwrap_or(Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALIDITY: TimeDelta = TimeDelta::hours(1);

    fn handle(n: u8) -> SessionHandle {
        SessionHandle::from_bytes([n; 16])
    }

    fn wall(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn minutes(minutes: u64) -> Duration {
        Duration::from_secs(60 * minutes)
    }

    #[test]
    fn both_clocks_must_say_that_it_is_over() {
        // The wall clock, monotonic time, and how many are remembered then; each entry ends at 60.
        for (at, passed, left) in [
            (69, 70, 1),
            (70, 69, 1),
            (70, 70, 0),
            // The wall clock jumped ahead, stood still, or went back.
            (1_000_000, 5, 1),
            (0, 100, 1),
            (-500, 1_000, 1),
        ] {
            let mut state = State::new(VALIDITY);
            state.remember(handle(1), wall(60), false, Duration::ZERO);
            state.forget_what_is_over(wall(at), minutes(passed));
            assert_eq!(state.revoked.len(), left, "{at} {passed}");
            assert_eq!(state.order.len(), left);
        }
    }

    #[test]
    fn an_entry_from_the_future_keeps_no_other() {
        let mut state = State::new(VALIDITY);
        state.remember(handle(1), wall(1_000_000), false, Duration::ZERO);
        state.remember(handle(2), wall(60), false, Duration::ZERO);
        state.forget_what_is_over(wall(70), minutes(70));
        assert_eq!(state.order, [handle(1)]);
        state.forget_what_is_over(wall(1_000_010), minutes(139));
        assert_eq!(state.order, [handle(1)]);
        state.forget_what_is_over(wall(1_000_010), minutes(140));
        assert!(state.revoked.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_noted_until_it_is_over() {
        let mut state = State::new(VALIDITY);
        state.most = 2;
        for n in 0..4_u8 {
            let now = minutes(n.into());
            state.remember(handle(n), wall(60 + i64::from(n)), false, now);
        }
        assert_eq!(state.revoked.len(), 2);
        state.forget_what_is_over(wall(72), minutes(72));
        assert!(state.revoked.is_empty() && state.forgotten.is_some());
        state.forget_what_is_over(wall(73), minutes(73));
        assert!(state.forgotten.is_none());
    }
}
