//! The anti-CSRF token: what a page sends to show that it may read answers of ours (protocol: "anti-csrf").
//!
//! base64url(random 16 ‖ HMAC-SHA-256 32 over handle and random). A new one comes with every refresh,
//! and each holds for its whole session, so that tabs which refresh at once do not refuse each other.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::handle::SessionHandle;
use crate::keys::MacKey;

const RANDOM: usize = 16;
const LENGTH: usize = RANDOM + 32;

/// How many letters a token has.
pub(crate) const TEXT_LENGTH: usize = LENGTH / 3 * 4;

/// Mints a token of `handle`.
pub(crate) fn mint(handle: SessionHandle, random: &[u8; RANDOM], key: &MacKey) -> String {
    let tag = hmac::sign(&key.anti_csrf, &message(handle, random));
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(random);
    bytes.extend_from_slice(tag.as_ref());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether one of `keys` made `token` for `handle`; compared in constant time.
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
