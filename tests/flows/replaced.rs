//! A session that ended because the same browser logged in again is told from one that was revoked.

use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::Value;
use rocket::{async_test, post, routes};
use session_runtime::internals::was_replaced;
use session_runtime::{Error, Session, SessionHandle};
use session_tests::Server;
use session_tests::app::Claims;
use session_tests::browser::REFRESH;

#[post("/changed")]
async fn changed(session: Session<Claims>) -> Result<Value, Error> {
    let new = session.replace_and_revoke_others().await?;
    Ok(rocket::serde::json::json!(new))
}

/// What this process knows, and then another one that only read the feed.
async fn known(servers: [&Server; 2], handle: SessionHandle) -> [bool; 2] {
    let read = servers[1].sessions().read_revocations_now().await;
    read.expect("an answer");
    servers.map(|server| was_replaced(server.sessions(), handle))
}

#[async_test]
async fn the_feed_says_whether_a_session_was_replaced() {
    let here = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![changed]))
        .start()
        .await;
    let there = here.beside().start().await;
    let servers = [&here, &there];
    let (mut laptop, mut phone) = (here.browser(), here.browser());

    laptop.log_in("ada").await;
    let first = laptop.handle().await;
    assert_eq!(known(servers, first).await, [false; 2]);
    laptop.log_in("ada").await;
    assert_eq!(known(servers, first).await, [true; 2], "by a login");

    phone.log_in("ada").await;
    let (second, other) = (laptop.handle().await, phone.handle().await);
    assert_eq!(laptop.post("/changed").await.status, 200);
    assert_eq!(known(servers, second).await, [true; 2], "by its successor");
    assert_eq!(known(servers, other).await, [false; 2], "it was ended");

    let third = laptop.handle().await;
    here.sessions().revoke(third).await.expect("an answer");
    assert_eq!(known(servers, third).await, [false; 2], "it was revoked");

    // Answers of the browser's older requests are all in by then.
    here.clock.advance(Duration::from_secs(120));
    assert_eq!(known(servers, second).await, [true; 2]);
    here.clock.advance(Duration::from_secs(1));
    assert_eq!(known(servers, second).await, [false; 2]);
}

/// The answer of the login, with the cookies of its session, is still under way.
#[async_test]
async fn a_refresh_without_its_cookie_waits_for_the_login_that_replaced_it() {
    let here = Server::start().await;
    let there = here.beside().start().await;
    let mut browser = here.browser();
    browser.log_in("ada").await;
    browser.forget(REFRESH);
    let before = browser.jar();
    browser.log_in("ada").await;
    for server in [&here, &there] {
        let mut late = server.browser().with_jar(before.clone());
        let answer = late.refresh().await;
        assert_eq!(answer.status, 409);
        answer.expect_untouched();
        // A page is sent on at once, and would come back with the same cookies for two minutes.
        let page = "/auth/session/refresh/page";
        let headers = vec![
            ("Cookie", late.cookie_header(page).expect("cookies")),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
        ];
        let form = "next=/next&login=/log-in".to_owned();
        let answer = late.send_form(Method::Post, page, headers, form).await;
        assert_eq!(answer.header("location"), Some("/next"));
        answer.expect_removed();
    }
    here.clock.advance(Duration::from_secs(121));
    let mut late = here.browser().with_jar(before);
    let answer = late.refresh().await;
    assert_eq!(answer.status, 401);
    answer.expect_removed();
}
