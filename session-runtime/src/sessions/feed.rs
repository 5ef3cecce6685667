//! Following the revocation feed: what ended elsewhere is refused here within `revocation_bound`.

use std::sync::PoisonError;
use std::time::Duration;

use chrono::TimeDelta;

use super::Sessions;
use crate::clock::{beside_database, is_skewed};
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::record::CHUNK;
use crate::revocation::RETENTION;
use crate::store::StoreError;

/// How often a process announces how long its access tokens live; an announcement is valid for ten
/// minutes longer than such a token.
const ANNOUNCE_EVERY: Duration = Duration::from_secs(60);

/// How long after its last announcement a process is taken to be running.
pub(super) const SERVES_FOR: TimeDelta = TimeDelta::minutes(5);

impl Sessions {
    /// Reads what was revoked since the last call, by any process, and the keys if they changed.
    pub(crate) async fn read_revocations(&self) -> Result<(), StoreError> {
        let inner = &*self.inner;
        let revocations = &inner.feed.revocations;
        let mut reading = revocations.begin(inner.feed.clock.monotonic());
        self.announce().await?;
        inner
            .store
            .background
            .number_feed(inner.settings.lifetimes.access_token)
            .await?;
        let last_page = loop {
            let page = inner.store.background.feed(reading.position()).await?;
            revocations.take_in(&mut reading, &page);
            self.close_streams(page.entries.iter().map(|entry| entry.handle));
            if page.is_last {
                break page;
            }
        };
        let lost = revocations.finish(reading, self.now());
        if !lost.is_empty() {
            self.revoke_again(lost).await?;
        }
        if let Some(difference) = inner.feed.clock.offset_change() {
            self.emit(&if is_skewed(difference) {
                Event::ClockSkew {
                    difference,
                    found: beside_database(difference),
                    consequence: "the database server's time is used; run NTP on both machines",
                }
            } else {
                Event::ClocksAgree
            });
        }
        if revocations.note_full() {
            self.emit(&Event::RevocationMemoryFull {
                remembered: revocations.len(),
            });
        }
        let longest_token = last_page.longest_validity.unwrap_or_default();
        self.follow_keys(last_page.key_version, longest_token).await
    }

    /// Announces, if it is due, how long access tokens of this process live, so that every process
    /// keeps revocations for as long, and under which issuer and settings it serves. It runs before
    /// the first token is minted. Returns who served from these tables last, if that was another
    /// issuer.
    pub(super) async fn announce(&self) -> Result<Option<String>, StoreError> {
        let inner = &*self.inner;
        let (now, announced_at) = (inner.feed.clock.monotonic(), &inner.feed.announced_at);
        let last = *announced_at.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| now.saturating_sub(last) < ANNOUNCE_EVERY) {
            return Ok(None);
        }
        let validity = inner.settings.lifetimes.access_token;
        let until = self.now() + validity + RETENTION;
        let serves = (self.issuer().to_owned(), self.fingerprint());
        let serves_until = self.now() + SERVES_FOR;
        let announced = inner
            .store
            .background
            .announce((validity, until), serves, serves_until);
        let last_issuer = announced.await?;
        *announced_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
        Ok(last_issuer)
    }

    /// Writes revocations again that a failover or a restored backup has lost.
    async fn revoke_again(&self, lost: Vec<SessionHandle>) -> Result<(), StoreError> {
        for chunk in lost.chunks(CHUNK) {
            self.inner
                .store
                .background
                .revoke_again(chunk.to_vec())
                .await?;
            self.inner.feed.revocations.confirm(chunk);
        }
        let handles = lost;
        self.emit(&Event::RevocationsRestored { handles });
        Ok(())
    }

    /// How long ago this process last read the revocation feed, for a metric.
    ///
    /// Usually less than a quarter of `revocation_bound`. Beyond that bound, `revocation_on_stall`
    /// decides about requests.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// #[rocket::get("/metrics")]
    /// fn metrics(sessions: Sessions) -> String {
    ///     let age = sessions.revocation_feed_age().as_secs_f64();
    ///     format!("session_revocation_feed_age_seconds {age}\n")
    /// }
    /// # let _ = rocket::routes![metrics];
    /// ```
    #[doc(alias = "metrics")]
    pub fn revocation_feed_age(&self) -> Duration {
        let inner = &self.inner;
        inner.feed.revocations.age(inner.feed.clock.monotonic())
    }
}

#[cfg(feature = "internals")]
impl Sessions {
    /// How many revoked sessions this process remembers.
    pub fn remembered_revocations(&self) -> usize {
        self.inner.feed.revocations.len()
    }
}
