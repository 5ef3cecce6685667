//! The keys: some sign access tokens in turn, one MACs refresh tokens. They live in the database, so
//! that replicas share them.
//!
//! They lie there sealed (`sealing.rs`); here they are open, in memory only.

pub(crate) mod master_key;
mod private;
pub(crate) mod purpose;
mod ring;
mod schedule;
pub(crate) mod sealing;
mod supplied;

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Serialize;
use zeroize::Zeroizing;

use private::PrivateKey;
pub(crate) use ring::KeyRing;
pub(crate) use schedule::Schedule;
pub use supplied::OwnKey;
pub(crate) use supplied::Supplier;

use crate::config::SigningAlgorithm;
use crate::error::Error;
use crate::random::Random;
use crate::token::Transport;
use crate::token::header::Header;

/// A key, open.
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
    /// A fresh key; it counts only once it was read back from the database, sealed.
    pub(crate) fn generate(
        kind: KeyKind,
        now: DateTime<Utc>,
        random: &dyn Random,
    ) -> Result<Self, Error> {
        let generator = SystemRandom::new();
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
                // Two keys of one millisecond must not share a name.
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

/// A key that signs access tokens.
pub(crate) struct SigningKey {
    pub(crate) kid: Arc<str>,
    pub(crate) kind: KeyKind,
    pub(crate) algorithm: Algorithm,
    private: PrivateKey,
    pub(crate) public: DecodingKey,
    pub(crate) jwk: Jwk,
    /// What the base64url headers of all access tokens that it signs begin with.
    beginning: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// What the header of an access token says of its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks<'m> {
    pub(crate) transport: Transport,
    pub(crate) payload_type: &'m str,
    /// Whether nobody has logged in.
    pub(crate) anonymous: bool,
}

/// The public half of a signing key (RFC 7517; RFC 7518 section 6.2, RFC 8037 section 2).
#[derive(Debug, Serialize)]
pub(crate) struct Jwk {
    kty: &'static str,
    crv: &'static str,
    x: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    kid: String,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
}

impl Jwk {
    /// `public` is an uncompressed point for ES256, 32 bytes for EdDSA.
    fn new(kid: &str, kind: KeyKind, public: &[u8]) -> Self {
        let (kty, crv, x, y) = match kind {
            KeyKind::Es256 => ("EC", "P-256", &public[1..33], Some(&public[33..])),
            KeyKind::EdDsa | KeyKind::RefreshMac => ("OKP", "Ed25519", public, None),
        };
        Self {
            kty,
            crv,
            x: URL_SAFE_NO_PAD.encode(x),
            y: y.map(|y| URL_SAFE_NO_PAD.encode(y)),
            kid: kid.to_owned(),
            alg: kind.as_str(),
            purpose: "sig",
        }
    }
}

impl SigningKey {
    /// Whether a token's header names this key's algorithm and the type of token it signs (RFC 9068
    /// section 4).
    pub(crate) fn agrees_with(&self, header: &Header<'_>) -> bool {
        let media_type = header.typ.to_ascii_lowercase();
        header.alg == self.kind.as_str()
            && media_type
                .strip_prefix("application/")
                .unwrap_or(&media_type)
                == "at+jwt"
            && header.version == TOKEN_VERSION
    }

    /// The base64url header of an access token.
    pub(crate) fn header(&self, marks: Marks<'_>) -> String {
        URL_SAFE_NO_PAD.encode(header_json(self.kind, &self.kid, marks))
    }

    /// Whether a text begins like an access token that this key signs.
    fn begins(&self, text: &str) -> bool {
        text.starts_with(&self.beginning)
    }

    pub(crate) fn from_stored(stored: &Key) -> Result<Self, String> {
        let (secret, kid) = (&stored.secret, Arc::<str>::from(&*stored.id));
        let damaged = |error: aws_lc_rs::error::KeyRejected| {
            format!(
                "the signing key `{kid}` is no {} key in PKCS#8: {error}",
                stored.kind.as_str()
            )
        };
        let (algorithm, private) = match stored.kind {
            KeyKind::Es256 => (Algorithm::ES256, PrivateKey::es256(secret)),
            KeyKind::EdDsa => (Algorithm::EdDSA, PrivateKey::ed_dsa(secret)),
            KeyKind::RefreshMac => return Err(format!("the key `{kid}` does not sign")),
        };
        let private = private.map_err(damaged)?;
        let public = private.public();
        Ok(Self {
            kind: stored.kind,
            algorithm,
            public: match stored.kind {
                KeyKind::EdDsa => DecodingKey::from_ed_der(public),
                _ => DecodingKey::from_ec_der(public),
            },
            jwk: Jwk::new(&kid, stored.kind, public),
            beginning: beginning(stored.kind, &kid),
            created_at: stored.created_at,
            private,
            kid,
        })
    }

    /// The signature of `message`, in base64url.
    ///
    /// # Errors
    /// A sentence, if the crypto library fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<String, String> {
        self.private.sign(message).map_err(|_| {
            format!(
                "the crypto library did not sign with the key `{}`",
                self.kid
            )
        })
    }

    /// Signs and verifies once.
    fn self_test(&self) -> Result<(), String> {
        let message = b"session self-test";
        let signature = self.sign(message)?;
        let holds = jsonwebtoken::crypto::verify(&signature, message, &self.public, self.algorithm);
        let (kid, algorithm) = (&self.kid, self.kind.as_str());
        match holds {
            Ok(true) => Ok(()),
            Ok(false) => Err(format!(
                "the two halves of the signing key `{kid}` do not belong together"
            )),
            Err(error) => Err(format!(
                "the crypto provider does not verify {algorithm}, the algorithm of the key `{kid}`: {error}"
            )),
        }
    }
}

/// The header of an access token as JSON: first what is the same in all tokens of a key.
fn header_json(kind: KeyKind, kid: &str, marks: Marks<'_>) -> Vec<u8> {
    let header = Header {
        alg: kind.as_str().into(),
        typ: "at+jwt".into(),
        kid: kid.into(),
        version: TOKEN_VERSION.into(),
        transport: marks.transport,
        payload_type: marks.payload_type.into(),
        anonymous: marks.anonymous,
    };
    serde_json::to_vec(&header).expect("texts and two flags are JSON")
}

/// What is the same in all headers of a key, in base64url.
fn beginning(kind: KeyKind, kid: &str) -> String {
    let json = |transport| {
        let marks = Marks {
            transport,
            payload_type: "",
            anonymous: false,
        };
        header_json(kind, kid, marks)
    };
    let (one, other) = (json(Transport::Cookie), json(Transport::Header));
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    // Three bytes become four letters; those of a part would depend on what follows.
    URL_SAFE_NO_PAD.encode(&one[..same - same % 3])
}

/// The version of the claim set (protocol: "access-token JWT"); a text, as front ends expect.
const TOKEN_VERSION: &str = "5";

/// The keys made of one stored root: one MACs refresh tokens, which carry its id, one anti-CSRF tokens, one the
/// tokens of pending sessions.
pub(crate) struct MacKey {
    pub(crate) id: u16,
    pub(crate) key: hmac::Key,
    pub(crate) anti_csrf: hmac::Key,
    pub(crate) pending: hmac::Key,
}

impl MacKey {
    /// Derives a key for each purpose from the stored root (HKDF, RFC 5869).
    fn from_stored(stored: &Key) -> Result<Self, String> {
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
        })
    }
}

/// Fixes the crypto provider of this process; one that the application installed first is kept and
/// self-tested like ours.
pub(crate) fn install_crypto_provider() {
    let _already_installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
