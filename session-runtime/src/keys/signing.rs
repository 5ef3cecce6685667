//! A key that signs access tokens: its two halves, its entry in the published keys, and the headers
//! of its tokens.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Serialize;

use super::private::PrivateKey;
use super::{Key, KeyKind};
use crate::token::Transport;
use crate::token::header::Header;

/// A key that signs access tokens.
pub(crate) struct SigningKey {
    pub(crate) kid: Arc<str>,
    pub(crate) kind: KeyKind,
    pub(crate) algorithm: Algorithm,
    private: PrivateKey,
    pub(crate) public: DecodingKey,
    pub(crate) jwk: Jwk,
    /// The beginning of the base64url headers of all access tokens that it signs.
    beginning: String,
    pub(crate) created_at: DateTime<Utc>,
}

/// What the header of an access token says about its session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks<'m> {
    pub(crate) transport: Transport,
    pub(crate) payload_type: &'m str,
    /// Whether it is a visitor's session.
    pub(crate) anonymous: bool,
    /// Whether it is bound to a device.
    pub(crate) device_bound: bool,
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

    /// Whether a string begins like an access token that this key signs.
    pub(super) fn begins(&self, text: &str) -> bool {
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
    pub(super) fn self_test(&self) -> Result<(), String> {
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

/// The header of an access token as JSON, beginning with what all tokens of a key have in common.
fn header_json(kind: KeyKind, kid: &str, marks: Marks<'_>) -> Vec<u8> {
    let header = Header {
        alg: kind.as_str().into(),
        typ: "at+jwt".into(),
        kid: kid.into(),
        version: TOKEN_VERSION.into(),
        transport: marks.transport,
        payload_type: marks.payload_type.into(),
        anonymous: marks.anonymous,
        device_bound: marks.device_bound,
    };
    serde_json::to_vec(&header).expect("texts and flags are JSON")
}

/// What all headers of a key have in common, in base64url.
fn beginning(kind: KeyKind, kid: &str) -> String {
    let json = |transport| {
        let marks = Marks {
            transport,
            payload_type: "",
            anonymous: false,
            device_bound: false,
        };
        header_json(kind, kid, marks)
    };
    let (one, other) = (json(Transport::Cookie), json(Transport::Header));
    let same = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    // Three bytes become four letters; the letters of an incomplete group would depend on what
    // follows.
    URL_SAFE_NO_PAD.encode(&one[..same - same % 3])
}

/// The version of the claim set; a string, as front ends expect.
const TOKEN_VERSION: &str = "5";

/// Sets the crypto provider of this process; one that the application installed before is kept, and
/// self-tested like ours.
pub(crate) fn install_crypto_provider() {
    let _already_installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
