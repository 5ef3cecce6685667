//! What was accepted once is accepted for good: the size of a payload is judged for the largest token.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rocket::futures::future::join_all;
use rocket::http::Method;
use rocket::tokio::runtime::Runtime;
use rocket::{async_test, post, routes};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, NewSession, Session, login};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH};
use session_tests::{Answer, Browser, Server};

#[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
#[session(auth_time)]
struct Long {
    text: String,
}

fn long(length: usize) -> Long {
    Long {
        text: "x".repeat(length),
    }
}

fn session(length: usize) -> NewSession {
    NewSession::new("ada".to_owned(), long(length), ())
}

fn text(length: usize) -> Map<String, Value> {
    let update = json!({ "text": "x".repeat(length) });
    update.as_object().expect("an object").clone()
}

const MODES: [&str; 4] = ["fetch-metadata", "via-token", "via-custom-header", "none"];

/// A server on the database of another one, with other settings.
async fn beside(server: &Server, csrf: &str, transfer: &str) -> Server {
    let beside = server.beside().set("csrf", csrf).set("transfer", transfer);
    beside.start().await
}

async fn all_modes(first: &Server) -> Vec<(Server, Transport)> {
    let mut servers = Vec::new();
    for csrf in MODES {
        servers.push((beside(first, csrf, "cookie").await, Transport::Cookie));
        servers.push((beside(first, csrf, "header").await, Transport::Header));
    }
    servers
}

/// The least and the greatest length that have to be tried.
const LENGTHS: std::ops::Range<usize> = 2300..2700;

#[test]
fn a_payload_that_is_accepted_refreshes_in_every_mode() {
    let runtime = Runtime::new().expect("a runtime");
    let first = runtime.block_on(Server::start());
    let servers = runtime.block_on(all_modes(&first));
    let mut runner = TestRunner::new(Config {
        cases: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let strategy = (LENGTHS, 0..servers.len(), any::<bool>());
    let outcome = runner.run(&strategy, |(length, at, merged)| {
        let done = runtime.block_on(async {
            let (server, transport) = &servers[at];
            let sessions = server.sessions();
            let new = session(if merged { 0 } else { length });
            let tokens = sessions.create(new, *transport).await?;
            if merged {
                let update = text(length);
                sessions
                    .merge_payload::<Long>(tokens.handle(), update)
                    .await?;
            }
            let refresh = tokens.refresh_token().expect("a token");
            let refreshed = servers
                .iter()
                .map(|(server, _)| server.sessions().refresh(refresh));
            Ok(join_all(refreshed).await)
        });
        match done {
            Ok(refreshed) => {
                accepted.set(accepted.get() + 1);
                for tokens in refreshed {
                    prop_assert!(tokens.is_ok(), "{} {} {:?}", length, merged, tokens);
                }
            }
            Err(Error::PayloadTooLarge { .. }) => refused.set(refused.get() + 1),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        }
        Ok(())
    });
    outcome.expect("every length");
    let counts = [accepted, refused].map(Cell::into_inner);
    assert!(counts.iter().all(|count| *count > 20), "{counts:?}");
}

#[login]
#[post("/in/<length>")]
fn log_in(length: usize) -> (String, Long, ()) {
    ("ada".into(), long(length), ())
}

#[post("/prove")]
async fn prove(mut session: Session<Long>) -> Result<(), Error> {
    session.step_up().await
}

#[post("/merge/<length>")]
async fn merge(mut session: Session<Long>, length: usize) -> Result<(), Error> {
    session.merge_payload(text(length)).await
}

/// Sends a request with both cookies and what the mode asks for, and keeps the answer's cookies.
async fn send(browser: &mut Browser<'_>, path: &str, token: &str) -> Answer {
    let cookies = [ACCESS, REFRESH].map(|cookie| {
        let value = browser.cookie(cookie).expect("a token");
        format!("{cookie}={value}")
    });
    let headers = vec![
        ("Cookie", cookies.join("; ")),
        ("anti-csrf", token.to_owned()),
        ("rid", "session".to_owned()),
    ];
    let answer = browser.send_raw(Method::Post, path, headers, None).await;
    browser.keep(&answer);
    answer
}

#[async_test]
async fn the_longest_payload_outlives_a_new_proof_and_a_refresh_in_cookies_of_every_mode() {
    for csrf in MODES {
        let server = Server::builder()
            .set("csrf", csrf)
            .rocket(|rocket| rocket.mount("/l", routes![log_in, prove, merge]))
            .start()
            .await;
        let mut length = LENGTHS.end;
        while server
            .sessions()
            .create(session(length), Transport::Header)
            .await
            .is_err()
        {
            length -= 1;
        }
        for merged in [false, true] {
            let mut browser = server.browser();
            let first = if merged { 0 } else { length };
            let headers = vec![("rid", "session".to_owned())];
            let path = format!("/l/in/{first}");
            let mut answer = browser.send_raw(Method::Post, &path, headers, None).await;
            browser.keep(&answer);
            assert_eq!(answer.status, 200, "{csrf}");
            let merge = format!("/l/merge/{length}");
            let merges = if merged { &*merge } else { "/l/prove" };
            let mut token = String::new();
            for path in [merges, "/l/prove", REFRESH_PATH, REFRESH_PATH] {
                token = answer.header("anti-csrf").map_or(token, str::to_owned);
                answer = send(&mut browser, path, &token).await;
                assert_eq!(answer.status, 200, "{csrf} {path} {length}");
            }
        }
        let over = server
            .sessions()
            .create(session(length + 1), Transport::Header)
            .await;
        assert!(matches!(over, Err(Error::PayloadTooLarge { .. })));
    }
}
