//! A browser that has lost one of a session's cookies, and one that has two sessions of a user.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rocket::async_test;
use rocket::figment::value::Value;
use rocket::http::Method;
use session_runtime::Event;
use session_tests::body::{OK, TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Browser, Server};

const ON_TLS: (&str, &str) = ("api_origin", "https://app.example.com");

async fn on_tls() -> Server {
    let settings = [(ON_TLS.0, ON_TLS.1.into())];
    Server::builder().settings(&settings).start().await
}

/// Only the access cookie is gone: the hash beside it says that there is a session.
#[async_test]
async fn a_lost_access_cookie_comes_back_with_a_refresh() {
    let server = on_tls().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    ada.forget("__Host-sAccessToken");
    for path in ["/me", "/live", "/maybe"] {
        let answer = ada.get(path).await;
        answer.expect(401, TRY_REFRESH).expect_untouched();
    }
    // One that somebody made up does not hide it.
    let mut beside = ada.clone();
    beside.plant("__Host-sAccessToken", "junk", "/");
    beside.get("/me").await.expect(401, TRY_REFRESH);
    ada.refresh().await.expect(200, "{}");
    assert_eq!(ada.get("/me").await.json()["user"], "ada");
    assert_eq!(server.database().sessions(), 1);
}

/// The same with nothing left to refresh with, or with a session that has ended: asked once, and no
/// more, so nothing runs in circles.
#[async_test]
async fn what_cannot_be_refreshed_is_removed_at_the_first_refresh() {
    for lost in ["the refresh cookie", "the session", "the key"] {
        let server = on_tls().await;
        let mut ada = server.browser();
        ada.log_in("ada").await.expect(200, OK);
        ada.forget("__Host-sAccessToken");
        match lost {
            "the refresh cookie" => ada.forget("__Secure-sRefreshToken"),
            "the session" => {
                server.sessions().revoke_all("ada").await.expect("revoked");
            }
            _ => {
                server
                    .sessions()
                    .revoke_everything()
                    .await
                    .expect("revoked");
            }
        }
        ada.get("/maybe").await.expect(401, TRY_REFRESH);
        let answer = ada.refresh().await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (401, UNAUTHORISED),
            "{lost}"
        );
        assert_eq!(ada.cookie_names(), [""; 0], "{lost}");
        assert_eq!(ada.get("/maybe").await.status, 200, "{lost}");
    }
}

/// Ada's access cookie is lost, so nothing proves her session to the login of the next person.
#[async_test]
async fn a_login_and_a_sign_out_leave_nothing_of_the_person_before() {
    for settings in [vec![], vec![(ON_TLS.0, Value::from(ON_TLS.1))]] {
        let server = Server::builder().settings(&settings).start().await;
        let names = if settings.is_empty() {
            [ACCESS, REFRESH]
        } else {
            ["__Host-sAccessToken", "__Secure-sRefreshToken"]
        };
        let mut browser = server.browser();
        browser.log_in("ada").await.expect(200, OK);
        browser.forget(names[0]);
        browser.log_in("bob").await.expect(200, OK);
        assert_eq!(browser.cookie_names().len(), 3);
        browser.post(SIGN_OUT_PATH).await.expect(200, OK);
        assert_eq!(browser.cookie_names(), [""; 0]);
        assert_eq!(browser.refresh().await.status, 401);

        browser.log_in("ada").await.expect(200, OK);
        browser.forget(names[0]);
        // A front end refreshes, and then signs out.
        browser.post(SIGN_OUT_PATH).await.expect(401, TRY_REFRESH);
        browser.refresh().await.expect(200, "{}");
        browser.post(SIGN_OUT_PATH).await.expect(200, OK);
        assert_eq!(browser.cookie_names(), [""; 0]);
    }
}

/// Another site can neither remove what is left, nor learn of it.
#[async_test]
async fn another_site_touches_nothing_of_it() {
    let server = on_tls().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    ada.forget("__Host-sAccessToken");
    for path in [REFRESH_PATH, SIGN_OUT_PATH, "/login"] {
        let headers = vec![
            ("Cookie", ada.cookie_header(path).expect("cookies")),
            ("Sec-Fetch-Site", "cross-site".to_owned()),
        ];
        let body = (path == "/login").then(|| r#"{"user":"eve"}"#.to_owned());
        let answer = ada.send_raw(Method::Post, path, headers, body).await;
        assert_eq!(answer.status, 403, "{path}");
        answer.expect_untouched();
    }
}

/// Two tabs logged in at the same moment.
async fn with_two_sessions(server: &Server) -> Browser<'_> {
    let (mut first, mut second) = (server.browser(), server.browser());
    first.log_in("ada").await.expect(200, OK);
    server.clock.advance(Duration::from_millis(1));
    second.log_in("ada").await.expect(200, OK);
    first.add(&second);
    assert_eq!(first.cookie_names().len(), 6);
    first
}

#[async_test]
async fn a_session_takes_the_others_of_its_browser_along() {
    for expired in [false, true] {
        let server = Server::start().await;
        let mut elsewhere = server.browser();
        elsewhere.log_in("ada").await.expect(200, OK);
        let mut browser = with_two_sessions(&server).await;
        if expired {
            // One of the two is refreshed, the other one is not.
            server.clock.advance(Duration::from_hours(2));
            browser.refresh().await.expect(200, "{}");
            elsewhere.refresh().await.expect(200, "{}");
        }
        assert_eq!(browser.post("/leave").await.body, "left");
        assert_eq!(browser.cookie_names(), [""; 0]);
        assert_eq!(server.database().sessions(), 1);
        assert_eq!(elsewhere.get("/me").await.status, 200);
    }
}

/// It is not missing, but nobody can check it any more.
#[async_test]
async fn a_refresh_cookie_of_a_lost_key_is_not_missing() {
    let server = Server::start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    let jar = ada.jar();
    server
        .database()
        .execute("DELETE FROM session_key WHERE kind = 'refresh-mac'");
    let missing = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&missing);
    let server = server.restart().fairing(|fairing| {
        fairing.on_event(move |event| {
            if matches!(event, Event::RefreshCookieMissing { .. }) {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        })
    });
    let server = server.start().await;
    let mut ada = server.browser().with_jar(jar);
    assert_eq!(ada.refresh().await.status, 401);
    assert_eq!(ada.cookie_names(), [""; 0]);
    assert_eq!(missing.load(Ordering::SeqCst), 0);
}
