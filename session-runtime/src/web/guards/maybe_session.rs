//! `MaybeSession`: the session of the request, or a visitor.

use std::ops::{Deref, DerefMut};

use rocket::http::Method;
use rocket::request::{self, FromRequest};
use rocket::{Ignite, Request, Rocket};

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::web::guards::admit::admit;
use crate::web::guards::requirement::Requirement;
use crate::web::guards::session::Session;
use crate::web::guards::{AnyOrigin, Guard, is_fairing_missing, is_name_taken, outcome, sentinel};
use crate::web::request::csrf::Check;
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

#[rocket::async_trait]
impl<'r, P: JwtPayload, R: Requirement<P>> FromRequest<'r> for MaybeSession<P, R> {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        outcome(request).await
    }
}

sentinel!(<P: JwtPayload, R: Requirement<P>> MaybeSession<P, R>);

impl<P: JwtPayload, R: Requirement<P>> AnyOrigin for MaybeSession<P, R> {}

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
