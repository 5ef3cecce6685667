//! Server-rendered sites: what a person gets when a page's session has to be refreshed or is over.

mod document;
mod refresh;

use rocket::catcher;
use rocket::http::uri::Absolute;
use rocket::http::{ContentType, Header, Method, Status};
use rocket::response::{Redirect, Responder};
use rocket::{Request, Response};

use self::document::{Body, Document};
use crate::error::Error;
use crate::sessions::{Recognised, Sessions};
use crate::web::local_url::LocalUrl;
use crate::web::request::csrf::CsrfPolicy;
use crate::web::request::people::is_htmx;
use crate::web::request::presented::Presented;
use crate::web::response::pending::Pending;
use crate::web::response::wire;
use crate::web::state;

pub(in crate::web) use self::document::escape;
pub(in crate::web) use self::refresh::routes;

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
        // A page that asks for the second factor, and for another session, would send it round in circles.
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
    // Whoever presented a token may have another one that only goes to the refresh route.
    let refresh = matches!(error, Some(Error::TryRefreshToken | Error::Unauthorised))
        .then(|| refresh::path(request))
        .flatten();
    let reads = matches!(request.method(), Method::Get | Method::Head);
    let page = if reads {
        wanted(request)
    } else {
        came_from(request)
    };
    let mut response = if !lost && status == Status::Unauthorized {
        Document::refused(login).respond_to(request)?
    } else if !lost {
        // What was typed may still be there if one goes back instead.
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
            Some(refresh) => refresh.with("next", &next).with("login", &login),
            None => back_to(sessions, &login, &next),
        };
        redirect_htmx(status, &goes_to)
    } else {
        let body = match refresh {
            Some(action) => Body::Refresh {
                action,
                // A page for everybody is come back to as a visitor.
                login: if Pending::of(request).serves_visitors() {
                    page.clone()
                } else {
                    login
                },
                next: page,
                by_itself: reads.then(|| refresh::pause(request)).flatten(),
            },
            // A login page that asks for a login would send the browser round in circles.
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

/// Whether a session that the request presents was replaced a moment ago, here or by another process.
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

/// The login, with the page to come back to; one that asks for a second factor is none, for who has logged in
/// would be asked again.
fn back_to(sessions: Option<&Sessions>, login: &LocalUrl, next: &LocalUrl) -> LocalUrl {
    let asks_for_second_factor = |sessions: &Sessions| {
        let outer_path = sessions.config().outer_path.as_deref().unwrap_or_default();
        let inner = next.path().strip_prefix(outer_path);
        inner.is_some_and(|path| sessions.is_second_factor_page(path))
    };
    if sessions.is_some_and(asks_for_second_factor) {
        return login.clone();
    }
    login.with("next", next)
}

/// Leads to the page that asks for the second factor, and not to the one that was asked for.
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

/// No cache may show it to anybody, nor to a program.
fn finish(response: &mut Response<'_>) {
    wire::forbid_caching(response);
    wire::append(response, "Vary", "Accept");
    wire::append(response, "Vary", "HX-Request");
}

/// htmx follows this header at any status, and puts nothing into the page then.
fn redirect_htmx<'r>(status: Status, to: &LocalUrl) -> Response<'r> {
    let mut response = Response::new();
    response.set_status(status);
    response.set_header(ContentType::Plain);
    response.set_header(Header::new("HX-Redirect", to.as_str().to_owned()));
    response
}

/// Where browsers find a page of this application; its root in the place of what is no local URL.
pub(in crate::web) fn outer(request: &Request<'_>, url: &str) -> LocalUrl {
    LocalUrl::or_root(url).below(outer_path(request))
}

/// What a proxy strips.
fn outer_path<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    state::managed(request).ok()?.config().outer_path.as_deref()
}

/// The page that was asked for.
fn wanted(request: &Request<'_>) -> LocalUrl {
    outer(request, &request.uri().to_string())
}

/// The page that htmx runs on.
fn current(request: &Request<'_>) -> LocalUrl {
    own_page(request, "hx-current-url")
}

/// The page with the form.
fn came_from(request: &Request<'_>) -> LocalUrl {
    own_page(request, "referer")
}

/// The page of this application that a header names, or else its root.
fn own_page(request: &Request<'_>, header: &str) -> LocalUrl {
    request
        .headers()
        .get_one(header)
        .map(|url| url.split('#').next().unwrap_or_default())
        .and_then(|url| Absolute::parse(url).ok())
        .filter(|url| is_this_server(request, url))
        .and_then(|url| {
            let query = url.query().map(|query| format!("?{query}"));
            LocalUrl::parse(&format!("{}{}", url.path(), query.unwrap_or_default()))
        })
        .unwrap_or_default()
        .within(outer_path(request))
}

/// Whether a URL leads to this server: to `api_origin`, or to the host that the request names. A proxy
/// may put a host of its own into the request, as nginx does unless it is told otherwise.
fn is_this_server(request: &Request<'_>, url: &Absolute<'_>) -> bool {
    let Some(named) = url.authority().map(ToString::to_string) else {
        return false;
    };
    // With HTTP/2 it stands in no header.
    let host = request.host().map(ToString::to_string);
    let host = host
        .as_deref()
        .or_else(|| request.headers().get_one("host"));
    let origin = format!("{}://{named}", url.scheme());
    let policy = request.rocket().state::<CsrfPolicy>();
    host == Some(&named) || policy.is_some_and(|policy| policy.is_api(&origin))
}

/// A value for one answer's policy, so that only the script of that answer runs.
fn nonce(request: &Request<'_>) -> Option<String> {
    state::managed(request).ok()?.nonce().ok()
}
