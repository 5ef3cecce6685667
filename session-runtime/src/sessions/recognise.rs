//! The access tokens that a request presents: which ones this application issued, the state of
//! their sessions, and what they prove.

use std::sync::Arc;

use super::Sessions;
use super::verify::Signature;
use crate::config::Revocation;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::keys::sealing::hex;
use crate::revocation::Known;
use crate::rules::selection::Standing;
use crate::token::access::{self, Verified};
use crate::token::{Transport, pending};

/// An access token that this application issued.
#[derive(Debug, Clone)]
pub(crate) enum Recognised {
    /// Its signature and claims are valid.
    Verified(Arc<Verified>),
    /// It belongs to a session that awaits a second factor; the row has its claims.
    Pending(SessionHandle),
    /// It is no longer valid, because its key is gone or a setting was changed.
    Outdated(Box<Outdated>),
}

/// An access token that is no longer valid.
#[derive(Debug, Clone)]
pub(crate) struct Outdated {
    handle: SessionHandle,
    /// Whether a known key signed it; otherwise it proves nothing.
    is_signed: bool,
    /// The hash of the refresh token that it says it was issued with.
    refresh_token_hash1: Option<String>,
    token: String,
}

impl Recognised {
    /// The session it names.
    pub(crate) fn handle(&self) -> SessionHandle {
        match self {
            Self::Verified(verified) => verified.handle,
            Self::Pending(handle) => *handle,
            Self::Outdated(outdated) => outdated.handle,
        }
    }

    /// How it is sent.
    pub(crate) fn transport(&self) -> Transport {
        match self {
            Self::Verified(verified) => verified.transport,
            Self::Pending(_) | Self::Outdated(_) => Transport::Cookie,
        }
    }

    /// Whether its session is a visitor's.
    pub(crate) fn is_anonymous(&self) -> bool {
        matches!(self, Self::Verified(verified) if verified.anonymous)
    }

    /// Whether it was issued with an anti-CSRF token.
    pub(crate) fn has_anti_csrf(&self) -> bool {
        matches!(self, Self::Verified(verified) if verified.anti_csrf.is_some())
    }
}

impl Sessions {
    /// The state of a cookie's access token, and its claims.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database had to be asked and does not answer.
    pub(crate) async fn standing(
        &self,
        recognised: Recognised,
    ) -> Result<(Standing, Option<Arc<Verified>>), Error> {
        let verified = match recognised {
            Recognised::Verified(verified) => verified,
            Recognised::Pending(handle) => return self.standing_of_pending(handle).await,
            Recognised::Outdated(outdated) => {
                // Another process may have created a key a moment ago.
                Box::pin(self.look_for_unknown_key()).await;
                match self.recognise(&outdated.token) {
                    Some(Recognised::Verified(verified)) => verified,
                    Some(Recognised::Pending(_) | Recognised::Outdated(_)) | None => {
                        return Ok((Standing::Stale, None));
                    }
                }
            }
        };
        if !self.holds(&verified, Transport::Cookie) {
            let is_revoked = self.config().revocation == Revocation::Feed
                && self.recall(verified.handle) == Known::Revoked;
            let standing = if is_revoked {
                Standing::Revoked
            } else {
                Standing::Stale
            };
            return Ok((standing, Some(verified)));
        }
        let standing = match self.require_unrevoked(&verified).await {
            Ok(()) => Standing::Live,
            Err(Error::TryRefreshToken) => Standing::Stale,
            Err(Error::Unauthorised) => Standing::Revoked,
            Err(error) => return Err(error),
        };
        Ok((standing, Some(verified)))
    }

    /// The state of a session that awaits a second factor, by its row.
    async fn standing_of_pending(
        &self,
        handle: SessionHandle,
    ) -> Result<(Standing, Option<Arc<Verified>>), Error> {
        match self.inner.store.requests.summary(handle).await? {
            Some(row) if row.pending => {
                let verified = Arc::new(Self::read_pending(row));
                Ok((Standing::Live, Some(verified)))
            }
            Some(_) => Ok((Standing::Revoked, None)),
            None => match self.missing_row(handle).await {
                Error::Unauthorised => Ok((Standing::Revoked, None)),
                error => Err(error),
            },
        }
    }

    /// Recognises an access token that this application issued. An invalid one is recognised if a
    /// known key signed it, or if its key is gone and it names this application as its issuer,
    /// because its session may still exist.
    pub(crate) fn recognise(&self, access_token: &str) -> Option<Recognised> {
        // A different audience, issuer or validity means that a setting was changed.
        let is_signed = match self.signature_of(access_token) {
            Signature::Fits(verified) => return Some(Recognised::Verified(verified)),
            Signature::Ours => true,
            Signature::Foreign => false,
        };
        if let Some(handle) = pending::authenticate(access_token, self.keys().macs()) {
            return Some(Recognised::Pending(handle));
        }
        let said = access::read_unverified(access_token)?;
        let keys = self.keys();
        let is_unknown = access::names_unknown_key(access_token, &keys);
        let is_ours = is_signed || (is_unknown && said.issuer == self.issuer());
        is_ours.then(|| {
            Recognised::Outdated(Box::new(Outdated {
                handle: said.handle,
                is_signed,
                refresh_token_hash1: said.refresh_token_hash1,
                token: access_token.to_owned(),
            }))
        })
    }

    /// Whether a token proves that its bearer has the session, even if the token has expired: by
    /// its signature, or, if its key is gone, by the hash of a refresh token that only the row and
    /// the browser know. At most `rows` rows are read for that; `rows` is reduced by those that are
    /// read.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the row had to be read and the database does not answer.
    pub(crate) async fn is_proof(
        &self,
        shown: &Recognised,
        rows: &mut usize,
    ) -> Result<bool, Error> {
        let Recognised::Outdated(outdated) = shown else {
            return Ok(true);
        };
        let Some(hash) = outdated
            .refresh_token_hash1
            .as_ref()
            .filter(|_| !outdated.is_signed && *rows > 0)
        else {
            return Ok(outdated.is_signed);
        };
        *rows -= 1;
        let found = self.inner.store.requests.find(outdated.handle).await?;
        Ok(found.is_some_and(|record| {
            let children = record.lineage.children.iter();
            let mut live = children
                .map(|child| child.token)
                .chain([record.lineage.parent]);
            live.any(|token| hex(&token.0) == *hash)
        }))
    }

    /// A token that was verified before, if it is cached.
    pub(crate) fn remembered(&self, access_token: &str) -> Option<Recognised> {
        let found = self.inner.tokens.verified.get(access_token)?;
        Some(Recognised::Verified(found))
    }

    /// Whether verifying a token that is not cached would need a signature check.
    pub(crate) fn costs_a_signature(&self, access_token: &str) -> bool {
        access::names_known_key(access_token, &self.keys())
    }

    /// Whether a recognised token is valid now, as it was sent; the row of a pending session is not
    /// read.
    pub(crate) fn may_hold(&self, recognised: &Recognised) -> bool {
        match recognised {
            Recognised::Verified(verified) => self.holds(verified, verified.transport),
            Recognised::Pending(_) => true,
            Recognised::Outdated(_) => false,
        }
    }
}
