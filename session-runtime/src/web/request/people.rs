//! Whether a person will look at the answer, or a program.

use rocket::Request;

/// Whether a person will look at the answer: browsers name HTML when they load a page, and programs
/// ask for anything or for JSON.
pub(in crate::web) fn is_for_people(request: &Request<'_>) -> bool {
    is_htmx(request)
        || request.headers().get("accept").any(|accept| {
            accept
                .split(',')
                .any(|kind| kind.trim().starts_with("text/html"))
        })
}

/// Whether only a part of a page is asked for, which a whole document must not be put into.
pub(in crate::web) fn is_htmx(request: &Request<'_>) -> bool {
    request.headers().get_one("hx-request") == Some("true")
}
