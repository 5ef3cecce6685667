//! Verifying an access token: in memory while the feed of revocations is fresh.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Sessions;
use crate::config::{OnStall, Revocation};
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::payload::JwtPayload;
use crate::payload::claims_set::ClaimsSet;
use crate::payload::types::PayloadType;
use crate::record::Summary;
use crate::revocation::Known;
use crate::token::access::{self, Checked, Verified};
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
    /// over, [`Error::SignInAgain`] if its payload is no `P`.
    #[doc(alias = "getSessionWithoutRequestResponse")]
    pub async fn verify<P: JwtPayload>(
        &self,
        access_token: &str,
    ) -> Result<VerifiedSession<P>, Error> {
        let verified = self.judge(access_token, Transport::Header).await?;
        self.enter(PayloadType::of::<P>())?;
        let parsed = verified.claims.parse::<P>();
        let (payload, user_id) =
            parsed.map_err(|mismatch| self.report(verified.handle, mismatch))?;
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
        self.require_unrevoked(&verified).await?;
        Ok(verified)
    }

    /// Whether the session of a token goes on, as `revocation` says. No I/O while the feed is fresh.
    pub(super) async fn require_unrevoked(&self, verified: &Verified) -> Result<(), Error> {
        // Boxed where there is something to wait for, so that the usual future stays small.
        match self.config().revocation {
            Revocation::Feed => match self.recall(verified.handle) {
                Known::Unrevoked => Ok(()),
                Known::Revoked => Err(Error::GONE),
                Known::Stale => Box::pin(self.require_despite_stall(verified)).await,
                Known::Forgotten => Box::pin(self.require_row(verified.handle)).await,
            },
            Revocation::Live => Box::pin(self.require_row(verified.handle)).await,
            Revocation::None => Ok(()),
        }
    }

    /// What the memory of revocations says.
    pub(super) fn recall(&self, handle: SessionHandle) -> Known {
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
        self.read_row(handle).await.map(drop)
    }

    async fn read_row(&self, handle: SessionHandle) -> Result<Summary, Error> {
        match self.inner.store.summary(handle).await? {
            Some(summary) => Ok(summary),
            None => Err(self.absent(handle).await),
        }
    }

    /// What the row of a token's session says now, as if the token had just been issued.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if it is over, [`Error::Unavailable`] if the store does not answer.
    pub(crate) async fn read_live(&self, token: &Verified) -> Result<Arc<Verified>, Error> {
        let row = self.read_row(token.handle).await?;
        let claims = ClaimsSet::new(row.user_id, &row.payload_type, &row.payload);
        Ok(Arc::new(token.with(claims, row.auth_time, row.anonymous)))
    }

    /// Checks an access token's signature, time and transport, not whether its session was revoked.
    pub(crate) fn check(
        &self,
        access_token: &str,
        presented_in: Transport,
    ) -> Result<Arc<Verified>, Error> {
        self.find_verified(access_token)
            .filter(|verified| self.holds(verified, presented_in))
            .ok_or(Error::TryRefreshToken)
    }

    /// What an access token of ours says, whether or not it still holds: from memory, or by its signature.
    fn find_verified(&self, access_token: &str) -> Option<Arc<Verified>> {
        self.look_at(access_token).ok()
    }

    /// The same; otherwise whether one of our keys signed it all the same.
    pub(super) fn look_at(&self, access_token: &str) -> Result<Arc<Verified>, bool> {
        let tokens = &self.inner.tokens;
        let mut is_signed = false;
        let found = tokens.verified.get_or_verify(access_token, || {
            match access::check(access_token, &self.keys(), &tokens.terms) {
                Checked::Verified(verified) => Some(*verified),
                Checked::Signed => {
                    is_signed = true;
                    None
                }
                Checked::Unsigned => None,
            }
        });
        found.ok_or(is_signed)
    }

    /// Whether a token is good now, in this place.
    pub(crate) fn holds(&self, verified: &Verified, presented_in: Transport) -> bool {
        // What is remembered may be of a key that was removed meanwhile.
        self.keys().signing_key(&verified.kid).is_some()
            && self.may_travel(verified, presented_in)
            && verified.is_current(self.now())
    }

    fn may_travel(&self, verified: &Verified, presented_in: Transport) -> bool {
        verified.transport == presented_in
            || (presented_in == Transport::Header && self.config().expose_access_token)
    }

    /// Whether one of these [was replaced](Self::was_replaced), also a moment ago by another process: reads
    /// the feed if this process does not know why a session ended.
    pub(crate) async fn were_just_replaced(&self, handles: &[SessionHandle]) -> bool {
        let known = &self.inner.feed.revocations;
        if !handles.iter().all(|handle| known.contains(*handle)) {
            // That it failed is logged; what is known counts then.
            let _read = self.read_revocations().await;
        }
        handles.iter().any(|handle| self.was_replaced(*handle))
    }

    /// The issuer of our tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.inner.tokens.terms.issuer
    }

    /// Whether a bearer token may be a session's; anybody else's is not ours to judge.
    pub(crate) fn may_be_access_token(&self, bearer: &str) -> bool {
        self.keys().begins(bearer) || access::has_form(bearer)
    }

    /// Reads a refresh token of ours; costs no query.
    pub(crate) fn authenticate(&self, refresh_token: &str) -> Option<Authentic> {
        refresh::authenticate(refresh_token, self.keys().macs())
    }

    /// Whether `token` is an anti-CSRF token of this session.
    pub(crate) fn is_anti_csrf_token(&self, token: &str, handle: SessionHandle) -> bool {
        anti_csrf::is_genuine(token, handle, self.keys().macs())
    }
}
