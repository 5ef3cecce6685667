//! The three tokens of a session: access (JWT), refresh (opaque) and front (what the front end may read).

pub(crate) mod access;
pub(crate) mod front;
pub(crate) mod refresh;

use std::fmt;

use chrono::{DateTime, Utc};

use crate::handle::SessionHandle;

/// The tokens a create or refresh hands out; the session is durable by then.
///
/// Cookie names, paths and flags are the transport's business, so these are the bare texts.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionTokens {
    pub(crate) handle: SessionHandle,
    pub(crate) access: String,
    pub(crate) front: String,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) refresh: Option<IssuedRefresh>,
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

    /// The signed access token (JWT).
    pub fn access_token(&self) -> &str {
        &self.access
    }

    /// The refresh token, unless the one presented stays in use.
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
