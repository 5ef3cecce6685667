//! Verifying an access token: in memory while the feed of revocations is fresh.

use std::sync::Arc;

use super::{Inner, Sessions};
use crate::config::{OnStall, Revocation};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::token::access::{self, Verified};

impl Sessions {
    /// Checks an access token: signature (or the memory of it), time, revocations. No I/O while the
    /// feed is fresh.
    pub(crate) async fn verify(&self, access_token: &str) -> Result<Arc<Verified>, Error> {
        let verified = match self.check(access_token) {
            // Another process may have made a key a moment ago.
            Err(_) if access::names_unknown_key(access_token, &self.keys()) => {
                self.look_for_unknown_key().await;
                self.check(access_token)?
            }
            checked => checked?,
        };
        match self.inner.config.revocation {
            Revocation::Feed => self.require_unrevoked(&verified).await?,
            Revocation::Live => self.require_row(verified.handle).await?,
            Revocation::None => {}
        }
        Ok(verified)
    }

    /// Asks the memory of revocations, if it is fresh.
    async fn require_unrevoked(&self, verified: &Verified) -> Result<(), Error> {
        let handle = verified.handle;
        let Inner {
            revocations,
            clock,
            config,
            ..
        } = &*self.inner;
        if revocations.contains(handle) {
            return Err(Error::GONE);
        }
        if revocations.is_fresh(clock.monotonic(), config.revocation_bound) {
            return Ok(());
        }
        match config.revocation_on_stall {
            OnStall::Accept => Ok(()),
            OnStall::Live => {
                // A removed key would have been in the feed as well.
                self.follow_keys(self.inner.store.key_version().await?)
                    .await?;
                if self.keys().signing_key(&verified.kid).is_none() {
                    return Err(Error::TryRefreshToken);
                }
                self.require_row(handle).await
            }
            OnStall::Refuse => {
                tracing::error!(
                    event = "revocation_feed_stalled",
                    "requests are refused until it can be read"
                );
                Err(Error::Unavailable)
            }
        }
    }

    /// Asks the database whether a session still exists.
    pub(crate) async fn require_row(&self, handle: SessionHandle) -> Result<(), Error> {
        self.inner
            .store
            .find(handle)
            .await?
            .map(drop)
            .ok_or(Error::GONE)
    }

    /// Checks an access token's signature and time, not whether its session was revoked.
    pub(crate) fn check(&self, access_token: &str) -> Result<Arc<Verified>, Error> {
        let keys = self.keys();
        let verified = self
            .inner
            .verified
            .get_or_verify(access_token, || {
                access::verify(access_token, &keys, &self.inner.terms)
            })
            .ok_or(Error::TryRefreshToken)?;
        // What is remembered may be of a key that was removed meanwhile.
        let key_holds = keys.signing_key(&verified.kid).is_some();
        if key_holds && verified.is_current(self.inner.clock.now()) {
            Ok(verified)
        } else {
            Err(Error::TryRefreshToken)
        }
    }

    /// The session an access token of ours names, expired or not.
    pub(crate) fn named_by(&self, access_token: &str) -> Option<SessionHandle> {
        access::verify(access_token, &self.keys(), &self.inner.terms)
            .map(|verified| verified.handle)
    }
}
