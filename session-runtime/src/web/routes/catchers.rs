//! Catchers for session errors: pages for people, JSON for programs, or both.

use rocket::catcher::{self, Handler};
use rocket::http::{ContentType, Status};
use rocket::response::Responder;
use rocket::{Catcher, Request};

use crate::error::Error;
use crate::web::local_url::LocalUrl;
use crate::web::request::wants_html::wants_html;
use crate::web::routes::pages::{self, Document};
use crate::web::state::name_of_pages;

/// Catchers that answer with the protocol's JSON bodies, for an API below pages of your own.
///
/// ```
/// use session_runtime::catchers;
///
/// let rocket = rocket::build()
///     .register("/", catchers::pages("/login"))
///     .register("/api", catchers::json());
/// # let _ = rocket;
/// ```
pub fn json() -> Vec<Catcher> {
    CODES
        .map(|code| Catcher::new(code, Answer(Form::Json)))
        .into()
}

/// Catchers that answer with a small page which links to `login`.
///
/// ```
/// # use session_runtime::catchers;
/// let rocket = rocket::build().register("/", catchers::html("/login"));
/// # let _ = rocket;
/// ```
pub fn html(login: &'static str) -> Vec<Catcher> {
    CODES
        .map(|code| Catcher::new(code, Answer(Form::Html { login })))
        .into()
}

/// Catchers for server-rendered sites: an expired session is refreshed, and without one `login` is
/// shown.
///
/// A page whose access token has expired is answered with a form that submits itself, refreshes and
/// returns to the page. Without a session the browser is redirected to `login`, a path of this
/// server, with the requested page as `next`. Programs get the bodies of [`json`]. See
/// [`pages`](crate::guide::pages).
///
/// ```
/// # use session_runtime::catchers;
/// let rocket = rocket::build().register("/", catchers::pages("/login"));
/// # let _ = rocket;
/// ```
#[doc(alias = "htmx")]
#[doc(alias = "redirect to login")]
pub fn pages(login: &'static str) -> Vec<Catcher> {
    CODES
        .map(|code| Catcher {
            name: Some(name_of_pages(login).into()),
            ..Catcher::new(code, Answer(Form::Pages { login }))
        })
        .into()
}

/// The statuses with which session guards fail, unless the settings change them.
const CODES: [u16; 4] = [401, 403, 409, 503];

#[derive(Clone, Copy)]
enum Form {
    Json,
    Html { login: &'static str },
    Pages { login: &'static str },
}

#[derive(Clone, Copy)]
struct Answer(Form);

#[rocket::async_trait]
impl Handler for Answer {
    async fn handle<'r>(&self, status: Status, request: &'r Request<'_>) -> catcher::Result<'r> {
        let error = Error::from_request(request);
        match self.0 {
            Form::Pages { login } if wants_html(request) => {
                pages::answer(request, status, error.as_ref(), login).await
            }
            Form::Html { login } => {
                Document::with_login(status, link(request, login)).respond_to(request)
            }
            Form::Json | Form::Pages { .. } => {
                let body = json_body(status, error.as_ref());
                (status, (ContentType::JSON, body)).respond_to(request)
            }
        }
    }
}

fn json_body(status: Status, error: Option<&Error>) -> String {
    match error {
        Some(error) => error.body(),
        None => serde_json::json!({ "message": status.reason_lossy().to_lowercase() }).to_string(),
    }
}

/// The login page's URL for browsers; a page of another server stays as it is.
fn link(request: &Request<'_>, login: &str) -> String {
    match LocalUrl::parse(login) {
        Some(_) => pages::outer(request, login).to_string(),
        None => login.to_owned(),
    }
}
