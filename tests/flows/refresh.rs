//! Refreshing over HTTP: what the browser keeps, loses and is told.

use std::time::Duration;

use rocket::async_test;
use rocket::futures::future::join_all;
use rocket::http::Method;
use session_runtime::SessionFairing;
use session_runtime::clock::Clock;
use session_tests::Server;
use session_tests::body::{THEFT, UNAUTHORISED};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH};

/// `rotation_min_age`
const M: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[async_test]
async fn a_refresh_answers_with_a_new_pair_of_the_same_session() {
    let server = Server::start().await;
    let mut browser = server.logged_in("ada").await;
    let before = browser.clone();
    let handle = browser.get("/me").await.json()["handle"].clone();
    server.clock.advance(2 * DAY);

    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    assert_eq!(answer.all("set-cookie").count(), 3);
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("front-token")
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_ne!(browser.cookie(ACCESS), before.cookie(ACCESS));
    assert_ne!(browser.cookie(REFRESH), before.cookie(REFRESH));

    let me = browser.get("/me").await.json();
    assert_eq!(
        (&me["handle"], me["user"].as_str(), me["name"].as_str()),
        (&handle, Some("ada"), Some("Ada"))
    );
    assert_eq!(browser.get("/notes").await.json()["text"], "first");
}

#[async_test]
async fn the_old_token_works_until_the_new_one_of_age_m_is_used_then_it_is_theft() {
    let server = Server::start().await;
    let mut browser = server.logged_in("ada").await;
    let mut copy = browser.clone();
    browser.refresh().await.expect(200, "{}");
    copy.clone().refresh().await.expect(200, "{}");

    server.clock.advance(M);
    browser.refresh().await.expect(200, "{}");
    let answer = copy.refresh().await;
    answer.expect(401, THEFT).expect_cleared();

    // Both sides are out, at once.
    browser
        .clone()
        .get("/me")
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
    assert_eq!(server.database().sessions(), 0);
    assert_eq!(
        server
            .database()
            .number("SELECT count(*) AS value FROM session_revocation"),
        1
    );
}

#[async_test]
async fn a_child_younger_than_m_gets_a_fresh_access_token_and_keeps_its_cookie() {
    let server = Server::start().await;
    let mut browser = server.logged_in("ada").await;
    browser.refresh().await.expect(200, "{}");
    let child = browser.cookie(REFRESH);
    server.clock.advance(M - Duration::from_millis(1));
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    assert!(answer.set_cookie(ACCESS).is_some() && answer.set_cookie(REFRESH).is_none());
    assert!(
        answer
            .header("front-token")
            .is_some_and(|token| token != "remove")
    );
    assert_eq!(browser.cookie(REFRESH), child);
    assert_eq!(browser.get("/me").await.status, 200);

    server.clock.advance(Duration::from_millis(1));
    let answer = browser.refresh().await;
    assert!(answer.set_cookie(ACCESS).is_some() && answer.set_cookie(REFRESH).is_some());
}

#[async_test]
async fn a_lost_answer_is_forgiven_for_days() {
    let server = Server::start().await;
    let mut browser = server.logged_in("ada").await;
    for _ in 0..3 {
        browser
            .send_only(Method::Post, REFRESH_PATH, None)
            .await
            .expect(200, "{}");
        server.clock.advance(DAY);
    }
    browser.refresh().await.expect(200, "{}");
    server.clock.advance(M);
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/me").await.status, 200);
}

#[async_test]
async fn tabs_that_refresh_at_once_all_stay_logged_in() {
    let server = Server::start().await;
    let browser = server.logged_in("ada").await;
    server.clock.advance(DAY);
    let answers =
        join_all((0..8).map(|_| browser.send_only(Method::Post, REFRESH_PATH, None))).await;

    // Whichever answer is stored last, its token goes on working.
    for answer in answers {
        answer.expect(200, "{}");
        let mut tab = browser.clone();
        tab.keep(&answer);
        assert_eq!(tab.get("/me").await.status, 200);
        assert_eq!(tab.refresh().await.status, 200);
    }
}

#[async_test]
async fn ten_rotations_in_one_frozen_second_detect_each_replay() {
    // No decision may rest on times of a second's grain.
    let server = Server::builder()
        .fairing(SessionFairing::any_min_age)
        .set("rotation_min_age", "1ms")
        .start()
        .await;
    for replayed in 0..9 {
        let mut browser = server.logged_in("ada").await;
        let mut stages = vec![browser.clone()];
        for _ in 0..10 {
            server.clock.advance(Duration::from_millis(1));
            browser.refresh().await.expect(200, "{}");
            stages.push(browser.clone());
        }
        stages[replayed].refresh().await.expect(401, THEFT);
        browser.refresh().await.expect(401, UNAUTHORISED);
    }
}

#[async_test]
async fn without_a_refresh_token_the_answer_is_401_and_what_is_left_goes() {
    let server = Server::start().await;
    server
        .browser()
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();

    // Also when only the access cookie is left: a front end would try for ever.
    let mut browser = server.logged_in("ada").await;
    browser.forget(REFRESH);
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
}

#[async_test]
async fn a_session_ends_when_it_is_not_refreshed_in_time() {
    let server = Server::start().await;
    let mut browser = server.logged_in("ada").await;
    let token = browser.cookie(REFRESH).expect("a token");
    server.clock.advance(100 * DAY);
    browser.plant(REFRESH, &token, REFRESH_PATH);
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
    assert!(
        server
            .sessions()
            .handles(&"ada".to_owned())
            .await
            .expect("an answer")
            .is_empty()
    );
}

#[async_test]
async fn a_refresh_extends_the_session() {
    let server = Server::start().await;
    let mut browser = server.logged_in("ada").await;
    for _ in 0..5 {
        server.clock.advance(99 * DAY);
        let answer = browser.refresh().await;
        answer.expect(200, "{}");
        let cookie = answer.set_cookie(REFRESH).expect("a cookie").to_owned();
        let ends = server.clock.now() + chrono::TimeDelta::days(100);
        assert!(
            cookie.ends_with(&ends.format("Expires=%a, %d %b %Y %H:%M:%S GMT").to_string()),
            "{cookie}"
        );
    }
}

#[async_test]
async fn only_post_refreshes() {
    let server = Server::start().await;
    let browser = server.logged_in("ada").await;
    for method in [
        Method::Get,
        Method::Head,
        Method::Put,
        Method::Delete,
        Method::Options,
    ] {
        let answer = browser.send_only(method, REFRESH_PATH, None).await;
        assert!(
            matches!(answer.status, 404 | 405),
            "{method}: {}",
            answer.status
        );
        answer.expect_untouched();
    }
    // Elsewhere the token is no credential, whatever the method.
    let token = browser.cookie(REFRESH).expect("a token");
    for (method, path) in [(Method::Get, "/me"), (Method::Post, "/leave")] {
        let headers = vec![
            ("Cookie", format!("{REFRESH}={token}")),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
        ];
        let answer = browser.send_raw(method, path, headers, None).await;
        assert_eq!(answer.status, 401, "{method}");
        answer.expect_untouched();
    }
    let children = "SELECT length(children) AS value FROM session_info";
    assert_eq!(server.database().number(children), 0);
}
