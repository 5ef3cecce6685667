//! What a request says about where it comes from, and about what it is for.

use rocket::Request;
use rocket::http::Method;

use crate::wire_names::SEC_FETCH_SITE;

/// What a browser says about the origin of a request; several headers of one name count as an
/// untrusted value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Evidence {
    pub(in crate::web) site: Header,
    pub(in crate::web) origin: Header,
}

/// A header that should come at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Header {
    Absent,
    Once(String),
    Several,
}

impl Header {
    /// For the log: escaped, and no longer than an origin is.
    pub(in crate::web) fn shown(&self) -> String {
        const LONGEST: usize = 100;
        match self {
            Self::Absent => "absent".into(),
            Self::Several => "several".into(),
            Self::Once(value) if value.chars().count() > LONGEST => {
                let begin: String = value.chars().take(LONGEST).collect();
                format!("{begin:?}..")
            }
            Self::Once(value) => format!("{value:?}"),
        }
    }
}

impl Evidence {
    /// A header that is not UTF-8 is absent here: Rocket drops it, with a warning in the log,
    /// before anybody can see it. No browser sends such a `Sec-Fetch-Site` or `Origin`, no page can
    /// make one do so, and a program that does carries no cookies of somebody else;
    /// `csrf_require_evidence` refuses it like any silent request.
    pub(in crate::web) fn of(request: &Request<'_>) -> Self {
        Self {
            site: header(request, SEC_FETCH_SITE),
            origin: header(request, "origin"),
        }
    }

    /// What to change if the request should have been accepted.
    pub(in crate::web) fn remedy(&self, reads: bool) -> &'static str {
        match (&self.site, &self.origin) {
            (Header::Several, _) | (_, Header::Several) => {
                "`Origin` or `Sec-Fetch-Site` came more than once: a proxy or a client adds one"
            }
            (_, Header::Once(origin)) if origin == "null" => {
                "`Origin: null`: a page with `Referrer-Policy: no-referrer` sends it over plain http, as do sandboxed frames; set \
                 `Referrer-Policy: same-origin`, or serve over https"
            }
            (_, Header::Absent) if reads => {
                "a link of another site leads here: if that is meant, take `CrossSite<Login>` or `#[login(cross_site)]`, and let \
                 the route check what it is called with"
            }
            (Header::Absent, Header::Absent) => {
                "neither `Sec-Fetch-Site` nor `Origin`: no browser of today sends such a request; a client of your own can send \
                 `Origin`, or the header `st-auth-mode: header`"
            }
            _ => {
                "if the page is yours, add its origin to `sessions.website_origins`; `sessions.api_origin` must be the origin in \
                 the address bar of the browser"
            }
        }
    }
}

/// Whether the request is of a kind that a link causes.
pub(in crate::web) fn is_read(request: &Request<'_>) -> bool {
    matches!(request.method(), Method::Get | Method::Head)
}

/// Whether a request changes nothing (RFC 9110 section 9.2.1). A form never counts as such: Rocket
/// lets its `_method` field turn a POST into any other method before a guard sees it. Neither does
/// the start of a WebSocket, from which no other rule keeps other sites.
pub(in crate::web) fn is_safe(request: &Request<'_>) -> bool {
    let is_form = request
        .content_type()
        .is_some_and(|kind| kind.is_form() || kind.is_form_data());
    matches!(
        request.method(),
        Method::Get | Method::Head | Method::Options | Method::Trace
    ) && !is_form
        && !request.headers().contains("upgrade")
}

/// Whether the browser says that a page of this very server sent the request.
pub(in crate::web) fn is_of_this_server(request: &Request<'_>) -> bool {
    matches!(header(request, SEC_FETCH_SITE), Header::Once(site) if site == "same-origin")
}

pub(in crate::web) fn header(request: &Request<'_>, name: &str) -> Header {
    let mut values = request.headers().get(name);
    match (values.next(), values.next()) {
        (None, _) => Header::Absent,
        (Some(value), None) => Header::Once(value.to_owned()),
        (Some(_), Some(_)) => Header::Several,
    }
}

pub(in crate::web) fn host<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    request.headers().get_one("host")
}
