//! A device with a key, which registers and proves itself as Chromium 156 does.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key pair that never leaves the device.
pub struct Device(Key);

enum Key {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Device").field(&self.algorithm()).finish()
    }
}

impl Default for Device {
    fn default() -> Self {
        Self::new()
    }
}

impl Device {
    /// A device that signs with ES256.
    pub fn new() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self(Key::Es256(pair.expect("a key pair")))
    }

    /// A device that can only RS256.
    pub fn rsa(size: KeySize) -> Self {
        let pair = RsaKeyPair::generate(size).expect("a key pair");
        Self(Key::Rs256(Box::new(pair)))
    }

    /// What it signs with.
    pub fn algorithm(&self) -> &'static str {
        match self.0 {
            Key::Es256(_) => "ES256",
            Key::Rs256(_) => "RS256",
        }
    }

    /// Its public key.
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.0 {
            Key::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (text(&point[1..33]), text(&point[33..]));
                json!({"crv": "P-256", "kty": "EC", "x": x, "y": y})
            }
            Key::Rs256(pair) => {
                let key = pair.public_key();
                let (n, e) = (key.modulus(), key.exponent());
                let (n, e) = (
                    text(n.big_endian_without_leading_zero()),
                    text(e.big_endian_without_leading_zero()),
                );
                json!({"e": e, "kty": "RSA", "n": n})
            }
        }
    }

    /// The proof of a registration.
    pub fn registration(&self, challenge: &str) -> String {
        let header = json!({"alg": self.algorithm(), "jwk": self.jwk(), "typ": "dbsc+jwt"});
        self.jws(&header, &json!({"jti": challenge}))
    }

    /// The proof of a refresh.
    pub fn proof(&self, challenge: &str) -> String {
        let header = json!({"alg": self.algorithm(), "typ": "dbsc+jwt"});
        self.jws(&header, &json!({"jti": challenge}))
    }

    /// Signs any header and payload.
    pub fn jws(&self, header: &Value, payload: &Value) -> String {
        self.jws_of(&header.to_string(), &payload.to_string())
    }

    /// Signs any two texts as header and payload.
    pub fn jws_of(&self, header: &str, payload: &str) -> String {
        let [header, payload] = [header, payload].map(|json| URL_SAFE_NO_PAD.encode(json));
        let signed = format!("{header}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The signature of a message, as a JWS has it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.0 {
            Key::Es256(pair) => {
                let signature = pair.sign(&random, message).expect("a signature");
                signature.as_ref().to_vec()
            }
            Key::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("a signature");
                signature
            }
        }
    }
}

/// The value of a parameter, a string, of a structured header such as `Secure-Session-Registration`.
pub fn parameter<'h>(header: &'h str, name: &str) -> Option<&'h str> {
    let start = format!("{name}=\"");
    let found = header
        .split(';')
        .find_map(|part| part.trim().strip_prefix(&*start))?;
    found.strip_suffix('"')
}
