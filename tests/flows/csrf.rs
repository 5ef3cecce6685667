//! Requests that a page of another site makes: refused before anything changes, and told from those
//! that are not.

use rocket::http::{ContentType, Method};
use rocket::{async_test, get, post, routes};
use serde_json::json;
use session_runtime::{MaybeSession, login, logout};
use session_tests::app::{Claims, Notes};
use session_tests::body::REFUSED;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Answer, Browser, Server};

const OURS: &str = "http://127.0.0.1:8000";

type Headers = Vec<(&'static str, String)>;

/// What a request says of where it comes from, and whether that is enough for an unsafe method with a cookie.
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
        .map(|name| format!("{name}={}", browser.cookie(name).expect("a token")))
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
                // A failed check changes nothing and clears nothing, or any page could log people out.
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
async fn a_form_that_pretends_to_be_a_get_is_unsafe() {
    #[get("/harmless")]
    fn harmless(session: MaybeSession<Claims>) -> &'static str {
        if session.is_some() {
            "member"
        } else {
            "visitor"
        }
    }

    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![harmless]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for (from, status) in [("cross-site", 403), ("same-origin", 200)] {
        for method in ["get", "GET", "head"] {
            let headers = vec![
                (
                    "Cookie",
                    format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token")),
                ),
                ("Sec-Fetch-Site", from.to_owned()),
            ];
            let form = format!("_method={method}&x=y");
            let answer = browser
                .send_form(Method::Post, "/harmless", headers, form)
                .await;
            assert_eq!(answer.status, status, "{from} {method}");
        }
    }
    let cookie = format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token"));
    let headers = vec![("Cookie", cookie), ("Sec-Fetch-Site", "cross-site".into())];
    browser
        .send_form(Method::Post, "/notes", headers, "_method=put".into())
        .await
        .expect(403, REFUSED);
}

/// What comes with a form is judged like a POST, whatever its method says.
#[async_test]
async fn a_get_with_a_form_is_unsafe() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let cookie = format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token"));
    for (kind, status) in [
        ("application/x-www-form-urlencoded; charset=utf-8", 403),
        ("multipart/form-data; boundary=x", 403),
        ("application/json", 200),
        ("text/plain", 200),
    ] {
        let headers = vec![
            ("Cookie", cookie.clone()),
            ("Sec-Fetch-Site", "cross-site".to_owned()),
        ];
        let kind_of_body = ContentType::parse_flexible(kind).expect("a kind");
        let answer = browser
            .send_as(
                Method::Get,
                "/me",
                headers,
                Some("x=y".into()),
                kind_of_body,
            )
            .await;
        assert_eq!(answer.status, status, "{kind}");
    }
}

#[async_test]
async fn listed_origins_are_ours_and_silence_can_be_refused() {
    let listed = vec!["https://www.example.com"];
    let server = Server::with(&[
        ("website_origins", listed.into()),
        ("csrf_require_evidence", true.into()),
    ])
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

#[async_test]
async fn with_same_site_none_silence_is_refused() {
    let server = Server::with(&[
        ("cookie_same_site", "none".into()),
        ("cookie_secure", "yes".into()),
    ])
    .await;
    server.browser().log_in("ada").await.expect(403, REFUSED);
}

#[async_test]
async fn the_check_can_be_switched_off() {
    let server = Server::with(&[("csrf", "none".into())]).await;
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
    let server = Server::with(&[("api_origin", "https://api.example.com".into())]).await;
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
