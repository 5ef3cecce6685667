//! `#[logout]` at run time: the user's function runs, then the session of the request ends.

use rocket::http::{ContentType, Status};
use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder, status};
use rocket::{Ignite, Request, Rocket, Sentinel};

use crate::error::Error;
use crate::event::RevokedBy;
use crate::web::guards::cross_site::Judged;
use crate::web::request::caller::{Caller, Travel};
use crate::web::request::csrf::Check;
use crate::web::response::answer::{Answer, Answers};
use crate::web::response::pending::Pending;
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
        if self.caller.has_nothing() {
            return Ok(());
        }
        let presented = self.caller.signed_out();
        if !presented.is_empty() {
            let sessions = &self.caller.sessions;
            sessions.end(presented, RevokedBy::SignOut).await?;
        }
        self.caller.remove_presented();
        self.caller.pending.forget();
        Ok(())
    }

    /// Does what a logout function decided, and prepares the answer.
    #[doc(hidden)]
    pub async fn finish<'r>(self, decision: LogoutDecision<'r>) -> LogoutResponse<'r> {
        if decision.refuses {
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
    refuses: bool,
    answer: Answer<'r>,
}

impl<'r> LogoutDecision<'r> {
    #[doc(hidden)]
    pub fn new<R: Answers<'r>>(refuses: bool, answer: R) -> Self {
        Self {
            refuses,
            answer: Answer::new(answer),
        }
    }
}

/// What is known of an outcome once its outer layers are off.
///
/// `(&&layer).peel()` takes one off: the compiler takes the first of the two traits below that fits,
/// because it comes with more references. What has no layers stays as it is, whatever its type.
#[derive(Debug)]
pub enum Layer<'o, T: ?Sized> {
    /// Some layer was `Err` or `None`.
    Refused,
    /// What is inside.
    Holds(&'o T),
}

impl<T: ?Sized> Clone for Layer<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Layer<'_, T> {}

impl<'o, T: ?Sized> Layer<'o, T> {
    #[doc(hidden)]
    pub fn refuses(self) -> bool {
        matches!(self, Self::Refused)
    }

    fn and_then<U: ?Sized>(self, inside: impl FnOnce(&'o T) -> Option<&'o U>) -> Layer<'o, U> {
        match self {
            Layer::Holds(outcome) => inside(outcome).map_or(Layer::Refused, Layer::Holds),
            Layer::Refused => Layer::Refused,
        }
    }
}

/// A layer that may refuse, or that only stands around one.
pub trait PeelLayer<'o> {
    #[doc(hidden)]
    type Inside: ?Sized;
    #[doc(hidden)]
    fn peel(&self) -> Layer<'o, Self::Inside>;
}

/// Implements [`PeelLayer`] for an outcome `T` that holds a `U`.
macro_rules! peel {
    (<$($parameter:ident),*> $outer:ty => $inner:ty, $inside:expr) => {
        impl<'o, $($parameter),*> PeelLayer<'o> for &Layer<'o, $outer> {
            type Inside = $inner;

            fn peel(&self) -> Layer<'o, $inner> {
                self.and_then($inside)
            }
        }
    };
}

peel!(<T, E> Result<T, E> => T, |outcome| outcome.as_ref().ok());
peel!(<T> Option<T> => T, Option::as_ref);
peel!(<T> Box<T> => T, |outcome| Some(&**outcome));
peel!(<T> (Status, T) => T, |(_, outcome)| Some(outcome));
peel!(<T> (ContentType, T) => T, |(_, outcome)| Some(outcome));
peel!(<T> status::Custom<T> => T, |status::Custom(_, outcome)| Some(outcome));

/// Any other outcome has no layers.
pub trait KeepLayer: Sized {
    #[doc(hidden)]
    fn peel(&self) -> Self;
}

impl<T: ?Sized> KeepLayer for Layer<'_, T> {
    fn peel(&self) -> Self {
        *self
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
        let judges = |travel: Travel| check != Check::Nothing && !travel.in_headers;
        let caller = Caller::of(request, judges).await?;
        if judges(caller.travel) {
            let csrf = state::csrf(request);
            for shown in &caller.presented {
                csrf.check_sign_out(request, &caller.sessions, shown)?;
            }
        }
        // It comes last, so the route is asked: another guard's failure is an `Option` of its own.
        Pending::of(request).unpark();
        Ok(Self { caller })
    }
}

impl Sentinel for Logout {
    fn abort(rocket: &Rocket<Ignite>) -> bool {
        state::abort_without_fairing(rocket, "#[logout]")
    }
}
