//! `#[login]` at run time: the outcome of the user's function becomes a session, then an answer.

use std::fmt;

use rocket::http::ContentType;
use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder};
use rocket::{Ignite, Request, Rocket, Sentinel};

use super::guard;
use super::pending::{Change, Pending};
use super::transport;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::payload::{GoesWith, NewSession};
use crate::sessions::Sessions;

/// The hidden last guard of a login route.
#[derive(Debug)]
pub struct Login {
    sessions: Sessions,
    pending: Pending,
    presented: Option<SessionHandle>,
}

/// An answer with its type erased, to be rendered when Rocket asks for it.
type Answer<'r> = Box<dyn for<'a> FnOnce(&'r Request<'a>) -> response::Result<'static> + Send + 'r>;

/// What a login function decided, with its types erased.
pub struct Decision<'r>(Kind<'r>);

enum Kind<'r> {
    /// Start this session; answer 200 `{"status":"OK"}` unless the function brought an answer.
    Start {
        session: Result<NewSession, Error>,
        answer: Option<Answer<'r>>,
    },
    /// No session.
    Refuse(Answer<'r>),
}

/// What a `#[login]` function may return.
///
/// The conversion is synchronous and erases the types at once, so that no future mentions them.
#[diagnostic::on_unimplemented(
    message = "a `#[login]` function cannot return `{Self}`",
    label = "return `(user_id, payload, session_data)`",
    note = "it may also return `(user_id, payload, session_data, answer)`, and `Result<_, E>` or `Option<_>` of these"
)]
pub trait LoginOutcome<'r> {
    #[doc(hidden)]
    fn decide(self) -> Decision<'r>;
}

impl<'r, U, P, D> LoginOutcome<'r> for (U, P, D)
where
    (U, D): GoesWith<P>,
{
    fn decide(self) -> Decision<'r> {
        let (user_id, payload, data) = self;
        Decision(Kind::Start {
            session: (user_id, data).into_new_session(payload),
            answer: None,
        })
    }
}

impl<'r, U, P, D, R> LoginOutcome<'r> for (U, P, D, R)
where
    (U, D): GoesWith<P>,
    R: Responder<'r, 'static> + Send + 'r,
{
    fn decide(self) -> Decision<'r> {
        let (user_id, payload, data, answer) = self;
        let session = (user_id, data).into_new_session(payload);
        Decision(Kind::Start {
            session,
            answer: Some(erase(answer)),
        })
    }
}

impl<'r, T, E> LoginOutcome<'r> for Result<T, E>
where
    T: LoginOutcome<'r>,
    E: Responder<'r, 'static> + Send + 'r,
{
    fn decide(self) -> Decision<'r> {
        match self {
            Ok(outcome) => outcome.decide(),
            Err(error) => Decision(Kind::Refuse(erase(error))),
        }
    }
}

impl<'r, T: LoginOutcome<'r>> LoginOutcome<'r> for Option<T> {
    fn decide(self) -> Decision<'r> {
        match self {
            Some(outcome) => outcome.decide(),
            None => Decision(Kind::Refuse(erase(Error::NONE))),
        }
    }
}

fn erase<'r, R: Responder<'r, 'static> + Send + 'r>(responder: R) -> Answer<'r> {
    Box::new(move |request| responder.respond_to(request))
}

impl Login {
    /// Starts the session that was decided on, durably, and prepares the answer.
    pub async fn finish<'r>(self, decision: Decision<'r>) -> LoginResponse<'r> {
        let (session, answer) = match decision.0 {
            Kind::Refuse(answer) => return LoginResponse(answer),
            Kind::Start { session, answer } => (session, answer),
        };
        let started = match session {
            Ok(session) => self.sessions.start(session, self.presented).await,
            Err(error) => Err(error),
        };
        match started {
            Ok(tokens) => {
                self.pending.set(Change::Attach(tokens));
                LoginResponse(
                    answer.unwrap_or_else(|| erase((ContentType::JSON, r#"{"status":"OK"}"#))),
                )
            }
            Err(error) => LoginResponse(erase(error)),
        }
    }
}

/// The answer of a login route.
pub struct LoginResponse<'r>(Answer<'r>);

impl<'r> Responder<'r, 'static> for LoginResponse<'r> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        (self.0)(request)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Login {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        let login = guard::managed(request).map(|sessions| Self {
            presented: transport::access_token(request)
                .token()
                .and_then(|token| sessions.named_by(token)),
            pending: Pending::of(request).clone(),
            sessions: sessions.clone(),
        });
        guard::outcome(request, login)
    }
}

impl Sentinel for Login {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort_without_fairing(rocket, "#[login]")
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision").finish_non_exhaustive()
    }
}

impl fmt::Debug for LoginResponse<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginResponse").finish_non_exhaustive()
    }
}
