//! What a request presents: the tokens it carries, by the session that each belongs to.
//!
//! A cookie's name carries the session, so tokens of several sessions come side by side, and what a
//! neighbour planted or an earlier configuration left behind does not get in the way: a token that is
//! not ours, or that stands under the name of another session, does not count.

mod refresh;

use std::borrow::Cow;
use std::collections::HashSet;

use rocket::Request;
use rocket::http::Cookie;

use crate::config::Transfer;
use crate::handle::Tag;
use crate::sessions::{Recognised, Sessions};
use crate::token::Transport;
use crate::token::access;
use crate::web::paths::{AUTH_MODE, LEGACY_COOKIE};
use crate::web::request::cookies;
use crate::web::response::wire::Wire;

pub(in crate::web) use self::refresh::FoundRefresh;

/// The most that is read of an `Authorization` header, in bytes.
const MAX_AUTHORIZATION: usize = 8192;

/// The most cookies of one kind that are looked at: several times as many as a browser keeps for a site.
const MAX_COOKIES: usize = 1000;

/// The most signatures that are checked for one request, beside those of tokens that are remembered: each
/// takes some 70 microseconds. Chromium keeps 180 cookies for a site and its neighbours and 10 kB of
/// partitioned ones, so that these cannot plant enough to have the one of ours overlooked: what does not name
/// a key of ours counts for none.
const MAX_SIGNATURES: usize = 256;

/// The most rows that are read for one request to learn what becomes of tokens that do not hold: a browser has
/// one or two of these.
pub(in crate::web) const MAX_ROWS: usize = 8;

/// A token under the name of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named<'r> {
    tag: Tag,
    token: Cow<'r, str>,
}

/// The tokens of a request, not verified yet.
#[derive(Debug)]
pub(in crate::web) struct Presented<'r> {
    transfer: Transfer,
    /// Whether a browser that sends a refresh cookie sends the access cookie beside it.
    pairs_are_whole: bool,
    /// Whether the request asks for tokens in headers.
    asks_for_headers: bool,
    access: Vec<Named<'r>>,
    refresh: Vec<Named<'r>>,
    bearer: Option<&'r str>,
    /// Whether a cookie of earlier front ends is there.
    pub(in crate::web) legacy: bool,
}

impl<'r> Presented<'r> {
    pub(in crate::web) fn of(request: &'r Request<'_>, wire: &Wire) -> Self {
        let mut presented = Self {
            transfer: wire.transfer,
            pairs_are_whole: wire.pairs_are_whole(),
            asks_for_headers: asks_for_headers(request),
            access: Vec::new(),
            refresh: Vec::new(),
            bearer: bearer(request),
            legacy: false,
        };
        if wire.transfer != Transfer::Header {
            presented.read_cookies(request, wire);
        }
        presented
    }

    /// Reads the raw header lines: Rocket's jar keeps only the last of two cookies of one name, and trims
    /// white space that a browser takes for part of a name, which would let a neighbour's cookie pass for
    /// one with a prefix. What Rocket's local client put into the jar stands in no line.
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
        // Some of them Rocket has read from a line, where they have another name.
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

    /// Whether a cookie is none of ours, or was read from a line already.
    fn has(&self, wire: &Wire, cookie: &Cookie<'_>) -> bool {
        let Some((kind, tag)) = wire.kind_of(cookie.name()) else {
            return true;
        };
        let tokens = match kind {
            Kind::Access => &self.access,
            Kind::Refresh => &self.refresh,
        };
        let mut named = tokens.iter().filter(|named| named.tag == tag);
        tokens.len() >= MAX_COOKIES || named.any(|named| named.token == cookie.value())
    }

    fn add(&mut self, wire: &Wire, name: &str, token: Cow<'r, str>) {
        match wire.kind_of(name) {
            Some((kind, tag)) => {
                let tokens = match kind {
                    Kind::Access => &mut self.access,
                    Kind::Refresh => &mut self.refresh,
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
            .filter(|_| self.transfer != Transfer::Cookie)
            .filter(|token| sessions.may_be_access_token(token))
    }

    /// Whether there is a cookie with the name of an access token.
    pub(in crate::web) fn has_access_cookies(&self) -> bool {
        !self.access.is_empty()
    }

    /// Whether no page of another site can have made a browser send this: a header says who asks, or how.
    pub(in crate::web) fn is_in_headers(&self, sessions: &Sessions) -> bool {
        self.access_bearer(sessions).is_some()
            || self.refresh_bearer().is_some()
            || (self.asks_for_headers && self.access.is_empty() && self.refresh.is_empty())
            || self.transfer == Transfer::Header
    }

    /// The access cookies of ours, whether or not they still hold, under the names of their sessions.
    pub(in crate::web) fn recognise(&self, sessions: &Sessions) -> Vec<Recognised> {
        self.recognise_where(sessions, |_| true)
    }

    /// Those of them whose names pass.
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

    /// Every session that the request shows with an access token of ours, expired or not, or says that it is
    /// one.
    pub(in crate::web) fn sessions(&self, sessions: &Sessions) -> Vec<Recognised> {
        let bearer = self
            .access_bearer(sessions)
            .and_then(|token| sessions.recognise(token));
        bearer.into_iter().chain(self.recognise(sessions)).collect()
    }
}

/// Which token a cookie holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::web) enum Kind {
    Access,
    Refresh,
}

/// Whether a request asks for tokens in headers.
pub(in crate::web) fn asks_for_headers(request: &Request<'_>) -> bool {
    request
        .headers()
        .get_one(AUTH_MODE)
        .is_some_and(|mode| mode.eq_ignore_ascii_case("header"))
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
