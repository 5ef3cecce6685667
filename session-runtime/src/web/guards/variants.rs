//! The guards: `Session`, `MaybeSession`, `LiveSession`, and `Sessions` itself.

use std::ops::{Deref, DerefMut};

use rocket::http::Method;
use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket};

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::payload::types::PayloadType;
use crate::sessions::Sessions;
use crate::web::guards::admit::admit;
use crate::web::guards::requirement::Requirement;
use crate::web::guards::session::Session;
use crate::web::guards::{AnyOrigin, Guard, guard, is_fairing_missing, outcome, sentinel};
use crate::web::request::csrf::Check;
use crate::web::request::verify::verify;
use crate::web::request_state::{Audience, RequestState};
use crate::web::state::{is_login_page, managed};

/// A guard that gives the request's session, or `None` if the request presents no token.
///
/// An expired or revoked token answers 401, so that the browser refreshes; `Option<Session<P>>`
/// would hide it.
///
/// ```
/// use session_runtime::{JwtPayload, MaybeSession};
/// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// #[rocket::get("/")]
/// fn index(session: MaybeSession<Claims>) -> String {
///     match &*session {
///         Some(session) => format!("hello {}", session.payload().name),
///         None => "hello, please log in".into(),
///     }
/// }
/// # let _ = rocket::routes![index];
/// ```
#[doc(alias = "sessionRequired")]
#[doc(alias = "optional session")]
#[derive(Debug)]
pub struct MaybeSession<P, R = ()>(Option<Session<P, R>>);

/// A [`Session`] that is checked against the database, for routes where its delays are too long.
///
/// With `Session`, a revocation takes up to `revocation_bound`, and a changed payload arrives with
/// the next access token. `LiveSession` reads the session's row at every request, checks the
/// requirement against it, and gives that row's payload: a role that [`Sessions::merge_payload`]
/// took away is gone at once, whatever the token says.
///
/// ```
/// use session_runtime::{JwtPayload, LiveSession};
/// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
/// # struct Claims {}
/// #[rocket::post("/transfer")]
/// fn transfer(session: LiveSession<Claims>) -> String {
///     format!("money of {}", session.user_id())
/// }
/// # let _ = rocket::routes![transfer];
/// ```
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

impl<P, R> DerefMut for MaybeSession<P, R> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
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

impl<P, R> DerefMut for LiveSession<P, R> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for Session<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request).await
    }
}

sentinel!(<P: JwtPayload, R: Requirement<P>> Session<P, R>);

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for MaybeSession<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request).await
    }
}

sentinel!(<P: JwtPayload, R: Requirement<P>> MaybeSession<P, R>);

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for LiveSession<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request).await
    }
}

sentinel!(<P: JwtPayload, R: Requirement<P>> LiveSession<P, R>);

guard!(<> Sessions);

impl<P: JwtPayload, R: Requirement<P>> AnyOrigin for Session<P, R> {}
impl<P: JwtPayload, R: Requirement<P>> AnyOrigin for MaybeSession<P, R> {}
impl<P: JwtPayload, R: Requirement<P>> AnyOrigin for LiveSession<P, R> {}

impl<P: JwtPayload, R: Requirement<P>> Guard for Session<P, R> {
    const NAME: &'static str = "Session";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let (sessions, verified) = verify(request, check).await?;
        admit(request, sessions, verified).await
    }

    fn aborts(rocket: &Rocket<Ignite>) -> bool {
        is_fairing_missing(rocket, Self::NAME) || is_name_taken::<P>(rocket, Self::NAME)
    }
}

impl<P: JwtPayload, R: Requirement<P>> Guard for LiveSession<P, R> {
    const NAME: &'static str = "LiveSession";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let (sessions, token) = verify(request, check).await?;
        let live = sessions.read_live(&token).await;
        if matches!(live, Err(Error::Unauthorised)) {
            let local = RequestState::of(request);
            local
                .remove_ended(sessions, token.handle, token.transport)
                .await;
        }
        admit(request, sessions, live?).await.map(Self)
    }

    fn aborts(rocket: &Rocket<Ignite>) -> bool {
        is_fairing_missing(rocket, Self::NAME) || is_name_taken::<P>(rocket, Self::NAME)
    }
}

impl<P: JwtPayload, R: Requirement<P>> Guard for MaybeSession<P, R> {
    const NAME: &'static str = "MaybeSession";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        // A browser sends OPTIONS to ask whether a request is allowed; it must not be sent to
        // refresh.
        let only_asks = matches!(request.method(), Method::Options | Method::Trace);
        match Session::load(request, check).await {
            Ok(session) => Ok(Self(Some(session))),
            // Until a login is complete, the user is still the visitor they were.
            Err(Error::SecondFactorRequired { .. }) => Ok(Self::before_login(request).await),
            // A session of another payload type is a visitor here.
            Err(Error::NoToken | Error::SignInAgain) => Ok(Self::visitor(request)),
            // These errors lead to the login page, which therefore must not answer with them
            // itself.
            Err(Error::TryRefreshToken | Error::Unauthorised | Error::SeveralUsers)
                if is_login_page(request) =>
            {
                Ok(Self::visitor(request))
            }
            Err(_) if only_asks => Ok(Self(None)),
            Err(error) => {
                RequestState::of(request).note_visitors_welcome();
                Err(error)
            }
        }
    }

    fn aborts(rocket: &Rocket<Ignite>) -> bool {
        is_fairing_missing(rocket, Self::NAME) || is_name_taken::<P>(rocket, Self::NAME)
    }
}

impl<P: JwtPayload, R: Requirement<P>> MaybeSession<P, R> {
    /// The session that a visitor had before starting a login that now awaits its second factor.
    async fn before_login(request: &Request<'_>) -> Self {
        if let Some(visitor) = RequestState::of(request).visitor()
            && let Ok(sessions) = managed(request)
            && let Ok(session) = admit(request, sessions, visitor).await
        {
            return Self(Some(session));
        }
        Self::visitor(request)
    }

    fn visitor(request: &Request<'_>) -> Self {
        RequestState::of(request).answer_is_for(Audience::Visitors);
        Self(None)
    }
}

impl Guard for Sessions {
    const NAME: &'static str = "Sessions";

    async fn load(request: &Request<'_>, _: Check) -> Result<Self, Error> {
        managed(request).cloned()
    }
}

/// Whether another payload type has the same name; logs an error if so.
fn is_name_taken<P: JwtPayload>(rocket: &Rocket<Ignite>, what: &str) -> bool {
    let sessions = rocket.state::<Sessions>();
    let entered = sessions.map(|sessions| sessions.enter(PayloadType::of::<P>()));
    let Some(Err(error)) = entered else {
        return false;
    };
    tracing::error!("`{what}`: {error}");
    true
}
