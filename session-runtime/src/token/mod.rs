//! The three tokens of a session: access (JWT), refresh (opaque) and front (what the front end may read).

pub(crate) mod access;
pub(crate) mod anti_csrf;
pub(crate) mod front;
pub(crate) mod header;
pub(crate) mod pending;
pub(crate) mod refresh;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::handle::SessionHandle;

/// How the tokens of a session travel; a token of one way is refused on the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// In cookies that scripts cannot read.
    Cookie,
    /// In headers: handed out as `st-access-token` and `st-refresh-token`, presented as bearer tokens.
    Header,
}

/// What every token of a session is bound to from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) transport: Transport,
    /// Whether requests must also send its anti-CSRF token.
    pub(crate) anti_csrf: bool,
}

/// The tokens a create or refresh hands out; the session is durable by then.
///
/// Cookie names, paths and flags are the transport's business, so these are the bare texts.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionTokens {
    pub(crate) handle: SessionHandle,
    pub(crate) access: String,
    pub(crate) front: String,
    pub(crate) transport: Transport,
    pub(crate) anti_csrf: Option<String>,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) refresh: Option<IssuedRefresh>,
    /// When a session that awaits a second factor ends.
    pub(crate) pending_until: Option<DateTime<Utc>>,
}

/// A refresh token on its way out.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IssuedRefresh {
    pub(crate) token: String,
    pub(crate) expires_at: DateTime<Utc>,
}

impl SessionTokens {
    /// The session they belong to.
    pub fn handle(&self) -> SessionHandle {
        self.handle
    }

    /// How they travel.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The token that the page must send as the header `anti-csrf`, with `csrf = "via-token"`.
    pub fn anti_csrf_token(&self) -> Option<&str> {
        self.anti_csrf.as_deref()
    }

    /// The signed access token (JWT); of a session that awaits a second factor, an opaque token that goes
    /// into the cookie of its place.
    pub fn access_token(&self) -> &str {
        &self.access
    }

    /// The refresh token, unless the one presented stays in use or the session awaits a second factor.
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh.as_ref().map(|refresh| refresh.token.as_str())
    }

    /// The front-token: user id, expiry and payload for the front end; no secret.
    pub fn front_token(&self) -> &str {
        &self.front
    }
}

impl fmt::Debug for SessionTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionTokens")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
