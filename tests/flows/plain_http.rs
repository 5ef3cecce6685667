//! `Secure` cookies over plain http, as on a machine of the local network: browsers drop them, and
//! somebody has to say it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rocket::async_test;
use rocket::figment::value::Value;
use rocket::http::Method;
use session_runtime::Event;
use session_tests::{Log, Server};

const LAN: &str = "http://192.168.0.7:8000";

/// How many logins were said to be lost.
async fn lost(settings: &[(&str, Value)], headers: &[(&'static str, &str)]) -> usize {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let server = Server::builder()
        .settings(settings)
        .fairing(|fairing| {
            fairing.on_event(move |event| {
                if matches!(event, Event::SecureCookiesOverHttp { .. }) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .start()
        .await;
    let headers = headers
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    let body = Some(r#"{"user":"ada"}"#.to_owned());
    let browser = server.browser();
    let answer = browser
        .send_raw(Method::Post, "/login", headers, body)
        .await;
    assert_eq!(answer.status, 200);
    seen.load(Ordering::Relaxed)
}

#[async_test]
async fn a_login_whose_cookies_are_dropped_is_an_event() {
    let origin = |origin: &str| ("api_origin", origin.into());
    let no = || ("cookie_secure", "no".into());
    let header: (&'static str, &str) = ("st-auth-mode", "header");
    let here = ("Origin", LAN);
    let other = ("Origin", "http://shop.test");
    let listed = ("website_origins", vec!["http://shop.test"].into());
    let https = origin("https://shop.test");
    for (settings, headers, count) in [
        (vec![origin(LAN)], vec![here], 1),
        (vec![origin(LAN)], vec![], 1),
        (vec![origin(LAN)], vec![header], 0),
        (vec![origin(LAN), no()], vec![here], 0),
        // A page without TLS whose server has it: that is where the cookies go.
        (vec![https.clone(), listed.clone()], vec![other], 0),
        (
            vec![https.clone()],
            vec![("Origin", "https://shop.test")],
            0,
        ),
        (vec![https], vec![], 0),
        (vec![], vec![], 0),
        (
            vec![origin("http://localhost:8000")],
            vec![("Origin", "http://localhost:8000")],
            0,
        ),
        (
            vec![
                origin("http://127.0.0.1:8000"),
                ("cookie_secure", "yes".into()),
            ],
            vec![],
            0,
        ),
    ] {
        assert_eq!(
            lost(&settings, &headers).await,
            count,
            "{settings:?} {headers:?}"
        );
    }
}

#[async_test]
async fn the_launch_says_that_browsers_will_drop_the_cookies() {
    for (settings, says_it) in [
        (vec![("api_origin", LAN)], true),
        (vec![("api_origin", "http://shop.test")], true),
        (vec![("api_origin", LAN), ("cookie_secure", "no")], false),
        (vec![("api_origin", LAN), ("transfer", "header")], false),
        (vec![("api_origin", "http://localhost:8000")], false),
        (vec![("api_origin", "https://shop.test")], false),
        (vec![], false),
    ] {
        let settings: Vec<(&str, Value)> = settings
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect();
        let log = Log::start();
        let _server = Server::builder().settings(&settings).start().await;
        let said = log.text();
        assert_eq!(
            said.contains("browsers drop `Secure` cookies over plain http"),
            says_it,
            "{settings:?}"
        );
        assert_eq!(said.contains("`cookie_secure = \"no\"`"), says_it, "{said}");
    }
}
