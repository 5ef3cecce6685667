//! Ready catchers, for applications that answer people instead of programs, or the other way round.

use rocket::catcher::{self, Handler};
use rocket::http::{ContentType, Status};
use rocket::response::Responder;
use rocket::{Catcher, Request};

use crate::error::Error;
use crate::web::local_url::LocalUrl;
use crate::web::request::people;
use crate::web::routes::pages;
use crate::web::state::name_of_pages;

/// Catchers that answer with the bodies of the protocol, for a path below pages of your own:
/// `.register("/api", catchers::json())`.
pub fn json() -> Vec<Catcher> {
    CODES
        .map(|code| Catcher::new(code, Answer(Form::Json)))
        .into()
}

/// Catchers that answer with a small page which links to `login`, for pages that people open:
/// `.register("/", catchers::html("/login"))`.
pub fn html(login: &'static str) -> Vec<Catcher> {
    CODES
        .map(|code| Catcher::new(code, Answer(Form::Html { login })))
        .into()
}

/// Catchers for server-rendered sites, which lose nobody when an access token expires:
/// `.register("/", catchers::pages("/login"))`.
///
/// A page whose token has expired is refreshed by a form that sends itself, and comes back; without a
/// session the browser is sent to `login`, a path of this server, with the wanted page as `next`.
/// See [`pages`](crate::pages). Programs get the bodies of [`json`].
pub fn pages(login: &'static str) -> Vec<Catcher> {
    CODES
        .map(|code| Catcher {
            name: Some(name_of_pages(login).into()),
            ..Catcher::new(code, Answer(Form::Pages { login }))
        })
        .into()
}

/// What session guards fail with, unless the statuses are settings.
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
        let (kind, body) = match self.0 {
            Form::Pages { login } if people::is_for_people(request) => {
                return pages::answer(request, status, error.as_ref(), login).await;
            }
            Form::Json | Form::Pages { .. } => {
                (ContentType::JSON, json_body(status, error.as_ref()))
            }
            Form::Html { login } => (ContentType::HTML, page(status, &link(request, login))),
        };
        (status, (kind, body)).respond_to(request)
    }
}

fn json_body(status: Status, error: Option<&Error>) -> String {
    match error {
        Some(error) => error.body().into_owned(),
        None => serde_json::json!({ "message": status.reason_lossy().to_lowercase() }).to_string(),
    }
}

/// Where browsers find the login: a page of another server stays as it is.
fn link(request: &Request<'_>, login: &str) -> String {
    match LocalUrl::parse(login) {
        Some(_) => pages::outer(request, login).to_string(),
        None => login.to_owned(),
    }
}

fn page(status: Status, login: &str) -> String {
    let (title, text) = match status.code {
        401 => (
            "Please log in",
            "This page is for members, or your session has ended.",
        ),
        403 => ("Not allowed", "Your session does not allow this."),
        409 => (
            "Changed meanwhile",
            "Somebody else has changed this. Load it again.",
        ),
        _ => (
            "Try again",
            "The server cannot answer now. Try again in a moment.",
        ),
    };
    let login = pages::escape(login);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <main><h1>{title}</h1><p>{text}</p><p><a href=\"{login}\">Log in</a></p></main>\n</html>\n"
    )
}
