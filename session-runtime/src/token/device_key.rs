//! The public key of a device, as its browser presents it (JWK, RFC 7517) and as a row keeps it
//! (SubjectPublicKeyInfo, RFC 5280 section 4.1).

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Members that no public key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4), and those that name
/// another place to take a key from (RFC 7517 sections 4.6 and 4.7).
const REFUSED: [&str; 12] = [
    "d", "dp", "dq", "k", "oth", "p", "q", "qi", "x5c", "x5t", "x5t#S256", "x5u",
];

/// The algorithms that a device may sign with. A key belongs to one of them for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// ECDSA with P-256 and SHA-256, the signature as `r || s` (RFC 7518 section 3.4).
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    Rs256,
}

impl Algorithm {
    /// All of them, the one that is offered first in front: its signatures are the shorter ones.
    pub(crate) const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// A public key that can verify.
#[derive(Clone)]
pub(crate) struct DeviceKey {
    algorithm: Algorithm,
    key: ParsedPublicKey,
    spki: Box<[u8]>,
}

impl DeviceKey {
    /// Reads the key of a registration, which is for `algorithm`.
    ///
    /// # Errors
    /// The member that is missing, wrong or not allowed.
    pub(crate) fn from_jwk(
        jwk: &Map<String, Value>,
        algorithm: Algorithm,
    ) -> Result<Self, &'static str> {
        if let Some(name) = REFUSED.into_iter().find(|name| jwk.contains_key(*name)) {
            return Err(name);
        }
        if jwk.get("alg").is_some_and(|alg| alg != algorithm.as_str()) {
            return Err("alg");
        }
        let key = match algorithm {
            Algorithm::Es256 => p256(jwk)?,
            Algorithm::Rs256 => rsa(jwk)?,
        };
        Self::new(algorithm, key).ok_or("kty")
    }

    /// Reads the key that a row keeps; `None` for what [`spki`](Self::spki) never returned.
    pub(crate) fn from_spki(spki: &[u8]) -> Option<Self> {
        let point = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, spki);
        let key = match point {
            Ok(key) => Self::new(Algorithm::Es256, key),
            Err(_) => {
                let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, spki).ok()?;
                Self::new(Algorithm::Rs256, key)
            }
        };
        key.filter(|key| *key.spki == *spki)
    }

    fn new(algorithm: Algorithm, key: ParsedPublicKey) -> Option<Self> {
        let spki = key.as_der().ok()?.as_ref().into();
        Some(Self {
            algorithm,
            key,
            spki,
        })
    }

    /// What the row keeps.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The only algorithm that it verifies, whatever a proof says (RFC 8725 section 3.1).
    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl PartialEq for DeviceKey {
    fn eq(&self, other: &Self) -> bool {
        self.spki == other.spki
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.algorithm.as_str())
    }
}

/// A point of the curve; the library refuses any other.
fn p256(jwk: &Map<String, Value>) -> Result<ParsedPublicKey, &'static str> {
    expect(jwk, "kty", "EC")?;
    expect(jwk, "crv", "P-256")?;
    let coordinate = |name| <[u8; 32]>::try_from(bytes(jwk, name)?).map_err(|_| name);
    let uncompressed = [&[4][..], &coordinate("x")?, &coordinate("y")?].concat();
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, uncompressed).map_err(|_| "x")
}

/// A modulus of 2048 to 4096 bits: shorter ones are weak, longer ones make every proof expensive.
fn rsa(jwk: &Map<String, Value>) -> Result<ParsedPublicKey, &'static str> {
    expect(jwk, "kty", "RSA")?;
    let (n, e) = (bytes(jwk, "n")?, bytes(jwk, "e")?);
    // An integer has no leading zeros (RFC 7518 section 2), so its length says how large it is.
    let is_modulus = n.first().is_some_and(|first| match n.len() {
        256 => *first >= 0x80,
        257..=512 => *first != 0,
        _ => false,
    });
    if !is_modulus || !is_odd(&n) {
        return Err("n");
    }
    // Without an upper limit the exponent would make a signature cost as much as its sender likes.
    if e.first() == Some(&0) || e.len() > 4 || !is_odd(&e) || e[..] == [1] {
        return Err("e");
    }
    let components = RsaPublicKeyComponents { n, e };
    let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
    key.map_err(|_| "n")
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|last| last % 2 == 1)
}

fn expect(
    jwk: &Map<String, Value>,
    name: &'static str,
    value: &'static str,
) -> Result<(), &'static str> {
    let fits = jwk.get(name).is_some_and(|found| found == value);
    fits.then_some(()).ok_or(name)
}

fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, &'static str> {
    let text = jwk.get(name).and_then(Value::as_str).ok_or(name)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| name)
}
