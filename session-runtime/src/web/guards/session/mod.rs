//! `Session`: the session of the request.

mod change;
mod end;
mod ended;
mod guard;
mod replace;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::handle::SessionHandle;
use crate::payload::JwtPayload;
use crate::payload::claims_set::Shared;
use crate::sessions::{SessionInfo, Sessions};
use crate::token::SessionTokens;
use crate::token::access::Verified;
use crate::web::request_state::RequestState;

/// A guard that gives the session of the request; without a valid access token it answers 401.
///
/// ```
/// use session_runtime::{JwtPayload, Session};
///
/// #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// struct Claims { name: String }
///
/// #[rocket::get("/me")]
/// fn me(session: Session<Claims>) -> String {
///     format!("{} is {}", session.user_id(), session.payload().name)
/// }
/// # let _ = rocket::routes![me];
/// ```
///
/// Verifying the token needs no I/O. `R` is what the route requires beyond a valid session: see
/// [`Requirement`](crate::requirement::Requirement). For routes that also serve visitors use
/// [`MaybeSession`](crate::MaybeSession): `Option<Session<P>>` hides an expired token, so that the
/// browser never refreshes.
///
/// An answer of a route that was given a session is marked `Cache-Control: no-store`, so that the
/// Back button does not show it after a sign-out (OWASP ASVS 14.3.2), unless the route sets that
/// header itself.
#[doc(alias = "logged in user")]
#[doc(alias = "auth guard")]
#[doc(alias = "verifySession")]
#[doc(alias = "getSession")]
#[doc(alias = "SessionContainer")]
pub struct Session<P, R = ()> {
    pub(in crate::web) sessions: Sessions,
    local: RequestState,
    verified: Arc<Verified>,
    /// A `P::UserId`; erased, because a bound on the struct would report an underived payload seven
    /// times.
    user_id: Shared,
    payload: Arc<P>,
    requirement: PhantomData<fn() -> R>,
}

impl<P, R> Session<P, R> {
    /// The payload of the access token.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/hello")]
    /// fn hello(session: Session<Claims>) -> String {
    ///     format!("hello {}", session.payload().name)
    /// }
    /// # let _ = rocket::routes![hello];
    /// ```
    #[doc(alias = "getAccessTokenPayload")]
    #[doc(alias = "getJWTPayload")]
    #[doc(alias = "getClaimValue")]
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// The session's handle, its public id.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/handle")]
    /// fn handle(session: Session<Claims>) -> String {
    ///     session.handle().to_string()
    /// }
    /// # let _ = rocket::routes![handle];
    /// ```
    #[doc(alias = "getHandle")]
    pub fn handle(&self) -> SessionHandle {
        self.verified.handle
    }

    /// Whether it is a visitor's session, without a login: see
    /// [`NewSession::anonymous`](crate::NewSession::anonymous).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/greeting")]
    /// fn greeting(session: Session<Claims>) -> &'static str {
    ///     if session.is_anonymous() { "hello, visitor" } else { "welcome back" }
    /// }
    /// # let _ = rocket::routes![greeting];
    /// ```
    pub fn is_anonymous(&self) -> bool {
        self.verified.anonymous
    }

    /// All claims of the access token as JSON: those of the protocol and the payload.
    ///
    /// Those of the protocol are `sub`, `iat`, `exp`, `iss`, `rsub`, `tId`, `sessionHandle` and
    /// others. For the token itself, use the guard [`AccessToken`](crate::AccessToken).
    ///
    /// ```
    /// # use session_runtime::Session;
    /// fn issued_at<P>(session: &Session<P>) -> Option<i64> {
    ///     session.claims().get("iat")?.as_i64()
    /// }
    /// ```
    #[doc(alias = "getAccessTokenPayload")]
    pub fn claims(&self) -> Map<String, Value> {
        self.sessions.claims_of(&self.verified)
    }

    /// Whether the session is bound to a key of the browser's device, so that a copy of its cookies
    /// gets no new tokens.
    ///
    /// A route that needs this takes the requirement
    /// [`DeviceBound`](crate::requirement::DeviceBound).
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/protection")]
    /// fn protection(session: Session<Claims>) -> &'static str {
    ///     if session.is_device_bound() { "a copy is worthless" } else { "ordinary" }
    /// }
    /// # let _ = rocket::routes![protection];
    /// ```
    pub fn is_device_bound(&self) -> bool {
        self.verified.device_bound
    }

    /// When the access token expires and the client has to refresh.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/expiry")]
    /// fn expiry(session: Session<Claims>) -> String {
    ///     session.access_token_expires_at().to_rfc3339()
    /// }
    /// # let _ = rocket::routes![expiry];
    /// ```
    pub fn access_token_expires_at(&self) -> DateTime<Utc> {
        self.verified.expires_at
    }

    /// When the user last logged in, if the payload has `#[session(auth_time)]`.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/login_time")]
    /// fn login_time(session: Session<Claims>) -> String {
    ///     session.auth_time().map(|time| time.to_rfc3339()).unwrap_or_default()
    /// }
    /// # let _ = rocket::routes![login_time];
    /// ```
    pub fn auth_time(&self) -> Option<DateTime<Utc>> {
        self.verified.auth_time
    }

    /// Reads the session's row from the database, without its data.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/since")]
    /// async fn since(session: Session<Claims>) -> Result<String, Error> {
    ///     Ok(session.info().await?.created_at.to_rfc3339())
    /// }
    /// # let _ = rocket::routes![since];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the database
    /// does not answer.
    #[doc(alias = "getSessionInformation")]
    #[doc(alias = "getTimeCreated")]
    #[doc(alias = "getExpiry")]
    pub async fn info(&self) -> Result<SessionInfo, Error> {
        let info = self.sessions.info(self.handle()).await?;
        self.found(info).await
    }

    /// Unwraps what was read of this session; `None` means that the session has ended.
    async fn found<T>(&self, found: Option<T>) -> Result<T, Error> {
        match found {
            Some(found) => Ok(found),
            None => {
                let absent = self.sessions.missing_row(self.handle()).await;
                self.or_removed(Err(absent)).await
            }
        }
    }

    /// Removes the cookies with the response if the session turns out to have ended.
    pub(in crate::web) async fn or_removed<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        if matches!(result, Err(Error::Unauthorised)) {
            let (handle, transport) = (self.handle(), self.verified.transport);
            self.local
                .remove_ended(&self.sessions, handle, transport)
                .await;
        }
        result
    }
}

impl<P: JwtPayload, R> Session<P, R> {
    /// The session of a token that was verified.
    pub(in crate::web) fn new(
        sessions: Sessions,
        local: RequestState,
        verified: Arc<Verified>,
        user_id: Shared,
        payload: Arc<P>,
    ) -> Self {
        Self {
            sessions,
            local,
            verified,
            user_id,
            payload,
            requirement: PhantomData,
        }
    }

    /// The user's id, of the type that the payload declares.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::get("/who")]
    /// fn who(session: Session<Claims>) -> String {
    ///     session.user_id().clone()
    /// }
    /// # let _ = rocket::routes![who];
    /// ```
    #[doc(alias = "getUserId")]
    #[doc(alias = "getRecipeUserId")]
    pub fn user_id(&self) -> &P::UserId {
        self.user_id
            .downcast_ref()
            .expect("`ClaimsSet::read` of a `P` shares a `P::UserId`")
    }

    async fn replace(&mut self, changed: Result<SessionTokens, Error>) -> Result<(), Error> {
        let tokens = self.or_removed(changed).await?;
        self.verified = self
            .sessions
            .check(tokens.access_token(), tokens.transport())?;
        let Verified { handle, claims, .. } = &*self.verified;
        (self.payload, self.user_id) = self.sessions.read_claims(*handle, claims)?;
        self.local.attach(tokens);
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
