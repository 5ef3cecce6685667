//! `Session`: what a route does with the session of its request.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::event::RevokedBy;
use crate::handle::SessionHandle;
use crate::payload::claims_set::Shared;
use crate::payload::{HasAuthTime, JwtPayload};
use crate::record::Others;
use crate::sessions::{
    SessionInfo, Sessions, Uncommitted, Versioned, Within, change_payload, merge,
};
use crate::token::SessionTokens;
use crate::token::access::Verified;
use crate::web::response::pending::Pending;

/// The session of this request; without a valid access token the route answers 401.
///
/// Verified without I/O. Taken as `Option<Session<P>>` it hides an expired token, so that the
/// browser never refreshes: use [`MaybeSession`](crate::MaybeSession) for routes that also serve
/// visitors. `R` is what the route asks for beyond that: see [`Requirement`](crate::Requirement).
///
/// What a route answers that was given a session is marked `Cache-Control: no-store`, so that the back
/// button does not show it after a sign-out (OWASP ASVS 14.3.2); a route that sets the header itself
/// keeps its own.
#[doc(alias = "verifySession")]
#[doc(alias = "getSession")]
#[doc(alias = "SessionContainer")]
pub struct Session<P, R = ()> {
    pub(in crate::web) sessions: Sessions,
    pending: Pending,
    verified: Arc<Verified>,
    /// A `P::UserId`; erased, because a bound on the struct would report an underived payload seven times.
    user_id: Shared,
    payload: Arc<P>,
    requirement: PhantomData<fn() -> R>,
}

impl<P, R> Session<P, R> {
    /// The payload of the access token.
    #[doc(alias = "getAccessTokenPayload")]
    #[doc(alias = "getJWTPayload")]
    #[doc(alias = "getClaimValue")]
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// The name of the session.
    #[doc(alias = "getHandle")]
    pub fn handle(&self) -> SessionHandle {
        self.verified.handle
    }

    /// Whether nobody has logged in: see [`NewSession::anonymous`](crate::NewSession::anonymous).
    pub fn is_anonymous(&self) -> bool {
        self.verified.anonymous
    }

    /// When the access token ends, and a refresh is due.
    pub fn access_token_expires_at(&self) -> DateTime<Utc> {
        self.verified.expires_at
    }

    /// When the user last proved who it is, if the payload says `#[session(auth_time)]`.
    pub fn auth_time(&self) -> Option<DateTime<Utc>> {
        self.verified.auth_time
    }

    /// Ends this session and removes its tokens with this response, also if it was already over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    #[doc(alias = "revokeSession")]
    pub async fn revoke(self) -> Result<(), Error> {
        self.sessions
            .end(vec![self.handle()], RevokedBy::Handle)
            .await?;
        self.pending.remove(self.handle(), self.verified.transport);
        self.pending.forget();
        Ok(())
    }

    /// Ends all other sessions of this user; returns them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the sessions go on then.
    pub async fn revoke_others(&self) -> Result<Vec<SessionHandle>, Error> {
        self.sessions
            .revoke_others(self.verified.claims.user_id(), self.handle())
            .await
    }

    /// After the user's credential changed: replaces this session by a new one with other tokens, and
    /// ends all others of the user, with one commit (OWASP ASVS 7.4.3). Returns the new one.
    ///
    /// To commit it together with the change itself, use
    /// [`credential_changed_within`](Self::credential_changed_within).
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session is over, [`Error::Unavailable`] if the store does not
    /// answer; nothing is changed then.
    pub async fn credential_changed(self) -> Result<SessionHandle, Error> {
        let succeeded = self.sessions.succeed(&self.verified, Others::End).await;
        let tokens = self.ended(succeeded)?;
        let handle = tokens.handle();
        self.pending.remove(self.handle(), self.verified.transport);
        self.attach(tokens);
        Ok(handle)
    }

    /// [`credential_changed`](Self::credential_changed) within the application's transaction, so that the
    /// change itself and the end of the other sessions commit together. After the commit, hand the result
    /// to [`attach_committed`](Self::attach_committed).
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the database refuses;
    /// roll back then.
    pub fn credential_changed_within(&self, within: &mut Within<'_>) -> Result<Uncommitted, Error> {
        within.succeed(&self.verified, Others::End)
    }

    /// Has the response carry the tokens of the session that took the place of this one
    /// [within](Self::credential_changed_within) the application's transaction. Call it after the commit.
    pub fn attach_committed(&self, committed: Uncommitted) -> SessionHandle {
        let tokens = committed.after_commit();
        let handle = tokens.handle();
        self.pending.remove(self.handle(), self.verified.transport);
        self.attach(tokens);
        handle
    }

    /// A page of this user's live sessions, newest first, without their data; this one is marked as current.
    ///
    /// `after` is the last session of the page before, as for [`Sessions::list`]: `None` gives the newest
    /// [`SessionInfo::PAGE`].
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub async fn devices(&self, after: Option<SessionHandle>) -> Result<Vec<SessionInfo>, Error> {
        let user_id = self.verified.claims.user_id();
        let mut page = self.sessions.list(user_id, after).await?;
        for info in &mut page {
            info.current = info.handle == self.handle();
        }
        Ok(page)
    }

    /// What the database knows of this session.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session is over, [`Error::Unavailable`] if the store does not
    /// answer.
    #[doc(alias = "getTimeCreated")]
    #[doc(alias = "getExpiry")]
    pub async fn info(&self) -> Result<SessionInfo, Error> {
        let info = self.sessions.info(self.handle()).await?;
        self.found(info).await
    }

    /// What there is of this session; if there is nothing, it has ended.
    async fn found<T>(&self, found: Option<T>) -> Result<T, Error> {
        match found {
            Some(found) => Ok(found),
            None => self.ended(Err(self.sessions.absent(self.handle()).await)),
        }
    }

    fn attach(&self, tokens: SessionTokens) {
        self.pending.attach(tokens);
    }

    /// Has the response remove the tokens if the session turns out to have ended.
    pub(in crate::web) fn ended<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Err(Error::Unauthorised)) {
            self.pending.remove(self.handle(), self.verified.transport);
        }
        result
    }
}

impl<P: JwtPayload, R> Session<P, R> {
    /// The session of a token that was verified.
    pub(in crate::web) fn new(
        sessions: Sessions,
        pending: Pending,
        verified: Arc<Verified>,
        user_id: Shared,
        payload: Arc<P>,
    ) -> Self {
        Self {
            sessions,
            pending,
            verified,
            user_id,
            payload,
            requirement: PhantomData,
        }
    }

    /// Whose session it is.
    #[doc(alias = "getUserId")]
    #[doc(alias = "getRecipeUserId")]
    pub fn user_id(&self) -> &P::UserId {
        self.user_id
            .downcast_ref()
            .expect("`ClaimsSet::read` of a `P` shares a `P::UserId`")
    }

    #[doc = include_str!("../../../docs/session_data.md")]
    #[doc(alias = "getSessionDataFromDatabase")]
    pub async fn data(&self) -> Result<P::Data, Error> {
        Ok(self.versioned_data().await?.value)
    }

    /// [`data`](Self::data) with its version, for [`set_data_if_unchanged`](Self::set_data_if_unchanged).
    ///
    /// # Errors
    /// Those of [`data`](Self::data).
    pub async fn versioned_data(&self) -> Result<Versioned<P::Data>, Error> {
        let data = self.sessions.versioned_data::<P>(self.handle()).await?;
        self.found(data).await
    }

    /// Overwrites the session data, whatever it is by now; durable when it returns.
    ///
    /// # Errors
    /// [`Error::DataTooLarge`], [`Error::Unstorable`], [`Error::Unauthorised`] if the session is over,
    /// [`Error::Unavailable`] if the store does not answer; nothing is changed then.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn set_data(&self, data: &P::Data) -> Result<(), Error> {
        let found = self.sessions.set_data::<P>(self.handle(), data).await?;
        self.found(found.then_some(())).await
    }

    /// Overwrites the session data unless somebody else changed it since it was read; `data` has the new
    /// version then. Where a closure can say what is to change, use [`update_data`](Self::update_data).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Cart)]
    /// # struct Claims {}
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Cart { items: Vec<String> }
    /// # async fn price(_: &Cart) -> Vec<String> { vec![] }
    /// async fn add_prices(session: Session<Claims>) -> Result<(), Error> {
    ///     let mut cart = session.versioned_data().await?;
    ///     cart.items = price(&cart).await; // takes its time
    ///     session.set_data_if_unchanged(&mut cart).await // 409 if the cart is another one by now
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Conflict`] if it was changed, and those of [`set_data`](Self::set_data); nothing is changed
    /// then.
    pub async fn set_data_if_unchanged(&self, data: &mut Versioned<P::Data>) -> Result<(), Error> {
        let set = self
            .sessions
            .set_data_if_unchanged::<P>(self.handle(), data)
            .await?;
        self.found(set.then_some(())).await
    }

    /// Lets `change` alter the session data as one step, so that no other change is lost; returns what
    /// it has become. `change` may run more than once and must not wait for anything.
    ///
    /// # Errors
    /// [`Error::DataMismatch`] if what is stored is no `P::Data`, [`Error::General`] if `change` panics, and
    /// those of [`set_data`](Self::set_data); nothing is changed then.
    pub async fn update_data(
        &self,
        change: impl Fn(&mut P::Data) + Send + 'static,
    ) -> Result<P::Data, Error> {
        let updated = self
            .sessions
            .update_data::<P>(self.handle(), change)
            .await?;
        self.found(updated).await
    }

    /// Lets `change` alter the payload as one step, and hands out an access token with it; the refresh
    /// token stays. `change` may run more than once and must not wait for anything.
    ///
    /// It starts from what the database has, which may be newer than [`payload`](Self::payload).
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session is over, [`Error::PayloadTooLarge`], [`Error::Unstorable`],
    /// [`Error::Unavailable`] if the store does not answer, [`Error::General`] if `change` panics;
    /// nothing is changed then.
    #[doc(alias = "mergeIntoAccessTokenPayload")]
    #[doc(alias = "updateAccessTokenPayload")]
    #[doc(alias = "setClaimValue")]
    #[doc(alias = "removeClaim")]
    pub async fn update_payload(
        &mut self,
        change: impl Fn(&mut P) + Send + 'static,
    ) -> Result<(), Error> {
        let changed = self
            .sessions
            .change_payload(&self.verified, move |record| {
                change_payload(record, &change)
            })
            .await;
        self.replace(changed)
    }

    /// Merges keys into the payload as one step and hands out an access token with it; `null` removes a key.
    ///
    /// # Errors
    /// [`Error::ReservedClaim`] for a key of the protocol, [`Error::Unstorable`] if the payload would no
    /// longer fit `P`, and those of [`update_payload`](Self::update_payload).
    pub async fn merge_payload(&mut self, update: Map<String, Value>) -> Result<(), Error> {
        let changed = self
            .sessions
            .change_payload(&self.verified, move |record| {
                Ok(merge::<P>(&mut record.payload, &update)?)
            })
            .await;
        self.replace(changed)
    }

    fn replace(&mut self, changed: Result<SessionTokens, Error>) -> Result<(), Error> {
        let tokens = self.ended(changed)?;
        self.verified = self
            .sessions
            .check(tokens.access_token(), tokens.transport())?;
        let Verified { handle, claims, .. } = &*self.verified;
        (self.payload, self.user_id) = self.sessions.read_claims(*handle, claims)?;
        self.attach(tokens);
        Ok(())
    }
}

impl<P: HasAuthTime, R> Session<P, R> {
    /// The user has proved again who they are: [`Fresh`](crate::Fresh) holds from now on.
    ///
    /// Replaces the session by a new one with the same payload and data, so that a copy of the old tokens
    /// gains nothing (OWASP ASVS 7.2.4). [`handle`](Self::handle) is the new one's from here on.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the store does not
    /// answer; nothing is changed then.
    pub async fn reauthenticated(&mut self) -> Result<(), Error> {
        let (old, transport) = (self.handle(), self.verified.transport);
        let succeeded = self.sessions.succeed(&self.verified, Others::Keep).await;
        self.replace(succeeded)?;
        self.pending.remove(old, transport);
        Ok(())
    }
}

impl<P, R> fmt::Debug for Session<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("handle", &self.handle())
            .finish_non_exhaustive()
    }
}
