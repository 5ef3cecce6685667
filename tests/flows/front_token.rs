//! The front-token repeats the payload, so it goes only to whom it serves; and what is too large
//! for a proxy is told.

use rocket::http::Method;
use rocket::serde::json::json;
use rocket::{async_test, post, routes};
use session_runtime::{Error, Session};
use session_tests::app::Claims;
use session_tests::body::OK;
use session_tests::browser::{ACCESS, REFRESH_PATH};
use session_tests::{Answer, Log, Server};

#[post("/rename/<letters>")]
async fn rename(mut session: Session<Claims>, letters: usize) -> Result<(), Error> {
    let name = move |claims: &mut Claims| claims.name = "a".repeat(letters);
    session.update_payload(name).await
}

async fn start(setting: Option<&str>) -> Server {
    let server = Server::builder().rocket(|rocket| rocket.mount("/", routes![rename]));
    match setting {
        Some(setting) => server.set("front_token", setting).start().await,
        None => server.start().await,
    }
}

/// A login, a change of the payload and a refresh, of a request with these headers.
async fn answers(server: &Server, headers: &[(&'static str, &str)]) -> [Answer; 3] {
    let mut browser = server.browser();
    let all = |cookies: Option<String>| -> Vec<(&'static str, String)> {
        let said = headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        said.chain(cookies.map(|cookies| ("Cookie", cookies)))
            .collect()
    };
    let body = json!({ "user": "ada", "name": "Ada" }).to_string();
    let login = browser
        .send_raw(Method::Post, "/login", all(None), Some(body))
        .await;
    login.expect(200, OK);
    browser.keep(&login);
    let cookies = |path: &str| browser.cookie_header(path);
    let update = browser
        .send_raw(Method::Post, "/rename/3", all(cookies("/")), None)
        .await;
    assert_eq!(update.status, 200);
    let refresh = browser
        .send_raw(Method::Post, REFRESH_PATH, all(cookies(REFRESH_PATH)), None)
        .await;
    refresh.expect(200, "{}");
    [login, update, refresh]
}

#[async_test]
async fn only_a_front_end_gets_it() {
    for (setting, headers, gets_it) in [
        (None, vec![], false),
        (None, vec![("Sec-Fetch-Mode", "navigate")], false),
        (None, vec![("rid", "anti-csrf")], true),
        (None, vec![("st-auth-mode", "cookie")], true),
        (Some("auto"), vec![], false),
        (Some("always"), vec![], true),
    ] {
        let server = start(setting).await;
        for answer in answers(&server, &headers).await {
            assert_eq!(
                answer.header("front-token").is_some(),
                gets_it,
                "{headers:?}"
            );
            assert!(answer.set_cookie(ACCESS).is_some());
        }
    }
}

#[async_test]
async fn what_a_proxy_would_refuse_is_told_once() {
    let server = start(None).await;
    let log = Log::start();
    let mut browser = server.browser();
    browser.log_in("ada").await;
    assert!(!log.text().contains("large_response_head"));
    for letters in [1800, 1900] {
        assert_eq!(
            browser.post(&format!("/rename/{letters}")).await.status,
            200
        );
    }
    log.expect(&["WARN", "large_response_head", "proxy_buffer_size"]);
    assert_eq!(log.text().matches("large_response_head").count(), 1);
}
