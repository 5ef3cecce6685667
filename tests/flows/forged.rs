//! Tokens that our own key signed; those that must be refused all the same are in `tests/corpus`.

use jsonwebtoken::{Algorithm, EncodingKey};
use rocket::async_test;
use serde_json::{Value, json};
use session_tests::body::{TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::ACCESS;
use session_tests::token;
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
        let keys = server.sessions().reveal_keys().await.expect("the keys");
        let (_, secret) = keys
            .iter()
            .find(|(kind, _)| *kind == "ES256")
            .expect("a signing key");
        Self {
            key: EncodingKey::from_ec_der(secret),
            header: token::header(&token),
            payload: token::payload(&token),
        }
    }

    fn sign(&self, header: &str, payload: &str) -> String {
        let signed = token::unsigned(header, payload);
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

/// As a version that did not name the payload type in tokens signed them.
#[async_test]
async fn a_token_that_does_not_name_its_type_asks_for_a_refresh() {
    let server = Server::start().await;
    let forge = Forge::of(&server).await;
    for header in [
        json!({ "payload_type": null }),
        json!({ "payload_type": "" }),
    ] {
        let token = forge.altered(&header, &json!({}));
        let answer = present(&server, &token).await;
        answer.expect(401, TRY_REFRESH).expect_untouched();
    }
    let unknown = json!({ "later": { "version": 2 } });
    let token = forge.altered(&unknown, &json!({}));
    assert_eq!(present(&server, &token).await.status, 200);
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
    answer.expect(401, UNAUTHORISED);
}
