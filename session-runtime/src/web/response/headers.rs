//! Headers of a response that say who may keep it, and how large all of them are.

use rocket::Response;
use rocket::http::Header;

/// About how many bytes the headers of a response take, with those that Rocket and the server add.
pub(in crate::web) fn head_size(response: &Response<'_>) -> usize {
    const LINE_AND_DATE: usize = 160;
    let headers = response.headers().iter();
    let bytes = headers.map(|header| header.name().as_str().len() + header.value().len() + 4);
    LINE_AND_DATE + bytes.sum::<usize>()
}

/// Forbids caches to store a response with tokens (OWASP ASVS 14.3.2).
pub(in crate::web) fn forbid_caching(response: &mut Response<'_>) {
    forbid_storing(response);
    vary(response);
}

/// Says that the same request may succeed in a moment.
pub(in crate::web) fn ask_to_retry(response: &mut Response<'_>) {
    const SECONDS: &str = "1";
    response.set_raw_header("Retry-After", SECONDS);
}

/// Marks a response that depends on a session.
pub(in crate::web) fn forbid_storing(response: &mut Response<'_>) {
    response.set_raw_header("Cache-Control", "no-store");
}

/// Declares that the answer depends on the tokens of the request.
pub(in crate::web) fn vary(response: &mut Response<'_>) {
    if response.headers().contains("Vary") {
        append(response, "Vary", "Cookie");
        append(response, "Vary", "Authorization");
    } else {
        response.set_raw_header("Vary", "Cookie, Authorization");
    }
}

/// Adds a value to a list header unless it is there; what the application wrote stays.
pub(in crate::web) fn append(response: &mut Response<'_>, header: &'static str, value: &str) {
    let present: Vec<String> = response.headers().get(header).map(str::to_owned).collect();
    let named = present
        .iter()
        .flat_map(|line| line.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(value));
    if !named {
        let list = present
            .into_iter()
            .chain([value.to_owned()])
            .collect::<Vec<_>>()
            .join(", ");
        response.set_header(Header::new(header, list));
    }
}
