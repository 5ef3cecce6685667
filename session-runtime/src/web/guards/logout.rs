//! `#[logout]` at run time: the user's function runs, then the session of the request ends.

use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::error::Error;
use crate::event::RevokedBy;
use crate::web::guards::cross_site::Judged;
use crate::web::request::caller::Caller;
use crate::web::request::csrf::Check;
use crate::web::response::answer::Answer;
use crate::web::state;

/// A guard that ends the sessions of the request: by hand, all that [`#[logout]`](crate::logout) does.
///
/// It never fails, so that logging out twice is fine, and it takes an access token that has expired.
#[derive(Debug)]
pub struct Logout {
    caller: Caller,
}

impl Logout {
    /// Ends every session that the request presented, and has the response remove their tokens. A request
    /// that presented none changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; then nothing changed.
    #[doc(alias = "signOut")]
    pub async fn end(&self) -> Result<(), Error> {
        let presented = self.caller.handles();
        if presented.is_empty() {
            return Ok(());
        }
        let sessions = &self.caller.sessions;
        sessions.end(presented, RevokedBy::SignOut).await?;
        self.caller.remove_presented();
        self.caller.pending.forget();
        Ok(())
    }

    /// Does what a logout function decided, and prepares the answer.
    #[doc(hidden)]
    pub async fn finish<'r>(self, decision: LogoutDecision<'r>) -> LogoutResponse<'r> {
        if decision.stays {
            return LogoutResponse(decision.answer);
        }
        match self.end().await {
            Ok(()) => LogoutResponse(decision.answer),
            Err(error) => LogoutResponse(Answer::new(error)),
        }
    }
}

/// What a logout function decided, with its types erased.
#[derive(Debug)]
pub struct LogoutDecision<'r> {
    stays: bool,
    answer: Answer<'r>,
}

impl<'r> LogoutDecision<'r> {
    #[doc(hidden)]
    pub fn new<R: Responder<'r, 'static> + Send + 'r>(stays: bool, answer: R) -> Self {
        Self {
            stays,
            answer: Answer::new(answer),
        }
    }
}

/// Asks an outcome whether it refuses, as `(&&&Probe(&outcome)).stays()`: the compiler takes the first
/// of the traits below that fits, because it comes with more references.
#[derive(Debug)]
pub struct Probe<'o, T>(pub &'o T);

/// `Result` and `Option` in each other: either may refuse.
pub trait StaysIfNested {
    #[doc(hidden)]
    fn stays(&self) -> bool;
}

impl<T, E> StaysIfNested for &&Probe<'_, Result<Option<T>, E>> {
    fn stays(&self) -> bool {
        !matches!(self.0, Ok(Some(_)))
    }
}

impl<T, E> StaysIfNested for &&Probe<'_, Option<Result<T, E>>> {
    fn stays(&self) -> bool {
        !matches!(self.0, Some(Ok(_)))
    }
}

/// `Result` or `Option`: `Err` and `None` refuse.
pub trait StaysIfFlat {
    #[doc(hidden)]
    fn stays(&self) -> bool;
}

impl<T, E> StaysIfFlat for &Probe<'_, Result<T, E>> {
    fn stays(&self) -> bool {
        self.0.is_err()
    }
}

impl<T> StaysIfFlat for &Probe<'_, Option<T>> {
    fn stays(&self) -> bool {
        self.0.is_none()
    }
}

/// Any other outcome cannot refuse.
pub trait StaysNever {
    #[doc(hidden)]
    fn stays(&self) -> bool;
}

impl<T> StaysNever for Probe<'_, T> {
    fn stays(&self) -> bool {
        false
    }
}

/// The answer of a logout route.
#[derive(Debug)]
pub struct LogoutResponse<'r>(Answer<'r>);

impl<'r> Responder<'r, 'static> for LogoutResponse<'r> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        self.0.respond_to(request)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Logout {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        state::outcome(request, Self::judged(request, Check::UnsafeMethods).await)
    }
}

#[rocket::async_trait]
impl Judged for Logout {
    async fn judged(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let caller = Caller::of(request)?;
        if check != Check::Nothing && !caller.in_headers {
            let csrf = state::csrf(request);
            csrf.require_evidence(request, &caller.sessions)?;
            for shown in &caller.presented {
                csrf.check_sign_out(request, &caller.sessions, shown)?;
            }
        }
        Ok(Self { caller })
    }
}

impl Sentinel for Logout {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        state::abort_without_fairing(rocket, "#[logout]")
    }
}
