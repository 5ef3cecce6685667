//! The refresh token that a request presents, and sessions whose refresh token is missing.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use super::{MAX_ROWS, Named, Presented};
use crate::config::TransferMethod;
use crate::handle::{SessionHandle, Tag};
use crate::rules::selection::{self, ShownRefresh};
use crate::sessions::{Recognised, Sessions};
use crate::token::access::Verified;
use crate::token::refresh::{self, Authentic, short_hash};
use crate::token::{Transport, access};
use crate::web::response::wire::HashRule;

/// A refresh token of this application that a request presents.
#[derive(Debug, Clone, Copy)]
pub(in crate::web) struct ShownToken {
    pub(in crate::web) token: Authentic,
    /// Whether this browser was not given it for its session, so that somebody has a copy of the
    /// session.
    pub(in crate::web) is_copied: bool,
}

/// The refresh tokens to try.
#[derive(Debug)]
pub(in crate::web) enum FoundRefresh {
    /// At least one token of this application, one per session, the newest session's first.
    Tokens(Vec<ShownToken>),
    /// A token that another process may have issued under a key unknown to this one.
    UnknownKey(Transport),
    /// The refresh token of one session beside the access token of another.
    Mixed,
    /// No refresh token of this application.
    Nothing,
}

impl FoundRefresh {
    /// The tokens to try.
    pub(in crate::web) fn tokens(&self) -> &[ShownToken] {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::UnknownKey(_) | Self::Mixed | Self::Nothing => &[],
        }
    }

    /// How the tokens were sent; in cookies if that is unknown.
    pub(in crate::web) fn transport(&self) -> Transport {
        match self {
            Self::UnknownKey(transport) => *transport,
            Self::Tokens(_) | Self::Mixed | Self::Nothing => self
                .tokens()
                .first()
                .map_or(Transport::Cookie, |shown| shown.token.binding.transport),
        }
    }
}

impl<'r> Presented<'r> {
    /// The bearer token, if it counts as a refresh token.
    pub(super) fn refresh_bearer(&self) -> Option<&'r str> {
        self.bearer
            .filter(|_| self.transfer != TransferMethod::Cookie)
            .filter(|token| refresh::has_form(token))
    }

    /// The refresh tokens to try. A header takes precedence over cookies. Of cookies, the newest
    /// session's comes first, and the others follow in case it has ended: another host on the
    /// domain can plant such a session.
    pub(in crate::web) fn refresh(&self, sessions: &Sessions) -> FoundRefresh {
        if let Some(token) = self.refresh_bearer() {
            return self.refresh_in_header(sessions, token);
        }
        self.refresh_in_cookies(sessions, |_| true)
    }

    /// The refresh token of this session, in a cookie.
    pub(in crate::web) fn refresh_of(
        &self,
        sessions: &Sessions,
        handle: SessionHandle,
    ) -> FoundRefresh {
        self.refresh_in_cookies(sessions, |token| token.handle == handle)
    }

    /// The refresh tokens of ours in cookies.
    pub(in crate::web) fn refresh_cookies(&self, sessions: &Sessions) -> Vec<Authentic> {
        of_cookies(sessions, &self.refresh)
    }

    fn refresh_in_cookies(
        &self,
        sessions: &Sessions,
        is_meant: impl Fn(&Authentic) -> bool,
    ) -> FoundRefresh {
        let shown = |is_copied| move |token| ShownToken { token, is_copied };
        let ours = of_cookies(sessions, &self.refresh).into_iter();
        let copied = of_cookies(sessions, &self.strange_refresh).into_iter();
        let mut left: Vec<ShownToken> = ours
            .map(shown(false))
            .chain(copied.map(shown(true)))
            .filter(|shown| is_meant(&shown.token))
            .collect();
        let mut tokens = Vec::new();
        while tokens.len() < MAX_ROWS
            && let Some(chosen) = choose(&left)
        {
            left.retain(|shown| shown.token.handle != chosen.token.handle);
            tokens.push(chosen);
        }
        if !tokens.is_empty() {
            FoundRefresh::Tokens(tokens)
        } else if self.has_cookie_of_unknown_key(sessions) {
            FoundRefresh::UnknownKey(Transport::Cookie)
        } else {
            FoundRefresh::Nothing
        }
    }

    /// Keeps only the refresh cookies whose hash cookie belongs to them.
    ///
    /// A sibling host can plant a refresh cookie, of its own session or of a copy of this one, and
    /// fill the cookie jar until the browser drops the original. It cannot plant a `__Host-` cookie
    /// with the hash. Without this check the browser would continue with the copy, and the theft
    /// would never be detected.
    pub(super) fn sort_refresh_cookies(&mut self, rule: HashRule) {
        // Browsers send the hash with every request, but the token to the refresh route only.
        if self.refresh.is_empty() {
            return;
        }
        let hashes: HashSet<(Tag, &str)> = self
            .refresh_hashes
            .iter()
            .map(|hash| (hash.tag, &*hash.token))
            .collect();
        let (mut whole, mut others): (Vec<_>, Vec<_>) = mem::take(&mut self.refresh)
            .into_iter()
            .partition(|Named { tag, token }| hashes.contains(&(*tag, &*short_hash(token))));
        let matched: HashSet<Tag> = whole.iter().map(|named| named.tag).collect();
        others.retain(|named| !matched.contains(&named.tag));
        let hashed: HashSet<Tag> = hashes.iter().map(|(tag, _)| *tag).collect();
        match rule {
            HashRule::Proves => {
                self.has_proved_refresh = true;
                others.retain(|named| hashed.contains(&named.tag));
                self.strange_refresh = others;
            }
            HashRule::Needed => {}
            HashRule::Preferred => {
                others.retain(|named| self.access.iter().any(|access| access.tag == named.tag));
                whole.append(&mut others);
            }
        }
        self.refresh = whole;
    }

    /// When the access token beside a refresh token was issued, if it is good and of a session that
    /// is bound to a device. Others cost no signature.
    pub(in crate::web) fn bound_beside(
        &self,
        sessions: &Sessions,
        handle: SessionHandle,
    ) -> Option<(Arc<Verified>, &str)> {
        let mut beside = self
            .access
            .iter()
            .filter(|named| named.tag == handle.tag() && access::says_device_bound(&named.token));
        beside.find_map(|named| {
            let verified = sessions.check(&named.token, Transport::Cookie).ok()?;
            (verified.handle == handle && verified.device_bound)
                .then_some((verified, &*named.token))
        })
    }

    /// The sessions with an access cookie but no refresh cookie, which this browser cannot refresh.
    /// A session that awaits a second factor never has one.
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
        // The row of each is read; the rest wait for the next refresh.
        incomplete.truncate(MAX_ROWS);
        incomplete
    }

    /// Whether the request carries any refresh cookie under the name of this session.
    pub(in crate::web) fn has_refresh_cookie(&self, handle: SessionHandle) -> bool {
        let mut cookies = self.refresh.iter().chain(&self.strange_refresh);
        cookies.any(|named| named.tag == handle.tag())
    }

    /// The sessions of which the browser has neither an access cookie nor a refresh token that
    /// counts. Guards ask for a refresh while anything is left of them.
    pub(in crate::web) fn remnants(&self, sessions: &Sessions, found: &FoundRefresh) -> Vec<Tag> {
        let keys = sessions.keys();
        let mut remnants = self.without_access();
        remnants.retain(|tag| {
            let mut cookies = self.refresh.iter().filter(|named| named.tag == *tag);
            let mut tokens = found.tokens().iter();
            !tokens.any(|shown| shown.token.handle.tag() == *tag)
                && !cookies.any(|named| refresh::names_unknown_key(&named.token, keys.macs()))
        });
        remnants
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
        // A client that sends tokens in headers says so; any other must not mix two sessions.
        let mut beside = self.recognise(sessions).into_iter();
        let is_mixed = !self.asks_for_headers
            && !self.access.is_empty()
            && beside.any(|access| access.handle() != found.handle);
        if is_mixed {
            FoundRefresh::Mixed
        } else {
            FoundRefresh::Tokens(vec![ShownToken {
                token: found,
                is_copied: false,
            }])
        }
    }

    /// Whether a refresh token may have been issued under a key that only another process knows.
    pub(in crate::web) fn names_unknown_key(&self, sessions: &Sessions) -> bool {
        match self.refresh_bearer() {
            Some(token) => refresh::names_unknown_key(token, sessions.keys().macs()),
            None => self.has_cookie_of_unknown_key(sessions),
        }
    }

    /// Whether a refresh cookie is of an unknown key, and the access cookie beside it shows that
    /// this application issued it: other applications' cookies name another issuer.
    fn has_cookie_of_unknown_key(&self, sessions: &Sessions) -> bool {
        let keys = sessions.keys();
        let unknown: HashSet<Tag> = self
            .refresh
            .iter()
            .filter(|named| refresh::names_unknown_key(&named.token, keys.macs()))
            .map(|named| named.tag)
            .collect();
        if self.has_proved_refresh && !unknown.is_empty() {
            // Nobody else stores the hash beside it.
            return true;
        }
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

/// The tokens of this application in the cookies of their sessions.
fn of_cookies(sessions: &Sessions, cookies: &[Named<'_>]) -> Vec<Authentic> {
    let authentic = |Named { tag, token }: &Named<'_>| {
        let found = sessions.authenticate(token)?;
        let is_in_place =
            found.binding.transport == Transport::Cookie && found.handle.tag() == *tag;
        is_in_place.then_some(found)
    };
    cookies.iter().filter_map(authentic).collect()
}

/// The one of these tokens that comes first.
fn choose(tokens: &[ShownToken]) -> Option<ShownToken> {
    let shown: Vec<ShownRefresh> = tokens
        .iter()
        .map(|ShownToken { token, .. }| ShownRefresh {
            handle: token.handle,
            generation: token.presented.generation,
        })
        .collect();
    selection::choose_refresh(&shown).map(|index| tokens[index])
}
