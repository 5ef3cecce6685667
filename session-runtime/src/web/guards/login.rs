//! `#[login]` at run time: the outcome of the user's function becomes a session, then an answer.

use rocket::http::{ContentType, Status};
use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::arrival::Arrival;
use crate::error::Error;
use crate::event::RevokedBy;
use crate::handle::SessionHandle;
use crate::new_session::{GoesWith, Kind, NewSession};
use crate::sessions::Uncommitted;
use crate::token::{SessionTokens, Transport};
use crate::web::guards::cross_site::Judged;
use crate::web::guards::second_factor;
use crate::web::request::caller::Caller;
use crate::web::request::csrf::Check;
use crate::web::request::people;
use crate::web::response::answer::{Answer, Answers};
use crate::web::response::pending::Pending;
use crate::web::response::wire;
use crate::web::state;

/// A guard that starts a session: by hand, all that [`#[login]`](crate::login) does.
///
/// ```
/// # use rocket::{post, http::Status};
/// # use serde::{Deserialize, Serialize};
/// # use session_runtime::{Error, JwtPayload, Login, NewSession};
/// # #[derive(Serialize, Deserialize, JwtPayload)]
/// # struct Claims { name: String }
/// #[post("/login")]
/// async fn log_in(login: Login) -> Result<String, Error> {
///     let session = NewSession::new("ada".to_owned(), Claims { name: "Ada".into() }, ());
///     let handle = login.start(session).await?;
///     Ok(format!("welcome, this is session {handle}"))
/// }
/// # let _ = rocket::routes![log_in];
/// ```
#[derive(Debug, Clone)]
pub struct Login {
    caller: Caller,
}

impl Login {
    /// Starts `session`, durably, ends those that the request presented, and has the response carry
    /// the new tokens.
    ///
    /// Of two calls in one request the last one's tokens reach the browser.
    ///
    /// # Errors
    /// Those of [`Sessions::create`](crate::Sessions::create); then no session is started and no
    /// cookie touched.
    #[doc(alias = "createNewSession")]
    pub async fn start(&self, session: NewSession) -> Result<SessionHandle, Error> {
        let kind = session.kind();
        let arrival = self.caller.arrival(kind);
        let tokens = self.caller.sessions.start(session, arrival).await;
        if tokens == Err(Error::Unauthorised) {
            self.forget_awaited();
        }
        Ok(self.attach(tokens?, kind))
    }

    fn attach(&self, tokens: SessionTokens, kind: Kind) -> SessionHandle {
        let handle = tokens.handle();
        let ended = self.caller.remove_ended(kind);
        self.caller.pending.attach(tokens);
        if ended && kind == Kind::Pending {
            self.caller.pending.forget();
        }
        handle
    }

    /// The pending session that a guard let in is over.
    fn forget_awaited(&self) {
        let slot = &self.caller.pending;
        if let Some(awaited) = slot.awaited() {
            slot.remove(awaited.handle, Transport::Cookie);
        }
    }

    /// Where this was the last attempt at a second factor, ends what awaits it.
    async fn refuse(&self) {
        let Some(awaited) = self.caller.pending.last_attempt() else {
            return;
        };
        // The log has the cause of a failure, and the next attempt ends it.
        if self.caller.sessions.end_pending(&awaited).await.is_ok() {
            self.forget_awaited();
        }
    }

    /// Marks a session that is to be created [within](crate::Sessions::within) the application's
    /// transaction as this login's: how its tokens travel, and where it was begun. Without that they
    /// travel in cookies, unless `transfer = "header"`.
    pub fn mark<A>(&self, session: NewSession<A>) -> NewSession<A> {
        NewSession {
            mark: Some(Arrival {
                // Ended by `hand_on`, after the commit.
                replaced: Vec::new(),
                ..self.caller.arrival(session.kind())
            }),
            ..session
        }
    }

    /// Has the response carry the tokens of a session that was created [within](crate::Sessions::within)
    /// the application's transaction, and ends the one that the request presented. Call it after the commit.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; no token goes out then.
    pub async fn hand_on(&self, committed: Uncommitted) -> Result<SessionHandle, Error> {
        let kind = match committed.tokens().pending_until {
            Some(_) => Kind::Pending,
            None => Kind::Whole,
        };
        let presented = self.caller.replaced(kind);
        if !presented.is_empty() {
            let sessions = &self.caller.sessions;
            sessions.end(presented, RevokedBy::Login).await?;
        }
        Ok(self.attach(committed.after_commit(), kind))
    }

    /// Does what a login function decided, and prepares the answer.
    #[doc(hidden)]
    pub async fn finish<'r>(self, decision: Decision<'r>) -> LoginResponse<'r> {
        let Some(session) = decision.session else {
            self.refuse().await;
            return LoginResponse(decision.answer);
        };
        match self.start(session).await {
            Ok(_) => LoginResponse(decision.answer),
            Err(error) => LoginResponse(Answer::new(error)),
        }
    }
}

/// What a login function decided, with its types erased.
#[derive(Debug)]
pub struct Decision<'r> {
    session: Option<NewSession>,
    /// The answer if the session starts, or if there is none to start.
    answer: Answer<'r>,
}

impl<'r> Decision<'r> {
    fn start(session: NewSession, answer: Answer<'r>) -> Self {
        Self {
            session: Some(session),
            answer,
        }
    }

    fn refuse(answer: Answer<'r>) -> Self {
        Self {
            session: None,
            answer,
        }
    }
}

fn ok<'r>() -> Answer<'r> {
    Answer::new((ContentType::JSON, r#"{"status":"OK"}"#))
}

/// The answer to `None`: nobody has lost a session by it.
struct Refused;

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let status = Status::Unauthorized;
        if people::is_for_people(request) && state::is_caught(status, request) {
            return Err(status);
        }
        let body = (ContentType::JSON, r#"{"message":"unauthorised"}"#);
        let mut response = (status, body).respond_to(request)?;
        wire::forbid_caching(&mut response);
        Ok(response)
    }
}

/// What a `#[login]` function may return.
///
/// The conversion is synchronous and erases the types at once, so that no future mentions them.
#[diagnostic::on_unimplemented(
    message = "a `#[login]` function cannot return `{Self}`",
    label = "return `(user_id, payload, session_data)`",
    note = "it may also return `(user_id, payload, session_data, answer)` or a `NewSession`, and `Result<_, E>` or \
            `Option<_>` of these"
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
        NewSession::new(user_id, payload, data).decide()
    }
}

impl<'r, U, P, D, R> LoginOutcome<'r> for (U, P, D, R)
where
    (U, D): GoesWith<P>,
    R: Answers<'r>,
{
    fn decide(self) -> Decision<'r> {
        let (user_id, payload, data, answer) = self;
        Decision::start(NewSession::new(user_id, payload, data), Answer::new(answer))
    }
}

impl<'r> LoginOutcome<'r> for NewSession {
    fn decide(self) -> Decision<'r> {
        Decision::start(self, ok())
    }
}

impl<'r, R> LoginOutcome<'r> for NewSession<R>
where
    R: Answers<'r>,
{
    fn decide(self) -> Decision<'r> {
        let (session, answer) = self.split();
        Decision::start(session, Answer::new(answer))
    }
}

impl<'r, T, E> LoginOutcome<'r> for Result<T, E>
where
    T: LoginOutcome<'r>,
    E: Answers<'r>,
{
    fn decide(self) -> Decision<'r> {
        match self {
            Ok(outcome) => outcome.decide(),
            Err(error) => Decision::refuse(Answer::new(error)),
        }
    }
}

impl<'r, T: LoginOutcome<'r>> LoginOutcome<'r> for Option<T> {
    fn decide(self) -> Decision<'r> {
        match self {
            Some(outcome) => outcome.decide(),
            None => Decision::refuse(Answer::new(Refused)),
        }
    }
}

/// The answer of a login route.
#[derive(Debug)]
pub struct LoginResponse<'r>(Answer<'r>);

impl<'r> Responder<'r, 'static> for LoginResponse<'r> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.0.respond_to(request)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Login {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        state::outcome(request, Self::judged(request, Check::UnsafeMethods).await)
    }
}

#[rocket::async_trait]
impl Judged for Login {
    /// Where headers say who asks and where the tokens go, no other site gains anything (login CSRF).
    async fn judged(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let caller = Caller::of(request, |travel| {
            let touches_cookies = !travel.in_headers || travel.transport == Transport::Cookie;
            check != Check::Nothing && touches_cookies
        })
        .await?;
        caller.pending.note_login();
        second_factor::count_attempt(request, &caller.sessions).await?;
        // It comes last, so the route is asked: another guard's failure is an `Option` of its own.
        Pending::of(request).unpark();
        Ok(Self { caller })
    }
}

impl Sentinel for Login {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        state::abort_without_fairing(rocket, "#[login]")
    }
}
