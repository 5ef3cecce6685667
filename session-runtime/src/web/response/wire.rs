//! Cookies and headers of a response. `request/presented/mod.rs` reads those of a request.

use std::fmt::Write as _;

use chrono::{DateTime, Days, Utc};
use rocket::http::{Cookie, Header, SameSite as CookieSameSite};
use rocket::time::OffsetDateTime;
use rocket::{Request, Response};

use crate::config::{CookiePrefix, FrontToken, SameSite, TransferMethod};
use crate::handle::Tag;
use crate::token::refresh::short_hash;
use crate::token::{SessionTokens, Transport};
use crate::web::request_state::Change;
use crate::web::response::device::{self, DeviceWire};
use crate::web::response::headers::append;
use crate::web::settings::Settings;
use crate::wire_names::{
    ANTI_CSRF, AUTH_MODE, FRONT_TOKEN, LEGACY_COOKIE, REFRESH_HASH_COOKIE, RID,
};

/// Capacity for the name and the attributes of a cookie.
const ATTRIBUTES: usize = 192;

const EXPOSE: &str = "Access-Control-Expose-Headers";

/// What a cookie holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum CookieKind {
    Access,
    Refresh,
    RefreshHash,
}

/// The name and path of a cookie; a dot and the [`Tag`] of the session follow the name.
#[derive(Debug, Clone)]
pub(in crate::web) struct CookieScope {
    pub(in crate::web) name: String,
    pub(in crate::web) path: String,
}

impl CookieScope {
    /// The session to whose cookie this name belongs.
    fn tag_in(&self, name: &str) -> Option<Tag> {
        Tag::parse(name.strip_prefix(&self.name)?.strip_prefix('.')?)
    }

    /// A name of the length that every session's cookie has.
    pub(in crate::web) fn any_name(&self) -> String {
        format!("{}.AAAAAAAA", self.name)
    }

    fn name_of(&self, tag: Tag) -> String {
        format!("{}.{tag}", self.name)
    }
}

/// What the cookie with the hash of a refresh token proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum HashRule {
    /// Only this host can set it: a refresh token beside another token's hash belongs to a copied
    /// session.
    Proves,
    /// A sibling host can set it too, but a refresh token still needs its hash.
    Needed,
    /// Without TLS anybody can set any cookie: the access cookie of the session is enough instead.
    Preferred,
}

/// Whether a request asks for tokens in headers.
pub(in crate::web) fn asks_for_headers(request: &Request<'_>) -> bool {
    request
        .headers()
        .get_one(AUTH_MODE)
        .is_some_and(|mode| mode.eq_ignore_ascii_case("header"))
}

/// How tokens are sent; created once, at ignite.
#[derive(Debug, Clone)]
pub(in crate::web) struct Wire {
    pub(in crate::web) transfer: TransferMethod,
    pub(in crate::web) access: CookieScope,
    refresh: CookieScope,
    /// The cookie with the hash of the refresh token. With the prefix `__Host-`, no sibling host
    /// can set it. The refresh cookie cannot have that prefix, because such cookies are sent with
    /// every request.
    refresh_hash: CookieScope,
    domain: Option<String>,
    same_site: CookieSameSite,
    secure: bool,
    /// Whether browsers reach this server over plain http, and drop cookies that are `Secure`.
    secure_over_http: bool,
    front_token: FrontToken,
    expose_access_token: bool,
    access_header: String,
    refresh_header: String,
    /// What browsers are told about sessions that are bound to a device, if they would listen.
    pub(in crate::web) device: Option<DeviceWire>,
}

impl Wire {
    pub(in crate::web) fn new(settings: &Settings) -> Self {
        let config = &settings.config;
        let (access_prefix, refresh_prefix) = match settings.prefix {
            CookiePrefix::Auto | CookiePrefix::None => ("", ""),
            CookiePrefix::Secure => ("__Secure-", "__Secure-"),
            CookiePrefix::Host => ("__Host-", "__Secure-"),
            CookiePrefix::HostHttp => ("__Host-Http-", "__Http-"),
        };
        // Its path is `/` whatever those of the tokens are.
        let hash_prefix = match settings.prefix {
            CookiePrefix::Secure if settings.cookie_domain.is_none() => "__Host-",
            _ => access_prefix,
        };
        Self {
            transfer: config.transfer,
            access: CookieScope {
                name: format!("{access_prefix}{}", config.access_cookie_name),
                path: settings.access_token_path.clone(),
            },
            refresh: CookieScope {
                name: format!("{refresh_prefix}{}", config.refresh_cookie_name),
                path: settings.refresh_token_path.clone(),
            },
            refresh_hash: CookieScope {
                name: format!("{hash_prefix}{REFRESH_HASH_COOKIE}"),
                path: "/".into(),
            },
            domain: settings.cookie_domain.clone(),
            same_site: match config.cookie_same_site {
                SameSite::Lax => CookieSameSite::Lax,
                SameSite::None => CookieSameSite::None,
                SameSite::Strict => CookieSameSite::Strict,
            },
            secure: settings.secure,
            secure_over_http: settings.is_secure_over_http(),
            front_token: config.front_token,
            expose_access_token: config.expose_access_token,
            access_header: config.access_token_header.clone(),
            refresh_header: config.refresh_token_header.clone(),
            device: DeviceWire::new(settings),
        }
    }

    /// The cookies of a session, and what they contain.
    pub(in crate::web) fn scopes(&self) -> [(CookieKind, &CookieScope); 3] {
        [
            (CookieKind::Access, &self.access),
            (CookieKind::Refresh, &self.refresh),
            (CookieKind::RefreshHash, &self.refresh_hash),
        ]
    }

    /// What the hash of a refresh token proves with these settings.
    pub(in crate::web) fn hash_rule(&self) -> HashRule {
        if self.refresh_hash.name.starts_with("__Host-") {
            HashRule::Proves
        } else if self.secure {
            HashRule::Needed
        } else {
            HashRule::Preferred
        }
    }

    /// Whether the cookie with the hash shows on every path that the browser has a session.
    ///
    /// Nobody else can plant it then, and the access cookie would be there as well.
    pub(in crate::web) fn hash_shows_a_session(&self) -> bool {
        self.hash_rule() == HashRule::Proves && self.access.path == "/"
    }

    /// What a cookie of this name contains, and the session it belongs to.
    pub(in crate::web) fn kind_of(&self, name: &str) -> Option<(CookieKind, Tag)> {
        let mut found = self.scopes().into_iter();
        found.find_map(|(kind, scope)| Some((kind, scope.tag_in(name)?)))
    }

    /// How the tokens of a login are sent: as the setting says, else as the request asks, else in
    /// cookies, so that a plain form works.
    pub(in crate::web) fn of_login(&self, request: &Request<'_>) -> Transport {
        match self.transfer {
            TransferMethod::Any if asks_for_headers(request) => Transport::Header,
            TransferMethod::Header => Transport::Header,
            TransferMethod::Any | TransferMethod::Cookie => Transport::Cookie,
        }
    }

    /// Where browsers send the refresh cookie.
    pub(in crate::web) fn refresh_cookie_path(&self) -> &str {
        &self.refresh.path
    }

    /// Whether browsers drop these tokens, because they are in `Secure` cookies over plain http.
    pub(in crate::web) fn are_dropped(&self, tokens: &SessionTokens) -> bool {
        self.secure_over_http && tokens.transport == Transport::Cookie
    }

    /// Writes a change onto a response.
    pub(in crate::web) fn write(
        &self,
        request: &Request<'_>,
        response: &mut Response<'_>,
        change: &Change,
    ) {
        // First, otherwise the removal would overwrite what is new.
        let ended = change.removed.iter().map(|handle| handle.tag());
        for tag in ended.chain(change.removed_names.iter().copied()) {
            for (_, scope) in self.scopes() {
                let name = scope.name_of(tag);
                adjoin(response, &self.removal(name, &scope.path));
            }
        }
        for handle in change.removed.union(&change.unmarked) {
            if device::has_marker(request, *handle) {
                adjoin(response, &device::removal(*handle));
            }
        }
        if change.clears_headers {
            set(response, &self.access_header, String::new());
            set(response, &self.refresh_header, String::new());
        }
        if change.forgets {
            response.remove_header(ANTI_CSRF);
            set(response, FRONT_TOKEN, "remove".into());
        }
        if let Some(front) = &change.front
            && self.is_for_a_front_end(request)
        {
            set(response, FRONT_TOKEN, front.clone());
        }
        if let Some(tokens) = &change.attach {
            self.attach(request, response, tokens);
        }
    }

    /// Whether a script will read the front-token; no script can read the answer of a page that a
    /// person opens.
    fn is_for_a_front_end(&self, request: &Request<'_>) -> bool {
        let says_so = |name| request.headers().contains(name);
        self.front_token == FrontToken::Always || says_so(AUTH_MODE) || says_so(RID)
    }

    fn attach(&self, request: &Request<'_>, response: &mut Response<'_>, tokens: &SessionTokens) {
        if let Some(ends) = tokens.pending_until {
            let name = self.access.name_of(tokens.handle.tag());
            let cookie = self.cookie(name, &self.access.path, &tokens.access, ends);
            return adjoin(response, &cookie);
        }
        if self.is_for_a_front_end(request) {
            set(response, FRONT_TOKEN, tokens.front.clone());
        }
        match tokens.transport {
            Transport::Cookie => self.attach_cookies(response, tokens),
            Transport::Header => {
                set(response, &self.access_header, tokens.access.clone());
                if let Some(refresh) = &tokens.refresh {
                    set(response, &self.refresh_header, refresh.token.clone());
                }
            }
        }
    }

    fn attach_cookies(&self, response: &mut Response<'_>, tokens: &SessionTokens) {
        // The access cookie outlives its token: its presence says that a refresh may succeed.
        // Browsers cap it at 400 days.
        let year = tokens.issued_at + Days::new(365);
        let longest = tokens.issued_at + Days::new(400);
        let refresh_end = tokens
            .refresh
            .as_ref()
            .map_or(year, |refresh| refresh.expires_at);
        let ends = refresh_end.clamp(year, longest);
        if let Some(refresh) = &tokens.refresh {
            let refresh_ends = refresh.expires_at.min(longest);
            // Neither counts without the other.
            let hash = short_hash(&refresh.token);
            for (scope, value) in [(&self.refresh, &refresh.token), (&self.refresh_hash, &hash)] {
                let name = scope.name_of(tokens.handle.tag());
                adjoin(
                    response,
                    &self.cookie(name, &scope.path, value, refresh_ends),
                );
            }
        }
        // Last, because a browser whose jar is full drops the cookie that was used longest ago.
        let name = self.access.name_of(tokens.handle.tag());
        adjoin(
            response,
            &self.cookie(name, &self.access.path, &tokens.access, ends),
        );
        if let Some(marker) = device::marker(tokens) {
            adjoin(response, &marker);
        }
        if let Some(device) = &self.device {
            device.ask_to_register(response, tokens);
        }
        if let Some(token) = &tokens.anti_csrf {
            set(response, ANTI_CSRF, token.clone());
        }
        if self.expose_access_token {
            set(response, &self.access_header, tokens.access.clone());
        }
    }

    /// Removes the cookie of earlier front ends.
    pub(in crate::web) fn clear_legacy(&self, response: &mut Response<'_>) {
        adjoin(
            response,
            &self.removal(LEGACY_COOKIE.into(), &self.access.path),
        );
    }

    /// A removal repeats name, path, domain and flags, or browsers ignore it.
    pub(in crate::web) fn removal<'c>(&'c self, name: String, path: &'c str) -> Cookie<'c> {
        self.cookie(name, path, "", DateTime::UNIX_EPOCH)
    }

    fn cookie<'c>(
        &'c self,
        name: String,
        path: &'c str,
        value: &'c str,
        expires: DateTime<Utc>,
    ) -> Cookie<'c> {
        let expires = OffsetDateTime::from_unix_timestamp(expires.timestamp())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let mut cookie = Cookie::build((name, value))
            .path(path)
            .expires(expires)
            .http_only(true)
            .secure(self.secure)
            .same_site(self.same_site);
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(&**domain);
        }
        cookie.build()
    }
}

/// Adds a cookie as one line with enough capacity, unencoded: nothing in session cookies needs
/// encoding.
fn adjoin(response: &mut Response<'_>, cookie: &Cookie<'_>) {
    let mut line = String::with_capacity(cookie.value().len() + ATTRIBUTES);
    write!(line, "{cookie}").expect("a text takes whatever is written to it");
    response.adjoin_raw_header("Set-Cookie", line);
}

/// Sets a header and lets scripts of other origins read it.
fn set(response: &mut Response<'_>, name: &str, value: String) {
    response.set_header(Header::new(name.to_owned(), value));
    append(response, EXPOSE, name);
}
