//! `#[login]` at run time: starts a session from what the user's function returns, then answers.

use rocket::Request;
use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder};

use crate::error::Error;
use crate::event::RevokedBy;
use crate::handle::SessionHandle;
use crate::new_session::{GoesWith, NewSession, SessionKind};
use crate::sessions::LoginContext;
use crate::sessions::{Uncommitted, Within};
use crate::token::{SessionTokens, Transport};
use crate::web::guards::{AnyOrigin, Guard, guard, second_factor};
use crate::web::request::caller::Caller;
use crate::web::request::csrf::Check;
use crate::web::request::wants_html::wants_html;
use crate::web::response::answer::{Answer, Answers};
use crate::web::response::headers;
use crate::web::state;

/// A guard that starts a session in a route that does not use [`#[login]`](crate::login).
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
#[doc(alias = "log in")]
#[doc(alias = "sign in")]
#[derive(Debug, Clone)]
pub struct Login {
    caller: Caller,
}

impl Login {
    /// Starts `session` and sends its tokens with the response.
    ///
    /// The session is durable when this returns. Sessions that the request presented are ended. If
    /// it is called twice in a request, the browser gets the tokens of the second call.
    ///
    /// # Errors
    /// Those of [`Sessions::create`](crate::Sessions::create); no session is started then, and no
    /// cookie is changed.
    #[doc(alias = "createNewSession")]
    pub async fn start(&self, session: NewSession) -> Result<SessionHandle, Error> {
        let kind = session.kind();
        let context = self.caller.context(kind);
        let tokens = self.caller.sessions.start(session, context).await;
        if tokens == Err(Error::Unauthorised) {
            self.forget_awaited();
        }
        Ok(self.hand_out(tokens?, kind))
    }

    fn hand_out(&self, tokens: SessionTokens, kind: SessionKind) -> SessionHandle {
        let handle = tokens.handle();
        let ended = self.caller.remove_ended(kind);
        self.caller.local.attach(tokens);
        if ended && kind == SessionKind::Pending {
            self.caller.local.forget();
        }
        handle
    }

    /// Removes the cookie of the pending session that a guard accepted: it has ended.
    fn forget_awaited(&self) {
        let local = &self.caller.local;
        if let Some(awaited) = local.awaited() {
            local.remove(awaited.handle, Transport::Cookie);
        }
    }

    /// Ends the pending session if this was the last attempt at its second factor.
    async fn refuse(&self) {
        let Some(awaited) = self.caller.local.last_attempt() else {
            return;
        };
        // The cause of a failure is logged, and the next attempt ends it.
        if self.caller.sessions.end_pending(&awaited).await.is_ok() {
            self.forget_awaited();
        }
    }

    /// Sends the tokens of a session that was created in the application's transaction; call it
    /// after the commit.
    ///
    /// `committed` comes from [`Within::create_for`]. Sessions that the request presented are
    /// ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer, or if the SQLite file was deleted or
    /// replaced; no token is sent then.
    pub async fn attach(&self, committed: Uncommitted) -> Result<SessionHandle, Error> {
        let kind = committed.kind();
        let tokens = committed.after_commit()?;
        let presented = self.caller.replaced(kind);
        if !presented.is_empty() {
            let sessions = &self.caller.sessions;
            sessions.end(presented, RevokedBy::Login).await?;
        }
        Ok(self.hand_out(tokens, kind))
    }

    /// Carries out what a login function returned, and prepares the answer.
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

/// What a login function returned, with its types erased.
#[derive(Debug)]
pub struct Decision<'r> {
    session: Option<NewSession>,
    /// The answer if the session starts, or if there is no session to start.
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

/// The answer to `None`; no session has ended.
struct Refused;

impl<'r> Responder<'r, 'static> for Refused {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let status = Status::Unauthorized;
        if wants_html(request) && state::is_caught(status, request) {
            return Err(status);
        }
        let body = (ContentType::JSON, r#"{"message":"unauthorised"}"#);
        let mut response = (status, body).respond_to(request)?;
        headers::forbid_caching(&mut response);
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

impl Guard for Login {
    const NAME: &'static str = "#[login]";

    /// If headers carry the tokens in both directions, another site gains nothing by it (login
    /// CSRF).
    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let caller = Caller::of(request, |travel| {
            let touches_cookies = !travel.in_headers || travel.transport == Transport::Cookie;
            check != Check::Nothing && touches_cookies
        })
        .await?;
        caller.local.note_login();
        second_factor::count_attempt(request, &caller.sessions).await?;
        // This guard is the last one, so the route runs: the failure of an earlier guard was taken
        // as an `Option`.
        caller.local.unpark();
        Ok(Self { caller })
    }
}

impl Within<'_> {
    /// Starts a session for the client of this request: the first half of a login in a transaction.
    ///
    /// Its tokens are sent as those of any login. The second half is [`Login::attach`], after the
    /// commit. [`Sessions::within`](crate::Sessions::within) shows both.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    #[doc(alias = "createNewSession")]
    pub fn create_for(&mut self, login: &Login, session: NewSession) -> Result<Uncommitted, Error> {
        let context = LoginContext {
            // Ended by `attach`, after the commit.
            replaced: Vec::new(),
            ..login.caller.context(session.kind())
        };
        self.start(&session, &context)
    }
}

impl AnyOrigin for Login {}

guard!(<> Login);
