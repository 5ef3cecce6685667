//! Cookies and headers that a response carries. `request/presented.rs` reads those of a request.

use std::fmt::Write as _;

use chrono::{DateTime, Days, Utc};
use rocket::http::{Cookie, Header, SameSite as CookieSameSite};
use rocket::time::OffsetDateTime;
use rocket::{Request, Response};

use crate::config::{CookiePrefix, FrontToken, SameSite, Transfer};
use crate::handle::{SessionHandle, Tag};
use crate::token::{SessionTokens, Transport};
use crate::web::paths::{ANTI_CSRF, AUTH_MODE, FRONT_TOKEN, LEGACY_COOKIE, RID, is_below};
use crate::web::request::presented::{Kind, asks_for_headers};
use crate::web::response::pending::Change;
use crate::web::settings::Settings;

/// Room for the name and the attributes of a cookie.
const ATTRIBUTES: usize = 192;

const EXPOSE: &str = "Access-Control-Expose-Headers";

/// The name and path of a cookie; the name goes on with a dot and the [`Tag`] of the session.
#[derive(Debug, Clone)]
pub(in crate::web) struct Place {
    pub(in crate::web) name: String,
    pub(in crate::web) path: String,
}

impl Place {
    /// The session whose cookie this is the name of.
    fn tag_in(&self, name: &str) -> Option<Tag> {
        Tag::parse(name.strip_prefix(&self.name)?.strip_prefix('.')?)
    }

    /// A name as long as any session's.
    pub(in crate::web) fn any_name(&self) -> String {
        format!("{}.AAAAAAAA", self.name)
    }

    fn name_of(&self, handle: SessionHandle) -> String {
        format!("{}.{}", self.name, handle.tag())
    }
}

/// How tokens travel; made once, at ignite.
#[derive(Debug, Clone)]
pub(in crate::web) struct Wire {
    pub(in crate::web) transfer: Transfer,
    pub(in crate::web) access: Place,
    pub(in crate::web) refresh: Place,
    domain: Option<String>,
    same_site: CookieSameSite,
    secure: bool,
    /// Whether browsers reach this server over plain http, and drop cookies that are `Secure`.
    secure_over_http: bool,
    front_token: FrontToken,
    expose_access_token: bool,
    access_header: String,
    refresh_header: String,
}

impl Wire {
    pub(in crate::web) fn new(settings: &Settings) -> Self {
        let config = &settings.config;
        // A host's own cookie has the path `/`, or browsers drop it.
        let refresh_is_everywhere = settings.refresh_token_path == "/";
        let (access_prefix, refresh_prefix) = match settings.prefix {
            CookiePrefix::Auto | CookiePrefix::None => ("", ""),
            CookiePrefix::Secure => ("__Secure-", "__Secure-"),
            CookiePrefix::Host if refresh_is_everywhere => ("__Host-", "__Host-"),
            CookiePrefix::Host => ("__Host-", "__Secure-"),
            CookiePrefix::HostHttp if refresh_is_everywhere => ("__Host-Http-", "__Host-Http-"),
            CookiePrefix::HostHttp => ("__Host-Http-", "__Http-"),
        };
        Self {
            transfer: config.transfer,
            access: Place {
                name: format!("{access_prefix}{}", config.access_cookie_name),
                path: settings.access_token_path.clone(),
            },
            refresh: Place {
                name: format!("{refresh_prefix}{}", config.refresh_cookie_name),
                path: settings.refresh_token_path.clone(),
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
        }
    }

    /// Which token a cookie of this name holds, and of which session.
    pub(in crate::web) fn kind_of(&self, name: &str) -> Option<(Kind, Tag)> {
        let access = self.access.tag_in(name).map(|tag| (Kind::Access, tag));
        access.or_else(|| self.refresh.tag_in(name).map(|tag| (Kind::Refresh, tag)))
    }

    /// Whether a browser that sends a refresh cookie sends the access cookie of its session as well: the
    /// path covers it, and [`attach_cookies`](Self::attach_cookies) lets it live at least as long.
    pub(in crate::web) fn pairs_are_whole(&self) -> bool {
        is_below(&self.refresh.path, &self.access.path)
    }

    /// How the tokens of a login will travel: as the setting says, else as the request asks, else in
    /// cookies, so that a plain form works.
    pub(in crate::web) fn of_login(&self, request: &Request<'_>) -> Transport {
        match self.transfer {
            Transfer::Any if asks_for_headers(request) => Transport::Header,
            Transfer::Header => Transport::Header,
            Transfer::Any | Transfer::Cookie => Transport::Cookie,
        }
    }

    /// Whether browsers drop these tokens: they are in `Secure` cookies, over plain http.
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
        // First, or the removal would overwrite what is new.
        for handle in &change.removed {
            for place in [&self.access, &self.refresh] {
                let name = place.name_of(*handle);
                adjoin(response, &self.removal(name, &place.path));
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
        if let Some(tokens) = &change.attach {
            self.attach(request, response, tokens);
        }
    }

    /// Whether a script will read the front-token; no script can read the answer of a page that is opened.
    fn is_for_a_front_end(&self, request: &Request<'_>) -> bool {
        let says_so = |name| request.headers().contains(name);
        self.front_token == FrontToken::Always || says_so(AUTH_MODE) || says_so(RID)
    }

    fn attach(&self, request: &Request<'_>, response: &mut Response<'_>, tokens: &SessionTokens) {
        if let Some(ends) = tokens.pending_until {
            let name = self.access.name_of(tokens.handle);
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
            let name = self.refresh.name_of(tokens.handle);
            adjoin(
                response,
                &self.cookie(name, &self.refresh.path, &refresh.token, refresh_ends),
            );
        }
        // Last: a browser whose jar is full drops what was used longest ago, and so never this one first.
        let name = self.access.name_of(tokens.handle);
        adjoin(
            response,
            &self.cookie(name, &self.access.path, &tokens.access, ends),
        );
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

/// About how many bytes the head of a response takes, with what Rocket and the server add to it.
pub(in crate::web) fn head_size(response: &Response<'_>) -> usize {
    const LINE_AND_DATE: usize = 160;
    let headers = response.headers().iter();
    let bytes = headers.map(|header| header.name().as_str().len() + header.value().len() + 4);
    LINE_AND_DATE + bytes.sum::<usize>()
}

/// Marks a response that carries tokens as nobody else's (OWASP ASVS 14.3.2).
pub(in crate::web) fn forbid_caching(response: &mut Response<'_>) {
    forbid_storing(response);
    vary(response);
}

/// Marks a response that depends on a session.
pub(in crate::web) fn forbid_storing(response: &mut Response<'_>) {
    response.set_raw_header("Cache-Control", "no-store");
}

/// Says that whoever sends other tokens gets another answer.
pub(in crate::web) fn vary(response: &mut Response<'_>) {
    if response.headers().contains("Vary") {
        append(response, "Vary", "Cookie");
        append(response, "Vary", "Authorization");
    } else {
        response.set_raw_header("Vary", "Cookie, Authorization");
    }
}

/// Adds a cookie as one line of room enough, and as it is: nothing in ours needs an encoding.
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

/// Adds to a list header what it does not name yet; what the application wrote stays.
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
