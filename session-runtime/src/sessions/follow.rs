//! Following the feed of revocations: what ended elsewhere is refused here within the bound.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::TimeDelta;

use super::Sessions;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::record::CHUNK;
use crate::revocation::RETENTION;
use crate::store::StoreError;

/// How often a process says how long its access tokens live; that counts for ten minutes longer than
/// such a token lives.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(60);

/// How long after its last announcement a process counts as one that serves.
const SERVES_FOR: TimeDelta = TimeDelta::minutes(5);

impl Sessions {
    /// Reads what was revoked since the last call, here or in another process; also the keys, if they
    /// changed.
    pub(crate) async fn read_revocations(&self) -> Result<(), StoreError> {
        let inner = &*self.inner;
        let revocations = &inner.feed.revocations;
        let mut reading = revocations.begin(inner.clock.monotonic());
        self.announce().await?;
        inner
            .store
            .number_feed(inner.lifetimes.access_token)
            .await?;
        let key_version = loop {
            let page = inner.store.feed(reading.position()).await?;
            revocations.take_in(&mut reading, &page);
            if page.is_last {
                break page.key_version;
            }
        };
        let lost = revocations.finish(reading, self.now());
        if !lost.is_empty() {
            self.revoke_again(lost).await?;
        }
        if let Some(difference) = inner.clock.news() {
            self.emit(&Event::ClockSkew {
                difference,
                consequence: "the database's time is used; set the clock of this machine right",
            });
        }
        if revocations.note_full() {
            self.emit(&Event::RevocationMemoryFull {
                remembered: revocations.len(),
            });
        }
        self.follow_keys(key_version).await
    }

    /// Says in the log, at launch, that another application uses the same tables.
    pub(crate) async fn warn_of_others(&self) -> Result<(), StoreError> {
        let issuer = self.issuer();
        let other = self.inner.store.other_issuer(issuer.to_owned(), self.now());
        if let Some(other) = other.await? {
            tracing::warn!(
                event = "database_shared",
                "`sessions.database`: {other} uses the same tables as this application, {issuer}. A user id is the same user in \
                 both, and a login or a revocation in one is one in the other: give an application with users of its own \
                 a database or a schema of its own. If you have just changed `api_origin`, `api_base_path` or `outer_path`, \
                 nothing is wrong"
            );
        }
        Ok(())
    }

    /// Says how long access tokens of this process live, if that is due, so that every process keeps
    /// revocations as long; and under which issuer it serves. Before the first of them is minted.
    async fn announce(&self) -> Result<(), StoreError> {
        let inner = &*self.inner;
        let (now, announced_at) = (inner.clock.monotonic(), &inner.feed.announced_at);
        let last = *announced_at.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.saturating_sub(last) < ANNOUNCE_EVERY) {
            return Ok(());
        }
        let validity = inner.lifetimes.access_token;
        let until = self.now() + validity + RETENTION;
        let serves = (self.issuer().to_owned(), self.now() + SERVES_FOR);
        inner.store.announce((validity, until), serves).await?;
        *announced_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(())
    }

    /// Puts back what a failover or a restored backup has taken out of the feed.
    async fn revoke_again(&self, lost: Vec<SessionHandle>) -> Result<(), StoreError> {
        for chunk in lost.chunks(CHUNK) {
            self.inner.store.revoke_again(chunk.to_vec()).await?;
            self.inner.feed.revocations.confirm(chunk);
        }
        let handles = lost;
        self.emit(&Event::RevocationsRestored { handles });
        Ok(())
    }

    /// How old this process's knowledge of revocations is: for a gauge. Usually below a quarter of
    /// `revocation_bound`; beyond the bound, `revocation_on_stall` decides on requests.
    pub fn revocation_feed_age(&self) -> Duration {
        let inner = &self.inner;
        inner.feed.revocations.age(inner.clock.monotonic())
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
}
