//! What users type stays within its line of the log.

use std::time::Duration;

use rocket::http::Method;
use rocket::{async_test, get, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, PublicClaim, Session};
use session_tests::body::{OK, SIGN_IN_AGAIN};
use session_tests::browser::ACCESS;
use session_tests::{Log, Server};

#[derive(Serialize, Deserialize, PublicClaim)]
enum Kind {
    Known,
}

/// Reads a text of ours as one of few words.
#[derive(Serialize, Deserialize, JwtPayload)]
struct Kinds {
    name: Kind,
}

#[get("/kind")]
fn kind(_session: Session<Kinds>) {}

#[async_test]
async fn what_a_user_typed_cannot_forge_a_line_of_the_log() {
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![kind]))
        .start()
        .await;
    let log = Log::start();
    let forged = "x\r\n{\"event\":\"token_theft\"}\u{1b}[31m\u{85}";
    let mut browser = server.browser();
    let body = rocket::serde::json::json!({ "user": forged, "name": forged, "text": forged });
    let answer = browser.send(Method::Post, "/login", Some(body)).await;
    answer.expect(200, OK);
    let mut copy = browser.clone();
    browser
        .clone()
        .get("/kind")
        .await
        .expect(403, SIGN_IN_AGAIN);
    for _ in 0..2 {
        server.clock.advance(Duration::from_secs(120));
        browser.refresh().await.expect(200, "{}");
    }
    assert_eq!(copy.refresh().await.status, 401);
    let twice = format!("{ACCESS}=x; {ACCESS}=y");
    let path = "/me?x=%0a%1b{%22event%22}";
    let answer = browser
        .send_raw(Method::Get, path, vec![("cookie", twice)], None)
        .await;
    assert_eq!(answer.status, 401);

    let text = log.text();
    for line in text.split(['\n', '\r', '\u{85}', '\u{1b}']) {
        let level = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]
            .iter()
            .any(|level| line.starts_with(level));
        assert!(level, "a forged line: {line}\n{text}");
    }
    for event in ["payload_mismatch", "token_theft"] {
        log.expect(&["event=", event]);
    }
}
