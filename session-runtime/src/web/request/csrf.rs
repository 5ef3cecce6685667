//! Cross-site request forgery: which requests that carry a cookie came from pages of ours (OWASP,
//! "Fetch Metadata").
//!
//! The rule is pure; reading the evidence off a request is below it.

use rocket::Request;
use rocket::http::Method;

use crate::config::{Csrf, SameSite};
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::sessions::Sessions;
use crate::token::access::Verified;
use crate::token::refresh::Authentic;
use crate::web::settings::Settings;

/// What a browser says about where a request comes from; several headers of one name count as a
/// value that nobody trusts.
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

/// How strictly a guard looks at where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Not at all.
    Nothing,
    /// Where the method may change something.
    UnsafeMethods,
    /// Always.
    AllMethods,
}

impl Check {
    fn concerns(self, request: &Request<'_>) -> bool {
        match self {
            Self::Nothing => false,
            Self::UnsafeMethods => !is_safe(request),
            Self::AllMethods => true,
        }
    }
}

/// What is let through; made once, at ignite.
#[derive(Debug, Clone)]
pub(in crate::web) struct CsrfPolicy {
    mode: Csrf,
    /// Origins of ours, lower case.
    origins: Vec<String>,
    /// Whether a request that says nothing at all passes: no browser of today sends one,
    /// command-line clients do.
    silence_passes: bool,
    /// In development, the address under which the browser found this server counts as ours too.
    trust_host: bool,
}

impl CsrfPolicy {
    pub(in crate::web) fn new(settings: &Settings) -> Self {
        let config = &settings.config;
        let origins = settings.website_origins.iter().chain([&settings.api]);
        Self {
            mode: config.csrf,
            origins: origins.map(|origin| origin.text.clone()).collect(),
            silence_passes: !config.csrf_require_evidence
                && config.cookie_same_site != SameSite::None,
            trust_host: settings.development && config.api_origin.is_none(),
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
    pub(in crate::web) fn check_login(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
    ) -> Result<(), Error> {
        if self.mode == Csrf::None || self.allows(&evidence(request), host(request)) {
            Ok(())
        } else {
            Err(refused(request, sessions))
        }
    }

    /// Checks a request whose cookie is about to be used, by what any request can show.
    pub(in crate::web) fn check_cookie(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        check: Check,
    ) -> Result<(), Error> {
        if !check.concerns(request) {
            return Ok(());
        }
        match self.mode {
            Csrf::FetchMetadata => self.check_login(request, sessions),
            Csrf::ViaCustomHeader => {
                if request.headers().contains(CUSTOM_HEADER) {
                    Ok(())
                } else {
                    Err(refused(request, sessions))
                }
            }
            // Judged by `check_token` or `check_refresh`, once the session is known.
            Csrf::ViaToken | Csrf::None => Ok(()),
        }
    }

    /// Checks the anti-CSRF token beside a verified access token.
    pub(in crate::web) fn check_token(
        &self,
        request: &Request<'_>,
        check: Check,
        sessions: &Sessions,
        verified: &Verified,
    ) -> Result<(), Error> {
        if self.mode != Csrf::ViaToken || !check.concerns(request) {
            return Ok(());
        }
        // Its session began under another setting: a refresh hands a token out.
        if verified.anti_csrf.is_none() {
            return Err(Error::TryRefreshToken);
        }
        self.require_token(request, sessions, verified.handle)
    }

    /// Checks the anti-CSRF token beside a refresh token; one that was handed out without needs the
    /// evidence of a login.
    pub(in crate::web) fn check_refresh(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        refresh: &Authentic,
    ) -> Result<(), Error> {
        if self.mode != Csrf::ViaToken {
            return Ok(());
        }
        if !refresh.binding.anti_csrf {
            return self.check_login(request, sessions);
        }
        self.require_token(request, sessions, refresh.handle)
    }

    fn require_token(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        handle: SessionHandle,
    ) -> Result<(), Error> {
        match header(request, TOKEN_HEADER) {
            Header::Once(token) if sessions.is_anti_csrf_token(&token, handle) => Ok(()),
            _ => Err(refused(request, sessions)),
        }
    }
}

/// Carries the anti-CSRF token.
const TOKEN_HEADER: &str = "anti-csrf";

/// Whose presence proves that a page of an allowed origin sent the request.
const CUSTOM_HEADER: &str = "rid";

fn refused(request: &Request<'_>, sessions: &Sessions) -> Error {
    let path = request.uri().path().to_string();
    sessions.emit(&Event::CrossSiteRefused { path });
    Error::CrossSite
}

/// Whether a request changes nothing (RFC 9110 section 9.2.1). A form is never that: Rocket lets
/// its `_method` field turn a POST into any other method before a guard sees it. Nor is the start of
/// a WebSocket, which no other rule keeps from other sites.
fn is_safe(request: &Request<'_>) -> bool {
    let is_form = request
        .content_type()
        .is_some_and(|kind| kind.is_form() || kind.is_form_data());
    matches!(
        request.method(),
        Method::Get | Method::Head | Method::Options | Method::Trace
    ) && !is_form
        && !request.headers().contains("upgrade")
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
