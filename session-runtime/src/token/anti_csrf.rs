//! The anti-CSRF token, with which a page shows that it may read answers of this server.
//!
//! base64url(random 16 ‖ HMAC-SHA-256 32 over handle and random). A new one is sent with every
//! refresh, but each is valid for its whole session, so that tabs that refresh at the same time do
//! not invalidate each other's.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::handle::SessionHandle;
use crate::keys::MacKey;

const RANDOM: usize = 16;
const LENGTH: usize = RANDOM + 32;

/// The length of a token in letters.
pub(crate) const TEXT_LENGTH: usize = LENGTH / 3 * 4;

/// Mints a token for `handle`.
pub(crate) fn mint(handle: SessionHandle, random: &[u8; RANDOM], key: &MacKey) -> String {
    let tag = hmac::sign(&key.anti_csrf, &message(handle, random));
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(random);
    bytes.extend_from_slice(tag.as_ref());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether `token` was made for `handle` with one of `keys`; compared in constant time.
pub(crate) fn is_genuine(token: &str, handle: SessionHandle, keys: &[MacKey]) -> bool {
    let mut bytes = [0; LENGTH];
    if URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) != Ok(LENGTH) {
        return false;
    }
    let Some((random, tag)) = bytes.split_first_chunk::<RANDOM>() else {
        return false;
    };
    let message = message(handle, random);
    keys.iter()
        .any(|key| hmac::verify(&key.anti_csrf, &message, tag).is_ok())
}

fn message(handle: SessionHandle, random: &[u8; RANDOM]) -> Vec<u8> {
    [handle.as_bytes().as_slice(), random].concat()
}
