//! Upkeep: what is long over is deleted, unless the clocks disagree on when that is.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::Sessions;
use crate::event::Event;
use crate::revocation::RETENTION;
use crate::store::{Cleaned, StoreError};

/// Expired sessions stay this long, so that a clock that was wrong for a while ends nobody's
/// session for good.
const GRACE: TimeDelta = TimeDelta::days(1);

/// Clocks that disagree by more than this must not decide what is deleted.
const MAX_DISAGREEMENT: TimeDelta = TimeDelta::minutes(5);

/// Whether the wall clock goes as time does.
#[derive(Debug, Default)]
pub(super) struct Steadiness {
    /// Wall clock and monotonic time of the last look.
    last: Option<(DateTime<Utc>, Duration)>,
    /// When the wall clock was last seen to have jumped (monotonic).
    jumped_at: Option<Duration>,
}

impl Steadiness {
    /// How far the wall clock moved otherwise than time did since the last look.
    fn note(&mut self, wall: DateTime<Utc>, monotonic: Duration) -> TimeDelta {
        let now = (wall, monotonic);
        let (last_wall, last_monotonic) = self.last.replace(now).unwrap_or(now);
        let passed =
            TimeDelta::from_std(monotonic.saturating_sub(last_monotonic)).unwrap_or(TimeDelta::MAX);
        let jumped = (wall - last_wall) - passed;
        if jumped.abs() > MAX_DISAGREEMENT {
            self.jumped_at = Some(monotonic);
        }
        jumped
    }

    /// Whether it has not jumped for so long.
    fn holds(&self, monotonic: Duration, needed: TimeDelta) -> bool {
        let needed = needed.to_std().unwrap_or(Duration::MAX);
        self.jumped_at
            .is_none_or(|jumped_at| monotonic.saturating_sub(jumped_at) >= needed)
    }
}

impl Sessions {
    /// Deletes one small batch of sessions that expired a day ago and of revocations that no token
    /// can outlive, and the signing keys that ended a day ago; says whether to go on.
    pub(crate) async fn clean_up(&self) -> Result<bool, StoreError> {
        let now = self.now();
        let (steady, jumped) = self.steadiness();
        let wrong_by = [jumped, self.inner.clock.offset()];
        if let Some(difference) = wrong_by.into_iter().find(|by| by.abs() > MAX_DISAGREEMENT) {
            self.emit(&Event::ClockSkew {
                difference,
                consequence: "more than five minutes: nothing is deleted this time",
            });
            return Ok(false);
        }
        if !steady {
            // The clock may return, and then what it has deleted would be missed.
            return Ok(false);
        }
        let cleaned: Cleaned = self
            .inner
            .store
            .clean_up(now - GRACE, now - RETENTION)
            .await?;
        if cleaned != Cleaned::default() {
            tracing::debug!(
                sessions = cleaned.sessions,
                revocations = cleaned.revocations,
                "deleted what is long over"
            );
        }
        self.delete_old_keys(now - GRACE).await?;
        Ok(cleaned.may_go_on())
    }

    /// Whether the two clocks have agreed for long enough, and how far they moved apart just now.
    fn steadiness(&self) -> (bool, TimeDelta) {
        let inner = &self.inner;
        let (wall, monotonic) = (self.now(), inner.clock.monotonic());
        let mut steadiness = inner
            .feed
            .steadiness
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let jumped = steadiness.note(wall, monotonic);
        let needed = inner.feed.revocations.longest_validity() + RETENTION;
        (steadiness.holds(monotonic, needed), jumped)
    }
}

#[cfg(feature = "testing")]
impl Sessions {
    /// Cleans up now instead of at its next turn; returns how many batches it took.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store does not answer.
    pub async fn clean_up_now(&self) -> Result<usize, crate::Error> {
        let mut batches = 1;
        while self.clean_up().await? {
            batches += 1;
        }
        Ok(batches)
    }
}
