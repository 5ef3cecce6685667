//! The refresh token: opaque, URI-safe, and authenticated without a query.
//!
//! `v1.` + base64url(handle 16 ‖ MAC key id 2 ‖ binding 1 ‖ generation 4 ‖ random 32 ‖ HMAC-SHA-256
//! 32). A token forged from a session's handle fails the MAC, so it costs no query and changes
//! nothing.

use aws_lc_rs::{digest, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::handle::SessionHandle;
use crate::keys::MacKey;
use crate::rules::rotation::{Presented, TokenHash};
use crate::token::{Binding, Transport};

const PREFIX: &str = "v1.";
const CLAIMS: usize = 16 + 2 + 1 + 4 + 32;
const LENGTH: usize = CLAIMS + 32;

/// The bits of a binding.
const HEADER: u8 = 1;
const ANTI_CSRF: u8 = 2;

/// The contents of an authenticated token.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authentic {
    pub(crate) handle: SessionHandle,
    pub(crate) binding: Binding,
    pub(crate) presented: Presented,
}

/// Mints a token for `handle`. `random` must be fresh from the operating system.
pub(crate) fn mint(
    handle: SessionHandle,
    binding: Binding,
    generation: u32,
    random: &[u8; 32],
    key: &MacKey,
) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend_from_slice(handle.as_bytes());
    bytes.extend_from_slice(&key.id.to_be_bytes());
    bytes.push(encode(binding));
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes.extend_from_slice(random);
    let tag = hmac::sign(&key.key, &bytes);
    bytes.extend_from_slice(tag.as_ref());
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Authenticates a token; `None` unless it was made with one of `keys`.
pub(crate) fn authenticate(token: &str, keys: &[MacKey]) -> Option<Authentic> {
    let encoded = token.strip_prefix(PREFIX)?;
    let mut bytes = [0; LENGTH];
    if URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok()? != LENGTH {
        return None;
    }
    let (claims, tag) = bytes.split_at(CLAIMS);
    let (handle, rest) = claims.split_first_chunk()?;
    let (key_id, rest) = rest.split_first_chunk()?;
    let (binding, rest) = rest.split_first()?;
    let (generation, _random) = rest.split_first_chunk()?;

    let key_id = u16::from_be_bytes(*key_id);
    let key = keys.iter().find(|key| key.id == key_id)?;
    hmac::verify(&key.key, claims, tag).ok()?;
    Some(Authentic {
        handle: SessionHandle::from_bytes(*handle),
        binding: decode(*binding)?,
        presented: Presented {
            token: hash(token),
            generation: u32::from_be_bytes(*generation),
        },
    })
}

/// Whether a string has the form of a refresh token, genuine or not.
pub(crate) fn has_form(text: &str) -> bool {
    version(text).is_some()
}

/// The version and the rest of a possible token: `v`, digits, a dot.
fn version(text: &str) -> Option<(&str, &str)> {
    let (version, rest) = text.strip_prefix('v')?.split_once('.')?;
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && version.len() <= 3).then_some((version, rest))
}

/// Whether a token has an unknown version or names an unknown key: another process, of a later
/// release or with a newer key, may have issued it.
pub(crate) fn names_unknown_key(token: &str, keys: &[MacKey]) -> bool {
    let Some((version, encoded)) = version(token) else {
        return false;
    };
    if format!("v{version}.") != PREFIX {
        return true;
    }
    let mut bytes = [0; LENGTH];
    if URL_SAFE_NO_PAD.decode_slice(encoded, &mut bytes).ok() != Some(LENGTH) {
        return false;
    }
    let key_id = u16::from_be_bytes([bytes[16], bytes[17]]);
    // Ids increase: a lower one was replaced, and its tokens are invalid.
    keys.iter().all(|key| key.id < key_id)
}

fn encode(binding: Binding) -> u8 {
    let transport = match binding.transport {
        Transport::Cookie => 0,
        Transport::Header => HEADER,
    };
    let anti_csrf = if binding.anti_csrf { ANTI_CSRF } else { 0 };
    transport | anti_csrf
}

/// `None` for bits that this version does not know.
fn decode(bits: u8) -> Option<Binding> {
    (bits & !(HEADER | ANTI_CSRF) == 0).then_some(Binding {
        transport: if bits & HEADER == 0 {
            Transport::Cookie
        } else {
            Transport::Header
        },
        anti_csrf: bits & ANTI_CSRF != 0,
    })
}

/// The hash in the cookie beside a token: half of its SHA-256. A MAC would prove no more: a thief
/// who has the token gets the next one with its cookies, and nobody else can compute it. So
/// replicas need no key for it, and it reveals no more than `refreshTokenHash1` in the access
/// token.
pub(crate) fn short_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&hash(token).0[..16])
}

/// The hash of a token that is stored: SHA-256. With 256 random bits a slow hash adds nothing.
pub(crate) fn hash(token: &str) -> TokenHash {
    let digest = digest::digest(&digest::SHA256, token.as_bytes());
    let mut hash = [0; 32];
    hash.copy_from_slice(digest.as_ref());
    TokenHash(hash)
}
