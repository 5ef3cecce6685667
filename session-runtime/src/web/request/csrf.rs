//! Cross-site request forgery: which requests with a cookie came from pages of this application
//! (OWASP, "Fetch Metadata").

use std::sync::atomic::{AtomicBool, Ordering};

use rocket::Request;

use crate::config::{Csrf, SameSite};
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::sessions::{Recognised, Sessions};
use crate::token::access::Verified;
use crate::token::refresh::Authentic;
use crate::web::request::evidence::{Evidence, Header, header, host, is_read, is_safe};
use crate::web::settings::Settings;
use crate::wire_names::{ANTI_CSRF, RID};

const NEEDS_HEADER: &str =
    "`sessions.csrf = \"via-custom-header\"` needs the header `rid` beside cookies";

const NEEDS_TOKEN: &str = "`sessions.csrf = \"via-token\"` needs the header `anti-csrf`, with the token that the login answered, beside cookies";

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Provenance {
    /// A page of this application, or the user in the browser's address bar.
    Ours,
    /// Unknown: no current browser sends such a request.
    Silent,
    /// A page of another site, or an untrusted value.
    Foreign,
}

/// How strictly a guard checks the origin of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Not at all.
    Nothing,
    /// Only for methods that may change something.
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

/// What a page of this application sends beside a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum BesideRefresh {
    /// Everything that is required.
    Complete,
    /// It has lost its anti-CSRF token, and could never refresh this session again.
    LostToken,
}

/// Which requests are accepted; created once, at ignite.
#[derive(Debug, Clone)]
pub(in crate::web) struct CsrfPolicy {
    mode: Csrf,
    /// The origin at which browsers reach this server.
    api: String,
    /// The application's other origins, in lower case.
    origins: Vec<String>,
    /// Whether a request without any evidence is accepted: no current browser sends one,
    /// command-line clients do.
    silence_passes: bool,
    /// Whether the host that the browser used counts as this server too, in development.
    trust_host: bool,
}

impl CsrfPolicy {
    pub(in crate::web) fn new(settings: &Settings) -> Self {
        let config = &settings.config;
        // The shell of an app has no session cookies, so a request with some that claims to come
        // from there does not.
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

    /// Decides where a request with this evidence comes from.
    fn decide(&self, evidence: &Evidence, host: Option<&str>) -> Provenance {
        match (&evidence.site, &evidence.origin) {
            (_, Header::Several) | (Header::Several, _) => Provenance::Foreign,
            (Header::Once(site), _) if site == "same-origin" || site == "none" => Provenance::Ours,
            (_, Header::Once(origin)) if self.is_ours(origin, host) => Provenance::Ours,
            (_, Header::Once(_)) | (Header::Once(_), Header::Absent) => Provenance::Foreign,
            (Header::Absent, Header::Absent) => Provenance::Silent,
        }
    }

    fn provenance(&self, request: &Request<'_>) -> Provenance {
        self.decide(&Evidence::of(request), host(request))
    }

    /// Whether a page of this origin is a page of this server.
    pub(in crate::web) fn is_api(&self, origin: &str) -> bool {
        self.api == origin
    }

    /// Whether the browser says that a page of another site sent the request.
    pub(in crate::web) fn is_foreign(&self, request: &Request<'_>) -> bool {
        self.provenance(request) == Provenance::Foreign
    }

    /// Checks a request that starts, refreshes or ends a session. It needs this evidence in every
    /// mode, with or without a cookie, because the answer could set or remove cookies (login and
    /// logout CSRF).
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
                let remedy = Evidence::of(request).remedy(is_read(request));
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
            // Checked later, when the session is known.
            Csrf::ViaToken | Csrf::None => Ok(()),
        }
    }

    /// Checks the anti-CSRF token beside a verified access token.
    ///
    /// # Errors
    /// [`Error::TryRefreshToken`] if the browser shows that the request is the application's own:
    /// the page has lost its token, and a refresh ends the session. Otherwise
    /// [`Error::CrossSite`].
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
        // A pending session never gets an anti-CSRF token; the browser's evidence is all there is.
        if verified.pending {
            return self.require_evidence(request, sessions);
        }
        // Its session began under another setting; a refresh returns a token.
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

    /// Checks the anti-CSRF token beside a refresh token, after the evidence was accepted; a
    /// refresh token that was issued without one needs no more.
    ///
    /// # Errors
    /// [`Error::CrossSite`], unless the browser shows that the request is the application's own.
    pub(in crate::web) fn check_refresh(
        &self,
        request: &Request<'_>,
        sessions: &Sessions,
        refresh: &Authentic,
    ) -> Result<BesideRefresh, Error> {
        let needs_token = self.mode == Csrf::ViaToken && refresh.binding.anti_csrf;
        if !needs_token || self.has_token_of(request, sessions, refresh.handle) {
            return Ok(BesideRefresh::Complete);
        }
        match self.provenance(request) {
            Provenance::Ours => Ok(BesideRefresh::LostToken),
            Provenance::Silent | Provenance::Foreign => {
                Err(refused(request, sessions, NEEDS_TOKEN))
            }
        }
    }

    /// Checks a request that signs out, after the evidence was accepted: what the browser itself
    /// says is enough; a client without evidence must send the anti-CSRF token.
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

/// Counts a request without evidence once, however often it is checked.
fn count_once(request: &Request<'_>, sessions: &Sessions) {
    struct Counted(AtomicBool);
    let counted = request.local_cache(|| Counted(AtomicBool::new(false)));
    if !counted.0.swap(true, Ordering::Relaxed) {
        sessions.count_silent_request(request.uri().path().to_string());
    }
}

fn refused(request: &Request<'_>, sessions: &Sessions, remedy: &'static str) -> Error {
    let Evidence { site, origin } = Evidence::of(request);
    sessions.emit(&Event::CrossSiteRefused {
        path: request.uri().path().to_string(),
        origin: origin.shown(),
        sec_fetch_site: site.shown(),
        remedy,
    });
    Error::CrossSite
}
