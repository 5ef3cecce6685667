//! What the fairing manages for guards and routes, and how a guard ends.

use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request;
use rocket::{Ignite, Request, Rocket};

use super::csrf::CsrfPolicy;
use super::pending::Pending;
use super::transport::Wire;
use crate::error::Error;
use crate::sessions::Sessions;

/// The shared state. It is missing only if a guard hides behind a type that Rocket's launch check cannot see.
pub(super) fn managed<'r>(request: &'r Request<'_>) -> Result<&'r Sessions, Error> {
    request
        .rocket()
        .state()
        .ok_or_else(|| Error::General(MISSING.into()))
}

/// The policy that is managed beside the sessions.
pub(super) fn csrf<'r>(request: &'r Request<'_>) -> &'r CsrfPolicy {
    request.rocket().state().expect(TOGETHER)
}

/// How tokens travel, managed beside the sessions.
pub(super) fn wire<'r>(request: &'r Request<'_>) -> &'r Wire {
    request.rocket().state().expect(TOGETHER)
}

const TOGETHER: &str = "the fairing manages these whenever it manages the sessions";

/// Ends a guard, parking the reason of a failure for the response fairing and for the application's catchers.
pub(super) fn outcome<T>(
    request: &Request<'_>,
    result: Result<T, Error>,
) -> request::Outcome<T, Error> {
    match result {
        Ok(guard) => Outcome::Success(guard),
        Err(error) => {
            if error.status(request) == Status::InternalServerError {
                tracing::error!(%error, "a session guard failed");
            }
            Pending::of(request).park(error.clone());
            Outcome::Error((error.status(request), error))
        }
    }
}

const MISSING: &str = "sessions are used but not set up: add `.attach(Sessions::fairing())` to your `rocket::build()`";

/// Stops the launch if the fairing is missing.
pub(super) fn abort_without_fairing(rocket: &Rocket<Ignite>, what: &str) -> bool {
    let missing = rocket.state::<Sessions>().is_none();
    if missing {
        tracing::error!("`{what}` needs sessions, and they are not set up.");
        tracing::error!("Add `.attach(Sessions::fairing())` to your `rocket::build()`.");
    }
    missing
}
