//! Signing out.

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use session_tests::body::{OK, TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::{ACCESS, REFRESH, SIGN_OUT_PATH};
use session_tests::{Answer, Server, names};

#[async_test]
async fn signing_out_ends_the_session_and_clears_the_browser() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let copy = browser.clone();

    let answer = browser.sign_out().await;
    answer.expect(200, OK).expect_cleared();
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(server.database().sessions(), 0);

    copy.clone()
        .get("/me")
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
    copy.clone()
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
    browser
        .sign_out()
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
}

/// A browser takes a removal for another cookie's unless all but value and expiry are the same.
#[async_test]
async fn removals_repeat_what_was_set() {
    let everything = [
        ("access_token_path", "/app".into()),
        ("api_base_path", "/app".into()),
        ("cookie_domain", "example.com".into()),
        ("cookie_same_site", "strict".into()),
        ("cookie_secure", "yes".into()),
    ];
    for (settings, prefix, base) in [(&[][..], "", "/auth"), (&everything, "__Secure-", "/app")] {
        let server = Server::builder().settings(settings).start().await;
        let mut browser = server.browser();
        let login = browser.log_in("ada").await;
        let refresh = browser.cookie(&format!("{prefix}{REFRESH}"));
        server
            .sessions()
            .revoke_all("ada")
            .await
            .expect("an answer");
        let attributes = |answer: &Answer, name: &str| {
            let name = format!("{prefix}{name}");
            let line = answer.set_cookie(&name).expect("a cookie").to_owned();
            let (start, _expiry) = line.split_once("; Expires=").expect("an expiry");
            let (_value, attributes) = start.split_once(';').expect("attributes");
            attributes.to_owned()
        };
        let cookies = names::pair(&format!("{prefix}{REFRESH}"), &refresh.expect("a token"));
        let path = format!("{base}/session/refresh");
        let removal = server
            .browser()
            .send_raw(Method::Post, &path, vec![("Cookie", cookies)], None)
            .await;
        removal.expect(401, UNAUTHORISED);
        for name in [ACCESS, REFRESH] {
            assert_eq!(attributes(&removal, name), attributes(&login, name));
        }
    }
}

#[async_test]
async fn signing_out_twice_with_the_same_token_is_fine() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let mut other_tab = browser.clone();
    browser.sign_out().await.expect(200, OK);
    other_tab.sign_out().await.expect(200, OK).expect_cleared();
}

#[async_test]
async fn with_an_expired_token_the_front_end_is_asked_to_refresh_first() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.clock.advance(Duration::from_secs(60 * 60));
    browser
        .sign_out()
        .await
        .expect(401, TRY_REFRESH)
        .expect_untouched();
    browser.refresh().await.expect(200, "{}");
    browser.sign_out().await.expect(200, OK).expect_cleared();
}

#[async_test]
async fn only_post_signs_out() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for method in [
        Method::Get,
        Method::Head,
        Method::Put,
        Method::Delete,
        Method::Options,
    ] {
        let answer = browser.send_only(method, SIGN_OUT_PATH, None).await;
        assert!(
            matches!(answer.status, 404 | 405),
            "{method}: {}",
            answer.status
        );
    }
    assert_eq!(browser.get("/me").await.status, 200);
}

#[async_test]
async fn a_handler_can_end_its_own_session() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    browser
        .post("/leave")
        .await
        .expect(200, "left")
        .expect_cleared();
    assert_eq!(server.database().sessions(), 0);
}
