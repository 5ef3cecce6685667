//! The refresh that a page posts itself: below the path of the refresh cookie, which goes nowhere else,
//! and answered with a redirect instead of the protocol's `{}`.

use std::time::Duration;

use rocket::form::Form;
use rocket::http::{Header, Status};
use rocket::request::{self, FromRequest};
use rocket::response::Redirect;
use rocket::{FromForm, Request, Responder, Route, get, post};

use super::document::{Body, Document};
use crate::error::Error;
use crate::event::Event;
use crate::sessions::Sessions;
use crate::web::guards::refresh::{Proof, Refresh};
use crate::web::local_url::LocalUrl;
use crate::web::paths::refresh_path;
use crate::web::state;

/// Where the form is sent; `None` if the application refreshes by itself.
pub(in crate::web) fn path(request: &Request<'_>) -> Option<LocalUrl> {
    let config = state::managed(request).ok()?.config();
    let path = format!("{}/page", refresh_path(&config.api_base_path));
    config
        .refresh_route
        .then(|| LocalUrl::or_root(&path).below(config.outer_path.as_deref()))
}

/// How long a tab refreshes by itself only once: no access token is due for the second time before.
pub(in crate::web) fn pause(request: &Request<'_>) -> Option<Duration> {
    let config = state::managed(request).ok()?.config();
    Some(config.access_token_validity / 2)
}

/// Both routes.
pub(in crate::web) fn routes() -> Vec<Route> {
    rocket::routes![refresh, show]
}

/// What the form carries; nothing in it can lead to another server.
#[derive(FromForm)]
struct Return {
    /// The page that was wanted.
    next: LocalUrl,
    /// The page to log in on, if there is nothing to refresh.
    login: LocalUrl,
}

/// A refresh that is judged, but refuses nothing by itself: the answer has to be a page.
struct Attempt(Result<Refresh, Error>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Attempt {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        request::Outcome::Success(Self(Refresh::of(request, Proof::Evidence).await))
    }
}

/// Where the form is sent and whether it may send itself, for a page of this server.
struct Own {
    action: LocalUrl,
    by_itself: Option<Duration>,
    /// Whether a page of another site leads here, with a `next` of its own choice.
    is_foreign: bool,
    sessions: Option<Sessions>,
}

impl Own {
    /// A URL that came in, if it leads to this application.
    fn within(&self, url: LocalUrl) -> LocalUrl {
        let config = self.sessions.as_ref().map(Sessions::config);
        url.within(config.and_then(|config| config.outer_path.as_deref()))
    }

    fn back_to(&self, login: &LocalUrl, next: &LocalUrl) -> LocalUrl {
        super::back_to(self.sessions.as_ref(), login, next)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Own {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        // A page of another site could otherwise have a browser refresh whenever it likes.
        let site = request.headers().get_one("sec-fetch-site");
        let own = site == Some("same-origin");
        request::Outcome::Success(Self {
            action: path(request).unwrap_or_default(),
            by_itself: own.then(|| pause(request)).flatten(),
            is_foreign: state::csrf(request).is_foreign(request),
            sessions: state::managed(request).ok().cloned(),
        })
    }
}

#[derive(Responder)]
enum Answer {
    Redirect(Redirect, Header<'static>),
    Document(Document),
}

impl Answer {
    fn redirect(to: &LocalUrl) -> Self {
        let never_stored = Header::new("Cache-Control", "no-store");
        Self::Redirect(to.to_redirect(), never_stored)
    }
}

#[post("/session/refresh/page", data = "<form>")]
async fn refresh(attempt: Attempt, form: Form<Return>, own: Own) -> Answer {
    let Return { next, login } = form.into_inner();
    let (next, login) = (own.within(next), own.within(login));
    let exchanged = match &attempt.0 {
        Ok(refresh) => refresh.exchange().await,
        Err(error) => Err(error.clone()),
    };
    let Err(error) = exchanged else {
        return Answer::redirect(&next);
    };
    let again = |by_itself| Body::Refresh {
        action: own.action.clone(),
        next: next.clone(),
        login: login.clone(),
        by_itself,
    };
    let document = match error {
        // The browser has the tokens of a later login, or never got them: then it logs in again.
        Error::Replaced => {
            if let Ok(refresh) = &attempt.0 {
                refresh.remove();
            }
            return Answer::redirect(&next);
        }
        Error::Unauthorised
        | Error::NoToken
        | Error::TokenTheft { .. }
        | Error::TryRefreshToken => {
            // A page for everybody is come back to as a visitor.
            let goes_to = if login == next {
                next
            } else {
                own.back_to(&login, &next)
            };
            return Answer::redirect(&goes_to);
        }
        Error::Unavailable => Document {
            body: again(None),
            ..Document::of_status(Status::ServiceUnavailable, None)
        },
        Error::CrossSite => Document::not_from_here(),
        error => {
            if let Some(sessions) = &own.sessions {
                let cause = format!("a page could not be refreshed: {error}");
                sessions.emit(&Event::RequestFailed { cause });
            }
            Document::of_status(Status::InternalServerError, None)
        }
    };
    Answer::Document(document)
}

/// The same page by its address: where htmx is sent, and what a reload of an answer above asks for.
#[get("/session/refresh/page?<next>&<login>")]
fn show(next: LocalUrl, login: LocalUrl, own: Own) -> Document {
    let (next, login) = (own.within(next), own.within(login));
    let Own {
        action,
        by_itself,
        is_foreign,
        ..
    } = own;
    if is_foreign {
        return Document::not_from_here();
    }
    let body = Body::Refresh {
        action,
        next,
        login,
        by_itself,
    };
    Document::lost(Status::Ok, true, body)
}
