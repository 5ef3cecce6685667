//! Tokens that our own key signed and that must be refused all the same: what the JWT library lets through.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use rocket::async_test;
use serde_json::{Value, json};
use session_runtime::Clock;
use session_tests::browser::ACCESS;
use session_tests::{Answer, Browser, Server};

/// The server's signing key, and a token to start from.
struct Forge {
    key: EncodingKey,
    header: Value,
    payload: Value,
}

impl Forge {
    async fn of(server: &Server) -> Self {
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let token = browser.cookie(ACCESS).expect("a token");
        let segment = |index| {
            let encoded = token.split('.').nth(index).expect("three segments");
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64url"))
                .expect("JSON")
        };
        let keys = server.sessions().reveal_keys().await.expect("the keys");
        let (_, secret) = keys
            .iter()
            .find(|(kind, _)| *kind == "ES256")
            .expect("a signing key");
        Self {
            key: EncodingKey::from_ec_der(secret),
            header: segment(0),
            payload: segment(1),
        }
    }

    fn sign(&self, header: &str, payload: &str) -> String {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, Algorithm::ES256)
            .expect("a signature");
        format!("{signed}.{signature}")
    }

    /// A token with members of header and payload replaced; `Null` removes one.
    fn altered(&self, header: &Value, payload: &Value) -> String {
        let merge = |base: &Value, change: &Value| {
            let mut merged = base.as_object().expect("an object").clone();
            for (key, value) in change.as_object().expect("an object") {
                merged.insert(key.clone(), value.clone());
                if value.is_null() {
                    merged.remove(key);
                }
            }
            Value::Object(merged).to_string()
        };
        self.sign(&merge(&self.header, header), &merge(&self.payload, payload))
    }
}

async fn present(server: &Server, token: &str) -> Answer {
    let mut browser: Browser<'_> = server.browser();
    browser.plant(ACCESS, token, "/");
    browser.get("/me").await
}

#[async_test]
async fn the_forge_itself_makes_good_tokens() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    assert_eq!(
        present(&server, &forge.altered(&json!({}), &json!({})))
            .await
            .status,
        200
    );
    // Media types are case-blind (RFC 7515 section 4.1.9).
    for typ in ["AT+JWT", "application/at+jwt"] {
        assert_eq!(
            present(&server, &forge.altered(&json!({ "typ": typ }), &json!({})))
                .await
                .status,
            200
        );
    }
}

#[async_test]
async fn headers_that_say_something_else_are_refused() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    let headers = [
        json!({ "alg": "none" }),
        json!({ "alg": "None" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "EdDSA" }),
        json!({ "alg": "es256" }),
        json!({ "alg": "ES256 " }),
        json!({ "alg": null }),
        json!({ "alg": 1 }),
        json!({ "typ": null }),
        json!({ "typ": "JWT" }),
        json!({ "typ": "rt+jwt" }),
        json!({ "kid": null }),
        json!({ "kid": "other" }),
        json!({ "kid": "" }),
        json!({ "kid": ["d-1"] }),
        json!({ "kid": "../../../../dev/null" }),
        json!({ "kid": "' UNION SELECT 'a' --" }),
        json!({ "version": "4" }),
        json!({ "version": 5 }),
        json!({ "crit": [] }),
        json!({ "crit": ["x"], "x": 1 }),
        json!({ "b64": false }),
        json!({ "zip": "DEF" }),
        json!({ "cty": "JWT" }),
        json!({ "jku": "http://127.0.0.1:1/" }),
        json!({ "jwk": {} }),
        json!({ "x5u": "http://127.0.0.1:1/" }),
        json!({ "x5c": [] }),
    ];
    for header in headers {
        let answer = present(&server, &forge.altered(&header, &json!({}))).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, r#"{"message":"try refresh token"}"#),
            "{header}"
        );
    }
}

#[async_test]
async fn claims_that_are_missing_mistyped_or_implausible_are_refused() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    let now = server.clock.now().timestamp();
    let claims = [
        json!({ "exp": null }),
        json!({ "exp": (now + 60).to_string() }),
        json!({ "exp": now as f64 + 60.5 }),
        json!({ "exp": -1 }),
        json!({ "exp": 1e19 }),
        json!({ "exp": u64::MAX }),
        json!({ "exp": i64::MAX }),
        json!({ "exp": now }),
        json!({ "exp": now + 3601 }),
        json!({ "exp": now + 10 * 365 * 24 * 3600 }),
        json!({ "iat": null }),
        json!({ "iat": now + 301, "exp": now + 400 }),
        json!({ "iat": i64::MIN }),
        json!({ "iat": now.to_string() }),
        json!({ "nbf": now + 301 }),
        json!({ "nbf": (now + 301).to_string() }),
        json!({ "iss": null }),
        json!({ "iss": 5 }),
        json!({ "iss": ["http://127.0.0.1:8000/auth"] }),
        json!({ "iss": "http://127.0.0.1:8000/auth/" }),
        json!({ "iss": "HTTP://127.0.0.1:8000/auth" }),
        json!({ "iss": "http://127.0.0.1:8001/auth" }),
        json!({ "aud": "me" }),
        json!({ "aud": ["other", "me"] }),
        json!({ "jti": "1" }),
        json!({ "stt": 1 }),
        json!({ "sub": null }),
        json!({ "sub": 5 }),
        json!({ "sub": ["ada"] }),
        json!({ "sessionHandle": null }),
        json!({ "sessionHandle": "x" }),
        json!({ "sessionHandle": "' OR 1=1 --" }),
    ];
    for claim in claims {
        let answer = present(&server, &forge.altered(&json!({}), &claim)).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, r#"{"message":"try refresh token"}"#),
            "{claim}"
        );
    }
    for claim in [
        json!({ "nbf": now }),
        json!({ "iat": now + 299, "exp": now + 400 }),
    ] {
        assert_eq!(
            present(&server, &forge.altered(&json!({}), &claim))
                .await
                .status,
            200,
            "{claim}"
        );
    }
}

#[async_test]
async fn texts_that_are_not_one_json_object_are_refused() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    let (header, payload) = (forge.header.to_string(), forge.payload.to_string());
    let twice = payload.replacen('{', r#"{"sub":"eve","#, 1);
    let spelled = payload.replacen('{', r#"{"\u0073ub":"eve","#, 1);
    let deep = format!(
        "{{\"deep\":{}{},{}",
        "[".repeat(200),
        "]".repeat(200),
        &payload[1..]
    );
    for text in [
        "",
        "[]",
        "\"x\"",
        "null",
        "{}{}",
        &twice,
        &spelled,
        &deep,
        &format!("\u{feff}{payload}"),
        &format!("{payload}{{}}"),
    ] {
        assert_eq!(
            present(&server, &forge.sign(&header, text)).await.status,
            401,
            "{text}"
        );
    }
    let twice = header.replacen('{', r#"{"alg":"none","#, 1);
    for text in ["", "[]", "null", &twice, &format!("{header},")] {
        assert_eq!(
            present(&server, &forge.sign(text, &payload)).await.status,
            401,
            "{text}"
        );
    }
}

#[async_test]
async fn other_spellings_of_a_good_token_are_refused() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    let token = forge.altered(&json!({}), &json!({}));
    let (signed, signature) = token.rsplit_once('.').expect("three segments");
    for text in [
        format!("{token}="),
        format!("{token}A"),
        format!(".{token}"),
        format!("{token}."),
        format!("{token}.{signature}"),
        format!("{signed}."),
        signed.to_owned(),
        format!("{signed}.{}", &signature[1..]),
        format!("{signed}.{}", "A".repeat(signature.len())),
    ] {
        assert_eq!(present(&server, &text).await.status, 401, "{text}");
    }
}

#[async_test]
async fn a_signed_token_of_a_revoked_session_is_refused() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    server
        .sessions()
        .revoke_all(&"ada".to_owned())
        .await
        .expect("an answer");
    let answer = present(
        &server,
        &forge.altered(&json!({}), &json!({ "name": "other" })),
    )
    .await;
    answer.expect(401, r#"{"message":"unauthorised"}"#);
}
