//! The request guards, and what the macros call.
//!
//! Rocket calls `FromRequest`, which calls [`outcome`], which calls the guard's own
//! [`Guard::load`].

pub(crate) mod access_token;
pub(crate) mod admit;
pub(crate) mod cross_site;
pub(crate) mod live_session;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod maybe_session;
pub(crate) mod refresh;
pub(crate) mod requirement;
pub(crate) mod second_factor;
pub(crate) mod session;
mod sessions;

use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Ignite, Request, Rocket, request};

use crate::error::Error;
use crate::payload::JwtPayload;
use crate::payload::types::PayloadType;
use crate::sessions::Sessions;
use crate::web::request::csrf::Check;
use crate::web::request_state::RequestState;
use crate::web::state;

/// A guard of this library.
pub trait Guard: Sized + Send {
    /// The name for the error of a launch without the fairing.
    #[doc(hidden)]
    const NAME: &'static str;

    /// Loads the guard's value, or refuses the request. `check` says how strictly the origin of the
    /// request is checked.
    #[doc(hidden)]
    fn load(
        request: &Request<'_>,
        check: Check,
    ) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Whether the launch must fail, because the fairing is missing at least.
    #[doc(hidden)]
    fn aborts(rocket: &Rocket<Ignite>) -> bool {
        is_fairing_missing(rocket, Self::NAME)
    }
}

/// A guard that can be wrapped to check the origin of a request less, or more, strictly.
pub trait AnyOrigin: Guard {}

/// Rocket's outcome of a guard. The reason of a failure is kept for the response fairing and for
/// the application's catchers.
pub(in crate::web) async fn outcome<G: Guard>(request: &Request<'_>) -> request::Outcome<G, Error> {
    match G::load(request, Check::UnsafeMethods).await {
        Ok(guard) => Outcome::Success(guard),
        Err(error) => {
            let status = error.status(request);
            if status == Status::InternalServerError {
                state::report(request, &error);
            }
            RequestState::of(request).park(error.clone());
            Outcome::Error((status, error))
        }
    }
}

/// Whether sessions are used but not set up; logs an error if so.
pub(in crate::web) fn is_fairing_missing(rocket: &Rocket<Ignite>, what: &str) -> bool {
    let missing = rocket.state::<Sessions>().is_none();
    if missing {
        tracing::error!("`{what}` needs sessions, and they are not set up.");
        tracing::error!("Add `.attach(Sessions::fairing())` to your `rocket::build()`.");
    }
    missing
}

/// Whether another payload type has the same name; logs an error if so.
pub(in crate::web) fn is_name_taken<P: JwtPayload>(rocket: &Rocket<Ignite>, what: &str) -> bool {
    let sessions = rocket.state::<Sessions>();
    let entered = sessions.map(|sessions| sessions.enter(PayloadType::of::<P>()));
    let Some(Err(error)) = entered else {
        return false;
    };
    tracing::error!("`{what}`: {error}");
    true
}

/// Implements Rocket's traits for a [`Guard`]: as a request guard, and for the check at launch.
macro_rules! guard {
    (<$($P:ident: $Bound:path),*> $Guard:ty) => {
        #[rocket::async_trait]
        impl<'r, $($P: $Bound),*> rocket::request::FromRequest<'r> for $Guard {
            type Error = $crate::error::Error;

            async fn from_request(
                request: &'r rocket::Request<'_>,
            ) -> rocket::request::Outcome<Self, Self::Error> {
                $crate::web::guards::outcome(request).await
            }
        }

        $crate::web::guards::sentinel!(<$($P: $Bound),*> $Guard);
    };
}

/// Makes Rocket check a [`Guard`] at launch. Guards with types of the application implement
/// `FromRequest` by hand: a compiler error about such a type quotes that line, and should not quote
/// a macro.
macro_rules! sentinel {
    (<$($P:ident: $Bound:path),*> $Guard:ty) => {
        impl<$($P: $Bound),*> rocket::Sentinel for $Guard {
            fn abort(rocket: &rocket::Rocket<rocket::Ignite>) -> bool {
                <Self as $crate::web::guards::Guard>::aborts(rocket)
            }
        }
    };
}

pub(in crate::web) use {guard, sentinel};
