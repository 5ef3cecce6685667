//! URLs of this application: the page that was asked for, the one that a request came from, the
//! login.

use rocket::Request;
use rocket::http::uri::Absolute;

use crate::sessions::Sessions;
use crate::web::local_url::LocalUrl;
use crate::web::request::csrf::CsrfPolicy;
use crate::web::state;

/// The login page, with the page to return to as `next`; a page that asks for a second factor is
/// not returned to, because it would ask again.
pub(super) fn back_to(sessions: Option<&Sessions>, login: &LocalUrl, next: &LocalUrl) -> LocalUrl {
    let asks_for_second_factor = |sessions: &Sessions| {
        let outer_path = sessions.config().outer_path.as_deref().unwrap_or_default();
        let inner = next.path().strip_prefix(outer_path);
        inner.is_some_and(|path| sessions.is_second_factor_page(path))
    };
    if sessions.is_some_and(asks_for_second_factor) {
        return login.clone();
    }
    login.with_next(next)
}

/// The URL of a page for browsers; anything but a local URL becomes the root.
pub(in crate::web) fn outer(request: &Request<'_>, url: &str) -> LocalUrl {
    LocalUrl::or_root(url).below(outer_path(request))
}

/// The path that a proxy strips.
fn outer_path<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    state::managed(request).ok()?.config().outer_path.as_deref()
}

/// The requested page.
pub(super) fn wanted(request: &Request<'_>) -> LocalUrl {
    outer(request, &request.uri().to_string())
}

/// The page that htmx runs on.
pub(super) fn current(request: &Request<'_>) -> LocalUrl {
    own_page(request, "hx-current-url")
}

/// The page with the form.
pub(super) fn came_from(request: &Request<'_>) -> LocalUrl {
    own_page(request, "referer")
}

/// The page of this application that a header names, or its root.
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

/// Whether a URL leads to this server: to `api_origin`, or to the host of the request. A proxy may
/// replace that host, as nginx does by default.
fn is_this_server(request: &Request<'_>, url: &Absolute<'_>) -> bool {
    let Some(named) = url.authority().map(ToString::to_string) else {
        return false;
    };
    // With HTTP/2 there is no `Host` header.
    let host = request.host().map(ToString::to_string);
    let host = host
        .as_deref()
        .or_else(|| request.headers().get_one("host"));
    let origin = format!("{}://{named}", url.scheme());
    let policy = request.rocket().state::<CsrfPolicy>();
    host == Some(&named) || policy.is_some_and(|policy| policy.is_api(&origin))
}
