//! Refreshes without a proof, of front ends and pages.

use rocket::async_test;
use rocket::http::Method;
use session_runtime::clock::Clock;
use session_tests::Browser;
use session_tests::body::UNAUTHORISED;
use session_tests::browser::{Answer, REFRESH_PATH};

use super::{Chromium, M, SECOND, VALIDITY, server};

/// Follows an answer that sends a refresh back.
async fn follow(browser: &Browser<'_>, answer: &Answer) -> Answer {
    assert_eq!(answer.status, 307);
    let location = answer.header("location").expect("a location");
    assert!(
        location.starts_with(&format!("{REFRESH_PATH}?device=")),
        "{location}"
    );
    browser.send_only(Method::Post, location, None).await
}

#[async_test]
async fn a_front_end_that_refreshes_is_sent_back_and_the_browser_refreshes_on_the_way() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(30 * SECOND);
    assert!(chromium.has_marker());
    let answer = chromium.browser.refresh().await;
    assert!(!chromium.has_marker(), "the marker is removed");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    chromium.refresh().await.expect(200, "");
    let done = follow(&chromium.browser, &answer).await;
    done.expect(200, "{}");
    assert_eq!(done.all("set-cookie").count(), 0);
    assert_eq!(done.front_token()["uid"], "ada");
}

/// What the browser refreshed a moment ago is not refreshed again.
#[async_test]
async fn a_front_end_is_told_that_its_browser_has_just_refreshed() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    let statements = server.statements();
    let answer = chromium.browser.refresh().await;
    answer.expect(200, "{}");
    assert_eq!(answer.all("set-cookie").count(), 0);
    let writes = statements.take();
    assert!(
        !writes.iter().any(|it| it.starts_with("UPDATE")),
        "{writes:?}"
    );
    server.clock.advance(11 * SECOND);
    assert_eq!(chromium.browser.refresh().await.status, 307);
}

/// Its refresh failed, because our server was away or its quota was used up.
#[async_test]
async fn a_browser_that_says_why_it_could_not_refresh_is_asked_to_come_back() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    server.clock.advance(VALIDITY);
    let path = format!(
        "{REFRESH_PATH}?device={}",
        server.clock.now().timestamp_millis()
    );
    let cookies = chromium
        .browser
        .cookie_header(REFRESH_PATH)
        .expect("cookies");
    let headers = vec![
        ("Cookie", cookies),
        ("Secure-Session-Skipped", "quota_exceeded".to_owned()),
    ];
    let browser = &chromium.browser;
    let answer = browser.send_raw(Method::Post, &path, headers, None).await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.all("set-cookie").count(), 0);
    chromium.refresh().await.expect(200, "");
}

/// A browser that refused our configuration, or never got it, must not lose its login.
#[async_test]
async fn a_session_whose_device_never_proved_itself_goes_on_for_a_day() {
    let server = server().await;
    let chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    let mut browser = chromium.browser.clone();
    let sent_back = browser.refresh().await;
    let answer = follow(&browser, &sent_back).await;
    answer.expect(200, "{}");
    browser.keep(&answer);
    browser.get("/bound").await.expect(200, "false");
    let state = "SELECT device_state AS value FROM session_info";
    assert_eq!(server.database().number(state), 2);
    server.clock.advance(60 * M);
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    browser.keep(&answer);
    server.clock.advance(24 * 60 * 60 * SECOND);
    browser.refresh().await.expect(401, UNAUTHORISED);
}

/// It was a thief who went on without the key.
#[async_test]
async fn a_proof_by_a_dropped_key_is_theft() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    let thief = chromium.thief();
    let sent_back = thief.clone().refresh().await;
    follow(&thief, &sent_back).await.expect(200, "{}");
    chromium.refresh().await.expect(401, "");
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_guard_that_answers_try_refresh_removes_the_marker() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    let marker = chromium.browser.cookie_names();
    let marker = marker
        .iter()
        .find(|name| name.contains("sBound"))
        .expect("a marker");
    server.clock.advance(VALIDITY);
    chromium.browser.plant(marker, "1", "/");
    let answer = chromium.browser.get("/me").await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.all("set-cookie").count(), 1);
    assert!(!chromium.has_marker());
    chromium.refresh().await.expect(200, "");
    chromium.browser.get("/bound").await.expect(200, "true");
}

#[async_test]
async fn the_page_that_refreshes_is_sent_back_once_and_then_leads_on() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    server.clock.advance(VALIDITY);
    let page = "/auth/session/refresh/page";
    let form = "next=/account&login=/login".to_owned();
    let send = async |browser: &Browser<'_>, path: &str| {
        let cookies = browser.cookie_header(REFRESH_PATH).expect("cookies");
        let headers = vec![
            ("Cookie", cookies),
            ("Sec-Fetch-Site", "same-origin".into()),
        ];
        browser
            .send_form(Method::Post, path, headers, form.clone())
            .await
    };
    let answer = send(&chromium.browser, page).await;
    assert_eq!(answer.status, 307);
    let again = answer.header("location").expect("a location").to_owned();
    assert!(again.starts_with(&format!("{page}?device=")), "{again}");
    // Without the key, the person logs in again.
    let refused = send(&chromium.browser, &again).await;
    assert_eq!(refused.status, 303);
    let login = refused.header("location").expect("a location");
    assert!(login.starts_with("/login"), "{login}");

    chromium.refresh().await.expect(200, "");
    let done = send(&chromium.browser, &again).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, Some("/account"))
    );
}

/// How long a tab waits until it comes back by itself once more, as the page of this browser says.
async fn pause(browser: &Browser<'_>) -> String {
    let cookies = browser.cookie_header(REFRESH_PATH).expect("cookies");
    let headers = vec![
        ("Cookie", cookies),
        ("Sec-Fetch-Site", "same-origin".into()),
    ];
    let page = "/auth/session/refresh/page?next=/account&login=/login";
    let answer = browser.send_raw(Method::Get, page, headers, None).await;
    let script = answer.body.split("\"session-refresh\"))) < ").nth(1);
    let pause = script.and_then(|rest| rest.split(';').next());
    pause.expect("a pause").to_owned()
}

#[async_test]
async fn a_tab_comes_back_by_itself_whenever_a_token_is_over() {
    let server = server().await;
    let chromium = Chromium::bound(&server).await;
    assert_eq!(pause(&chromium.browser).await, "300000");
    let mut other = server.browser();
    other.log_in("ada").await;
    assert_eq!(pause(&other).await, "1800000");
}
