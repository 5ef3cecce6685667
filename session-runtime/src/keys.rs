//! The keys: one signs access tokens, one MACs refresh tokens. They live in the database, so that
//! replicas share them.
//!
//! They lie there sealed (`sealing.rs`); here they are open, in memory only.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::random::Random;
use crate::token::Transport;
use crate::token::access::Header;

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
    /// The root from which the MAC key of refresh tokens is derived.
    RefreshMac,
}

impl KeyKind {
    /// The kinds every database needs one of.
    pub(crate) const ALL: [Self; 2] = [Self::Es256, Self::RefreshMac];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::RefreshMac => "refresh-mac",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl Key {
    /// A fresh key; it counts only once it was read back from the database, sealed.
    pub(crate) fn generate(
        kind: KeyKind,
        now: DateTime<Utc>,
        random: &dyn Random,
    ) -> Result<Self, Error> {
        let (id, secret) = match kind {
            KeyKind::Es256 => {
                let pkcs8 = EcdsaKeyPair::generate_pkcs8(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &SystemRandom::new(),
                )
                .map_err(|_| Error::General("the signing key could not be generated".into()))?;
                (
                    format!("d-{}", now.timestamp_millis()),
                    Zeroizing::new(pkcs8.as_ref().to_vec()),
                )
            }
            KeyKind::RefreshMac => (
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
    kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
    pub(crate) public: DecodingKey,
    /// The base64url headers of the access tokens it signs: in cookies and in headers, then the same for
    /// anonymous sessions.
    headers: [String; 4],
    created_at: DateTime<Utc>,
}

impl SigningKey {
    /// Whether a token's header names this key's algorithm and the type of token it signs (RFC 9068
    /// section 4).
    pub(crate) fn agrees_with(&self, header: &Header) -> bool {
        let media_type = header.typ.to_ascii_lowercase();
        header.alg == "ES256"
            && media_type
                .strip_prefix("application/")
                .unwrap_or(&media_type)
                == "at+jwt"
            && header.version == TOKEN_VERSION
    }

    /// The base64url header of an access token.
    pub(crate) fn header(&self, transport: Transport, anonymous: bool) -> &str {
        match (transport, anonymous) {
            (Transport::Cookie, false) => &self.headers[0],
            (Transport::Header, false) => &self.headers[1],
            (Transport::Cookie, true) => &self.headers[2],
            (Transport::Header, true) => &self.headers[3],
        }
    }

    /// Whether a text begins like an access token that this key signs.
    pub(crate) fn begins(&self, text: &str) -> bool {
        self.headers.iter().any(|header| text.starts_with(header))
    }

    fn from_stored(stored: &Key) -> Result<Self, String> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &stored.secret)
            .map_err(|error| format!("signing key `{}` is damaged: {error}", stored.id))?;
        let header = |transport, anonymous| {
            let header = Header {
                alg: "ES256".into(),
                typ: "at+jwt".into(),
                kid: stored.id.clone(),
                version: TOKEN_VERSION.into(),
                transport,
                anonymous,
            };
            serde_json::to_vec(&header)
                .map(|json| URL_SAFE_NO_PAD.encode(json))
                .map_err(|error| error.to_string())
        };
        Ok(Self {
            kid: stored.id.clone(),
            algorithm: Algorithm::ES256,
            private: EncodingKey::from_ec_der(&stored.secret),
            public: DecodingKey::from_ec_der(pair.public_key().as_ref()),
            headers: [
                header(Transport::Cookie, false)?,
                header(Transport::Header, false)?,
                header(Transport::Cookie, true)?,
                header(Transport::Header, true)?,
            ],
            created_at: stored.created_at,
        })
    }
}

/// The version of the claim set (protocol: "access-token JWT"); a text, as front ends expect.
const TOKEN_VERSION: &str = "5";

/// The keys made of one stored root: one MACs refresh tokens, which carry its id, one anti-CSRF tokens.
pub(crate) struct MacKey {
    pub(crate) id: u16,
    pub(crate) key: hmac::Key,
    pub(crate) anti_csrf: hmac::Key,
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
            key: key(b"session/v1/refresh-mac")?,
            anti_csrf: key(b"session/v1/anti-csrf")?,
        })
    }
}

/// The keys in use.
pub(crate) struct KeyRing {
    signing: Vec<SigningKey>,
    mac: Vec<MacKey>,
}

impl KeyRing {
    /// Builds the ring from stored keys; the newest of each kind signs.
    ///
    /// # Errors
    /// A sentence that names the key, if one is damaged or a kind is missing.
    pub(crate) fn new(stored: &[Key]) -> Result<Self, String> {
        let (mut signing, mut mac) = (Vec::new(), Vec::new());
        for key in stored {
            match key.kind {
                KeyKind::Es256 => signing.push(SigningKey::from_stored(key)?),
                KeyKind::RefreshMac => mac.push(MacKey::from_stored(key)?),
            }
        }
        signing.sort_by_key(|key| std::cmp::Reverse(key.created_at));
        mac.sort_by_key(|key| std::cmp::Reverse(key.id));
        if signing.is_empty() || mac.is_empty() {
            return Err("the database holds no session keys".into());
        }
        Ok(Self { signing, mac })
    }

    /// The key that signs new access tokens.
    pub(crate) fn signer(&self) -> &SigningKey {
        &self.signing[0]
    }

    /// The key that signed a token with this `kid`: looked up in memory only.
    pub(crate) fn signing_key(&self, kid: &str) -> Option<&SigningKey> {
        self.signing.iter().find(|key| key.kid == kid)
    }

    /// The key that MACs new refresh tokens.
    pub(crate) fn mac(&self) -> &MacKey {
        &self.mac[0]
    }

    /// All keys whose refresh tokens are accepted.
    pub(crate) fn macs(&self) -> &[MacKey] {
        &self.mac
    }

    /// Signs and verifies once, so that a missing or broken provider shows at launch and not at the
    /// first login.
    pub(crate) fn self_test(&self) -> Result<(), String> {
        let key = self.signer();
        let message = b"session self-test";
        let holds = jsonwebtoken::crypto::sign(message, &key.private, key.algorithm).and_then(
            |signature| {
                jsonwebtoken::crypto::verify(&signature, message, &key.public, key.algorithm)
            },
        );
        match holds {
            Ok(true) => Ok(()),
            Ok(false) => Err("the signing key's two halves do not belong together".into()),
            Err(error) => Err(format!(
                "the crypto provider does not sign with ES256: {error}"
            )),
        }
    }
}

/// Fixes the crypto provider of this process; one that the application installed first is kept and
/// self-tested like ours.
pub(crate) fn install_crypto_provider() {
    let _already_installed = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}
