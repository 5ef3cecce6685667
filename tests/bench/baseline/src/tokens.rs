//! Tokens as the library issues them: a signed JWT, an opaque refresh token, a front-token.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::Utc;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;

type Failure = Box<dyn std::error::Error>;

pub struct Signer {
    key: EncodingKey,
    header: Header,
}

pub struct Tokens {
    pub handle: Uuid,
    pub access: String,
    pub refresh: String,
    pub refresh_hash: Vec<u8>,
    pub front: String,
}

impl Tokens {
    /// What the names of the session's cookies end in.
    pub fn tag(&self) -> String {
        URL_SAFE_NO_PAD.encode(&self.handle.as_bytes()[10..])
    }
}

impl Signer {
    /// A signer with a key of its own.
    pub fn new() -> Result<Self, Failure> {
        let random = SystemRandom::new();
        let eddsa = std::env::var("ALGORITHM").is_ok_and(|name| name == "EdDSA");
        let (key, algorithm) = if eddsa {
            let pair = Ed25519KeyPair::generate_pkcs8(&random)?;
            (EncodingKey::from_ed_der(pair.as_ref()), Algorithm::EdDSA)
        } else {
            let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
            (EncodingKey::from_ec_der(pair.as_ref()), Algorithm::ES256)
        };
        let mut header = Header::new(algorithm);
        header.kid = Some("s-0123456789abcdef".into());
        Ok(Self { key, header })
    }

    /// The tokens of a new session.
    pub fn issue(&self, user: &str) -> Result<Tokens, Failure> {
        let mut secret = [0; 90];
        rand::fill(&mut secret)?;
        let handle = Uuid::now_v7();
        let refresh = format!("v1.{}", URL_SAFE_NO_PAD.encode(secret));
        let refresh_hash = digest(&SHA256, refresh.as_bytes()).as_ref().to_vec();
        let now = Utc::now().timestamp();
        let claims = json!({
            "sub": user, "rsub": user, "tId": "public", "iat": now, "exp": now + 3600,
            "sessionHandle": handle.to_string(), "refreshTokenHash1": null,
            "parentRefreshTokenHash1": null, "antiCsrfToken": null,
            "iss": "http://127.0.0.1:8000/auth", "name": user,
        });
        let access = encode(&self.header, &claims, &self.key)?;
        let front = json!({ "uid": user, "ate": (now + 3600) * 1000, "up": claims });
        let front = STANDARD.encode(front.to_string());
        Ok(Tokens {
            handle,
            access,
            refresh,
            refresh_hash,
            front,
        })
    }
}
