//! Signing keys: rotation, removal, algorithms, audience, stand-alone JWTs, keys of the
//! application's own.

mod audience;
mod clocks;
mod elsewhere;
mod jwks;
mod jwt;
mod own;
mod removal;
mod rotation;
mod settings;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::Value;
use session_tests::browser::ACCESS;
use session_tests::token;
use session_tests::{Answer, Browser, Server};

/// A token with another header and the same signature.
fn with_header(token: &str, header: &Value) -> String {
    let (_, rest) = token.split_once('.').expect("three segments");
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

/// A token of these two segments, signed by the only key of the algorithm that `like` has.
async fn signed_like(server: &Server, like: &str, header: &Value, payload: &Value) -> String {
    let signed = token::unsigned(header, payload);
    let kind = token::header(like)["alg"].clone();
    let keys = server.sessions().reveal_keys().await.expect("the keys");
    let mut secrets = keys.iter().filter(|(of, _)| kind == *of);
    let (_, secret) = secrets.next().expect("a key");
    assert!(secrets.next().is_none(), "two keys of {kind}");
    let (key, algorithm) = if kind == "EdDSA" {
        (EncodingKey::from_ed_der(secret), Algorithm::EdDSA)
    } else {
        (EncodingKey::from_ec_der(secret), Algorithm::ES256)
    };
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, algorithm);
    format!("{signed}.{}", signature.expect("a signature"))
}

fn token(browser: &Browser<'_>) -> String {
    browser.cookie(ACCESS).expect("a token")
}

fn kid(token: &str) -> String {
    token::header(token)["kid"]
        .as_str()
        .expect("a kid")
        .to_owned()
}

async fn present(server: &Server, token: &str) -> Answer {
    let mut browser = server.browser();
    browser.plant(ACCESS, token, "/");
    browser.get("/me").await
}

/// A fresh login's token.
async fn fresh_token(server: &Server) -> String {
    let mut browser = server.browser();
    browser.log_in("ada").await;
    token(&browser)
}

fn signer(server: &Server) -> String {
    let keys = server.sessions().signing_keys();
    let signers: Vec<_> = keys.iter().filter(|key| key.signs).collect();
    assert_eq!(signers.len(), 1, "{keys:?}");
    signers[0].kid.clone()
}

/// Has a server look whether a key is due, without waiting for its turn.
async fn rotate(server: &Server) {
    let rotated = server.sessions().rotate_keys_now().await;
    rotated.expect("an answer");
}

/// Has a server read the feed, without waiting for its turn.
async fn follow(server: &Server) {
    let read = server.sessions().read_revocations_now().await;
    read.expect("an answer");
}

fn count(server: &Server, kind: &str) -> i64 {
    let sql = format!("SELECT count(*) AS value FROM session_key WHERE kind = '{kind}'");
    server.database().number(&sql)
}
