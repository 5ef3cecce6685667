//! What users type stays within its line of the log, and what they do does not fill it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rocket::http::Method;
use rocket::{async_test, get, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Event, JwtPayload, PublicClaim, Session};
use session_tests::body::{OK, REFUSED, SIGN_IN_AGAIN, UNAUTHORISED};
use session_tests::browser::{ACCESS, SIGN_OUT_PATH};
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

/// Lines for whoever does not look at details.
fn lines(log: &Log) -> Vec<String> {
    let text = log.text();
    let lines = text.lines().filter(|line| {
        ["INFO", "WARN", "ERROR"]
            .iter()
            .any(|level| line.starts_with(level))
    });
    lines.map(str::to_owned).collect()
}

#[async_test]
async fn logins_and_logouts_in_a_loop_fill_no_log() {
    let server = Server::start().await;
    let log = Log::start();
    let mut browser = server.browser();
    for _ in 0..100 {
        browser.log_in("ada").await.expect(200, OK);
        assert_eq!(browser.sign_out().await.status, 200);
    }
    assert_eq!(lines(&log), [""; 0]);
}

#[async_test]
async fn refused_requests_in_a_loop_fill_no_log() {
    let told = Arc::new(AtomicUsize::new(0));
    let tells = Arc::clone(&told);
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![kind]))
        .fairing(|fairing| {
            fairing.on_event(move |event| {
                if matches!(event, Event::CrossSiteRefused { .. }) {
                    tells.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    let log = Log::start();
    let refused = async |path| {
        let foreign = vec![("sec-fetch-site", "cross-site".to_owned())];
        let answer = browser.send_raw(Method::Post, path, foreign, None).await;
        answer.expect(403, REFUSED);
    };
    for _ in 0..100 {
        refused(SIGN_OUT_PATH).await;
    }
    for _ in 0..100 {
        browser
            .clone()
            .get("/kind")
            .await
            .expect(403, SIGN_IN_AGAIN);
    }
    let written = lines(&log);
    let of = |event: &str| written.iter().filter(|line| line.contains(event)).count();
    assert_eq!(of("cross_site_refused"), 30);
    assert_eq!(of("payload_mismatch"), 30);
    assert_eq!(written.len(), 60, "and nothing else");

    // The next minute says what this one left out.
    server.clock.advance(Duration::from_secs(60));
    refused("/login").await;
    log.expect(&["WARN", "lines_left_out", "lines=70"]);
    let written = lines(&log);
    let last: Vec<&str> = written.iter().rev().take(2).map(String::as_str).collect();
    assert!(last[0].contains("/login") && last[1].contains(SIGN_OUT_PATH));
    assert_eq!(
        told.load(Ordering::SeqCst),
        101,
        "the handler gets them all"
    );
}

#[async_test]
async fn closures_that_panic_in_a_loop_fill_no_log() {
    let server = Server::builder()
        .fairing(|fairing| {
            fairing
                .on_event(|_| panic!("the application's event handler"))
                .on_error(|_, _| panic!("the application's error handler"))
        })
        .start()
        .await;
    let log = Log::start();
    let mut browser = server.browser();
    for _ in 0..100 {
        browser.get("/me").await.expect(401, UNAUTHORISED);
    }
    let written = lines(&log);
    let of = |what: &str| written.iter().filter(|line| line.contains(what)).count();
    assert_eq!(of("the event handler panicked"), 30);
    assert_eq!(of("the error handler panicked"), 30);
    assert_eq!(written.len(), 60, "and nothing else");
}
