//! Requests that are no plain navigation: forms, htmx, programs; and what goes wrong besides.

use rocket::async_test;
use rocket::http::Method;
use session_runtime::catchers;
use session_tests::body::{TRY_REFRESH, UNAVAILABLE};
use session_tests::browser::ACCESS;
use session_tests::{Browser, Server};

use super::{
    HTML, OWN, PAGE, expect_redirect, expired, field, open, press, send, sends_itself, server_with,
};

#[async_test]
async fn a_form_that_comes_too_late_is_not_sent_and_says_so() {
    let server = server_with(&[]).await;
    let mut browser = expired(&server).await;
    for (referer, next) in [
        ("http://site.example/secret?tab=1", "/secret?tab=1"),
        ("http://site.example/secret#form", "/secret"),
        ("http://site.example", "/"),
        ("http://other.example/secret", "/"),
        ("http://site.example//evil.example", "/"),
    ] {
        let headers = [("Accept", HTML), OWN, ("Referer", referer)];
        let answer = send(&mut browser, Method::Post, "/secret", &headers, &[]).await;
        assert!(answer.status == 401 && answer.body.contains("<h1>Nothing was sent</h1>"));
        assert!(!sends_itself(&answer), "somebody has to read that");
        assert_eq!(field(&answer, "next"), next, "{referer}");
        answer.expect_untouched();
    }
    let headers = [("Accept", HTML), OWN];
    let answer = send(
        &mut server.browser(),
        Method::Post,
        "/secret",
        &headers,
        &[],
    )
    .await;
    assert!(answer.status == 401 && answer.body.contains("<h1>Nothing was sent</h1>"));
    assert!(
        answer
            .body
            .contains("href=\"/sign-in?by=form&amp;next=%2F\">Log in</a>")
    );
}

#[async_test]
async fn htmx_is_told_where_to_go_and_puts_no_login_page_into_a_page() {
    let server = server_with(&[]).await;
    let htmx = [
        ("HX-Request", "true"),
        ("HX-Current-URL", "http://site.example/board?x=1#top"),
        ("Accept", "*/*"),
    ];
    let mut browser = expired(&server).await;
    let answer = send(&mut browser, Method::Get, "/secret", &htmx, &[]).await;
    let goes_to = "/auth/session/refresh/page?next=%2Fboard%3Fx%3D1&login=%2Fsign-in%3Fby%3Dform";
    assert_eq!(answer.expect(401, "").header("hx-redirect"), Some(goes_to));
    answer.expect_untouched();
    let page = send(&mut browser, Method::Get, goes_to, &[OWN], &[]).await;
    assert!(sends_itself(&page));
    expect_redirect(&press(&mut browser, &page).await, "/board?x=1");

    let answer = send(&mut server.browser(), Method::Post, "/secret", &htmx, &[]).await;
    assert_eq!(
        answer.expect(401, "").header("hx-redirect"),
        Some("/sign-in?by=form&next=%2Fboard%3Fx%3D1")
    );
}

#[async_test]
async fn a_store_that_is_down_loses_nobody_and_can_be_tried_again() {
    let server = server_with(&[]).await;
    let mut browser = expired(&server).await;
    let page = open(&mut browser, "/secret").await;
    server
        .database()
        .execute("ALTER TABLE session_info RENAME TO hidden");
    let answer = press(&mut browser, &page).await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1"))
    );
    assert!(answer.body.contains("<h1>Try again</h1>") && !sends_itself(&answer));
    answer.expect_untouched();
    server
        .database()
        .execute("ALTER TABLE hidden RENAME TO session_info");
    expect_redirect(&press(&mut browser, &answer).await, "/secret");

    // Also where a route itself finds out.
    server
        .database()
        .execute("ALTER TABLE session_info RENAME TO hidden");
    let answer = open(&mut browser, "/notes").await;
    assert!(answer.status == 503 && answer.body.contains("<a href=\"/notes\">Try again</a>"));
    answer.expect_untouched();
    browser.get("/notes").await.expect(503, UNAVAILABLE);

    // And for a form, which is to be filled in again.
    let headers = [
        ("Accept", HTML),
        OWN,
        ("Referer", "http://site.example/secret?tab=1"),
    ];
    let answer = send(&mut browser, Method::Post, "/live-secret", &headers, &[]).await;
    assert_eq!(answer.status, 503);
    let link = "<a href=\"/secret?tab=1\">To the form</a>";
    assert!(answer.body.contains(link), "{}", answer.body);
}

#[async_test]
async fn programs_get_the_bodies_of_the_protocol() {
    let server = server_with(&[]).await;
    let mut browser = expired(&server).await;
    for accept in ["*/*", "application/json", "text/plain"] {
        let answer = send(
            &mut browser,
            Method::Get,
            "/secret",
            &[("Accept", accept)],
            &[],
        )
        .await;
        answer.expect(401, TRY_REFRESH).expect_untouched();
    }
    browser.get("/secret").await.expect(401, TRY_REFRESH);
    browser.refresh().await.expect(200, "{}");
}

#[async_test]
async fn an_application_that_refreshes_by_itself_gets_no_page_for_it() {
    let server = server_with(&[("refresh_route", false.into())]).await;
    let mut browser = expired(&server).await;
    assert_eq!(
        send(&mut browser, Method::Post, PAGE, &[OWN], &[])
            .await
            .status,
        404
    );
    expect_redirect(
        &open(&mut browser, "/secret").await,
        "/sign-in?by=form&next=%2Fsecret",
    );
}

/// The login that ends both sessions begins on that page.
#[async_test]
async fn sessions_of_two_users_are_named_and_lead_to_the_login_page() {
    let server = Server::builder()
        .rocket(|rocket| rocket.register("/", catchers::pages("/maybe")))
        .start()
        .await;
    let (mut ada, mut bob) = (server.browser(), server.browser());
    ada.log_in("ada").await;
    bob.log_in("bob").await;
    let token = |browser: &Browser<'_>| browser.cookie(ACCESS).expect("a token");
    let both = format!("{ACCESS}={}; {ACCESS}={}", token(&ada), token(&bob));
    let headers = || vec![("Cookie", both.clone()), ("Accept", HTML.to_owned())];
    let answer = ada.send_raw(Method::Get, "/me", headers(), None).await;
    assert_eq!((answer.status, answer.header("location")), (403, None));
    let says = "Two people have logged in with this browser";
    assert!(answer.body.contains(says), "{}", answer.body);
    let link = "<a href=\"/maybe?next=%2Fme\">Log in</a>";
    assert!(answer.body.contains(link), "{}", answer.body);
    answer.expect_untouched();
    let answer = ada.send_raw(Method::Get, "/maybe", headers(), None).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.expect_untouched();
}

/// A second click sends the form once more, with the session that the first one replaced.
#[async_test]
async fn a_form_that_was_sent_twice_says_so() {
    let server = server_with(&[]).await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let mut second = browser.clone();
    browser.log_in("ada").await;
    let headers = [("Accept", HTML), OWN];
    let answer = send(&mut second, Method::Post, "/secret", &headers, &[]).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer.body.contains("<h1>Sent twice?</h1>"),
        "{}",
        answer.body
    );
    answer.expect_untouched();
}
