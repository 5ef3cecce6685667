//! The refresh token among what a request presents, and sessions whose refresh token is missing.

use std::collections::HashSet;

use super::{MAX_ROWS, Named, Presented};
use crate::config::Transfer;
use crate::handle::{SessionHandle, Tag};
use crate::keys::sealing::hex;
use crate::rules::selection::{self, ShownRefresh};
use crate::sessions::{Recognised, Sessions};
use crate::token::refresh::{self, Authentic};
use crate::token::{Transport, access};

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
    /// The bearer token, if it counts as a refresh token.
    pub(super) fn refresh_bearer(&self) -> Option<&'r str> {
        self.bearer
            .filter(|_| self.transfer != Transfer::Cookie)
            .filter(|token| refresh::has_form(token))
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
