//! What a request presents: the tokens it carries, by the session that each belongs to.
//!
//! A cookie's name carries the session, so tokens of several sessions come side by side, and what a
//! neighbour planted or an earlier configuration left behind does not get in the way: a token that is
//! not ours, or that stands under the name of another session, does not count.

use std::borrow::Cow;
use std::collections::HashSet;

use rocket::Request;
use rocket::http::Cookie;

use crate::config::Transfer;
use crate::handle::{SessionHandle, Tag};
use crate::keys::sealing::hex;
use crate::rules::selection::{self, ShownRefresh};
use crate::sessions::{Recognised, Sessions};
use crate::token::Transport;
use crate::token::access;
use crate::token::pending;
use crate::token::refresh::{self, Authentic};
use crate::web::paths::{AUTH_MODE, LEGACY_COOKIE};
use crate::web::request::cookies;
use crate::web::response::wire::Wire;

/// The most that is read of an `Authorization` header, in bytes.
const MAX_AUTHORIZATION: usize = 8192;

/// The most cookies of one kind that are looked at: several times as many as a browser keeps for a site.
const MAX_COOKIES: usize = 1000;

/// The most signatures that are checked for one request, beside those of tokens that are remembered: each
/// takes some 70 microseconds. Chromium and Firefox keep 180 cookies for a site and its neighbours, so that
/// these cannot plant enough to have the one of ours overlooked.
const MAX_SIGNATURES: usize = 200;

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

/// The refresh token that counts.
#[derive(Debug)]
pub(in crate::web) enum FoundRefresh {
    /// A token of ours.
    Token(Authentic),
    /// A token that another process may have issued under a key that is not known here.
    UnknownKey(Transport),
    /// The refresh token of one session beside the access token of another.
    Mixed,
    /// Nothing of ours.
    Nothing,
}

impl FoundRefresh {
    /// How what was found travels; cookies if that is not known.
    pub(in crate::web) fn transport(&self) -> Transport {
        match self {
            Self::Token(token) => token.binding.transport,
            Self::UnknownKey(transport) => *transport,
            Self::Mixed | Self::Nothing => Transport::Cookie,
        }
    }
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

    /// The bearer token, if it counts as a refresh token.
    fn refresh_bearer(&self) -> Option<&'r str> {
        self.bearer
            .filter(|_| self.transfer != Transfer::Cookie)
            .filter(|token| refresh::has_form(token))
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
            if !sessions.is_remembered(token) && !pending::has_form(token) {
                let said = access::read_unverified(token)?;
                if said.handle.tag() != *tag || signatures == MAX_SIGNATURES {
                    return None;
                }
                signatures += 1;
            }
            let found = sessions.recognise(token)?;
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

    /// The refresh token that counts. A header beats a cookie; of cookies, the newest session's counts.
    pub(in crate::web) fn refresh(&self, sessions: &Sessions) -> FoundRefresh {
        if let Some(token) = self.refresh_bearer() {
            return self.refresh_in_header(sessions, token);
        }
        let mut ours = Vec::new();
        for Named { tag, token } in &self.refresh {
            match sessions.authenticate(token) {
                Some(found)
                    if found.binding.transport == Transport::Cookie
                        && found.handle.tag() == *tag =>
                {
                    ours.push(found);
                }
                _ => {}
            }
        }
        // A neighbour can plant a refresh cookie of its own session, whose prefix does not bind it to this
        // host, but not the access cookie that goes with it. Its name is enough: a token that is old is of
        // a key that nobody has any more.
        if self.pairs_are_whole {
            ours.retain(|token| {
                let tag = token.handle.tag();
                self.access.iter().any(|access| access.tag == tag)
            });
        }
        let beside = self.issued_with_access(&ours);
        let shown: Vec<ShownRefresh> = ours
            .iter()
            .map(|token| ShownRefresh {
                handle: token.handle,
                generation: token.presented.generation,
                paired: beside.contains(&hex(&token.presented.token.0)),
            })
            .collect();
        if let Some(index) = selection::choose_refresh(&shown) {
            return FoundRefresh::Token(ours[index]);
        }
        if self.has_cookie_of_unknown_key(sessions) {
            return FoundRefresh::UnknownKey(Transport::Cookie);
        }
        FoundRefresh::Nothing
    }

    /// The hashes of refresh tokens that the access cookies of the same sessions name. Where there is only one
    /// token of a session they need not be read.
    fn issued_with_access(&self, refresh: &[Authentic]) -> HashSet<String> {
        let mut sessions = HashSet::new();
        let several: HashSet<SessionHandle> = refresh
            .iter()
            .map(|token| token.handle)
            .filter(|handle| !sessions.insert(*handle))
            .collect();
        let tags: HashSet<Tag> = several.iter().map(|handle| handle.tag()).collect();
        let access = self.access.iter().filter(|named| tags.contains(&named.tag));
        access
            .filter_map(|named| access::read_unverified(&named.token))
            .filter(|said| several.contains(&said.handle))
            .filter_map(|said| said.refresh_token_hash1)
            .collect()
    }

    /// The sessions with an access cookie of ours and no refresh cookie: this browser cannot refresh them. One
    /// that awaits a second factor has none.
    pub(in crate::web) fn incomplete(&self, sessions: &Sessions) -> Vec<SessionHandle> {
        if self.refresh_bearer().is_some() {
            return Vec::new();
        }
        let keys = sessions.keys();
        let has_refresh: HashSet<Tag> = self
            .refresh
            .iter()
            .filter(|named| {
                let ours = sessions.authenticate(&named.token);
                ours.is_some_and(|found| found.handle.tag() == named.tag)
                    || refresh::names_unknown_key(&named.token, keys.macs())
            })
            .map(|named| named.tag)
            .collect();
        let mut incomplete: Vec<SessionHandle> = self
            .recognise_where(sessions, |tag| !has_refresh.contains(&tag))
            .into_iter()
            .filter(|access| !matches!(access, Recognised::Pending(_)))
            .map(|access| access.handle())
            .collect();
        incomplete.sort_unstable();
        incomplete.dedup();
        // The row of each is read; the others have their turn with the next refresh.
        incomplete.truncate(MAX_ROWS);
        incomplete
    }

    fn refresh_in_header(&self, sessions: &Sessions, token: &str) -> FoundRefresh {
        let Some(found) = sessions.authenticate(token) else {
            return if refresh::names_unknown_key(token, sessions.keys().macs()) {
                FoundRefresh::UnknownKey(Transport::Header)
            } else {
                FoundRefresh::Nothing
            };
        };
        if found.binding.transport != Transport::Header {
            return FoundRefresh::Nothing;
        }
        // A browser that keeps tokens in headers says so; another one must not mix two sessions.
        let mut beside = self.recognise(sessions).into_iter();
        let is_mixed = !self.asks_for_headers
            && !self.access.is_empty()
            && beside.any(|access| access.handle() != found.handle);
        if is_mixed {
            FoundRefresh::Mixed
        } else {
            FoundRefresh::Token(found)
        }
    }

    /// Whether a refresh token may be of a key that is not known here, but to another process.
    pub(in crate::web) fn names_unknown_key(&self, sessions: &Sessions) -> bool {
        match self.refresh_bearer() {
            Some(token) => refresh::names_unknown_key(token, sessions.keys().macs()),
            None => self.has_cookie_of_unknown_key(sessions),
        }
    }

    /// Whether a refresh cookie is of an unknown key, and the access cookie beside it says that we issued
    /// it: a neighbour's cookies name another issuer.
    fn has_cookie_of_unknown_key(&self, sessions: &Sessions) -> bool {
        let keys = sessions.keys();
        let unknown: HashSet<Tag> = self
            .refresh
            .iter()
            .filter(|named| refresh::names_unknown_key(&named.token, keys.macs()))
            .map(|named| named.tag)
            .collect();
        let mut beside = self
            .access
            .iter()
            .filter(|access| unknown.contains(&access.tag));
        beside.any(|access| {
            access::read_unverified(&access.token).is_some_and(|said| {
                said.issuer == sessions.issuer() && said.handle.tag() == access.tag
            })
        })
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
