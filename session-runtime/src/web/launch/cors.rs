//! Cross-origin resource sharing: which pages of other origins may read answers (Fetch standard,
//! section "HTTP extensions").

use std::io::Cursor;

use rocket::fairing::{self, Fairing, Info, Kind};
use rocket::http::{Header, Method, Status};
use rocket::route::{Handler, Outcome, Route};
use rocket::{Build, Data, Orbit, Request, Response, Rocket};

use crate::sessions::Sessions;
use crate::web::response::headers::append;
use crate::web::routes::device;
use crate::web::settings::origin::WebOrigin;
use crate::wire_names::{ANTI_CSRF, AUTH_MODE, FDI_VERSION, RID};

/// Headers that SuperTokens' front ends send, beside the application's own.
const HEADERS: [&str; 6] = [
    "content-type",
    "authorization",
    RID,
    FDI_VERSION,
    ANTI_CSRF,
    AUTH_MODE,
];

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: &str = "600";

/// The fairing that lets the pages of `website_origins` call this server, created by
/// [`Sessions::cors`].
#[derive(Debug, Clone)]
pub struct CorsFairing {
    allow_headers: String,
    origins: std::sync::Arc<std::sync::OnceLock<Vec<String>>>,
}

impl Sessions {
    /// A fairing that answers CORS requests from the pages of `website_origins`, with credentials.
    ///
    /// It allows exact origins, never `*`, and answers preflight requests without a session. If
    /// your application has CORS of its own, leave it out, and allow the headers `rid`,
    /// `fdi-version`, `anti-csrf`, `st-auth-mode`, `authorization` and `content-type`.
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
    /// Allows requests to carry further headers.
    #[must_use]
    pub fn allow_headers<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        for name in names {
            self.allow_headers.push_str(", ");
            self.allow_headers.push_str(name);
        }
        self
    }

    /// The origin of a request, if it is one of `website_origins`.
    fn allowed<'r>(&self, request: &'r Request<'_>) -> Option<&'r str> {
        let mut origins = request.headers().get("origin");
        let origin = origins.next().filter(|_| origins.next().is_none())?;
        let ours = self.origins.get()?;
        ours.iter().any(|ours| ours == origin).then_some(origin)
    }
}

/// Managed state that shows that this fairing is attached.
pub(super) struct Attached;

/// Whether the request is a CORS preflight.
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
            kind: Kind::Ignite | Kind::Liftoff | Kind::Response | Kind::Singleton,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        let last = isize::MAX;
        let preflight = Route::ranked(last, Method::Options, "/<_..>", Preflight);
        Ok(rocket.manage(Attached).mount("/", [preflight]))
    }

    async fn on_liftoff(&self, rocket: &Rocket<Orbit>) {
        let origins: Vec<String> = rocket
            .state::<Sessions>()
            .map(|sessions| &sessions.config().website_origins)
            .into_iter()
            .flatten()
            .filter_map(|text| WebOrigin::parse_page(text))
            .map(|origin| origin.text)
            .collect();
        if origins.is_empty() {
            tracing::warn!(
                "`Sessions::cors()` allows no page yet: list them in `sessions.website_origins`, as in \
                 `[\"https://www.example.com\"]`"
            );
        }
        self.origins.get_or_init(|| origins);
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        // What browsers ask by themselves is for no page to read.
        if request.route().is_some_and(device::is_one) {
            return;
        }
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
            // Even if a route of the application refused the request for want of a session.
            response.set_status(Status::NoContent);
            response.set_sized_body(0, Cursor::new(""));
        }
    }
}
