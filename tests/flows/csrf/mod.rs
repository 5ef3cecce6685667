//! Requests that a page of another site makes: refused before anything changes, and told from those
//! that are not.

mod foreign;
mod forms;
mod lost_tokens;
mod remedies;
mod settings;

use rocket::http::Method;
use rocket::{async_test, get, post, routes};
use serde_json::json;
use session_runtime::{login, logout};
use session_tests::app::{Claims, Notes};
use session_tests::body::REFUSED;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Answer, Browser, Server, names};

const OURS: &str = "http://127.0.0.1:8000";

type Headers = Vec<(&'static str, String)>;

/// What a request says of where it comes from, and whether that is enough for an unsafe method with
/// a cookie.
fn evidence() -> Vec<(Headers, bool)> {
    let site = |value: &str| ("Sec-Fetch-Site", value.to_owned());
    let origin = |value: &str| ("Origin", value.to_owned());
    let mut table = vec![
        (vec![], true),
        (vec![site("same-origin")], true),
        (vec![site("none")], true),
        (vec![site("same-site")], false),
        (vec![site("cross-site")], false),
        (vec![site("")], false),
        (vec![site("SAME-ORIGIN")], false),
        (vec![site("same-origin, cross-site")], false),
        (vec![site("same-origin"), site("cross-site")], false),
        (vec![origin(OURS)], true),
        (vec![site("cross-site"), origin(OURS)], true),
        (vec![site("same-site"), origin(OURS)], true),
        (
            vec![site("same-origin"), origin("https://evil.example")],
            true,
        ),
        (vec![origin(OURS), origin(OURS)], false),
        (vec![site("same-origin"), origin(OURS), origin(OURS)], false),
    ];
    for near_miss in [
        "null",
        "",
        "http://127.0.0.1",
        "http://127.0.0.1:8001",
        "https://127.0.0.1:8000",
        "http://127.0.0.1:8000.evil.example",
        "http://127.0.0.1:8000@evil.example",
        "http://evil.example/127.0.0.1:8000",
        "http://127.0.0.1:8000/",
        "http://127.0.0.1.:8000",
        "HTTP://127.0.0.1:8000",
        "http://[::1]:8000",
        "http://localhost:8000",
        "http://127.0.0.1:8000, http://evil.example",
    ] {
        table.push((vec![origin(near_miss)], false));
        table.push((vec![site("cross-site"), origin(near_miss)], false));
    }
    table
}

async fn send(
    browser: &Browser<'_>,
    method: Method,
    path: &str,
    cookies: &[&str],
    from: &Headers,
) -> Answer {
    let cookies: Vec<String> = cookies
        .iter()
        .map(
            |name| match (*name, browser.cookie(name).expect("a token")) {
                (REFRESH, token) => names::pair(REFRESH, &token),
                (name, token) => format!("{name}={token}"),
            },
        )
        .collect();
    let mut headers = from.clone();
    headers.push(("Cookie", cookies.join("; ")));
    browser
        .send_raw(
            method,
            path,
            headers,
            Some(json!({ "text": "changed" }).to_string()),
        )
        .await
}

#[async_test]
async fn unsafe_methods_with_a_cookie_need_evidence() {
    let server = Server::start().await;
    for (from, enough) in evidence() {
        let mut browser = server.browser();
        browser.log_in("ada").await;
        for (path, method, cookie) in [
            ("/notes", Method::Put, ACCESS),
            (REFRESH_PATH, Method::Post, REFRESH),
            ("/leave", Method::Post, ACCESS),
        ] {
            let answer = send(&browser, method, path, &[cookie], &from).await;
            if enough {
                assert_eq!(answer.status, 200, "{path} {from:?}: {}", answer.body);
            } else {
                // A failed check changes nothing and clears nothing, or any page could log people
                // out.
                answer.expect(403, REFUSED).expect_untouched();
                assert_eq!(browser.get("/notes").await.json()["text"], "first");
                assert!(
                    server
                        .database()
                        .number("SELECT max(length(children)) AS value FROM session_info")
                        == 0
                );
            }
        }
        assert_eq!(
            browser.get("/live").await.status == 200,
            !enough,
            "{from:?}"
        );
        server
            .sessions()
            .revoke_all("ada")
            .await
            .expect("an answer");
    }
}

#[async_test]
async fn sign_out_needs_evidence_too() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    send(&browser, Method::Post, SIGN_OUT_PATH, &[ACCESS], &foreign)
        .await
        .expect(403, REFUSED)
        .expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
}

#[async_test]
async fn safe_methods_pass_from_everywhere() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for (from, _) in evidence() {
        let mut headers = from.clone();
        headers.push((
            "Cookie",
            format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token")),
        ));
        for method in [Method::Get, Method::Head] {
            let answer = browser.send_raw(method, "/me", headers.clone(), None).await;
            assert_eq!(answer.status, 200, "{method} {from:?}");
        }
    }
}

#[async_test]
async fn a_login_needs_evidence_without_any_cookie() {
    let server = Server::start().await;
    for (from, enough) in evidence() {
        let body = Some(json!({ "user": "mallory" }).to_string());
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", from.clone(), body)
            .await;
        if enough {
            assert_eq!(answer.status, 200, "{from:?}");
        } else {
            answer.expect(403, REFUSED).expect_untouched();
        }
    }
    let passing = evidence().iter().filter(|(_, enough)| *enough).count();
    assert_eq!(server.database().sessions(), passing as i64);
}

#[async_test]
async fn without_a_cookie_a_foreign_request_changes_nothing_either() {
    let server = Server::start().await;
    let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    for (method, path, status) in [
        (Method::Put, "/notes", 401),
        (Method::Post, REFRESH_PATH, 403),
        (Method::Post, SIGN_OUT_PATH, 403),
    ] {
        let answer = server
            .browser()
            .send_raw(method, path, foreign.clone(), Some("{}".into()))
            .await;
        assert_eq!(answer.status, status, "{path}");
        answer.expect_untouched();
    }
}

#[async_test]
async fn callbacks_may_come_from_other_sites() {
    #[login(cross_site)]
    #[get("/callback")]
    fn callback() -> (String, Claims, Notes) {
        (
            "ada".into(),
            Claims { name: "Ada".into() },
            Notes::default(),
        )
    }

    #[logout(cross_site)]
    #[post("/goodbye")]
    fn goodbye() {}

    #[logout]
    #[post("/logout")]
    fn log_out() {}

    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![callback, goodbye, log_out]))
        .start()
        .await;
    let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    let mut browser = server.browser();
    let answer = browser
        .send_raw(Method::Get, "/callback", foreign.clone(), None)
        .await;
    assert_eq!(answer.status, 200);
    browser.keep(&answer);
    send(&browser, Method::Post, "/logout", &[ACCESS], &foreign)
        .await
        .expect(403, REFUSED)
        .expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
    send(&browser, Method::Post, "/goodbye", &[ACCESS], &foreign)
        .await
        .expect_cleared();
    assert_eq!(browser.get("/live").await.status, 401);
}
