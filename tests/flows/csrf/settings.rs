//! What the settings make of where a request comes from.

use std::sync::{Arc, Mutex};

use rocket::async_test;
use rocket::http::Method;
use serde_json::json;
use session_runtime::Event;
use session_tests::Server;
use session_tests::body::REFUSED;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};

#[async_test]
async fn listed_origins_are_ours_and_silence_can_be_refused() {
    let listed = vec!["https://www.example.com"];
    let server = Server::builder()
        .set("website_origins", listed)
        .set("csrf_require_evidence", true)
        .start()
        .await;
    let body = || Some(json!({ "user": "ada" }).to_string());
    for (from, status) in [
        (vec![], 403),
        (vec![("Origin", "https://www.example.com")], 200),
        (
            vec![
                ("Origin", "https://www.example.com"),
                ("Sec-Fetch-Site", "cross-site"),
            ],
            200,
        ),
        (vec![("Origin", "https://example.com")], 403),
        (vec![("Origin", "https://wwwxexample.com")], 403),
        (vec![("Sec-Fetch-Site", "same-origin")], 200),
    ] {
        let headers = from
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", headers, body())
            .await;
        assert_eq!(answer.status, status, "{from:?}");
    }

    let mut browser = server.browser();
    let ours = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    let login = browser.send_raw(Method::Post, "/login", ours, body()).await;
    let value = |name: &str| {
        let line = login.set_cookie(name).expect("a cookie");
        line.split(['=', ';']).nth(1).expect("a value").to_owned()
    };
    let (access, refresh) = (value(ACCESS), value(REFRESH));
    browser.plant(ACCESS, &access, "/");
    browser.plant(REFRESH, &refresh, REFRESH_PATH);
    for path in ["/leave", SIGN_OUT_PATH, REFRESH_PATH] {
        let answer = browser.post(path).await;
        answer.expect(403, REFUSED).expect_untouched();
    }
    assert_eq!(browser.get("/live").await.status, 200);
}

/// Whoever wants to refuse silence looks first who is silent: a request counts once, however often
/// it is judged, and what a setting refuses is not counted.
#[async_test]
async fn requests_that_say_nothing_are_counted_until_they_are_refused() {
    for (settings, counted) in [
        (vec![], 4),
        (vec![("csrf", "via-token".into())], 3),
        (vec![("csrf", "none".into())], 3),
        (vec![("csrf_require_evidence", true.into())], 0),
        (
            vec![
                ("csrf", "none".into()),
                ("csrf_require_evidence", true.into()),
            ],
            0,
        ),
        (
            vec![
                ("cookie_same_site", "none".into()),
                ("cookie_secure", "yes".into()),
            ],
            0,
        ),
    ] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tells = Arc::clone(&told);
        let server = Server::builder()
            .settings(&settings)
            .fairing(|fairing| {
                fairing.on_event(move |event| {
                    if let Event::SilentRequests { count, path } = event {
                        tells.lock().expect("no panic").push((*count, path.clone()));
                    }
                })
            })
            .start()
            .await;
        let mut browser = server.browser();
        let login = browser.log_in("ada").await;
        let row = format!("{settings:?}");
        assert_eq!(login.status, if counted == 0 { 403 } else { 200 }, "{row}");
        // Reading changes nothing, headers cannot be forged, and a browser that speaks is not
        // silent.
        browser.get("/me").await;
        let mut app = server.browser().in_header_mode();
        app.log_in("eve").await;
        app.refresh().await;
        app.sign_out().await;
        let headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
        let body = || Some(json!({ "user": "ada" }).to_string());
        server
            .browser()
            .send_raw(Method::Post, "/login", headers, body())
            .await;
        let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
        server
            .browser()
            .send_raw(Method::Post, "/login", foreign, body())
            .await;

        let notes = Some(json!({ "text": "mine" }));
        browser.send(Method::Put, "/notes", notes).await;
        browser.refresh().await;
        browser.sign_out().await;
        for _ in 0..2 {
            server.sessions().report_silent_requests_now();
        }
        let expected = (counted > 0).then(|| (counted, SIGN_OUT_PATH.to_owned()));
        let told = told.lock().expect("no panic");
        assert_eq!(*told, Vec::from_iter(expected), "{row}");
    }
}

#[async_test]
async fn with_same_site_none_silence_is_refused() {
    let server = Server::builder()
        .set("cookie_same_site", "none")
        .set("cookie_secure", "yes")
        .start()
        .await;
    server.browser().log_in("ada").await.expect(403, REFUSED);
}

#[async_test]
async fn the_check_can_be_switched_off() {
    let server = Server::builder().set("csrf", "none").start().await;
    let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    let body = Some(json!({ "user": "ada" }).to_string());
    let browser = server.browser();
    let answer = browser.send_raw(Method::Post, "/login", foreign, body);
    // A session is started, refreshed and ended by our own pages only, in any mode.
    answer.await.expect(403, REFUSED).expect_untouched();
    let mut browser = browser.clone();
    browser.log_in("ada").await;
    let cookie = format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token"));
    let headers = vec![
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Cookie", cookie),
    ];
    let body = Some(json!({ "text": "theirs" }).to_string());
    let answer = browser.send_raw(Method::Put, "/notes", headers, body);
    assert_eq!(answer.await.status, 200);
}

#[async_test]
async fn in_development_the_address_the_browser_uses_is_ours() {
    let server = Server::start().await;
    let body = || Some(json!({ "user": "ada" }).to_string());
    let from = |origin: &str| {
        vec![
            ("Host", "localhost:8000".to_owned()),
            ("Origin", origin.to_owned()),
        ]
    };
    let browser = server.browser();
    let login = |headers| browser.send_raw(Method::Post, "/login", headers, body());
    assert_eq!(login(from("http://localhost:8000")).await.status, 200);
    assert_eq!(login(from("http://localhost:9000")).await.status, 403);

    // Once the origin is said, `Host` proves nothing any more.
    let server = Server::builder()
        .set("api_origin", "https://api.example.com")
        .start()
        .await;
    let answer = server
        .browser()
        .send_raw(
            Method::Post,
            "/login",
            from("http://localhost:8000"),
            body(),
        )
        .await;
    assert_eq!(answer.status, 403);
}
