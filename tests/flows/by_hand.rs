//! The guards `Login` and `Logout` do by hand all that the macros do.

use rocket::{async_test, post, routes};
use session_runtime::{Error, Login, Logout, NewSession};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::browser::{ACCESS, REFRESH};

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

#[post("/logout")]
async fn log_out(logout: Logout) -> Result<&'static str, Error> {
    logout.end().await?;
    Ok("bye")
}

async fn server() -> Server {
    Server::changed(|rocket| rocket.mount("/m", routes![log_in, twice, log_out])).await
}

#[async_test]
async fn a_session_starts_with_cookies_and_ends_the_one_before() {
    let server = server().await;
    let mut browser = server.browser();
    let first = browser.post("/m/login/ada/1").await;
    assert_eq!((first.status, first.all("set-cookie").count()), (200, 2));
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
    answer
        .expect(500, r#"{"message":"internal error"}"#)
        .expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn of_two_sessions_in_one_request_the_last_ones_cookies_go_out() {
    let server = server().await;
    let mut browser = server.browser();
    let answer = browser.post("/m/twice").await;
    assert_eq!(answer.all("set-cookie").count(), 2);
    assert!(answer.set_cookie(ACCESS).is_some() && answer.set_cookie(REFRESH).is_some());
    assert_eq!(browser.get("/me").await.json()["user"], "second");
}
