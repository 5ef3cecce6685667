//! The proofs of device-bound sessions.

use crate::token::device_bound;
use crate::token::device_key::DeviceKey;
use crate::token::proof::{BadProof, Proof, Registration};

/// The public key of a registration that was sent to `url`, as a row keeps it, and the challenge in
/// it.
///
/// # Errors
/// Why it is refused.
pub fn read_registration(text: &str, url: &str) -> Result<(Vec<u8>, String), String> {
    let read = Registration::read(text, url).map_err(|bad| bad.to_string())?;
    Ok((read.key.spki().to_vec(), read.challenge))
}

/// The challenge in the proof of a refresh that was sent to `url`, if it holds for the key of a
/// row.
///
/// # Errors
/// Why it is refused.
pub fn verify_proof(text: &str, url: &str, spki: &[u8]) -> Result<String, String> {
    let key = DeviceKey::from_spki(spki).ok_or("the row has no key")?;
    let verified = Proof::read(text, url).and_then(|proof| {
        proof.verify(&key)?;
        Ok::<_, BadProof>(proof.challenge().to_owned())
    });
    verified.map_err(|bad| bad.to_string())
}

/// Whether a key as a row keeps it made this signature; `None` for what is no such key.
pub fn has_signed(spki: &[u8], message: &[u8], signature: &[u8]) -> Option<bool> {
    let key = DeviceKey::from_spki(spki)?;
    Some(key.has_signed(message, signature))
}

/// The string in a header of the browser's own, bare or quoted.
pub fn header_string(value: &str) -> Option<&str> {
    device_bound::string(value)
}
