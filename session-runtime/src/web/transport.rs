//! Cookies and headers: what a request presents, and what a response carries (protocol: "wire protocol").

use chrono::{DateTime, Days, Utc};
use rocket::http::{Cookie, Header, SameSite as CookieSameSite};
use rocket::time::OffsetDateTime;
use rocket::{Request, Response};

use crate::config::{SameSite, SessionConfig};
use crate::handle::SessionHandle;
use crate::sessions::Sessions;
use crate::token::SessionTokens;

/// Name of the access-token cookie.
pub(crate) const ACCESS_COOKIE: &str = "sAccessToken";
/// Name of the refresh-token cookie.
pub(crate) const REFRESH_COOKIE: &str = "sRefreshToken";

const FRONT_TOKEN: &str = "front-token";
const EXPOSE: &str = "Access-Control-Expose-Headers";

/// How a request presents a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Presented {
    Nothing,
    Token(String),
    /// Two cookies of one name: neither is trusted (RFC 6265bis section 8.6).
    Twice,
}

impl Presented {
    /// The token, if there is exactly one.
    pub(super) fn token(&self) -> Option<&str> {
        match self {
            Self::Token(token) => Some(token),
            Self::Nothing | Self::Twice => None,
        }
    }
}

/// The access token of a request.
pub(super) fn access_token(request: &Request<'_>) -> Presented {
    cookie(request, ACCESS_COOKIE)
}

/// The session that the access token of a request names, whether or not the token is still good.
pub(super) fn presented_session(
    request: &Request<'_>,
    sessions: &Sessions,
) -> Option<SessionHandle> {
    access_token(request)
        .token()
        .and_then(|token| sessions.named_by(token))
}

/// The refresh token of a request; the browser sends it on the refresh path only.
pub(super) fn refresh_token(request: &Request<'_>) -> Presented {
    cookie(request, REFRESH_COOKIE)
}

/// Reads the raw header lines, because Rocket's jar keeps only the last of two cookies of one name.
/// Requests of Rocket's local client have no such lines, so the jar is asked when there are none.
fn cookie(request: &Request<'_>, name: &str) -> Presented {
    let mut values = request
        .headers()
        .get("cookie")
        .flat_map(Cookie::split_parse_encoded)
        .flatten()
        .filter(|cookie| cookie.name() == name);
    match (values.next(), values.next()) {
        (Some(_), Some(_)) => Presented::Twice,
        (Some(cookie), None) => Presented::Token(cookie.value().to_owned()),
        (None, _) => match request.cookies().get(name) {
            Some(cookie) => Presented::Token(cookie.value().to_owned()),
            None => Presented::Nothing,
        },
    }
}

/// Writes session cookies and headers; made once, at ignite.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    access_path: String,
    refresh_path: String,
    domain: Option<String>,
    same_site: CookieSameSite,
    secure: bool,
}

impl Writer {
    pub(super) fn new(config: &SessionConfig, secure: bool) -> Self {
        Self {
            access_path: config.access_token_path.clone(),
            refresh_path: super::routes::refresh_path(&config.api_base_path),
            domain: config.cookie_domain.clone(),
            same_site: match config.cookie_same_site {
                SameSite::Lax => CookieSameSite::Lax,
                SameSite::None => CookieSameSite::None,
                SameSite::Strict => CookieSameSite::Strict,
            },
            secure,
        }
    }

    /// Attaches the tokens of a session.
    pub(super) fn attach(&self, response: &mut Response<'_>, tokens: &SessionTokens) {
        // The access cookie outlives its token: its presence says that a refresh may succeed.
        // Browsers cap it at 400 days.
        let year = tokens.issued_at + Days::new(365);
        let longest = tokens.issued_at + Days::new(400);
        let refresh_end = tokens
            .refresh
            .as_ref()
            .map_or(year, |refresh| refresh.expires_at);
        let access = self.cookie(
            ACCESS_COOKIE,
            &tokens.access,
            &self.access_path,
            refresh_end.clamp(year, longest),
        );
        response.adjoin_header(&access);
        if let Some(refresh) = &tokens.refresh {
            let refresh = self.cookie(
                REFRESH_COOKIE,
                &refresh.token,
                &self.refresh_path,
                refresh.expires_at,
            );
            response.adjoin_header(&refresh);
        }
        front_token(response, tokens.front.clone());
    }

    /// Removes both cookies; a removal repeats name, path, domain and flags, or browsers ignore it.
    pub(super) fn clear(&self, response: &mut Response<'_>) {
        let epoch = DateTime::UNIX_EPOCH;
        response.adjoin_header(self.cookie(ACCESS_COOKIE, "", &self.access_path, epoch));
        response.adjoin_header(self.cookie(REFRESH_COOKIE, "", &self.refresh_path, epoch));
        front_token(response, "remove".into());
    }

    fn cookie(
        &self,
        name: &'static str,
        value: &str,
        path: &str,
        expires: DateTime<Utc>,
    ) -> Cookie<'static> {
        let expires = OffsetDateTime::from_unix_timestamp(expires.timestamp())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let mut cookie = Cookie::build((name, value.to_owned()))
            .path(path.to_owned())
            .expires(expires)
            .http_only(true)
            .secure(self.secure)
            .same_site(self.same_site);
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.clone());
        }
        cookie.build()
    }
}

/// Marks a response that depends on a session or carries tokens as nobody else's (OWASP ASVS 14.3.2).
pub(super) fn forbid_caching(response: &mut Response<'_>) {
    response.set_raw_header("Cache-Control", "no-store");
    append(response, "Vary", "Cookie");
    append(response, "Vary", "Authorization");
}

fn front_token(response: &mut Response<'_>, value: String) {
    response.set_header(Header::new(FRONT_TOKEN, value));
    append(response, EXPOSE, FRONT_TOKEN);
}

/// Adds to a list header what it does not name yet; what the application wrote stays.
fn append(response: &mut Response<'_>, header: &'static str, value: &str) {
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
