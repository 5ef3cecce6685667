//! `#[logout]` at run time: the user's function runs, then the session of the request ends.

use rocket::Request;
use rocket::http::{ContentType, Status};
use rocket::response::{self, Responder, status};

use crate::error::Error;
use crate::event::RevokedBy;
use crate::web::guards::{AnyOrigin, Guard, guard};
use crate::web::request::caller::{Caller, Travel};
use crate::web::request::csrf::Check;
use crate::web::response::answer::{Answer, Answers};
use crate::web::state;

/// A guard that ends the request's sessions in a route that does not use
/// [`#[logout]`](crate::logout).
///
/// It never fails, so logging out twice does no harm, and it accepts an access token that has
/// expired.
///
/// ```
/// use session_runtime::{Error, Logout};
///
/// #[rocket::post("/leave")]
/// async fn leave(logout: Logout) -> Result<&'static str, Error> {
///     logout.revoke_presented().await?;
///     Ok("goodbye")
/// }
/// # let _ = rocket::routes![leave];
/// ```
#[doc(alias = "sign out")]
#[derive(Debug)]
pub struct Logout {
    caller: Caller,
}

impl Logout {
    /// Ends every session that the request presented, and removes their cookies with the response.
    ///
    /// A request without a session changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; nothing is changed then.
    #[doc(alias = "signOut")]
    pub async fn revoke_presented(&self) -> Result<(), Error> {
        if self.caller.has_nothing() {
            return Ok(());
        }
        let presented = self.caller.signed_out();
        if !presented.is_empty() {
            let sessions = &self.caller.sessions;
            sessions.end(presented, RevokedBy::SignOut).await?;
        }
        self.caller.remove_presented();
        self.caller.local.forget();
        Ok(())
    }

    /// Carries out what a logout function returned, and prepares the answer.
    #[doc(hidden)]
    pub async fn finish<'r>(self, decision: LogoutDecision<'r>) -> LogoutResponse<'r> {
        if decision.refuses {
            return LogoutResponse(decision.answer);
        }
        match self.revoke_presented().await {
            Ok(()) => LogoutResponse(decision.answer),
            Err(error) => LogoutResponse(Answer::new(error)),
        }
    }
}

/// What a logout function returned, with its types erased.
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

/// What is known of a return value once its outer layers are removed.
///
/// `(&&layer).peel()` removes one: the compiler chooses the first of the two traits below that
/// fits, because it needs fewer dereferences. A value without layers stays as it is, whatever its
/// type.
#[derive(Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the macros' output names it, no application"
)]
pub enum Layer<'o, T: ?Sized> {
    /// A layer was `Err` or `None`.
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

/// A layer that may refuse, such as `Result`, or that only wraps another.
pub trait PeelLayer<'o> {
    #[doc(hidden)]
    type Inside: ?Sized;
    #[doc(hidden)]
    fn peel(&self) -> Layer<'o, Self::Inside>;
}

/// Implements [`PeelLayer`] for a type `T` that contains a `U`.
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

/// Any other type has no layers.
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

impl Guard for Logout {
    const NAME: &'static str = "#[logout]";

    async fn load(request: &Request<'_>, check: Check) -> Result<Self, Error> {
        let needs_evidence = |travel: Travel| check != Check::Nothing && !travel.in_headers;
        let caller = Caller::of(request, needs_evidence).await?;
        if needs_evidence(caller.travel) {
            let csrf = state::csrf(request);
            for shown in &caller.presented {
                csrf.check_sign_out(request, &caller.sessions, shown)?;
            }
        }
        // This guard is the last one, so the route runs: the failure of an earlier guard was taken
        // as an `Option`.
        caller.local.unpark();
        Ok(Self { caller })
    }
}

impl AnyOrigin for Logout {}

guard!(<> Logout);
