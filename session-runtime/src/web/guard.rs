//! The guards: `Session`, `MaybeSession`, `LiveSession`, and `Sessions` itself.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use rocket::http::{Method, Status};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel};

use super::csrf::{Check, CsrfPolicy};
use super::pending::{Change, Cleared, Pending};
use super::transport::Wire;
use super::verdict;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::payload::{self, JwtPayload};
use crate::sessions::Sessions;
use crate::token::access::Verified;
use crate::user_id::UserId;

/// The session of this request; without a valid access token the route answers 401.
///
/// Verified without I/O. Taken as `Option<Session<P>>` it hides an expired token, so that the
/// browser never refreshes: use [`MaybeSession`] for routes that also serve visitors.
#[doc(alias = "verifySession")]
#[doc(alias = "getSession")]
#[doc(alias = "SessionContainer")]
pub struct Session<P> {
    sessions: Sessions,
    pending: Pending,
    verified: Arc<Verified>,
    /// A `P::UserId`; erased, because a bound on the struct would report an underived payload seven times.
    user_id: Box<dyn Any + Send + Sync>,
    payload: P,
}

/// The session of this request, if it presents one: no token is fine, a bad one answers 401.
#[derive(Debug)]
pub struct MaybeSession<P>(Option<Session<P>>);

/// [`Session`], and its row is asked for at every request: for routes where the second that a revocation
/// may take to arrive is too long.
#[doc(alias = "checkDatabase")]
#[derive(Debug)]
pub struct LiveSession<P>(Session<P>);

impl<P> Session<P> {
    /// The payload of the access token.
    #[doc(alias = "getAccessTokenPayload")]
    #[doc(alias = "getJWTPayload")]
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// The name of the session.
    #[doc(alias = "getHandle")]
    pub fn handle(&self) -> SessionHandle {
        self.verified.handle
    }

    /// Ends this session and removes its cookies with this response, also if it was already over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    #[doc(alias = "revokeSession")]
    pub async fn revoke(self) -> Result<(), Error> {
        self.sessions.revoke(self.handle()).await?;
        let own = Cleared::In(self.verified.transport);
        self.pending.set(Change::Clear(own));
        Ok(())
    }
}

impl<P: JwtPayload> Session<P> {
    /// Whose session it is.
    #[doc(alias = "getUserId")]
    pub fn user_id(&self) -> &P::UserId {
        self.user_id
            .downcast_ref()
            .expect("`load` puts a `P::UserId` here")
    }

    /// Reads the session data from the database.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session is over, [`Error::Unavailable`] if the store does not answer,
    /// [`Error::General`] if what is stored is no `P::Data`.
    #[doc(alias = "getSessionDataFromDatabase")]
    pub async fn data(&self) -> Result<P::Data, Error> {
        self.sessions.data::<P>(self.handle()).await
    }

    /// Overwrites the session data; durable when it returns.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session is over, [`Error::Unavailable`] if the store does not answer.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub async fn set_data(&self, data: &P::Data) -> Result<(), Error> {
        self.sessions.set_data::<P>(self.handle(), data).await
    }
}

impl<P> fmt::Debug for Session<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("handle", &self.handle())
            .finish_non_exhaustive()
    }
}

impl<P> MaybeSession<P> {
    /// The session, if there is one.
    pub fn into_inner(self) -> Option<Session<P>> {
        self.0
    }
}

impl<P> Deref for MaybeSession<P> {
    type Target = Option<Session<P>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P> LiveSession<P> {
    /// The session.
    pub fn into_inner(self) -> Session<P> {
        self.0
    }
}

impl<P> Deref for LiveSession<P> {
    type Target = Session<P>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The session of a request, if its token is good and it may come from where it does.
pub(super) async fn load<P: JwtPayload>(
    request: &Request<'_>,
    check: Check,
) -> Result<Session<P>, Error> {
    let (sessions, verified) = verdict::verify(request, check).await?;
    let user_id = P::UserId::from_claim(&verified.user_id).ok_or_else(|| {
        tracing::warn!(event = "payload_mismatch", handle = %verified.handle, "the user id is of another type than the guard's");
        Error::GONE
    })?;
    let payload = payload::read(&verified.payload).map_err(|error| {
        tracing::warn!(event = "payload_mismatch", handle = %verified.handle, %error, "the payload does not fit the guard's type");
        Error::GONE
    })?;
    Ok(Session {
        sessions,
        pending: Pending::of(request).clone(),
        verified,
        user_id: Box::new(user_id),
        payload,
    })
}

/// The shared state. It is missing only if a guard hides behind a type that Rocket's launch check cannot see.
pub(super) fn managed<'r>(request: &'r Request<'_>) -> Result<&'r Sessions, Error> {
    request
        .rocket()
        .state()
        .ok_or_else(|| Error::General(MISSING.into()))
}

/// The policy that is managed beside the sessions.
pub(super) fn csrf<'r>(request: &'r Request<'_>) -> &'r CsrfPolicy {
    request.rocket().state().expect(TOGETHER)
}

/// How tokens travel, managed beside the sessions.
pub(super) fn wire<'r>(request: &'r Request<'_>) -> &'r Wire {
    request.rocket().state().expect(TOGETHER)
}

const TOGETHER: &str = "the fairing manages these whenever it manages the sessions";

/// Ends a guard, parking the reason of a failure for the response fairing and for the application's catchers.
pub(super) fn outcome<T>(
    request: &Request<'_>,
    result: Result<T, Error>,
) -> request::Outcome<T, Error> {
    match result {
        Ok(guard) => Outcome::Success(guard),
        Err(error) => {
            if error.status() == Status::InternalServerError {
                tracing::error!(%error, "a session guard failed");
            }
            Pending::of(request).park(error.clone());
            Outcome::Error((error.status(), error))
        }
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload> FromRequest<'r> for Session<P> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, load(request, Check::UnsafeMethods).await)
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload> FromRequest<'r> for MaybeSession<P> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, Self::load(request, Check::UnsafeMethods).await)
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload> FromRequest<'r> for LiveSession<P> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, Self::load(request, Check::UnsafeMethods).await)
    }
}

impl<P: JwtPayload> MaybeSession<P> {
    pub(super) async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        // A browser asks with OPTIONS whether it may ask at all, and must not be sent to refresh.
        let only_asks = matches!(request.method(), Method::Options | Method::Trace);
        match load(request, check).await {
            Ok(session) => Ok(Self(Some(session))),
            Err(Error::NONE) => Ok(Self(None)),
            Err(_) if only_asks => Ok(Self(None)),
            Err(error) => Err(error),
        }
    }
}

impl<P: JwtPayload> LiveSession<P> {
    pub(super) async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let session = load(request, check).await?;
        session.sessions.require_row(session.handle()).await?;
        Ok(Self(session))
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Sessions {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, managed(request).cloned())
    }
}

const MISSING: &str = "sessions are used but not set up: add `.attach(Sessions::fairing())` to your `rocket::build()`";

/// Stops the launch if the fairing is missing.
pub(super) fn abort_without_fairing(rocket: &Rocket<Ignite>, what: &str) -> bool {
    let missing = rocket.state::<Sessions>().is_none();
    if missing {
        tracing::error!("`{what}` needs sessions, and they are not set up.");
        tracing::error!("Add `.attach(Sessions::fairing())` to your `rocket::build()`.");
    }
    missing
}

impl<P> Sentinel for Session<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_without_fairing(rocket, "Session")
    }
}

impl<P> Sentinel for MaybeSession<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_without_fairing(rocket, "MaybeSession")
    }
}

impl<P> Sentinel for LiveSession<P> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_without_fairing(rocket, "LiveSession")
    }
}

impl Sentinel for Sessions {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_without_fairing(rocket, "Sessions")
    }
}
