//! The guards: `Session`, `MaybeSession`, `LiveSession`, and `Sessions` itself.

use std::ops::Deref;
use std::sync::Arc;

use rocket::http::Method;
use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket, Sentinel};
use serde_json::Map;

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::payload::types::PayloadType;
use crate::requirement::Facts;
use crate::sessions::{Sessions, merge};
use crate::token::access::Verified;
use crate::user_id::UserId;
use crate::web::guards::requirement::{Fetch, Requirement};
use crate::web::guards::second_factor;
use crate::web::guards::session::Session;
use crate::web::request::csrf::Check;
use crate::web::request::verdict;
use crate::web::response::pending::{Audience, Pending};
use crate::web::state::{abort_without_fairing, is_login_page, managed, outcome};

/// The session of this request, if it presents one: no token is fine, a bad one answers 401.
#[derive(Debug)]
pub struct MaybeSession<P, R = ()>(Option<Session<P, R>>);

/// [`Session`] as the database has it now: for routes where the second that a revocation may take to
/// arrive is too long, or the hour that a token outlives a change of its payload.
///
/// Its row is read at every request. The requirement is judged by that row, and the payload is the row's: a
/// role that somebody took away by [`Sessions::merge_payload`] no longer passes, whatever the token says.
#[doc(alias = "checkDatabase")]
#[derive(Debug)]
pub struct LiveSession<P, R = ()>(Session<P, R>);

impl<P, R> MaybeSession<P, R> {
    /// The session, if there is one.
    pub fn into_inner(self) -> Option<Session<P, R>> {
        self.0
    }
}

impl<P, R> Deref for MaybeSession<P, R> {
    type Target = Option<Session<P, R>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<P, R> LiveSession<P, R> {
    /// The session.
    pub fn into_inner(self) -> Session<P, R> {
        self.0
    }
}

impl<P, R> Deref for LiveSession<P, R> {
    type Target = Session<P, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The session of a request, if its token is good, it may come from where it does, and it is what the
/// route asks for.
pub(in crate::web) async fn load<P: JwtPayload, R: Requirement<P>>(
    request: &Request<'_>,
    check: Check,
) -> Result<Session<P, R>, Error> {
    let (sessions, verified) = verdict::verify(request, check).await?;
    judge(request, sessions, verified).await
}

/// The session of a good token, if it is what the route asks for.
async fn judge<P: JwtPayload, R: Requirement<P>>(
    request: &Request<'_>,
    sessions: &Sessions,
    mut verified: Arc<Verified>,
) -> Result<Session<P, R>, Error> {
    second_factor::require_whole::<P>(sessions, &verified)?;
    let (mut payload, mut user_id) =
        sessions.read_claims::<P>(verified.handle, &verified.claims)?;
    let claims = R::claims();
    // Boxed, so that the usual future stays small.
    if !claims.is_empty() && Box::pin(fetch(request, sessions, claims, &mut verified)).await? {
        (payload, user_id) = sessions.read_claims(verified.handle, &verified.claims)?;
    }
    let unmet = R::unmet(&Facts {
        payload: &payload,
        claims: &verified.claims,
        auth_time: verified.auth_time,
        anonymous: verified.anonymous,
        now: sessions.now(),
    });
    if !unmet.is_empty() {
        return Err(Error::InvalidClaims(unmet));
    }
    let pending = Pending::of(request);
    if verified.pending {
        pending.note_awaited(&verified);
        second_factor::count_attempt(request, sessions).await?;
    }
    pending.answer_is_for(Audience::Member);
    let (sessions, pending) = (sessions.clone(), pending.clone());
    Ok(Session::new(sessions, pending, verified, user_id, payload))
}

/// Fetches the claims that the token has not or not fresh enough, stores them, and hands out a token with
/// them; says whether there were any.
async fn fetch<P: JwtPayload>(
    request: &Request<'_>,
    sessions: &Sessions,
    claims: Vec<Fetch<P>>,
    verified: &mut Arc<Verified>,
) -> Result<bool, Error> {
    let mut fetched = Map::new();
    for claim in claims {
        let now = sessions.now();
        if claim.is_due(verified.claims.map(), now) {
            let user_id =
                P::UserId::from_claim(verified.claims.user_id()).ok_or(Error::SignInAgain)?;
            if let Some(value) = claim.run(request, user_id, now).await? {
                fetched.insert(claim.key.to_owned(), value);
            }
        }
    }
    if fetched.is_empty() {
        return Ok(false);
    }
    let tokens = sessions
        .change_payload(verified, move |record| {
            Ok(merge::<P>(&mut record.payload, &fetched)?)
        })
        .await?;
    *verified = sessions.check(tokens.access_token(), tokens.transport())?;
    Pending::of(request).attach(tokens);
    Ok(true)
}

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for Session<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, load(request, Check::UnsafeMethods).await)
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for MaybeSession<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, Self::load(request, Check::UnsafeMethods).await)
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for LiveSession<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, Self::load(request, Check::UnsafeMethods).await)
    }
}

impl<P: JwtPayload, R: Requirement<P>> MaybeSession<P, R> {
    /// The session that a visitor had before a login that awaits its second factor.
    async fn before_login(request: &Request<'_>) -> Self {
        if let Some(visitor) = Pending::of(request).visitor()
            && let Ok(sessions) = managed(request)
            && let Ok(session) = judge(request, sessions, visitor).await
        {
            return Self(Some(session));
        }
        Self::visitor(request)
    }

    fn visitor(request: &Request<'_>) -> Self {
        Pending::of(request).answer_is_for(Audience::Visitors);
        Self(None)
    }

    pub(in crate::web) async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        // A browser asks with OPTIONS whether it may ask at all, and must not be sent to refresh.
        let only_asks = matches!(request.method(), Method::Options | Method::Trace);
        match load(request, check).await {
            Ok(session) => Ok(Self(Some(session))),
            // Whoever is about to log in is the visitor they were.
            Err(Error::SecondFactorRequired { .. }) => Ok(Self::before_login(request).await),
            // Somebody else elsewhere is a visitor here.
            Err(Error::NoToken | Error::SignInAgain) => Ok(Self::visitor(request)),
            // The page that these lead to must not lead on.
            Err(Error::TryRefreshToken | Error::Unauthorised | Error::SeveralUsers)
                if is_login_page(request) =>
            {
                Ok(Self::visitor(request))
            }
            Err(_) if only_asks => Ok(Self(None)),
            Err(error) => {
                Pending::of(request).note_visitors_welcome();
                Err(error)
            }
        }
    }
}

impl<P: JwtPayload, R: Requirement<P>> LiveSession<P, R> {
    pub(in crate::web) async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let (sessions, token) = verdict::verify(request, check).await?;
        let live = sessions.read_live(&token).await.inspect_err(|error| {
            if *error == Error::GONE {
                Pending::of(request).remove(token.handle, token.transport);
            }
        })?;
        judge(request, sessions, live).await.map(Self)
    }
}

/// Stops the launch if the fairing is missing, or another payload type has the name of this one.
fn abort_unless_typed<P: JwtPayload>(rocket: &Rocket<Ignite>, what: &str) -> bool {
    if abort_without_fairing(rocket, what) {
        return true;
    }
    let sessions = rocket.state::<Sessions>();
    let entered = sessions.map(|sessions| sessions.enter(PayloadType::of::<P>()));
    let Some(Err(error)) = entered else {
        return false;
    };
    tracing::error!("`{what}`: {error}");
    true
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Sessions {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request, managed(request).cloned())
    }
}

impl<P: JwtPayload, R> Sentinel for Session<P, R> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_unless_typed::<P>(rocket, "Session")
    }
}

impl<P: JwtPayload, R> Sentinel for MaybeSession<P, R> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_unless_typed::<P>(rocket, "MaybeSession")
    }
}

impl<P: JwtPayload, R> Sentinel for LiveSession<P, R> {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_unless_typed::<P>(rocket, "LiveSession")
    }
}

impl Sentinel for Sessions {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        abort_without_fairing(rocket, "Sessions")
    }
}
