//! The token of a session that awaits a second factor: opaque, so that no other service takes it
//! for a user's token.
//!
//! `p1.` + base64url(handle 16 ‖ MAC key id 2 ‖ HMAC-SHA-256 32). It contains no claims and is
//! valid as long as its row exists, which every request checks.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::handle::SessionHandle;
use crate::keys::MacKey;

const PREFIX: &str = "p1.";
const CLAIMS: usize = 16 + 2;
const LENGTH: usize = CLAIMS + 32;

/// Mints the token for `handle`; there is one per key.
pub(crate) fn mint(handle: SessionHandle, key: &MacKey) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(handle.as_bytes());
    bytes.extend_from_slice(&key.id.to_be_bytes());
    let tag = hmac::sign(&key.pending, &bytes);
    bytes.extend_from_slice(tag.as_ref());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Authenticates a token; `None` unless it was made with one of `keys`.
pub(crate) fn authenticate(token: &str, keys: &[MacKey]) -> Option<SessionHandle> {
    let encoded = token.strip_prefix(PREFIX)?;
    let mut bytes = [0; LENGTH];
    if URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()? != LENGTH {
        return None;
    }
    let (claims, tag) = bytes.split_at(CLAIMS);
    let (handle, key_id) = claims.split_first_chunk()?;
    let key = keys
        .iter()
        .find(|key| key.id.to_be_bytes().as_slice() == key_id)?;
    hmac::verify(&key.pending, claims, tag).ok()?;
    Some(SessionHandle::from_bytes(*handle))
}
