//! Upkeep: what runs beside the requests. Follows the feed of revocations, and deletes what is long over.

use chrono::TimeDelta;

use super::Sessions;
use crate::event::Event;
use crate::revocation::RETENTION;
use crate::store::{Cleaned, StoreError};

/// Expired sessions stay this long, so that a clock that was wrong for a while ends nobody's
/// session for good.
const GRACE: TimeDelta = TimeDelta::days(1);

/// Clocks that disagree by more than this must not decide what is deleted.
const MAX_DISAGREEMENT: TimeDelta = TimeDelta::minutes(5);

impl Sessions {
    /// Reads what was revoked since the last call, here or in another process; also the keys, if they
    /// changed.
    pub(crate) async fn read_revocations(&self) -> Result<(), StoreError> {
        let began = self.inner.clock.monotonic();
        let (entries, key_version) = self
            .inner
            .store
            .feed(self.inner.feed.revocations.position())
            .await?;
        self.inner
            .feed
            .revocations
            .advance(&entries, began, self.now());
        if let Some(difference) = self.inner.clock.news() {
            self.emit(&Event::ClockSkew {
                difference,
                consequence: "the database's time is used; set the clock of this machine right",
            });
        }
        self.follow_keys(key_version).await
    }

    /// How old this process's knowledge of revocations is: for a gauge. Usually below a quarter of
    /// `revocation_bound`; beyond the bound, `revocation_on_stall` decides on requests.
    pub fn revocation_feed_age(&self) -> std::time::Duration {
        let inner = &self.inner;
        inner.feed.revocations.age(inner.clock.monotonic())
    }

    /// Deletes one small batch of sessions that expired a day ago and of revocations that no token
    /// can outlive, and the signing keys that ended a day ago; says whether to go on.
    pub(crate) async fn clean_up(&self) -> Result<bool, StoreError> {
        let now = self.now();
        let wrong_by = [self.jumped_by(), self.inner.clock.offset()];
        if let Some(difference) = wrong_by.into_iter().find(|by| by.abs() > MAX_DISAGREEMENT) {
            self.emit(&Event::ClockSkew {
                difference,
                consequence: "more than five minutes: nothing is deleted this time",
            });
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

    /// How far the wall clock moved otherwise than time did since the last call.
    fn jumped_by(&self) -> TimeDelta {
        let (wall, monotonic) = (self.now(), self.inner.clock.monotonic());
        let mut last = self
            .inner
            .feed
            .last_cleanup
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (last_wall, last_monotonic) =
            last.replace((wall, monotonic)).unwrap_or((wall, monotonic));
        let passed =
            TimeDelta::from_std(monotonic.saturating_sub(last_monotonic)).unwrap_or(TimeDelta::MAX);
        (wall - last_wall) - passed
    }
}

#[cfg(feature = "testing")]
impl Sessions {
    /// Reads the feed of revocations now instead of at its next turn, so that a test need not wait.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the store does not answer.
    pub async fn read_revocations_now(&self) -> Result<(), crate::Error> {
        Ok(self.read_revocations().await?)
    }

    /// How many revoked sessions this process remembers.
    pub fn remembered_revocations(&self) -> usize {
        self.inner.feed.revocations.len()
    }

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
