//! The state that the fairing manages for guards and routes.

use std::sync::OnceLock;

use rocket::http::Status;
use rocket::{Orbit, Request, Rocket};

use crate::error::Error;
use crate::event::Event;
use crate::sessions::Sessions;
use crate::web::paths::is_below;
use crate::web::request::csrf::CsrfPolicy;
use crate::web::response::wire::Wire;

/// The shared state. It is missing only if a guard is hidden in a type that Rocket's launch check
/// cannot see.
pub(in crate::web) fn managed<'r>(request: &'r Request<'_>) -> Result<&'r Sessions, Error> {
    request
        .rocket()
        .state()
        .ok_or_else(|| Error::General(MISSING.into()))
}

/// The CSRF policy, managed beside the sessions.
pub(in crate::web) fn csrf<'r>(request: &'r Request<'_>) -> &'r CsrfPolicy {
    request.rocket().state().expect(TOGETHER)
}

/// How tokens are sent, managed beside the sessions.
pub(in crate::web) fn wire<'r>(request: &'r Request<'_>) -> &'r Wire {
    request.rocket().state().expect(TOGETHER)
}

const TOGETHER: &str = "the fairing manages these whenever it manages the sessions";

/// Reports why a request is answered 500.
pub(in crate::web) fn report(request: &Request<'_>, error: &Error) {
    let cause = error.to_string();
    match managed(request) {
        Ok(sessions) => sessions.emit(&Event::RequestFailed { cause }),
        Err(_) => tracing::error!(cause, "a session operation failed"),
    }
}

const MISSING: &str = "sessions are used but not set up: add `.attach(Sessions::fairing())` to your `rocket::build()`";

/// The application's catchers, known at liftoff.
#[derive(Debug, Default)]
pub(in crate::web) struct Catchers(OnceLock<Known>);

#[derive(Debug, Default)]
struct Known {
    /// As (status or all, base).
    catchers: Vec<(Option<u16>, String)>,
    /// The login pages of `catchers::pages`.
    login_pages: Vec<String>,
}

/// The name of the catchers that answer as the protocol does.
pub(in crate::web) const OWN_CATCHER: &str = "answers of the session protocol";

/// The name of a catcher of `catchers::pages`, before the path of its login page.
const PAGES: &str = "session pages with the login at ";

/// The name of a catcher of `catchers::pages`.
pub(in crate::web) fn name_of_pages(login: &str) -> String {
    format!("{PAGES}{login}")
}

impl Catchers {
    /// Records the application's catchers.
    pub(in crate::web) fn learn(&self, rocket: &Rocket<Orbit>) {
        let login_page = |name: &str| {
            let login = name.strip_prefix(PAGES)?;
            Some(login.split('?').next().unwrap_or_default().to_owned())
        };
        self.0.get_or_init(|| Known {
            catchers: rocket
                .catchers()
                .filter(|catcher| catcher.name.as_deref() != Some(OWN_CATCHER))
                .map(|catcher| (catcher.code, catcher.base.to_string()))
                .collect(),
            login_pages: rocket
                .catchers()
                .filter_map(|catcher| login_page(catcher.name.as_deref()?))
                .collect(),
        });
    }

    /// Whether the application uses `catchers::pages`.
    pub(in crate::web) fn has_pages(&self) -> bool {
        self.0
            .get()
            .is_some_and(|known| !known.login_pages.is_empty())
    }

    /// Whether an application catcher answers for `status` anywhere.
    pub(in crate::web) fn know(&self, status: u16) -> bool {
        let known = self.0.get();
        known.is_some_and(|known| {
            let mut catchers = known.catchers.iter();
            catchers.any(|(code, _)| code.is_none_or(|code| code == status))
        })
    }

    /// Whether an application catcher answers for `status` at this path.
    fn is_caught(&self, status: Status, request: &Request<'_>) -> bool {
        let path = request.uri().path();
        let known = self.0.get();
        known.is_some_and(|known| {
            known.catchers.iter().any(|(code, base)| {
                code.is_none_or(|code| code == status.code) && is_below(path.as_str(), base)
            })
        })
    }
}

/// Whether a catcher of the application answers for `status` here.
pub(in crate::web) fn is_caught(status: Status, request: &Request<'_>) -> bool {
    let catchers = request.rocket().state::<Catchers>();
    catchers.is_some_and(|catchers| catchers.is_caught(status, request))
}

/// Whether the request is for the page on which `catchers::pages` lets people log in.
pub(in crate::web) fn is_login_page(request: &Request<'_>) -> bool {
    let known = request
        .rocket()
        .state::<Catchers>()
        .and_then(|catchers| catchers.0.get());
    let path = request.uri().path();
    known.is_some_and(|known| known.login_pages.iter().any(|login| path == login.as_str()))
}
