//! What a request presents: its tokens, each assigned to its session.
//!
//! The name of a cookie contains the session, so tokens of several sessions arrive side by side.
//! Tokens that this application did not issue, or that are in the cookie of another session, are
//! ignored; so cookies that another host on the domain planted or an earlier configuration left do
//! no harm.

mod refresh;

use std::borrow::Cow;
use std::collections::HashSet;

use rocket::Request;
use rocket::http::Cookie;

use crate::config::TransferMethod;
use crate::handle::Tag;
use crate::sessions::{Recognised, Sessions};
use crate::token::Transport;
use crate::token::access::{self, Verified};
use crate::web::request::cookies;
use crate::web::response::wire::{CookieKind, Wire, asks_for_headers};
use crate::wire_names::LEGACY_COOKIE;

pub(in crate::web) use self::refresh::{FoundRefresh, ShownToken};

/// How many bytes of an `Authorization` header are read at most.
const MAX_AUTHORIZATION: usize = 8192;

/// How many cookies of one kind are read at most: several times as many as a browser stores for a
/// site.
const MAX_COOKIES: usize = 1000;

/// How many signatures are verified for one request at most, beside cached tokens; each takes some
/// 70 microseconds. Chromium stores 180 cookies for a site and its sibling hosts and 10 kB of
/// partitioned ones, so these cannot plant enough to hide the application's own. Tokens that name
/// no key of this application do not count.
const MAX_SIGNATURES: usize = 256;

/// How many rows are read for one request at most, to learn the state of tokens that are no longer
/// valid; a browser has one or two of them.
pub(in crate::web) const MAX_ROWS: usize = 8;

/// A token, or the hash of one, in the cookie of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named<'r> {
    tag: Tag,
    token: Cow<'r, str>,
}

/// The tokens of a request, not verified yet.
#[derive(Debug)]
pub(in crate::web) struct Presented<'r> {
    transfer: TransferMethod,
    /// Whether the request asks for tokens in headers.
    asks_for_headers: bool,
    access: Vec<Named<'r>>,
    /// Refresh tokens whose hash cookie is present.
    refresh: Vec<Named<'r>>,
    /// Refresh tokens beside the hash of another token.
    strange_refresh: Vec<Named<'r>>,
    refresh_hashes: Vec<Named<'r>>,
    /// Whether the refresh tokens that count stand beside a hash that nobody else can store.
    has_proved_refresh: bool,
    bearer: Option<&'r str>,
    /// Whether there is a cookie of earlier front ends.
    pub(in crate::web) legacy: bool,
}

impl<'r> Presented<'r> {
    pub(in crate::web) fn of(request: &'r Request<'_>, wire: &Wire) -> Self {
        let mut presented = Self {
            transfer: wire.transfer,
            asks_for_headers: asks_for_headers(request),
            access: Vec::new(),
            refresh: Vec::new(),
            strange_refresh: Vec::new(),
            refresh_hashes: Vec::new(),
            has_proved_refresh: false,
            bearer: bearer(request),
            legacy: false,
        };
        if wire.transfer != TransferMethod::Header {
            presented.read_cookies(request, wire);
            presented.sort_refresh_cookies(wire.hash_rule());
        }
        presented
    }

    /// Reads the raw header lines. Rocket's jar keeps only the last of two cookies of one name, and
    /// trims white space that a browser treats as part of a name, which would let another host's
    /// cookie pass for one with a prefix. Cookies that Rocket's local client added to the jar are
    /// in no line.
    fn read_cookies(&mut self, request: &'r Request<'_>, wire: &Wire) {
        for line in request.headers().get("cookie") {
            for (name, value) in cookies::pairs(line) {
                self.add(wire, name, Cow::Borrowed(value));
            }
        }
        let unread: Vec<&Cookie<'_>> = request
            .cookies()
            .iter()
            .filter(|cookie| !self.has(wire, cookie))
            .collect();
        if unread.is_empty() {
            return;
        }
        // Rocket has read some of them from a line, in which they have another name.
        let lines = request.headers().get("cookie");
        let read: HashSet<(String, String)> = lines
            .flat_map(Cookie::split_parse_encoded)
            .flatten()
            .map(|cookie| (cookie.name().to_owned(), cookie.value().to_owned()))
            .collect();
        for cookie in unread {
            let pair = (cookie.name().to_owned(), cookie.value().to_owned());
            if !read.contains(&pair) {
                self.add(wire, &pair.0, Cow::Owned(pair.1));
            }
        }
    }

    /// Whether a cookie is not a session cookie, or was read from a line already.
    fn has(&self, wire: &Wire, cookie: &Cookie<'_>) -> bool {
        let Some((kind, tag)) = wire.kind_of(cookie.name()) else {
            return true;
        };
        let tokens = match kind {
            CookieKind::Access => &self.access,
            CookieKind::Refresh => &self.refresh,
            CookieKind::RefreshHash => &self.refresh_hashes,
        };
        let mut named = tokens.iter().filter(|named| named.tag == tag);
        tokens.len() >= MAX_COOKIES || named.any(|named| named.token == cookie.value())
    }

    fn add(&mut self, wire: &Wire, name: &str, token: Cow<'r, str>) {
        match wire.kind_of(name) {
            Some((kind, tag)) => {
                let tokens = match kind {
                    CookieKind::Access => &mut self.access,
                    CookieKind::Refresh => &mut self.refresh,
                    CookieKind::RefreshHash => &mut self.refresh_hashes,
                };
                let named = Named { tag, token };
                if tokens.len() < MAX_COOKIES && !tokens.contains(&named) {
                    tokens.push(named);
                }
            }
            None => self.legacy |= name == LEGACY_COOKIE,
        }
    }

    /// The bearer token, if it counts as an access token.
    pub(in crate::web) fn access_bearer(&self, sessions: &Sessions) -> Option<&'r str> {
        self.bearer
            .filter(|_| self.transfer != TransferMethod::Cookie)
            .filter(|token| sessions.may_be_access_token(token))
    }

    /// The access cookie that was verified with this result.
    pub(in crate::web) fn access_cookie(
        &self,
        sessions: &Sessions,
        verified: &Verified,
    ) -> Option<String> {
        let tag = verified.handle.tag();
        let mut named = self.access.iter().filter(|named| named.tag == tag);
        let is_it = |named: &&Named<'r>| {
            let checked = sessions.check(&named.token, Transport::Cookie);
            checked.is_ok_and(|found| {
                found.handle == verified.handle && found.issued_at == verified.issued_at
            })
        };
        named
            .find(is_it)
            .map(|named| named.token.clone().into_owned())
    }

    /// Whether there is a cookie with the name of an access token.
    pub(in crate::web) fn has_access_cookies(&self) -> bool {
        !self.access.is_empty()
    }

    /// Whether an access cookie is one of a session that is bound to a device, as it says itself.
    pub(in crate::web) fn says_device_bound(&self) -> bool {
        let mut tokens = self.access.iter();
        tokens.any(|named| access::says_device_bound(&named.token))
    }

    /// The sessions of which the browser has a cookie, and lost the access cookie.
    pub(in crate::web) fn without_access(&self) -> Vec<Tag> {
        let rest = [&self.refresh, &self.strange_refresh, &self.refresh_hashes];
        let mut tags: Vec<Tag> = rest.into_iter().flatten().map(|named| named.tag).collect();
        tags.retain(|tag| !self.access.iter().any(|access| access.tag == *tag));
        tags.sort_unstable();
        tags.dedup();
        tags
    }

    fn has_token_cookies(&self) -> bool {
        let mut tokens = [&self.access, &self.refresh, &self.strange_refresh].into_iter();
        tokens.any(|tokens| !tokens.is_empty())
    }

    /// Whether no page of another site can have made a browser send this request, because a header
    /// carries the token or asks for tokens. A bearer token counts only if it was recognised.
    pub(in crate::web) fn is_in_headers(&self, bearer: Option<&Recognised>) -> bool {
        self.transfer == TransferMethod::Header
            || (!self.has_token_cookies() && (self.asks_for_headers || bearer.is_some()))
    }

    /// Whether no page of another site can have made a browser send this refresh, because a header
    /// carries the refresh token or asks for tokens.
    pub(in crate::web) fn refreshes_in_headers(&self) -> bool {
        self.transfer == TransferMethod::Header
            || self.refresh_bearer().is_some()
            || (self.asks_for_headers && !self.has_token_cookies())
    }

    /// The access cookies with tokens of this application, valid or not, under the names of their
    /// sessions.
    pub(in crate::web) fn recognise(&self, sessions: &Sessions) -> Vec<Recognised> {
        self.recognise_where(sessions, |_| true)
    }

    /// The same, for cookie names that pass a filter.
    fn recognise_where(
        &self,
        sessions: &Sessions,
        is_meant: impl Fn(Tag) -> bool,
    ) -> Vec<Recognised> {
        let mut signatures = 0;
        let mut recognise = |Named { tag, token }: &Named<'r>| {
            let found = if let Some(remembered) = sessions.remembered(token) {
                remembered
            } else {
                if sessions.costs_a_signature(token) {
                    let said = access::read_unverified(token)?;
                    if said.handle.tag() != *tag || signatures == MAX_SIGNATURES {
                        return None;
                    }
                    signatures += 1;
                }
                sessions.recognise(token)?
            };
            (found.handle().tag() == *tag && found.transport() == Transport::Cookie)
                .then_some(found)
        };
        let meant = self.access.iter().filter(|named| is_meant(named.tag));
        meant.filter_map(&mut recognise).collect()
    }

    /// The bearer token, if this application issued it as an access token, valid or not.
    pub(in crate::web) fn recognise_bearer(&self, sessions: &Sessions) -> Option<Recognised> {
        sessions.recognise(self.access_bearer(sessions)?)
    }
}

/// The bearer token: the scheme in any case, one space, one token (RFC 6750 section 2.1). Of two
/// headers neither counts (RFC 9110 section 11.6.2).
fn bearer<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let mut values = request.headers().get("authorization");
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    value
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .filter(|token| value.len() <= MAX_AUTHORIZATION && is_token68(token))
}

/// RFC 9110 section 11.2.
fn is_token68(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
}
