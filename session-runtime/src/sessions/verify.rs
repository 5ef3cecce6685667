//! Verifying an access token: in memory, while the revocation feed is up to date.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

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

/// What an access token says, if it did not arrive in the headers of a request: see
/// [`Sessions::verify`].
#[derive(Debug)]
#[non_exhaustive]
pub struct VerifiedSession<P: JwtPayload> {
    /// The session.
    pub handle: SessionHandle,
    /// The user.
    pub user_id: P::UserId,
    /// The payload of the access token.
    pub payload: P,
    /// When the access token expires.
    pub expires_at: DateTime<Utc>,
    pub(super) sessions: Sessions,
    pub(super) verified: Arc<Verified>,
}

/// The result of checking the signature of an access token.
pub(super) enum Signature {
    /// One of our keys signed it, and its claims are valid.
    Fits(Arc<Verified>),
    /// One of our keys signed it, but its claims are not valid, because a setting was changed, for
    /// example.
    Ours,
    /// None of our keys signed it.
    Foreign,
}

impl Sessions {
    /// Verifies an access token that did not arrive in a request's headers, such as a WebSocket's
    /// first message.
    ///
    /// It must belong to a session in headers, or be exposed by `expose_access_token`. No query is
    /// made while the revocation feed is up to date.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # struct Claims { name: String }
    /// async fn greet(sessions: &Sessions, first_message: &str) -> Result<String, Error> {
    ///     let session = sessions.verify::<Claims>(first_message).await?;
    ///     Ok(format!("hello {}", session.payload.name))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::TryRefreshToken`] for a token that is invalid or expired, [`Error::Unauthorised`]
    /// if its session has ended, [`Error::SignInAgain`] if its payload does not deserialize as `P`.
    #[doc(alias = "WebSocket")]
    #[doc(alias = "getSessionWithoutRequestResponse")]
    pub async fn verify<P: JwtPayload>(
        &self,
        access_token: &str,
    ) -> Result<VerifiedSession<P>, Error> {
        let verified = self.verify_token(access_token, Transport::Header).await?;
        self.enter(PayloadType::of::<P>())?;
        let parsed = verified.claims.parse::<P>();
        let (payload, user_id) =
            parsed.map_err(|mismatch| self.report(verified.handle, mismatch))?;
        Ok(VerifiedSession {
            handle: verified.handle,
            user_id,
            payload,
            expires_at: verified.expires_at,
            sessions: self.clone(),
            verified,
        })
    }

    /// Verifies an access token: its signature (unless it is cached), its times, and revocations.
    /// No I/O while the feed is up to date.
    pub(crate) async fn verify_token(
        &self,
        access_token: &str,
        presented_in: Transport,
    ) -> Result<Arc<Verified>, Error> {
        let verified = match self.check(access_token, presented_in) {
            // Another process may have made a key a moment ago, or its tokens live longer.
            Err(_) if self.may_verify_with_new_keys(access_token) => {
                Box::pin(self.look_for_unknown_key()).await;
                self.check(access_token, presented_in)?
            }
            checked => checked?,
        };
        self.require_unrevoked(&verified).await?;
        Ok(verified)
    }

    /// Refuses a token whose session was revoked, by the setting `revocation`. No I/O while the
    /// feed is up to date.
    pub(super) async fn require_unrevoked(&self, verified: &Verified) -> Result<(), Error> {
        // Boxed if there is something to wait for, so that the usual future stays small.
        match self.config().revocation {
            Revocation::Feed => match self.recall(verified.handle) {
                Known::Unrevoked => Ok(()),
                Known::Revoked => Err(Error::Unauthorised),
                Known::Stale => Box::pin(self.require_despite_stall(verified)).await,
                Known::Forgotten => Box::pin(self.require_row(verified.handle)).await,
            },
            Revocation::Live => Box::pin(self.require_row(verified.handle)).await,
            Revocation::None => Ok(()),
        }
    }

    /// What is remembered about the session.
    pub(super) fn recall(&self, handle: SessionHandle) -> Known {
        let inner = &self.inner;
        let (now, bound) = (inner.feed.clock.monotonic(), self.config().revocation_bound);
        inner.feed.revocations.recall(handle, now, bound)
    }

    /// Whether a session ended because a later login of the same browser replaced it within the
    /// last two minutes. From memory, without I/O.
    pub(crate) fn was_replaced(&self, handle: SessionHandle) -> bool {
        let inner = &self.inner;
        let now = inner.feed.clock.monotonic();
        inner.feed.revocations.was_replaced(handle, now)
    }

    /// Decides by `revocation_on_stall`.
    async fn require_despite_stall(&self, verified: &Verified) -> Result<(), Error> {
        if self.inner.feed.revocations.note_stall() {
            self.emit(&Event::RevocationFeedStalled);
        }
        match self.config().revocation_on_stall {
            OnStall::Accept => Ok(()),
            OnStall::Live => {
                // A removed key would also have been in the feed.
                let version = self.inner.store.requests.key_version().await?;
                self.follow_keys(version, TimeDelta::zero()).await?;
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
        match self.inner.store.requests.summary(handle).await? {
            Some(summary) => Ok(summary),
            None => Err(self.missing_row(handle).await),
        }
    }

    /// The row of a token's session now, as if the token had just been issued.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if it has ended, [`Error::Unavailable`] if the database does not
    /// answer.
    pub(crate) async fn read_live(&self, token: &Verified) -> Result<Arc<Verified>, Error> {
        let row = self.read_row(token.handle).await?;
        let claims = claims_of_row(&row);
        Ok(Arc::new(token.with(claims, row.auth_time, row.anonymous)))
    }

    /// Checks an access token's signature, time and transport, not whether its session was revoked.
    pub(crate) fn check(
        &self,
        access_token: &str,
        presented_in: Transport,
    ) -> Result<Arc<Verified>, Error> {
        match self.signature_of(access_token) {
            Signature::Fits(verified) if self.holds(&verified, presented_in) => Ok(verified),
            _ => Err(Error::TryRefreshToken),
        }
    }

    /// Who signed an access token, from the cache or by its signature. Whether it has expired is
    /// not checked.
    pub(super) fn signature_of(&self, access_token: &str) -> Signature {
        let tokens = &self.inner.tokens;
        let mut otherwise = Signature::Foreign;
        let found = tokens.verified.get_or_verify(access_token, || {
            match access::check(access_token, &self.keys(), &tokens.terms) {
                Checked::Verified(verified) => Some(*verified),
                Checked::Signed => {
                    otherwise = Signature::Ours;
                    None
                }
                Checked::Unsigned => None,
            }
        });
        found.map_or(otherwise, Signature::Fits)
    }

    /// Whether a token that is not accepted may be once the keys have been read again.
    fn may_verify_with_new_keys(&self, access_token: &str) -> bool {
        access::names_unknown_key(access_token, &self.keys())
            || matches!(self.signature_of(access_token), Signature::Ours)
    }

    /// Whether a token is valid now, as it was sent.
    pub(crate) fn holds(&self, verified: &Verified, presented_in: Transport) -> bool {
        // A cached token may have been signed by a key that was removed meanwhile.
        self.keys().signing_key(&verified.kid).is_some()
            && self.may_travel(verified, presented_in)
            && verified.is_current(self.now())
    }

    fn may_travel(&self, verified: &Verified, presented_in: Transport) -> bool {
        verified.transport == presented_in
            || (presented_in == Transport::Header && self.config().expose_access_token)
    }

    /// Whether one of these [was replaced](Self::was_replaced), even a moment ago by another
    /// process: reads the feed if this process does not know why a session ended.
    pub(crate) async fn were_just_replaced(&self, handles: &[SessionHandle]) -> bool {
        let known = &self.inner.feed.revocations;
        if !handles.iter().all(|handle| known.contains(*handle)) {
            // The failure is logged; what is known is used then.
            let _read = self.read_revocations().await;
        }
        handles.iter().any(|handle| self.was_replaced(*handle))
    }

    /// The issuer of our tokens.
    pub(crate) fn issuer(&self) -> &str {
        &self.inner.tokens.terms.issuer
    }

    /// Whether a bearer token may be a session's; other bearer tokens are left to the application.
    pub(crate) fn may_be_access_token(&self, bearer: &str) -> bool {
        self.keys().begins(bearer) || access::has_form(bearer)
    }

    /// Authenticates a refresh token; no query is needed.
    pub(crate) fn authenticate(&self, refresh_token: &str) -> Option<Authentic> {
        refresh::authenticate(refresh_token, self.keys().macs())
    }

    /// Whether `token` is an anti-CSRF token of this session.
    pub(crate) fn is_anti_csrf_token(&self, token: &str, handle: SessionHandle) -> bool {
        anti_csrf::is_genuine(token, handle, self.keys().macs())
    }
}

/// What a token of this row would say.
pub(crate) fn claims_of_row(row: &Summary) -> ClaimsSet {
    ClaimsSet::new(row.user_id.clone(), &row.payload_type, &row.payload)
}
