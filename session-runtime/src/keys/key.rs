//! A key as it is made and stored: what it is for, and its secret.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use crate::config::SigningAlgorithm;
use crate::error::Error;
use crate::random::{Random, generator};

/// A decrypted key.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) kind: KeyKind,
    /// PKCS#8 for a signing key, 32 random bytes for the MAC root.
    pub(crate) secret: Zeroizing<Vec<u8>>,
    pub(crate) created_at: DateTime<Utc>,
}

/// What a stored key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    /// Signs access tokens with ES256.
    Es256,
    /// Signs access tokens with EdDSA (Ed25519).
    EdDsa,
    /// The root from which the MAC key of refresh tokens is derived.
    RefreshMac,
}

impl KeyKind {
    /// The kinds that sign.
    pub(crate) const SIGNING: [Self; 2] = [Self::Es256, Self::EdDsa];

    pub(crate) fn of(algorithm: SigningAlgorithm) -> Self {
        match algorithm {
            SigningAlgorithm::Es256 => Self::Es256,
            SigningAlgorithm::EdDsa => Self::EdDsa,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::RefreshMac => "refresh-mac",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::Es256, Self::EdDsa, Self::RefreshMac]
            .into_iter()
            .find(|kind| kind.as_str() == name)
    }
}

impl Key {
    /// Generates a key; it is used only after it was stored, sealed, and read back.
    pub(crate) fn generate(
        kind: KeyKind,
        now: DateTime<Utc>,
        random: &dyn Random,
    ) -> Result<Self, Error> {
        let generator = generator();
        let generated = match kind {
            KeyKind::Es256 => Some(EcdsaKeyPair::generate_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &generator,
            )),
            KeyKind::EdDsa => Some(Ed25519KeyPair::generate_pkcs8(&generator)),
            KeyKind::RefreshMac => None,
        };
        let (id, secret) = match generated {
            Some(pkcs8) => {
                let pkcs8 = pkcs8
                    .map_err(|_| Error::General("the signing key could not be generated".into()))?;
                // Two keys created in one millisecond must not have the same id.
                let mark = u32::from_be_bytes(random.bytes()?);
                (
                    format!("d-{}-{mark:08x}", now.timestamp_millis()),
                    Zeroizing::new(pkcs8.as_ref().to_vec()),
                )
            }
            None => (
                "1".to_owned(),
                Zeroizing::new(random.bytes::<32>()?.to_vec()),
            ),
        };
        Ok(Self {
            id,
            kind,
            secret,
            created_at: now,
        })
    }
}
