//! `SigningKeyInfo`: what an operator can see of a key.

use chrono::{DateTime, Utc};

/// A signing key whose tokens are accepted, as
/// [`Sessions::signing_keys`](crate::Sessions::signing_keys) lists it.
///
/// ```
/// use session_runtime::Sessions;
///
/// fn current_kid(sessions: &Sessions) -> Option<String> {
///     let keys = sessions.signing_keys();
///     keys.into_iter().find(|key| key.signs).map(|key| key.kid)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningKeyInfo {
    /// Its key id, in the header of tokens and in the published keys.
    pub kid: String,
    /// `"ES256"` or `"EdDSA"`.
    pub algorithm: &'static str,
    /// When it was created; `None` for a key that the application supplied.
    pub created_at: Option<DateTime<Utc>>,
    /// Whether it signs new tokens now.
    pub signs: bool,
}
