//! What a request presents: the tokens it carries, and which of them counts (protocol: "choosing the
//! transfer method").

use std::borrow::Cow;

use rocket::Request;
use rocket::http::Cookie;

use crate::config::Transfer;
use crate::error::Error;
use crate::event::Event;
use crate::sessions::Sessions;
use crate::token::access::Verified;
use crate::token::{Transport, refresh};
use crate::web::response::wire::{LEGACY_COOKIE, Wire};

/// The most that is read of an `Authorization` header, in bytes.
const MAX_AUTHORIZATION: usize = 8192;

/// A token in one place of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) enum Found<'r> {
    Nothing,
    Once(Cow<'r, str>),
    /// Two of one name: neither is trusted (RFC 6265bis section 8.6, RFC 9110 section 11.6.2).
    Twice,
}

impl<'r> Found<'r> {
    fn add(&mut self, value: Cow<'r, str>) {
        *self = match self {
            Self::Nothing => Self::Once(value),
            Self::Once(_) | Self::Twice => Self::Twice,
        };
    }

    pub(in crate::web) fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }

    fn token(&self) -> Option<&str> {
        match self {
            Self::Once(token) => Some(token),
            Self::Nothing | Self::Twice => None,
        }
    }
}

/// The token that counts, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::web) struct Credential<'r> {
    pub(in crate::web) token: Cow<'r, str>,
    pub(in crate::web) transport: Transport,
}

/// The tokens of a request, unjudged.
#[derive(Debug)]
pub(in crate::web) struct Presented<'r> {
    transfer: Transfer,
    pub(in crate::web) access_cookie: Found<'r>,
    pub(in crate::web) refresh_cookie: Found<'r>,
    pub(in crate::web) bearer: Found<'r>,
    /// Whether a cookie of a time before this library is there.
    legacy: bool,
}

impl<'r> Presented<'r> {
    /// Reads the raw header lines, because Rocket's jar keeps only the last of two cookies of one
    /// name. Requests of Rocket's local client have no such lines, so the jar is asked then.
    pub(in crate::web) fn of(request: &'r Request<'_>, wire: &Wire) -> Self {
        let mut presented = Self {
            transfer: wire.transfer,
            access_cookie: Found::Nothing,
            refresh_cookie: Found::Nothing,
            bearer: bearer(request),
            legacy: false,
        };
        let mut raw = false;
        for line in request.headers().get("cookie") {
            raw = true;
            // Our names and values need no decoding, so what is encoded is not ours.
            for cookie in Cookie::split_parse(line).flatten() {
                let value = match cookie.value_raw() {
                    Some(value) => Cow::Borrowed(value),
                    None => Cow::Owned(cookie.value().to_owned()),
                };
                presented.add(wire, cookie.name(), value);
            }
        }
        if !raw {
            for cookie in request.cookies().iter() {
                presented.add(wire, cookie.name(), cookie.value().to_owned().into());
            }
        }
        presented
    }

    fn add(&mut self, wire: &Wire, name: &str, value: Cow<'r, str>) {
        if name == wire.access.name {
            self.access_cookie.add(value);
        } else if name == wire.refresh.name {
            self.refresh_cookie.add(value);
        } else if name == LEGACY_COOKIE {
            self.legacy = true;
        }
    }

    /// Whether there is any session cookie: what a page of another site can make a browser send.
    pub(in crate::web) fn has_cookies(&self) -> bool {
        !self.access_cookie.is_nothing() || !self.refresh_cookie.is_nothing()
    }

    /// Whether something is there in the place of an access token, whatever it is.
    pub(in crate::web) fn has_access_in(&self, transport: Transport) -> bool {
        match transport {
            Transport::Cookie => !self.access_cookie.is_nothing(),
            Transport::Header => !self.bearer.is_nothing(),
        }
    }

    /// The access token that counts; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::TryRefreshToken`] if there are two, or a cookie that only a refresh removes.
    pub(in crate::web) fn access(
        &self,
        sessions: &Sessions,
    ) -> Result<Option<Credential<'r>>, Error> {
        let allows_cookies = self.transfer != Transfer::Header;
        if self.legacy && allows_cookies {
            return Err(Error::TryRefreshToken);
        }
        let bearer_counts = match &self.bearer {
            Found::Nothing => false,
            Found::Once(token) => sessions.may_be_access_token(token),
            Found::Twice => true,
        };
        self.take(bearer_counts, !self.access_cookie.is_nothing())
            .map(|transport| match transport {
                Transport::Header => credential(&self.bearer, transport),
                Transport::Cookie => credential(&self.access_cookie, transport),
            })
            .transpose()
    }

    /// The refresh token that counts; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if there are two in one header.
    pub(in crate::web) fn refresh(&self) -> Result<Option<Credential<'r>>, Error> {
        self.take(
            self.has_refresh_in_header(),
            !self.refresh_cookie.is_nothing(),
        )
        .map(|transport| match transport {
            Transport::Header => credential(&self.bearer, transport),
            Transport::Cookie => credential(&self.refresh_cookie, transport),
        })
        .transpose()
        .map_err(|_twice| Error::NONE)
    }

    /// Whether something is there in the place of a refresh token.
    pub(in crate::web) fn has_refresh_in(&self, transport: Transport) -> bool {
        match transport {
            Transport::Cookie => !self.refresh_cookie.is_nothing(),
            Transport::Header => self.has_refresh_in_header(),
        }
    }

    fn has_refresh_in_header(&self) -> bool {
        match &self.bearer {
            Found::Nothing => false,
            Found::Once(token) => refresh::has_form(token),
            Found::Twice => true,
        }
    }

    /// Which cookies are there twice, as (access, refresh); that matters where cookies are allowed.
    pub(in crate::web) fn duplicates(&self) -> (bool, bool) {
        let allows_cookies = self.transfer != Transfer::Header;
        (
            allows_cookies && self.access_cookie == Found::Twice,
            allows_cookies && self.refresh_cookie == Found::Twice,
        )
    }

    /// Says it, once a request, if a cookie is there twice.
    pub(in crate::web) fn report_duplicates(&self, request: &Request<'_>, sessions: &Sessions) {
        struct Reported;
        if self.duplicates() != (false, false) {
            request.local_cache(|| {
                let path = request.uri().path().to_string();
                sessions.emit(&Event::DuplicateCookies { path });
                Reported
            });
        }
    }

    /// What the access token says, whether or not it is still good, and where it came from.
    pub(in crate::web) fn claimed(&self, sessions: &Sessions) -> Option<(Verified, Transport)> {
        let Credential { token, transport } = self.access(sessions).ok().flatten()?;
        Some((sessions.read(&token)?, transport))
    }

    /// The access cookie, for judging whether it belongs to the refresh token beside it.
    pub(in crate::web) fn access_cookie(&self) -> Option<&str> {
        self.access_cookie.token()
    }

    fn take(&self, in_header: bool, in_cookie: bool) -> Option<Transport> {
        choose(self.transfer, in_header, in_cookie)
    }
}

/// Whether a request carries the cookie of earlier front ends.
pub(in crate::web) fn has_legacy_cookie(request: &Request<'_>, wire: &Wire) -> bool {
    Presented::of(request, wire).legacy
}

/// Which of two places counts. A header beats a cookie.
fn choose(allowed: Transfer, in_header: bool, in_cookie: bool) -> Option<Transport> {
    let (header, cookie) = match allowed {
        Transfer::Any => (in_header, in_cookie),
        Transfer::Cookie => (false, in_cookie),
        Transfer::Header => (in_header, false),
    };
    if header {
        Some(Transport::Header)
    } else {
        cookie.then_some(Transport::Cookie)
    }
}

fn credential<'r>(found: &Found<'r>, transport: Transport) -> Result<Credential<'r>, Error> {
    match found {
        Found::Once(token) => Ok(Credential {
            token: token.clone(),
            transport,
        }),
        Found::Nothing | Found::Twice => Err(Error::TryRefreshToken),
    }
}

/// The bearer token: the scheme in any case, one space, one token (RFC 6750 section 2.1).
fn bearer<'r>(request: &'r Request<'_>) -> Found<'r> {
    let mut values = request.headers().get("authorization");
    let (Some(value), more) = (values.next(), values.next()) else {
        return Found::Nothing;
    };
    if more.is_some() {
        return Found::Twice;
    }
    let token = value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .filter(|token| value.len() <= MAX_AUTHORIZATION && is_token68(token));
    token.map_or(Found::Nothing, |token| Found::Once(Cow::Borrowed(token)))
}

/// RFC 9110 section 11.2.
fn is_token68(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_beats_the_cookie_and_the_setting_beats_both() {
        use Transfer::{Any, Cookie, Header};
        let (header, cookie) = (Some(Transport::Header), Some(Transport::Cookie));
        for (allowed, in_header, in_cookie, chosen) in [
            (Any, false, false, None),
            (Any, false, true, cookie),
            (Any, true, false, header),
            (Any, true, true, header),
            (Cookie, false, false, None),
            (Cookie, false, true, cookie),
            (Cookie, true, false, None),
            (Cookie, true, true, cookie),
            (Header, false, false, None),
            (Header, false, true, None),
            (Header, true, false, header),
            (Header, true, true, header),
        ] {
            assert_eq!(
                choose(allowed, in_header, in_cookie),
                chosen,
                "{allowed:?} {in_header} {in_cookie}"
            );
        }
    }
}
