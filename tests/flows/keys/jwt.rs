//! Stand-alone JWTs.

use std::collections::HashMap;
use std::time::Duration;

use rocket::async_test;
use serde_json::{Value, json};
use session_runtime::Error;
use session_runtime::clock::Clock;
use session_runtime::payload::RESERVED_CLAIMS;
use session_tests::Server;
use session_tests::body::UNAUTHORISED;
use session_tests::browser::ACCESS;
use session_tests::token;

use super::{fresh_token, present, signer, with_header};

const MINUTE: Duration = Duration::from_secs(60);

#[async_test]
async fn a_jwt_carries_its_payload_and_whose_it_is() {
    let server = Server::builder().set("audience", "shop").start().await;
    let claims = json!({ "service": "reports", "depth": { "level": 3 } });
    let jwt = server
        .sessions()
        .create_jwt(&claims, 5 * MINUTE)
        .expect("a JWT");
    assert_eq!(
        token::header(&jwt),
        json!({ "alg": "ES256", "typ": "JWT", "kid": signer(&server) })
    );
    let now = server.clock.now().timestamp();
    assert_eq!(
        token::payload(&jwt),
        json!({
            "service": "reports", "depth": { "level": 3 },
            "iss": "http://127.0.0.1:8000/auth", "iat": now, "exp": now + 300, "aud": "shop",
        })
    );
}

#[async_test]
async fn a_jwt_is_never_a_session() {
    let server = Server::start().await;
    let session = fresh_token(&server).await;
    let jwt = server
        .sessions()
        .create_jwt(&json!({}), MINUTE)
        .expect("a JWT");
    for token in [
        &jwt,
        &with_header(&jwt, &token::header(&session)),
        &with_header(&session, &token::header(&jwt)),
    ] {
        present(&server, token).await.expect(401, UNAUTHORISED);
        let mut browser = server.browser();
        browser.plant(ACCESS, token, "/");
        browser.sign_out().await.expect(401, UNAUTHORISED);
    }
    // What a session consists of cannot be put into one.
    for name in RESERVED_CLAIMS {
        assert_eq!(
            server.sessions().create_jwt(&json!({ *name: 1 }), MINUTE),
            Err(Error::ReservedClaim {
                name: (*name).into()
            })
        );
    }
}

#[async_test]
async fn a_jwt_that_would_outlive_its_key_is_refused() {
    let server = Server::start().await;
    for validity in [
        Duration::ZERO,
        MINUTE / 61,
        60 * MINUTE + MINUTE / 60,
        Duration::MAX,
    ] {
        let Err(Error::General(why)) = server.sessions().create_jwt(&json!({}), validity) else {
            panic!("{validity:?} was accepted");
        };
        assert!(why.contains("`access_token_validity`"), "{why}");
    }
    assert!(
        server
            .sessions()
            .create_jwt(&json!({}), 60 * MINUTE)
            .is_ok()
    );
    for payload in [json!(5), json!([1]), Value::Null, json!("text")] {
        assert!(
            server.sessions().create_jwt(&payload, MINUTE).is_err(),
            "{payload}"
        );
    }
    // JSON would say `null` to whoever reads it.
    let payload = HashMap::from([("temperature", f64::NAN)]);
    let refused = server.sessions().create_jwt(&payload, MINUTE);
    let Err(Error::Unstorable { field, reason }) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!((&*field, &*reason), ("payload.*", "JSON has no NaN"));
}
