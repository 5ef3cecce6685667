//! Server-rendered sites: what a user sees if a page's session must be refreshed or has ended.

mod document;
mod refresh;
mod urls;

use rocket::catcher;
use rocket::http::{ContentType, Header, Method, Status};
use rocket::response::{Redirect, Responder};
use rocket::{Request, Response};

use self::document::{Body, finish};
use self::urls::{back_to, came_from, current, wanted};
use crate::error::Error;
use crate::sessions::Recognised;
use crate::web::local_url::LocalUrl;
use crate::web::request::presented::Presented;
use crate::web::request::wants_html::is_htmx;
use crate::web::request_state::RequestState;
use crate::web::state;

pub(in crate::web) use self::document::Document;
pub(in crate::web) use self::refresh::routes;
pub(in crate::web) use self::urls::outer;

/// The answer of `catchers::pages` to a person.
pub(in crate::web) async fn answer<'r>(
    request: &'r Request<'_>,
    status: Status,
    error: Option<&Error>,
    login: &str,
) -> catcher::Result<'r> {
    let login = outer(request, login);
    let sessions = state::managed(request).ok();
    if let Some(Error::SecondFactorRequired { page: Some(page) }) = error {
        // A page that asks for the second factor and for another session would redirect in a loop.
        if request.uri().path() != LocalUrl::or_root(page).path() {
            return second_factor(request, status, &outer(request, page));
        }
    }
    let lost = matches!(
        error,
        Some(
            Error::Unauthorised
                | Error::NoToken
                | Error::TryRefreshToken
                | Error::TokenTheft { .. }
                | Error::SeveralUsers
                | Error::SignInAgain
                | Error::SecondFactorRequired { .. }
        )
    );
    // A browser that presented a token may have a refresh token, which is only sent to the refresh
    // route.
    let refresh = matches!(error, Some(Error::TryRefreshToken | Error::Unauthorised))
        .then(|| refresh::path(request))
        .flatten();
    let reads = matches!(request.method(), Method::Get | Method::Head);
    let page = if reads {
        wanted(request)
    } else {
        came_from(request)
    };
    let mut response = if error == Some(&Error::CrossSite) {
        Document {
            status,
            ..Document::not_from_here()
        }
        .respond_to(request)?
    } else if !lost && status == Status::Unauthorized {
        Document::refused(login).respond_to(request)?
    } else if !lost {
        // What was typed may still be there after going back.
        let words = if reads { "Try again" } else { "To the form" };
        Document::of_status(status, Some((page, words))).respond_to(request)?
    } else if !reads && error == Some(&Error::SignInAgain) && !is_htmx(request) {
        let log_in = back_to(sessions, &login, &page);
        let root = outer(request, "/");
        Document::of_another_session(status, root, log_in).respond_to(request)?
    } else if error == Some(&Error::SeveralUsers) && !is_htmx(request) && !is_login(request, &login)
    {
        Document::several_users(status, back_to(sessions, &login, &page)).respond_to(request)?
    } else if is_htmx(request) {
        let next = current(request);
        let goes_to = match refresh {
            Some(refresh) => refresh.with_next(&next).with("login", &login),
            None => back_to(sessions, &login, &next),
        };
        redirect_htmx(status, &goes_to)
    } else {
        let body = match refresh {
            Some(action) => Body::Refresh {
                action,
                // A page that serves visitors is shown again as to a visitor.
                login: if RequestState::of(request).serves_visitors() {
                    page.clone()
                } else {
                    login
                },
                next: page,
                by_itself: reads.then(|| refresh::pause(request)).flatten(),
            },
            // A login page that requires a login would redirect in a loop.
            None if reads && !is_login(request, &login) => {
                return see_other(request, &back_to(sessions, &login, &page));
            }
            None => Body::link(back_to(sessions, &login, &page), "Log in"),
        };
        if !reads && was_replaced(request).await {
            Document::replaced(status, body).respond_to(request)?
        } else {
            Document::lost(status, reads, body).respond_to(request)?
        }
    };
    finish(&mut response);
    Ok(response)
}

/// Whether the page that was asked for is the login page, as the browser sees both.
fn is_login(request: &Request<'_>, login: &LocalUrl) -> bool {
    wanted(request).path() == login.path()
}

/// Whether a session that the request presents was replaced a moment ago, here or by another
/// process.
async fn was_replaced(request: &Request<'_>) -> bool {
    let Ok(sessions) = state::managed(request) else {
        return false;
    };
    let presented = Presented::of(request, state::wire(request));
    let shown = presented.recognise(sessions);
    let handles: Vec<_> = shown.iter().map(Recognised::handle).collect();
    !handles.is_empty() && sessions.were_just_replaced(&handles).await
}

fn see_other<'r>(request: &'r Request<'_>, to: &LocalUrl) -> catcher::Result<'r> {
    let mut response = Redirect::to(to.as_str().to_owned()).respond_to(request)?;
    finish(&mut response);
    Ok(response)
}

/// Redirects to the page that asks for the second factor, instead of the requested page.
fn second_factor<'r>(
    request: &'r Request<'_>,
    status: Status,
    page: &LocalUrl,
) -> catcher::Result<'r> {
    if !is_htmx(request) {
        return see_other(request, page);
    }
    let mut response = redirect_htmx(status, page);
    finish(&mut response);
    Ok(response)
}

/// htmx follows this header at any status, without inserting the answer into the page.
fn redirect_htmx<'r>(status: Status, to: &LocalUrl) -> Response<'r> {
    let mut response = Response::new();
    response.set_status(status);
    response.set_header(ContentType::Plain);
    response.set_header(Header::new("HX-Redirect", to.as_str().to_owned()));
    response
}
