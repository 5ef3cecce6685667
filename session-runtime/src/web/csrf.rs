//! Cross-site request forgery: which requests that carry a cookie came from pages of ours (OWASP,
//! "Fetch Metadata").
//!
//! The rule is pure; reading the evidence off a request is below it.

use rocket::Request;
use rocket::http::{ContentType, Method};

use crate::config::{Csrf, SameSite, SessionConfig};
use crate::error::Error;

/// What a browser says about where a request comes from; several headers of one name count as a
/// value that nobody trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    pub(super) site: Header,
    pub(super) origin: Header,
}

/// A header that should come at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Header {
    Absent,
    Once(String),
    Several,
}

/// What is let through; made once, at ignite.
#[derive(Debug, Clone)]
pub(super) struct CsrfPolicy {
    enforced: bool,
    /// Origins of ours, lower case.
    origins: Vec<String>,
    /// Whether a request that says nothing at all passes: no browser of today sends one,
    /// command-line clients do.
    silence_passes: bool,
    /// In development, the address under which the browser found this server counts as ours too.
    trust_host: bool,
}

impl CsrfPolicy {
    pub(super) fn new(config: &SessionConfig, api_origin: &str, trust_host: bool) -> Self {
        let origins = config
            .website_origins
            .iter()
            .map(String::as_str)
            .chain([api_origin]);
        Self {
            enforced: config.csrf == Csrf::FetchMetadata,
            origins: origins
                .map(|origin| origin.trim_end_matches('/').to_ascii_lowercase())
                .collect(),
            silence_passes: !config.csrf_require_evidence
                && config.cookie_same_site != SameSite::None,
            trust_host,
        }
    }

    /// Whether a request with this evidence may act on a cookie.
    fn allows(&self, evidence: &Evidence, host: Option<&str>) -> bool {
        match (&evidence.site, &evidence.origin) {
            (_, Header::Several) | (Header::Several, _) => false,
            (Header::Once(site), _) if site == "same-origin" || site == "none" => true,
            (_, Header::Once(origin)) => self.is_ours(origin, host),
            (Header::Once(_), Header::Absent) => false,
            (Header::Absent, Header::Absent) => self.silence_passes,
        }
    }

    fn is_ours(&self, origin: &str, host: Option<&str>) -> bool {
        // Browsers send origins in lower case; anything else is not one.
        self.origins.iter().any(|ours| ours == origin)
            || (self.trust_host
                && host.is_some_and(|host| origin.strip_prefix("http://") == Some(host)))
    }

    /// Checks a request that starts a session: it needs the same evidence, whether or not it
    /// carries a cookie (login CSRF).
    pub(super) fn check_login(&self, request: &Request<'_>) -> Result<(), Error> {
        if !self.enforced || self.allows(&evidence(request), host(request)) {
            return Ok(());
        }
        tracing::warn!(event = "cross_site_refused", path = %request.uri().path(), "a request of another site was refused");
        Err(Error::CrossSite)
    }

    /// Checks a request whose cookie is about to be used: one that changes nothing passes.
    pub(super) fn check_cookie(&self, request: &Request<'_>) -> Result<(), Error> {
        if is_safe(request) {
            Ok(())
        } else {
            self.check_login(request)
        }
    }
}

/// Whether a request changes nothing (RFC 9110 section 9.2.1). A form is never that: Rocket lets
/// its `_method` field turn a POST into any other method before a guard sees it.
fn is_safe(request: &Request<'_>) -> bool {
    let is_form = request.content_type().is_some_and(|kind| {
        *kind == ContentType::Form || kind.media_type() == ContentType::FormData.media_type()
    });
    matches!(
        request.method(),
        Method::Get | Method::Head | Method::Options | Method::Trace
    ) && !is_form
}

fn evidence(request: &Request<'_>) -> Evidence {
    Evidence {
        site: header(request, "sec-fetch-site"),
        origin: header(request, "origin"),
    }
}

fn header(request: &Request<'_>, name: &str) -> Header {
    let mut values = request.headers().get(name);
    match (values.next(), values.next()) {
        (None, _) => Header::Absent,
        (Some(value), None) => Header::Once(value.to_owned()),
        (Some(_), Some(_)) => Header::Several,
    }
}

fn host<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    request.headers().get_one("host")
}
