//! Cookies that do not arrive: a refresh cookie whose path nobody asks for, and cookies that a
//! proxy would refuse.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rocket::async_test;
use rocket::figment::value::Value;
use rocket::http::Method;
use session_runtime::Event;
use session_tests::browser::REFRESH_PATH;
use session_tests::jar::{Person, Place};
use session_tests::{Log, Server};

const SITE: &str = "https://shop.test";
const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;

/// A server, and those of its events that are meant here.
async fn watched(settings: &[(&str, Value)]) -> (Server, Arc<Mutex<Vec<Event>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let server = Server::builder().settings(settings).fairing(|fairing| {
        fairing.on_event(move |event| {
            let is_meant = matches!(
                event,
                Event::RefreshCookieMissing { .. } | Event::LargeRequestHead { .. }
            );
            if is_meant {
                heard.lock().expect("no panic").push(event.clone());
            }
        })
    });
    (server.start().await, seen)
}

fn take(seen: &Mutex<Vec<Event>>) -> Vec<Event> {
    std::mem::take(&mut seen.lock().expect("no panic"))
}

/// Behind a proxy that strips `/app`.
#[async_test]
async fn a_forgotten_outer_path_is_an_event_at_the_first_refresh() {
    for (settings, is_forgotten) in [
        (vec![], true),
        (vec![("outer_path", Value::from("/app"))], false),
        (vec![("refresh_token_path", "/".into())], false),
        (vec![("refresh_token_path", "/auth".into())], true),
    ] {
        let settings = [settings, vec![("api_origin", SITE.into())]].concat();
        let (server, seen) = watched(&settings).await;
        let log = Log::start();
        let place = Place::below(&server, SITE, "/app");
        let mut ada = Person::new(&server.clock);
        assert_eq!(ada.log_in(&place, "ada").await.status, 200);
        let handle = ada.get(&place, "/me").await.json()["handle"].clone();
        server.clock.advance(Duration::from_secs(3600));
        assert_eq!(ada.get(&place, "/me").await.status, 401);
        let refreshed = ada.post(&place, REFRESH_PATH).await;
        if !is_forgotten {
            refreshed.expect(200, "{}");
            assert_eq!(take(&seen), []);
            continue;
        }
        refreshed.expect(401, UNAUTHORISED);
        let events = take(&seen);
        let [Event::RefreshCookieMissing { handle: of, .. }] = &events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(of.to_string(), handle.as_str().expect("a handle"));
        let words = [
            "WARN",
            "event=\"refresh_cookie_missing\"",
            "`sessions.outer_path`",
            "`sessions.refresh_token_path`",
        ];
        log.expect(&words);
    }
}

#[async_test]
async fn a_session_that_was_revoked_misses_no_refresh_cookie() {
    let (server, seen) = watched(&[("api_origin", SITE.into())]).await;
    let place = Place::below(&server, SITE, "/app");
    let mut ada = Person::new(&server.clock);
    assert_eq!(ada.log_in(&place, "ada").await.status, 200);
    server.sessions().revoke_all("ada").await.expect("revoked");
    ada.post(&place, REFRESH_PATH)
        .await
        .expect(401, UNAUTHORISED);
    assert_eq!(take(&seen), []);
}

/// As a browser sends them that has cookies of two environments.
#[async_test]
async fn cookies_that_a_proxy_would_soon_refuse_are_an_event_once() {
    let (server, seen) = watched(&[]).await;
    let browser = server.browser();
    let ask = async |path: &str, bytes: usize| {
        let cookies = format!("other={}", "x".repeat(bytes - "other=".len()));
        let headers = vec![("Cookie", cookies)];
        browser.send_raw(Method::Get, path, headers, None).await
    };
    assert_eq!(ask("/me", 6000).await.status, 401);
    assert_eq!(take(&seen), []);
    for path in ["/me", "/me", "/nowhere"] {
        ask(path, 6001).await;
    }
    assert_eq!(take(&seen), [Event::LargeRequestHead { bytes: 6001 }]);
}
