//! Whether the answer is for a person or for a program.

use rocket::Request;

/// Whether the answer is for a person: browsers accept HTML when they load a page, and programs
/// accept anything or JSON.
pub(in crate::web) fn wants_html(request: &Request<'_>) -> bool {
    is_htmx(request)
        || request.headers().get("accept").any(|accept| {
            accept
                .split(',')
                .any(|kind| kind.trim().starts_with("text/html"))
        })
}

/// Whether htmx asks for a part of a page, in which a whole document must not appear.
pub(in crate::web) fn is_htmx(request: &Request<'_>) -> bool {
    request.headers().get_one("hx-request") == Some("true")
}
