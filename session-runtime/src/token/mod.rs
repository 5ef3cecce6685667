//! The tokens of a session as strings, for clients that are not browsers.
//!
//! A client presents the access token (a JWT) with each request and exchanges the refresh token
//! (opaque) for new ones. The front-token contains what a front end may read.
//!
//! ```
//! use session_runtime::token::SessionTokens;
//!
//! /// What a command-line client stores.
//! fn stored(tokens: &SessionTokens) -> (String, Option<String>) {
//!     (tokens.access_token().into(), tokens.refresh_token().map(Into::into))
//! }
//! ```

pub(crate) mod access;
pub(crate) mod anti_csrf;
pub(crate) mod challenge;
pub(crate) mod device_bound;
pub(crate) mod device_key;
pub(crate) mod front;
pub(crate) mod header;
pub(crate) mod pending;
pub(crate) mod proof;
pub(crate) mod refresh;
#[cfg(test)]
mod tests;

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::handle::SessionHandle;

/// Whether the tokens of a session are sent in cookies or in headers; a token of one kind is
/// refused as the other.
#[doc(alias = "Authorization")]
#[doc(alias = "bearer")]
#[doc(alias = "cookie")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(
    clippy::exhaustive_enums,
    reason = "a third way would be a decision of whoever matches on it"
)]
pub enum Transport {
    /// In cookies that scripts cannot read.
    Cookie,
    /// In headers: sent as `st-access-token` and `st-refresh-token`, presented as bearer tokens.
    Header,
}

/// What every token of a session is bound to from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Binding {
    pub(crate) transport: Transport,
    /// Whether requests must also send its anti-CSRF token.
    pub(crate) anti_csrf: bool,
}

/// The tokens that creating or refreshing a session returns; the session is already durable.
///
/// They are plain strings: cookie names, paths and attributes are up to whoever sends them.
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
    /// When the device of a bound session has to prove itself: when the access token ends, or
    /// sooner.
    pub(crate) bound_until: Option<DateTime<Utc>>,
    /// What the browser signs to bind the new session to its device.
    pub(crate) registration: Option<String>,
}

/// A refresh token that is to be sent.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IssuedRefresh {
    pub(crate) token: String,
    pub(crate) expires_at: DateTime<Utc>,
}

impl SessionTokens {
    /// The session that the tokens belong to.
    pub fn handle(&self) -> SessionHandle {
        self.handle
    }

    /// Whether the tokens are to be sent in cookies or in headers.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The token that a page must send in the header `anti-csrf`, with `csrf = "via-token"`.
    pub fn anti_csrf_token(&self) -> Option<&str> {
        self.anti_csrf.as_deref()
    }

    /// The signed access token (JWT).
    ///
    /// For a session that awaits a second factor it is an opaque token, which is sent in the same
    /// cookie.
    pub fn access_token(&self) -> &str {
        &self.access
    }

    /// The refresh token; `None` if the presented one stays in use or the session awaits a second
    /// factor.
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh.as_ref().map(|refresh| refresh.token.as_str())
    }

    /// The front-token: user id, expiry and payload for the front end; it is not secret.
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
