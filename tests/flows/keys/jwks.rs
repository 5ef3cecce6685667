//! The published keys, and the configuration that points to them.

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use serde_json::{Value, json};
use session_tests::{Answer, Server};

use super::{fresh_token, kid, rotate, signer};

const JWKS: &str = "/auth/jwt/jwks.json";
const CONFIGURATION: &str = "/auth/.well-known/openid-configuration";
const HOUR: Duration = Duration::from_secs(60 * 60);

fn max_age(answer: &Answer) -> u64 {
    let header = answer.header("cache-control").expect("a cache header");
    let seconds = header
        .strip_prefix("max-age=")
        .and_then(|rest| rest.strip_suffix(", must-revalidate"));
    seconds.expect("a maximal age").parse().expect("a number")
}

fn kids(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let keys = body["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["kid"].as_str().expect("a kid").to_owned())
        .collect()
}

#[async_test]
async fn the_keys_are_published_for_everybody() {
    let server = Server::start().await;
    for method in [Method::Get, Method::Head] {
        let answer = server.browser().send(method, JWKS, None).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        // 168 h less the overlap.
        assert_eq!(
            answer.header("cache-control"),
            Some("max-age=600, must-revalidate")
        );
        answer.expect_untouched();
    }
    let answer = server.browser().get(JWKS).await.json();
    let key = &answer["keys"][0];
    assert_eq!(
        answer,
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig",
            "kid": signer(&server), "x": key["x"], "y": key["y"],
        }] })
    );
    for coordinate in ["x", "y"] {
        assert_eq!(key[coordinate].as_str().map(str::len), Some(43));
    }
}

/// Keys of all kinds, and none of their private members (RFC 7518, section 6).
#[async_test]
async fn every_verifying_key_is_published_and_nothing_private() {
    let server = Server::start().await;
    let server = server
        .restart()
        .set("signing_algorithm", "EdDSA")
        .start()
        .await;
    let body = server.browser().get(JWKS).await.json();
    let keys = body["keys"].as_array().expect("keys");
    assert_eq!(keys.len(), 2);
    for key in keys {
        let names: Vec<_> = key
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        let public = ["alg", "crv", "kid", "kty", "use", "x", "y"];
        assert!(names.iter().all(|name| public.contains(name)), "{names:?}");
        assert_eq!(names.contains(&"y"), key["kty"] == "EC");
    }
}

/// A copy that was fetched at any time and is kept for as long as
/// it may be holds every key that signs meanwhile.
#[async_test]
async fn a_copy_of_the_keys_holds_the_next_signer_before_it_signs() {
    let server = Server::builder()
        .set("signing_key_interval", "10m")
        .start()
        .await;
    let mut copies: Vec<(u64, Vec<String>)> = Vec::new();
    let mut signers = std::collections::BTreeSet::new();
    for second in (0..2000).step_by(5) {
        rotate(&server).await;
        let answer = server.browser().get(JWKS).await;
        let age = max_age(&answer);
        assert!((1..=540).contains(&age), "{age}");
        copies.push((second + age, kids(&answer)));
        copies.retain(|(until, _)| *until > second);
        let now = signer(&server);
        for (_, kids) in &copies {
            assert!(kids.contains(&now), "{now} signs, a copy holds {kids:?}");
        }
        signers.insert(now);
        server.clock.advance(Duration::from_secs(5));
    }
    assert!(signers.len() >= 3, "{signers:?}");
}

/// While a key is due that nobody has made, a copy is good for a second.
#[async_test]
async fn a_late_key_is_waited_for_every_second() {
    let server = Server::start().await;
    server.clock.advance(169 * HOUR);
    assert_eq!(max_age(&server.browser().get(JWKS).await), 1);
}

#[async_test]
async fn the_configuration_points_to_the_keys() {
    for algorithm in ["ES256", "EdDSA"] {
        let server = Server::builder()
            .set("signing_algorithm", algorithm)
            .start()
            .await;
        let answer = server.browser().get(CONFIGURATION).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(
            answer.json(),
            json!({
                "issuer": "http://127.0.0.1:8000/auth",
                "jwks_uri": "http://127.0.0.1:8000/auth/jwt/jwks.json",
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [algorithm],
                "response_types_supported": ["none"],
            })
        );
    }
}

#[async_test]
async fn both_need_no_database_and_move_with_the_base_path() {
    let server = Server::builder()
        .set("api_base_path", "/api/sessions")
        .start()
        .await;
    let token = fresh_token(&server).await;
    server
        .database()
        .execute("DROP TABLE session_key; DROP TABLE session_info");
    let keys = server.browser().get("/api/sessions/jwt/jwks.json").await;
    assert_eq!(kids(&keys), [kid(&token)]);
    let answer = server
        .browser()
        .get("/api/sessions/.well-known/openid-configuration")
        .await;
    let jwks: Value = answer.json()["jwks_uri"].clone();
    assert_eq!(jwks, "http://127.0.0.1:8000/api/sessions/jwt/jwks.json");
    assert_eq!(
        server
            .browser()
            .post("/api/sessions/jwt/jwks.json")
            .await
            .status,
        404
    );
}
