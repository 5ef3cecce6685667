//! Clean-up: rows that expired long ago are deleted, unless the clocks disagree on when that was.

use chrono::TimeDelta;

use super::Sessions;
use super::clock_jumps::MAX_DISAGREEMENT;
use crate::clock;
use crate::event::Event;
use crate::revocation::RETENTION;
use crate::store::{Cleaned, StoreError};

/// How long expired sessions are kept, so that a clock that was wrong for a while ends no session
/// for good.
const GRACE: TimeDelta = TimeDelta::days(1);

impl Sessions {
    /// Deletes a small batch of sessions that expired a day ago and of revocations that no token
    /// can outlive, and signing keys that ended a day ago; returns whether there is more to delete.
    pub(crate) async fn clean_up(&self) -> Result<bool, StoreError> {
        let now = self.now();
        let (steady, jumped) = self.check_clock();
        let offset = self.inner.feed.clock.offset();
        let wrong_by = [
            (jumped, clock::jumped(jumped)),
            (offset, clock::beside_database(offset)),
        ];
        let wrong = wrong_by
            .into_iter()
            .find(|(by, _)| by.abs() > MAX_DISAGREEMENT);
        if let Some((difference, found)) = wrong {
            self.emit(&Event::ClockSkew {
                difference,
                found,
                consequence: "more than five minutes: nothing is deleted this time",
            });
            return Ok(false);
        }
        if !steady {
            // The clock may jump back, and what was deleted would be missing.
            return Ok(false);
        }
        let cleaned: Cleaned = self
            .inner
            .store
            .background
            .clean_up(now - GRACE, now - RETENTION)
            .await?;
        if cleaned != Cleaned::default() {
            tracing::debug!(
                sessions = cleaned.sessions,
                revocations = cleaned.revocations,
                "deleted what is long over"
            );
        }
        self.delete_old_keys(now, GRACE).await?;
        Ok(cleaned.may_go_on())
    }

    /// Whether the two clocks have agreed for long enough, and by how much they just diverged.
    fn check_clock(&self) -> (bool, TimeDelta) {
        let inner = &self.inner;
        let (wall, monotonic) = (self.now(), inner.feed.clock.monotonic());
        let mut clock_jumps = inner
            .feed
            .clock_jumps
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let jumped = clock_jumps.note(wall, monotonic);
        let needed = inner.feed.revocations.longest_validity() + RETENTION;
        (clock_jumps.holds(monotonic, needed), jumped)
    }
}
