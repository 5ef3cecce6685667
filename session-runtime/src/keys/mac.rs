//! The keys that authenticate what is not a JWT, all derived from one root.

use aws_lc_rs::{hkdf, hmac};

use super::{Key, purpose};

/// The keys derived from one stored root: for refresh tokens, which contain its id; for anti-CSRF
/// tokens; for tokens of pending sessions; and for challenges to devices.
pub(crate) struct MacKey {
    pub(crate) id: u16,
    pub(crate) key: hmac::Key,
    pub(crate) anti_csrf: hmac::Key,
    pub(crate) pending: hmac::Key,
    pub(crate) challenge: hmac::Key,
}

impl MacKey {
    /// Derives a key for each purpose from the stored root (HKDF, RFC 5869).
    pub(super) fn from_stored(stored: &Key) -> Result<Self, String> {
        let id = stored
            .id
            .parse()
            .map_err(|_| format!("`{}` is no id of a MAC key", stored.id))?;
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, b"session/v1");
        let derived = salt.extract(&stored.secret);
        let key = |purpose: &[u8]| {
            derived
                .expand(&[purpose], hmac::HMAC_SHA256)
                .map(hmac::Key::from)
                .map_err(|_| "the MAC key could not be derived".to_owned())
        };
        Ok(Self {
            id,
            key: key(purpose::REFRESH_MAC)?,
            anti_csrf: key(purpose::ANTI_CSRF)?,
            pending: key(purpose::PENDING)?,
            challenge: key(purpose::CHALLENGE)?,
        })
    }
}
