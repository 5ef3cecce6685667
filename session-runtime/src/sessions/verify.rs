//! Verifying an access token: in memory while the feed of revocations is fresh.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Sessions;
use crate::config::{OnStall, Revocation};
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::payload::JwtPayload;
use crate::revocation::Known;
use crate::token::access::{self, Verified};
use crate::token::refresh::{self, Authentic};
use crate::token::{Transport, anti_csrf};

/// What an access token says, for code that gets it otherwise than in a request's headers: a WebSocket's
/// first message, say.
#[derive(Debug)]
#[non_exhaustive]
pub struct VerifiedSession<P: JwtPayload> {
    /// The session.
    pub handle: SessionHandle,
    /// Whose it is.
    pub user_id: P::UserId,
    /// What it carries.
    pub payload: P,
    /// When the token ends.
    pub expires_at: DateTime<Utc>,
}

impl Sessions {
    /// Verifies an access token of a session in headers, or one that is exposed; no I/O while the feed of
    /// revocations is fresh.
    ///
    /// # Errors
    /// [`Error::TryRefreshToken`] for a token that does not hold, [`Error::Unauthorised`] if its session is
    /// over or its payload is no `P`.
    #[doc(alias = "getSessionWithoutRequestResponse")]
    pub async fn verify<P: JwtPayload>(
        &self,
        access_token: &str,
    ) -> Result<VerifiedSession<P>, Error> {
        let verified = self.judge(access_token, Transport::Header).await?;
        let (payload, user_id) = verified.claims.parse::<P>().map_err(|_| Error::GONE)?;
        Ok(VerifiedSession {
            handle: verified.handle,
            user_id,
            payload,
            expires_at: verified.expires_at,
        })
    }

    /// Checks an access token: signature (or the memory of it), time, revocations. No I/O while the
    /// feed is fresh.
    pub(crate) async fn judge(
        &self,
        access_token: &str,
        presented_in: Transport,
    ) -> Result<Arc<Verified>, Error> {
        let verified = match self.check(access_token, presented_in) {
            // Another process may have made a key a moment ago.
            Err(_) if access::names_unknown_key(access_token, &self.keys()) => {
                Box::pin(self.look_for_unknown_key()).await;
                self.check(access_token, presented_in)?
            }
            checked => checked?,
        };
        // Boxed where there is something to wait for, so that the usual future stays small.
        match self.config().revocation {
            Revocation::Feed => match self.recall(verified.handle) {
                Known::Unrevoked => {}
                Known::Revoked => return Err(Error::GONE),
                Known::TooLittle => Box::pin(self.require_despite_stall(&verified)).await?,
            },
            Revocation::Live => Box::pin(self.require_row(verified.handle)).await?,
            Revocation::None => {}
        }
        Ok(verified)
    }

    /// What the memory of revocations says.
    fn recall(&self, handle: SessionHandle) -> Known {
        let inner = &self.inner;
        let (now, bound) = (inner.clock.monotonic(), self.config().revocation_bound);
        inner.feed.revocations.recall(handle, now, bound)
    }

    /// Whether a session ended because a later one of the same browser took its place, within the
    /// last two minutes. By memory: no I/O.
    pub(crate) fn was_replaced(&self, handle: SessionHandle) -> bool {
        let inner = &self.inner;
        let now = inner.clock.monotonic();
        inner.feed.revocations.was_replaced(handle, now)
    }

    /// Does what `revocation_on_stall` says.
    async fn require_despite_stall(&self, verified: &Verified) -> Result<(), Error> {
        if self.inner.feed.revocations.note_stall() {
            self.emit(&Event::RevocationFeedStalled);
        }
        match self.config().revocation_on_stall {
            OnStall::Accept => Ok(()),
            OnStall::Live => {
                // A removed key would have been in the feed as well.
                let version = self.inner.store.key_version().await?;
                self.follow_keys(version).await?;
                if self.keys().signing_key(&verified.kid).is_none() {
                    return Err(Error::TryRefreshToken);
                }
                self.require_row(verified.handle).await
            }
            OnStall::Refuse => Err(Error::Unavailable),
        }
    }

    /// Asks the database whether a session still exists.
    pub(crate) async fn require_row(&self, handle: SessionHandle) -> Result<(), Error> {
        match self.inner.store.find(handle).await? {
            Some(_) => Ok(()),
            None => Err(self.absent(handle).await),
        }
    }

    /// Checks an access token's signature, time and transport, not whether its session was revoked.
    pub(crate) fn check(
        &self,
        access_token: &str,
        presented_in: Transport,
    ) -> Result<Arc<Verified>, Error> {
        let keys = self.keys();
        let verified = self
            .inner
            .tokens
            .verified
            .get_or_verify(access_token, || {
                access::verify(access_token, &keys, &self.inner.tokens.terms)
            })
            .ok_or(Error::TryRefreshToken)?;
        // What is remembered may be of a key that was removed meanwhile.
        let key_holds = keys.signing_key(&verified.kid).is_some();
        let may_travel_so = verified.transport == presented_in
            || (presented_in == Transport::Header && self.config().expose_access_token);
        if key_holds && may_travel_so && verified.is_current(self.now()) {
            Ok(verified)
        } else {
            Err(Error::TryRefreshToken)
        }
    }

    /// Reads an access token of ours, expired or not.
    pub(crate) fn read(&self, access_token: &str) -> Option<Verified> {
        access::verify(access_token, &self.keys(), &self.inner.tokens.terms)
    }

    /// Whether a bearer token may be a session's; anybody else's is not ours to judge.
    pub(crate) fn may_be_access_token(&self, bearer: &str) -> bool {
        self.keys().begins(bearer) || access::has_form(bearer)
    }

    /// Reads a refresh token of ours; costs no query.
    pub(crate) fn authenticate(&self, refresh_token: &str) -> Result<Authentic, Error> {
        refresh::authenticate(refresh_token, self.keys().macs()).ok_or(Error::GONE)
    }

    /// Whether `token` is an anti-CSRF token of this session.
    pub(crate) fn is_anti_csrf_token(&self, token: &str, handle: SessionHandle) -> bool {
        anti_csrf::is_genuine(token, handle, self.keys().macs())
    }
}
