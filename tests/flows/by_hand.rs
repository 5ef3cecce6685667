//! The guards `Login` and `Logout` do by hand all that the macros do; and sessions whose validity
//! is chosen by hand.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rocket::http::{Cookie, Method, Status};
use rocket::{async_test, post, routes};
use session_runtime::clock::Clock;
use session_runtime::token::Transport;
use session_runtime::{Error, Login, Logout, NewSession, SessionHandle, login};
use session_tests::app::{Claims, Notes};
use session_tests::body::{BROKEN, REFUSED};
use session_tests::browser::{ACCESS, REFRESH};
use session_tests::token;
use session_tests::{Answer, Browser, Server};

fn session(user: &str, name: &str) -> NewSession {
    NewSession::new(
        user.to_owned(),
        Claims {
            name: name.to_owned(),
        },
        Notes::default(),
    )
}

#[post("/login/<user>/<length>")]
async fn log_in(login: Login, user: &str, length: usize) -> Result<String, Error> {
    let handle = login.start(session(user, &"x".repeat(length))).await?;
    Ok(handle.to_string())
}

#[post("/twice")]
async fn twice(login: Login) -> Result<(), Error> {
    login.start(session("first", "")).await?;
    login.start(session("second", "")).await?;
    Ok(())
}

#[post("/second-fails")]
async fn second_fails(login: Login) -> Result<(), Error> {
    login.start(session("first", "")).await?;
    login.start(session("second", &"x".repeat(4000))).await?;
    Ok(())
}

#[login]
#[post("/valid/<millis>")]
fn valid_for(millis: u64) -> NewSession<(Status, &'static str)> {
    session("ada", "")
        .valid_for(Duration::from_millis(millis))
        .answer((Status::Created, "for a while"))
}

#[post("/valid-by-hand/<millis>")]
async fn valid_by_hand(login: Login, millis: u64) -> Result<(Status, &'static str), Error> {
    let validity = Duration::from_millis(millis);
    login.start(session("ada", "").valid_for(validity)).await?;
    Ok((Status::Created, "for a while"))
}

#[post("/logout")]
async fn log_out(logout: Logout) -> Result<&'static str, Error> {
    logout.revoke_presented().await?;
    Ok("bye")
}

async fn server() -> Server {
    let routes = routes![
        log_in,
        twice,
        second_fails,
        valid_for,
        valid_by_hand,
        log_out
    ];
    Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes))
        .start()
        .await
}

/// When the refresh cookie of an answer ends, in seconds after the time of the server.
fn ends_in(server: &Server, answer: &Answer) -> i64 {
    let line = answer.set_cookie(REFRESH).expect("a refresh cookie");
    let cookie = Cookie::parse(line).expect("a well-formed Set-Cookie");
    let ends = cookie.expires_datetime().expect("an expiry");
    ends.unix_timestamp() - server.clock.now().timestamp()
}

/// What the access token says of its end, in seconds after the time of the server.
fn expires_in(server: &Server, browser: &Browser<'_>) -> i64 {
    let token = browser.cookie(ACCESS).expect("a token");
    token::payload(&token)["exp"].as_i64().expect("a time") - server.clock.now().timestamp()
}

#[async_test]
async fn a_session_starts_with_cookies_and_ends_the_one_before() {
    let server = server().await;
    let mut browser = server.browser();
    let first = browser.post("/m/login/ada/1").await;
    assert_eq!((first.status, first.all("set-cookie").count()), (200, 3));
    assert!(first.header("front-token").is_some());
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(browser.get("/me").await.json()["handle"], first.body);

    let second = browser.post("/m/login/ada/1").await;
    assert_ne!(first.body, second.body);
    assert_eq!(server.database().sessions(), 1);
    browser.refresh().await.expect(200, "{}");
    browser
        .post("/m/logout")
        .await
        .expect(200, "bye")
        .expect_cleared();
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_payload_that_is_too_large_starts_nothing_and_ends_nothing() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.post("/m/login/ada/4000").await;
    answer.expect(500, BROKEN).expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
    assert_eq!(server.database().sessions(), 1);
    let stranger = server.browser().post("/m/login/bob/4000").await;
    stranger.expect(500, BROKEN).expect_untouched();
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn of_two_sessions_in_one_request_the_last_ones_cookies_go_out() {
    let server = server().await;
    let mut browser = server.browser();
    let answer = browser.post("/m/twice").await;
    assert_eq!(answer.all("set-cookie").count(), 3);
    assert!(answer.set_cookie(ACCESS).is_some() && answer.set_cookie(REFRESH).is_some());
    assert_eq!(browser.get("/me").await.json()["user"], "second");
    // The first one is a session all the same: its row waits for its end.
    for user in ["first", "second"] {
        let handles = server.sessions().handles(&user.to_owned()).await;
        assert_eq!(handles.map(|handles| handles.len()), Ok(1), "{user}");
    }
}

#[async_test]
async fn a_start_that_fails_takes_back_no_earlier_one() {
    let server = server().await;
    let mut browser = server.browser();
    let answer = browser.post("/m/second-fails").await;
    answer.expect(500, BROKEN);
    assert_eq!(answer.all("set-cookie").count(), 3);
    assert_eq!(browser.get("/live").await.json()["user"], "first");
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn logging_out_by_hand_needs_no_session() {
    let server = server().await;
    let mut browser = server.browser();
    for _ in 0..2 {
        let answer = browser.post("/m/logout").await;
        answer.expect(200, "bye").expect_untouched();
    }
}

#[async_test]
async fn a_session_with_its_own_validity_ends_then_and_each_rotation_starts_it_anew() {
    let server = server().await;
    for path in ["/m/valid/7200000", "/m/valid-by-hand/7200000"] {
        let mut browser = server.browser();
        let answer = browser.post(path).await;
        answer.expect(201, "for a while");
        assert_eq!(ends_in(&server, &answer), 7200);
        let me = browser.get("/me").await.json();
        let handle = me["handle"].as_str().expect("a handle");
        let handle: SessionHandle = handle.parse().expect("a handle");
        let left = async || {
            let info = server.sessions().info(handle).await.expect("an answer");
            (info.expect("a session").expires_at - server.clock.now()).num_seconds()
        };
        assert_eq!(left().await, 7200);

        server.clock.advance(Duration::from_secs(7000));
        let answer = browser.refresh().await;
        answer.expect(200, "{}");
        assert_eq!((ends_in(&server, &answer), left().await), (7200, 7200));

        // The server does not leave it to the cookie's expiry.
        let token = browser.cookie(REFRESH).expect("a token");
        server.clock.advance(Duration::from_secs(7200));
        let late = server.sessions().refresh(&token).await;
        assert_eq!(late, Err(Error::Unauthorised));
    }
}

#[async_test]
async fn an_access_token_does_not_outlive_a_short_session() {
    let server = server().await;
    let mut browser = server.browser();
    let answer = browser.post("/m/valid/60000").await;
    assert_eq!(ends_in(&server, &answer), 60);
    assert_eq!(expires_in(&server, &browser), 60);
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(browser.get("/me").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/me").await.status, 401);
}

#[async_test]
async fn a_validity_that_no_session_can_have_starts_none() {
    let server = server().await;
    for path in ["/m/valid", "/m/valid-by-hand"] {
        for millis in [0, 999, u64::MAX] {
            let answer = server.browser().post(&format!("{path}/{millis}")).await;
            answer.expect(500, BROKEN).expect_untouched();
        }
        assert_eq!(server.database().sessions(), 0);
    }
    // A second and a thousand years are the limits.
    for millis in [1000_u64, 1000 * 365 * 86_400_000] {
        let answer = server.browser().post(&format!("/m/valid/{millis}")).await;
        answer.expect(201, "for a while");
    }
}

/// Tokens that a program asks for have the same parts as those of a login over HTTP.
#[async_test]
async fn tokens_made_by_a_program_are_complete() {
    let settings = [("csrf", "via-token".into()), ("transfer", "cookie".into())];
    let server = Server::builder().settings(&settings).start().await;
    let new = || {
        let claims = Claims { name: "Ada".into() };
        NewSession::new("ada".to_owned(), claims, Notes::default())
    };
    let created = server.sessions().create(new(), Transport::Cookie).await;
    let tokens = created.expect("a session");
    let anti_csrf = tokens.anti_csrf_token().expect("a token").to_owned();
    let leave = |anti_csrf: String| {
        let headers = vec![
            ("Cookie", format!("{ACCESS}={}", tokens.access_token())),
            ("anti-csrf", anti_csrf),
        ];
        let browser = server.browser();
        async move {
            browser
                .send_raw(Method::Post, "/leave", headers, None)
                .await
        }
    };
    leave("x".into()).await.expect(403, REFUSED);
    leave(anti_csrf).await.expect(200, "left");

    let front = STANDARD.decode(tokens.front_token()).expect("base64");
    let front: serde_json::Value = serde_json::from_slice(&front).expect("JSON");
    assert_eq!(
        (front["uid"].as_str(), front["up"]["name"].as_str()),
        (Some("ada"), Some("Ada"))
    );

    let server = Server::builder().set("csrf", "via-token").start().await;
    let created = server.sessions().create(new(), Transport::Header).await;
    let tokens = created.expect("a session");
    assert_eq!(tokens.anti_csrf_token(), None, "headers need none");
}
