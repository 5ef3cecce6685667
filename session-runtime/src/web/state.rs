//! What the fairing manages for guards and routes, and how a guard ends.

use std::sync::OnceLock;

use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::request;
use rocket::{Ignite, Request, Rocket};

use crate::error::Error;
use crate::sessions::Sessions;
use crate::web::paths::is_below;
use crate::web::request::csrf::CsrfPolicy;
use crate::web::response::pending::Pending;
use crate::web::response::wire::Wire;

/// The shared state. It is missing only if a guard hides behind a type that Rocket's launch check cannot see.
pub(in crate::web) fn managed<'r>(request: &'r Request<'_>) -> Result<&'r Sessions, Error> {
    request
        .rocket()
        .state()
        .ok_or_else(|| Error::General(MISSING.into()))
}

/// The policy that is managed beside the sessions.
pub(in crate::web) fn csrf<'r>(request: &'r Request<'_>) -> &'r CsrfPolicy {
    request.rocket().state().expect(TOGETHER)
}

/// How tokens travel, managed beside the sessions.
pub(in crate::web) fn wire<'r>(request: &'r Request<'_>) -> &'r Wire {
    request.rocket().state().expect(TOGETHER)
}

const TOGETHER: &str = "the fairing manages these whenever it manages the sessions";

/// Ends a guard, parking the reason of a failure for the response fairing and for the application's catchers.
pub(in crate::web) fn outcome<T>(
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
pub(in crate::web) fn abort_without_fairing(rocket: &Rocket<Ignite>, what: &str) -> bool {
    let missing = rocket.state::<Sessions>().is_none();
    if missing {
        tracing::error!("`{what}` needs sessions, and they are not set up.");
        tracing::error!("Add `.attach(Sessions::fairing())` to your `rocket::build()`.");
    }
    missing
}

/// The application's catchers as (status or all, base), known at liftoff.
#[derive(Debug, Default)]
pub(in crate::web) struct Catchers(pub(in crate::web) OnceLock<Vec<(Option<u16>, String)>>);

impl Catchers {
    /// Whether an application catcher answered for `status` at this path; its body stays then.
    pub(in crate::web) fn is_caught(&self, status: Status, request: &Request<'_>) -> bool {
        let path = request.uri().path();
        let catchers = self.0.get().map(Vec::as_slice).unwrap_or_default();
        catchers.iter().any(|(code, base)| {
            code.is_none_or(|code| code == status.code) && is_below(path.as_str(), base)
        })
    }
}
