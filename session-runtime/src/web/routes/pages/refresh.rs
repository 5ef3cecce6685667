//! The refresh for server-rendered pages. It is below the path of the refresh cookie, because the
//! cookie is sent nowhere else, and answers with a redirect instead of the protocol's `{}`.

use std::time::Duration;

use rocket::form::Form;
use rocket::http::{Header, Status};
use rocket::request::{self, FromRequest};
use rocket::response::Redirect;
use rocket::{FromForm, Request, Responder, Route, get, post};

use super::document::{Body, Document};
use super::urls;
use crate::error::Error;
use crate::event::Event;
use crate::sessions::Sessions;
use crate::web::guards::refresh::{Attempted, Proof, Refresh};
use crate::web::local_url::LocalUrl;
use crate::web::request::evidence;
use crate::web::request::presented::Presented;
use crate::web::state;
use crate::wire_names::REFRESH_PAGE;

/// Where the form is sent; `None` if the application has a refresh route of its own.
pub(in crate::web) fn path(request: &Request<'_>) -> Option<LocalUrl> {
    let config = state::managed(request).ok()?.config();
    let path = format!("{}{REFRESH_PAGE}", config.api_base_path);
    config
        .refresh_route
        .then(|| LocalUrl::or_root(&path).below(config.outer_path.as_deref()))
}

/// The time within which a tab refreshes by itself only once: no access token expires twice within
/// it.
pub(in crate::web) fn pause(request: &Request<'_>) -> Option<Duration> {
    let config = state::managed(request).ok()?.config();
    let validity = if Presented::of(request, state::wire(request)).says_device_bound() {
        config.device_bound_validity
    } else {
        config.access_token_validity
    };
    Some(validity / 2)
}

/// Both routes.
pub(in crate::web) fn routes() -> Vec<Route> {
    rocket::routes![refresh, show]
}

/// The fields of the form; none of them can lead to another server.
#[derive(FromForm)]
struct Return {
    /// The page that was requested.
    next: LocalUrl,
    /// The page to log in on, if there is nothing to refresh.
    login: LocalUrl,
}

/// A refresh that was checked but not yet refused, because the answer must be a page.
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
    /// A URL from a request, if it leads to this application.
    fn within(&self, url: LocalUrl) -> LocalUrl {
        let config = self.sessions.as_ref().map(Sessions::config);
        url.within(config.and_then(|config| config.outer_path.as_deref()))
    }

    fn back_to(&self, login: &LocalUrl, next: &LocalUrl) -> LocalUrl {
        urls::back_to(self.sessions.as_ref(), login, next)
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Own {
    type Error = Error;

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, Error> {
        // Otherwise a page of another site could make a browser refresh at any time.
        let own = evidence::is_of_this_server(request);
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

    /// Posts the form once more; the browser proves its device, and refreshes, on the way.
    fn sent_back(to: &LocalUrl) -> Self {
        let never_stored = Header::new("Cache-Control", "no-store");
        Self::Redirect(Redirect::temporary(to.to_string()), never_stored)
    }
}

#[post("/session/refresh/page", data = "<form>")]
async fn refresh(attempt: Attempt, form: Form<Return>, own: Own) -> Answer {
    let Return { next, login } = form.into_inner();
    let (next, login) = (own.within(next), own.within(login));
    let exchanged = match &attempt.0 {
        Ok(refresh) => refresh.attempt().await,
        Err(error) => Err(error.clone()),
    };
    let error = match exchanged {
        Ok(Attempted::Refreshed(_)) => return Answer::redirect(&next),
        Ok(Attempted::SentBack(path)) => return Answer::sent_back(&path),
        Err(error) => error,
    };
    let again = |by_itself| Body::Refresh {
        action: own.action.clone(),
        next: next.clone(),
        login: login.clone(),
        by_itself,
    };
    let document = match error {
        // The browser has the tokens of a later login; if it never got them, the user logs in
        // again.
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
            // A page that serves visitors is shown again as to a visitor.
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

/// The same page by its own address, for htmx and for reloading the answer above.
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
