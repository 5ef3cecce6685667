//! Cross-origin resource sharing: which pages of other origins may read answers (Fetch standard, section
//! "HTTP extensions").

use std::io::Cursor;

use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{Header, Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Build, Data, Request, Response, Rocket};

use crate::error::see;
use crate::sessions::Sessions;
use crate::web::response::wire::append;
use crate::web::settings::website_origins;

/// What front ends of sessions send, beside their own.
const HEADERS: [&str; 6] = [
    "content-type",
    "authorization",
    "rid",
    "fdi-version",
    "anti-csrf",
    "st-auth-mode",
];

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: &str = "600";

/// Lets the pages of `website_origins` call this server with cookies; made by [`Sessions::cors`].
#[derive(Debug, Clone)]
pub struct CorsFairing {
    allow_headers: String,
    origins: std::sync::Arc<std::sync::OnceLock<Vec<String>>>,
}

impl Sessions {
    /// A fairing that lets the pages of `website_origins` read answers, with credentials: exact origins,
    /// never `*`, and a preflight that needs no session.
    ///
    /// An application with CORS of its own leaves it out, and allows the headers `rid`, `fdi-version`,
    /// `anti-csrf`, `st-auth-mode`, `authorization` and `content-type`.
    ///
    /// ```
    /// # use session_runtime::Sessions;
    /// let rocket = rocket::build()
    ///     .attach(Sessions::fairing())
    ///     .attach(Sessions::cors().allow_headers(["x-request-id"]));
    /// ```
    #[doc(alias = "getAllCORSHeaders")]
    pub fn cors() -> CorsFairing {
        CorsFairing {
            allow_headers: HEADERS.join(", "),
            origins: std::sync::Arc::default(),
        }
    }
}

impl CorsFairing {
    /// Allows requests to carry these headers too.
    #[must_use]
    pub fn allow_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        for name in names {
            self.allow_headers.push_str(", ");
            self.allow_headers.push_str(name);
        }
        self
    }

    /// The origin of a request, if it is one of ours.
    fn allowed<'r>(&self, request: &'r Request<'_>) -> Option<&'r str> {
        let mut origins = request.headers().get("origin");
        let origin = origins.next().filter(|_| origins.next().is_none())?;
        let ours = self.origins.get()?;
        ours.iter().any(|ours| ours == origin).then_some(origin)
    }
}

/// Whether a browser asks whether it may ask.
fn is_preflight(request: &Request<'_>) -> bool {
    request.method() == Method::Options
        && request.headers().contains("origin")
        && request.headers().contains("access-control-request-method")
}

/// Answers preflights to paths without an `OPTIONS` route of their own.
#[derive(Clone)]
struct Preflight;

#[rocket::async_trait]
impl Handler for Preflight {
    async fn handle<'r>(&self, request: &'r Request<'_>, data: Data<'r>) -> Outcome<'r> {
        if is_preflight(request) {
            Outcome::Success(Response::build().status(Status::NoContent).finalize())
        } else {
            Outcome::Forward((data, Status::NotFound))
        }
    }
}

#[rocket::async_trait]
impl Fairing for CorsFairing {
    fn info(&self) -> Info {
        Info {
            name: "Sessions CORS",
            kind: Kind::Ignite | Kind::Response | Kind::Singleton,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let origins = match website_origins(rocket.figment()) {
            Ok(origins) => origins,
            Err(reason) => {
                let reason = see("deployment")(reason);
                tracing::error!("CORS could not be set up: {reason}");
                return Err(rocket);
            }
        };
        if origins.is_empty() {
            tracing::warn!(
                "`Sessions::cors()` allows no page yet: list them in `sessions.website_origins`, as in \
                 `[\"https://www.example.com\"]`"
            );
        }
        let origins = origins.into_iter().map(|origin| origin.text).collect();
        self.origins.get_or_init(|| origins);
        let last = isize::MAX;
        let preflight = Route::ranked(last, Method::Options, "/<_..>", Preflight);
        Ok(rocket.mount("/", [preflight]))
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        append(response, "Vary", "Origin");
        let Some(origin) = self.allowed(request) else {
            return;
        };
        let set = |response: &mut Response<'r>, name: &'static str, value: &str| {
            response.set_header(Header::new(name, value.to_owned()));
        };
        set(response, "Access-Control-Allow-Origin", origin);
        set(response, "Access-Control-Allow-Credentials", "true");
        if is_preflight(request) {
            set(response, "Access-Control-Allow-Methods", METHODS);
            set(
                response,
                "Access-Control-Allow-Headers",
                &self.allow_headers,
            );
            set(response, "Access-Control-Max-Age", MAX_AGE);
            // Also where a route of the application wanted a session.
            response.set_status(Status::NoContent);
            response.set_sized_body(0, Cursor::new(""));
        }
    }
}
