//! `#[logout]` at run time: the user's function runs, then the session of the request ends.

use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder};
use rocket::{Ignite, Request, Rocket, Sentinel};

use super::answer::Answer;
use super::caller::Caller;
use super::guard;
use super::pending::Change;
use crate::error::Error;

/// A guard that ends the session of the request: by hand, all that [`#[logout]`](crate::logout) does.
///
/// It never fails, so that logging out twice is fine, and it takes an access token that has expired.
#[derive(Debug)]
pub struct Logout {
    caller: Caller,
}

impl Logout {
    /// Of a request, wherever that comes from.
    pub(super) fn of(request: &Request<'_>) -> Result<Self, Error> {
        Caller::of(request).map(|caller| Self { caller })
    }

    /// Ends the session that the request presented, if it presented one, and has the response
    /// remove its tokens.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; then nothing changed.
    #[doc(alias = "signOut")]
    pub async fn end(&self) -> Result<(), Error> {
        if let Some(handle) = self.caller.presented {
            self.caller.sessions.revoke(handle).await?;
        }
        self.caller.pending.set(Change::Clear);
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

/// Tells `Result` and `Option` from other outcomes: an inherent method is found before a trait's.
#[derive(Debug)]
pub struct Probe<T>(pub T);

impl<T, E> Probe<Result<T, E>> {
    #[doc(hidden)]
    pub fn outcome(self) -> Fallible<Result<T, E>> {
        Fallible {
            stays: self.0.is_err(),
            answer: self.0,
        }
    }
}

impl<T> Probe<Option<T>> {
    #[doc(hidden)]
    pub fn outcome(self) -> Fallible<Option<T>> {
        Fallible {
            stays: self.0.is_none(),
            answer: self.0,
        }
    }
}

/// The outcome of any other logout function, which cannot refuse.
pub trait ProbeAny {
    #[doc(hidden)]
    type Answer;

    #[doc(hidden)]
    fn outcome(self) -> Fallible<Self::Answer>;
}

impl<T> ProbeAny for Probe<T> {
    type Answer = T;

    fn outcome(self) -> Fallible<T> {
        Fallible {
            stays: false,
            answer: self.0,
        }
    }
}

/// An answer, and whether the session goes on.
#[derive(Debug)]
pub struct Fallible<R> {
    stays: bool,
    answer: R,
}

impl<R> Fallible<R> {
    #[doc(hidden)]
    pub fn decide<'r>(self) -> LogoutDecision<'r>
    where
        R: Responder<'r, 'static> + Send + 'r,
    {
        LogoutDecision {
            stays: self.stays,
            answer: Answer::new(self.answer),
        }
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
        let logout = Self::of(request).and_then(|logout| {
            if logout.caller.presented.is_some() {
                guard::csrf(request).check_cookie(request)?;
            }
            Ok(logout)
        });
        guard::outcome(request, logout)
    }
}

impl Sentinel for Logout {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        guard::abort_without_fairing(rocket, "#[logout]")
    }
}
