//! Cross-site request forgery: which requests that carry a cookie came from pages of ours (OWASP,
//! "Fetch Metadata").
//!
//! The rule is pure; reading the evidence off a request is below it.

use std::sync::atomic::{AtomicBool, Ordering};

use rocket::Request;
use rocket::http::Method;

use crate::config::{Csrf, SameSite};
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::sessions::{Recognised, Sessions};
use crate::token::access::Verified;
use crate::token::refresh::Authentic;
use crate::web::paths::{ANTI_CSRF, RID};
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

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Provenance {
    /// A page of ours, or the person in front of the browser.
    Ours,
    /// Nobody says: no browser of today.
    Silent,
    /// A page of another site, or a value that nobody trusts.
    Foreign,
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
    /// Where browsers reach this server.
    api: String,
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
        // The shell of an app has no cookies of ours: what says it comes from there and has some is not ours.
        let websites = settings
            .website_origins
            .iter()
            .filter(|page| page.has_cookies());
        let origins = websites.chain([&settings.api]);
        Self {
            mode: config.csrf,
            api: settings.api.text.clone(),
            origins: origins.map(|origin| origin.text.clone()).collect(),
            silence_passes: !config.csrf_require_evidence
                && config.cookie_same_site != SameSite::None,
            trust_host: settings.development && config.api_origin.is_none(),
        }
    }

    /// Where a request with this evidence comes from.
    fn judge(&self, evidence: &Evidence, host: Option<&str>) -> Provenance {
        match (&evidence.site, &evidence.origin) {
            (_, Header::Several) | (Header::Several, _) => Provenance::Foreign,
            (Header::Once(site), _) if site == "same-origin" || site == "none" => Provenance::Ours,
            (_, Header::Once(origin)) if self.is_ours(origin, host) => Provenance::Ours,
            (_, Header::Once(_)) | (Header::Once(_), Header::Absent) => Provenance::Foreign,
            (Header::Absent, Header::Absent) => Provenance::Silent,
        }
    }

    fn provenance(&self, request: &Request<'_>) -> Provenance {
        self.judge(&evidence(request), host(request))
    }

    /// Whether a page of this origin is a page of this server.
    pub(in crate::web) fn is_api(&self, origin: &str) -> bool {
        self.api == origin
    }

    /// Whether the browser says that a page of another site sent the request.
    pub(in crate::web) fn is_foreign(&self, request: &Request<'_>) -> bool {
        self.provenance(request) == Provenance::Foreign
    }

    /// Checks a request that starts, refreshes or ends a session. It needs this evidence in every mode,
    /// whether or not it carries a cookie: the answer could set or remove some (login and logout CSRF).
    pub(in crate::web) fn require_evidence(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
    ) -> Result<(), Error> {
        match self.provenance(request) {
            Provenance::Ours => Ok(()),
            Provenance::Silent if self.silence_passes => {
                count_once(request, sessions);
                Ok(())
            }
            Provenance::Silent | Provenance::Foreign => {
                let remedy = remedy(&evidence(request), is_read(request));
                Err(refused(request, sessions, remedy))
            }
        }
    }

    fn is_ours(&self, origin: &str, host: Option<&str>) -> bool {
        // Browsers send origins in lower case; anything else is not one.
        self.origins.iter().any(|ours| ours == origin)
            || (self.trust_host
                && host.is_some_and(|host| origin.strip_prefix("http://") == Some(host)))
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
            Csrf::FetchMetadata => self.require_evidence(request, sessions),
            Csrf::ViaCustomHeader if request.headers().contains(RID) => Ok(()),
            Csrf::ViaCustomHeader => Err(refused(request, sessions, NEEDS_HEADER)),
            // Judged once the session is known.
            Csrf::ViaToken | Csrf::None => Ok(()),
        }
    }

    /// Checks the anti-CSRF token beside a verified access token.
    ///
    /// # Errors
    /// [`Error::TryRefreshToken`] where the browser shows that the request is ours: the page has lost its
    /// token, and a refresh hands out another. Else [`Error::CrossSite`].
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
        // It never gets a token: what the browser says is all there is.
        if verified.pending {
            return self.require_evidence(request, sessions);
        }
        // Its session began under another setting: a refresh hands a token out.
        if verified.anti_csrf.is_none() {
            return Err(Error::TryRefreshToken);
        }
        if self.has_token_of(request, sessions, verified.handle) {
            return Ok(());
        }
        match self.provenance(request) {
            Provenance::Ours => Err(Error::TryRefreshToken),
            Provenance::Silent | Provenance::Foreign => {
                Err(refused(request, sessions, NEEDS_TOKEN))
            }
        }
    }

    /// Checks the anti-CSRF token beside a refresh token, once the evidence was found good; one that was
    /// handed out without needs no more than that.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] where the browser shows that the request is ours: without its token the
    /// page can never refresh this session again. Else [`Error::CrossSite`].
    pub(in crate::web) fn check_refresh(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        refresh: &Authentic,
    ) -> Result<(), Error> {
        let needs_token = self.mode == Csrf::ViaToken && refresh.binding.anti_csrf;
        if !needs_token || self.has_token_of(request, sessions, refresh.handle) {
            return Ok(());
        }
        match self.provenance(request) {
            Provenance::Ours => Err(Error::Unauthorised),
            Provenance::Silent | Provenance::Foreign => {
                Err(refused(request, sessions, NEEDS_TOKEN))
            }
        }
    }

    /// Checks a request that signs out of a session, once the evidence was found good: what the browser
    /// itself shows is enough, a silent client sends the anti-CSRF token.
    pub(in crate::web) fn check_sign_out(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        shown: &Recognised,
    ) -> Result<(), Error> {
        self.check_cookie(request, sessions, Check::AllMethods)?;
        let needs_token = self.mode == Csrf::ViaToken
            && shown.has_anti_csrf()
            && self.provenance(request) != Provenance::Ours;
        if needs_token && !self.has_token_of(request, sessions, shown.handle()) {
            return Err(refused(request, sessions, NEEDS_TOKEN));
        }
        Ok(())
    }

    fn has_token_of(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        handle: SessionHandle,
    ) -> bool {
        match header(request, ANTI_CSRF) {
            Header::Once(token) => sessions.is_anti_csrf_token(&token, handle),
            Header::Absent | Header::Several => false,
        }
    }
}

/// Counts a request that does not say where it comes from, however often it is judged.
fn count_once(request: &Request<'_>, sessions: &Sessions) {
    struct Counted(AtomicBool);
    let counted = request.local_cache(|| Counted(AtomicBool::new(false)));
    if !counted.0.swap(true, Ordering::Relaxed) {
        sessions.count_silent_request(request.uri().path().to_string());
    }
}

fn refused(request: &Request<'_>, sessions: &Sessions, remedy: &'static str) -> Error {
    let path = request.uri().path().to_string();
    sessions.emit(&Event::CrossSiteRefused { path, remedy });
    Error::CrossSite
}

/// What to change if a request with this evidence was meant to pass.
fn remedy(evidence: &Evidence, reads: bool) -> &'static str {
    match (&evidence.site, &evidence.origin) {
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

const NEEDS_HEADER: &str =
    "`sessions.csrf = \"via-custom-header\"` needs the header `rid` beside cookies";

const NEEDS_TOKEN: &str = "`sessions.csrf = \"via-token\"` needs the header `anti-csrf`, with the token that the login answered, beside cookies";

/// Whether the request is of a kind that a link causes.
fn is_read(request: &Request<'_>) -> bool {
    matches!(request.method(), Method::Get | Method::Head)
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
