//! The proof that a browser holds the key of its device: a JWS of the type `dbsc+jwt` (W3C draft
//! "Device Bound Session Credentials").
//!
//! A registration brings its public key along, a refresh must not: its key is the one in the row.
//! Reading checks everything but the signature, so that most of what is wrong costs neither a query
//! nor a verification.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::payload::depth::is_too_deep;
use crate::payload::unique_members::UniqueMembers;
use crate::token::device_bound::{MAX_PROOF, PROOF_TYPE};
use crate::token::device_key::{Algorithm, DeviceKey};
use crate::token::header::REFUSED;

/// Why a proof is refused; for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadProof {
    #[error("it has {0} bytes, and at most {MAX_PROOF} are read")]
    TooLong(usize),
    #[error(
        "it is not `header.payload.signature` in base64url, with JSON objects that name each member once"
    )]
    Form,
    #[error("`{0}` in its header is missing, wrong or not allowed")]
    Header(&'static str),
    #[error("`{0}` in its public key is missing, wrong or not allowed")]
    Key(&'static str),
    #[error("`{0}` in its payload is missing, wrong or for somebody else")]
    Payload(&'static str),
    #[error("its signature is not one of the key")]
    Signature,
}

/// A proof of a refresh, read but not verified.
#[derive(Debug)]
pub(crate) struct Proof<'p> {
    algorithm: Algorithm,
    signed: &'p str,
    signature: Vec<u8>,
    challenge: String,
}

/// A registration whose signature is good: the sender holds the private half of `key`.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) key: DeviceKey,
    /// What was signed; whether it is ours is for [`challenge`](super::challenge) to say.
    pub(crate) challenge: String,
}

impl<'p> Proof<'p> {
    /// Reads the proof of a refresh. `url` is where it was sent, for a browser that names it
    /// (`aud`).
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &'p str, url: &str) -> Result<Self, BadProof> {
        let (header, proof) = parts(text, url)?;
        refuse(&header, &REFUSED)?;
        Ok(proof)
    }

    /// What was signed, if the signature is good.
    pub(crate) fn challenge(&self) -> &str {
        &self.challenge
    }

    /// Checks that `key` made it.
    ///
    /// # Errors
    /// The algorithm is not the key's, or the signature is not.
    pub(crate) fn verify(&self, key: &DeviceKey) -> Result<(), BadProof> {
        if self.algorithm != key.algorithm() {
            return Err(BadProof::Header("alg"));
        }
        let holds = key.has_signed(self.signed.as_bytes(), &self.signature);
        holds.then_some(()).ok_or(BadProof::Signature)
    }
}

impl Registration {
    /// Reads the proof of a registration and verifies it with the key that it brings. `url` is
    /// where it was sent, for a browser that names it (`aud`).
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(text: &str, url: &str) -> Result<Self, BadProof> {
        let (header, proof) = parts(text, url)?;
        let others = REFUSED.iter().copied().filter(|name| *name != "jwk");
        refuse(&header, &others.collect::<Vec<_>>())?;
        let jwk = header.get("jwk").and_then(Value::as_object);
        let jwk = jwk.ok_or(BadProof::Header("jwk"))?;
        let key = DeviceKey::from_jwk(jwk, proof.algorithm).map_err(BadProof::Key)?;
        proof.verify(&key)?;
        Ok(Self {
            key,
            challenge: proof.challenge,
        })
    }
}

/// The header of a proof and the rest of it, read.
fn parts<'p>(text: &'p str, url: &str) -> Result<(Map<String, Value>, Proof<'p>), BadProof> {
    if text.len() > MAX_PROOF {
        return Err(BadProof::TooLong(text.len()));
    }
    let (signed, signature) = text.rsplit_once('.').ok_or(BadProof::Form)?;
    let (header, payload) = signed.split_once('.').ok_or(BadProof::Form)?;
    let (header, mut payload) = (object(header)?, object(payload)?);
    let signature = decoded(signature)?;

    if header.get("typ").is_none_or(|typ| typ != PROOF_TYPE) {
        return Err(BadProof::Header("typ"));
    }
    let algorithm = header.get("alg").and_then(Value::as_str);
    let algorithm = algorithm
        .and_then(Algorithm::from_name)
        .ok_or(BadProof::Header("alg"))?;
    if payload.get("aud").is_some_and(|aud| aud != url) {
        return Err(BadProof::Payload("aud"));
    }
    let Some(Value::String(challenge)) = payload.remove("jti") else {
        return Err(BadProof::Payload("jti"));
    };
    let proof = Proof {
        algorithm,
        signed,
        signature,
        challenge,
    };
    Ok((header, proof))
}

/// Refuses header parameters that say how else to read a token or where else to find its key.
fn refuse(header: &Map<String, Value>, names: &[&'static str]) -> Result<(), BadProof> {
    let found = names.iter().find(|name| header.contains_key(**name));
    found.map_or(Ok(()), |name| Err(BadProof::Header(name)))
}

/// The JSON object in a segment, in which each name comes once.
fn object(segment: &str) -> Result<Map<String, Value>, BadProof> {
    let json = decoded(segment)?;
    if is_too_deep(&json) {
        return Err(BadProof::Form);
    }
    let _: UniqueMembers = serde_json::from_slice(&json).map_err(|_| BadProof::Form)?;
    serde_json::from_slice(&json).map_err(|_| BadProof::Form)
}

/// What is in strict base64url: no padding, no stray last bits.
fn decoded(segment: &str) -> Result<Vec<u8>, BadProof> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| BadProof::Form)
}
