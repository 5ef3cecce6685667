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

/// The feed is read four times a second, and no request waits for it.
#[async_test]
async fn a_feed_that_cannot_be_read_is_told_once_for_each_cause() {
    let server = Server::start().await;
    let log = Log::start();
    let rename = |from: &str, to: &str| {
        let sql = format!("ALTER TABLE {from} RENAME TO {to}");
        server.database().execute(&sql);
    };
    let read = async |times: usize, good: bool| {
        for _ in 0..times {
            let read = server.sessions().read_revocations_now().await;
            assert_eq!(read.is_ok(), good);
        }
    };
    let task = "task=\"read the revocations\"";
    rename("session_revocation", "hidden");
    read(100, false).await;
    assert_eq!(lines(&log).len(), 1, "{:?}", lines(&log));
    log.expect(&["ERROR", "event=\"task_failed\"", task, "session_revocation"]);
    // What fails besides is not hidden by that.
    rename("session_info", "hidden_too");
    let answer = server.browser().log_in("ada").await;
    assert_eq!(answer.status, 503);
    log.expect(&["ERROR", "event=\"store_unavailable\"", "session_info"]);
    // Another cause.
    rename("hidden", "session_revocation");
    rename("session_counter", "hidden");
    read(100, false).await;
    log.expect(&["ERROR", "event=\"task_failed\"", task, "session_counter"]);
    rename("hidden", "session_counter");
    rename("hidden_too", "session_info");
    read(100, true).await;
    log.expect(&["INFO", "event=\"task_recovered\"", task]);
    assert_eq!(lines(&log).len(), 4, "{:?}", lines(&log));
}

#[async_test]
async fn a_cause_hides_no_other() {
    let server = Server::start().await;
    let log = Log::start();
    let emit = |cause: &str| {
        let cause = cause.to_owned();
        let event = Event::StoreUnavailable { cause };
        session_runtime::internals::emit(server.sessions(), &event);
    };
    let of = |log: &Log, what: &str| lines(log).iter().filter(|line| line.contains(what)).count();
    (0..100).for_each(|_| emit("the disk is full"));
    emit("the server is away");
    assert_eq!(of(&log, "the disk is full"), 30);
    assert_eq!(of(&log, "the server is away"), 1);
    // Causes without end have an end.
    (0..1000).for_each(|n| emit(&format!("cause {n}")));
    assert_eq!(of(&log, "cause=\"cause "), 6 + 30);
    server.clock.advance(Duration::from_secs(60));
    emit("the server is away");
    log.expect(&["lines_left_out", "lines=70"]);
    log.expect(&["lines_left_out", "lines=964"]);
}

/// A launch that fails says why, and speaks of no request.
#[async_test]
async fn a_failing_launch_answers_no_request() {
    let server = Server::start().await;
    server
        .database()
        .refuse_inserts("session_counter", "NEW.name LIKE 'issuer:%'");
    let file = server.folder().join("test.db");
    let folder = server.stop();
    let log = Log::start();
    let builder = Server::builder()
        .on_file(&file)
        .set("api_origin", "http://localhost:8001");
    let launched = rocket::local::asynchronous::Client::untracked(builder.build()).await;
    let _seen = launched.expect_err("no launch").kind();
    let mut written = lines(&log);
    // The servers of these tests do not wait for their disk.
    written.retain(|line| !line.contains("weak_durability"));
    assert_eq!(written.len(), 1, "{written:?}");
    log.expect(&["ERROR", "sessions could not be set up"]);
    drop(folder);
}
