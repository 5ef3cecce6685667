//! The private half of a signing key. It is parsed once, because `jsonwebtoken` would parse and
//! check it for every signature.

use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::generator;

/// What signs.
pub(super) enum PrivateKey {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl PrivateKey {
    /// A key for ES256 in PKCS#8.
    pub(super) fn es256(pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Self::Es256)
    }

    /// A key for EdDSA in PKCS#8.
    pub(super) fn ed_dsa(pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::EdDsa)
    }

    /// The public half: an uncompressed point for ES256, 32 bytes for EdDSA.
    pub(super) fn public(&self) -> &[u8] {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref(),
            Self::EdDsa(pair) => pair.public_key().as_ref(),
        }
    }

    /// Signs `message` as a JWS requires (RFC 7518 section 3.4, RFC 8037 section 3.1).
    pub(super) fn sign(&self, message: &[u8]) -> Result<String, Unspecified> {
        let signature = match self {
            Self::Es256(pair) => pair.sign(&generator(), message)?,
            Self::EdDsa(pair) => pair.sign(message),
        };
        Ok(URL_SAFE_NO_PAD.encode(signature))
    }
}
