//! Pages of other origins: who may read answers, and what a browser is told before it asks.

use rocket::fairing::AdHoc;
use rocket::http::{Header, Method};
use rocket::{async_test, get, options, routes};
use session_runtime::{MaybeSession, Session, Sessions};
use session_tests::app::Claims;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH};
use session_tests::{Answer, Log, Server};

const SITE: &str = "https://www.example.com";

async fn server() -> Server {
    #[options("/guarded")]
    fn guarded(_session: Session<Claims>) {}

    #[options("/optional-options")]
    fn optional(session: MaybeSession<Claims>) -> &'static str {
        if session.is_some() {
            "member"
        } else {
            "nobody"
        }
    }

    #[get("/appending")]
    fn appending(session: Session<Claims>) -> String {
        session.user_id().clone()
    }

    let origins = vec![SITE, "http://localhost:3000"];
    Server::builder()
        .set("website_origins", origins)
        .rocket(|rocket| {
            rocket
                .attach(Sessions::cors().allow_headers(["x-request-id"]))
                .attach(AdHoc::on_response(
                    "the application's own headers",
                    |_, response| {
                        Box::pin(async move {
                            response.adjoin_header(Header::new("Set-Cookie", "theme=dark"));
                            response.adjoin_header(Header::new(
                                "Access-Control-Expose-Headers",
                                "x-total",
                            ));
                        })
                    },
                ))
                .mount("/", routes![guarded, optional, appending])
        })
        .start()
        .await
}

fn headers(origin: &str) -> Vec<(&'static str, String)> {
    vec![
        ("Origin", origin.to_owned()),
        ("Access-Control-Request-Method", "POST".to_owned()),
        (
            "Access-Control-Request-Headers",
            "rid, st-auth-mode, x-request-id".to_owned(),
        ),
    ]
}

fn names(answer: &Answer, header: &str) -> Vec<String> {
    let list = answer.header(header).unwrap_or_default();
    list.split(", ").map(str::to_owned).collect()
}

#[async_test]
async fn a_preflight_of_a_listed_origin_is_204_without_a_session() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let cookies = [ACCESS, REFRESH].map(|name| {
        let value = browser.cookie(name).expect("a token");
        format!("{name}={value}")
    });
    for origin in [SITE, "http://localhost:3000"] {
        for path in ["/me", "/login", REFRESH_PATH, "/no-such-page", "/guarded"] {
            // A browser sends no cookies here; if one did, they would change nothing.
            let mut headers = headers(origin);
            headers.push(("Cookie", cookies.join("; ")));
            let answer = browser.send_raw(Method::Options, path, headers, None).await;
            answer.expect(204, "");
            assert!(answer.all("set-cookie").all(|line| line == "theme=dark"));
            assert_eq!(answer.header("front-token"), None, "{path}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(
                answer.header("access-control-allow-credentials"),
                Some("true")
            );
            let allowed = names(&answer, "access-control-allow-headers");
            for name in [
                "rid",
                "fdi-version",
                "anti-csrf",
                "st-auth-mode",
                "authorization",
                "content-type",
                "x-request-id",
            ] {
                assert!(allowed.iter().any(|allowed| allowed == name), "{name}");
            }
            assert!(names(&answer, "access-control-allow-methods").contains(&"POST".to_owned()));
            assert!(names(&answer, "vary").contains(&"Origin".to_owned()));
        }
    }
}

#[async_test]
async fn other_origins_are_told_nothing() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for origin in [
        "https://evil.example",
        "null",
        "*",
        "",
        "http://www.example.com",
        "https://www.example.com:8443",
        "https://WWW.example.com",
        "https://www.example.com.evil.example",
        "https://evil-www.example.com",
    ] {
        let preflight = browser
            .send_raw(Method::Options, "/me", headers(origin), None)
            .await;
        let read = browser
            .send_raw(
                Method::Get,
                "/me",
                vec![
                    ("Origin", origin.to_owned()),
                    (
                        "Cookie",
                        format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token")),
                    ),
                ],
                None,
            )
            .await;
        for answer in [preflight, read] {
            for (name, _) in &answer.headers {
                assert!(
                    !name.starts_with("access-control-allow"),
                    "{origin}: {name}"
                );
            }
            assert!(
                names(&answer, "vary").contains(&"Origin".to_owned()),
                "{origin}"
            );
        }
    }
    let twice = vec![("Origin", SITE.to_owned()), ("Origin", SITE.to_owned())];
    let answer = browser.send_raw(Method::Get, "/open", twice, None).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[async_test]
async fn every_answer_to_a_listed_origin_can_be_read_errors_too() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let cookie = (
        "Cookie",
        format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token")),
    );
    for (path, sent, status) in [
        ("/open", vec![], 200),
        ("/me", vec![cookie], 200),
        ("/me", vec![], 401),
        ("/no-such-page", vec![], 404),
    ] {
        let mut headers = sent;
        headers.push(("Origin", SITE.to_owned()));
        let answer = browser.send_raw(Method::Get, path, headers, None).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            Some(SITE),
            "{path}"
        );
        assert_eq!(
            answer.header("access-control-allow-credentials"),
            Some("true")
        );
    }
    // Without an origin there is nothing to allow, but caches must know that answers differ.
    let answer = browser.get("/open").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[async_test]
async fn what_the_application_wrote_stays() {
    let server = server().await;
    let answer = server.browser().log_in("ada").await;
    assert_eq!(answer.all("set-cookie").count(), 4);
    assert!(answer.set_cookie("theme").is_some());
    let exposed = answer
        .all("access-control-expose-headers")
        .collect::<Vec<_>>()
        .join(", ");
    assert!(
        exposed.contains("front-token") && exposed.contains("x-total"),
        "{exposed}"
    );
}

/// TRACE has no routes in Rocket, and a preflight does not reach the guard.
#[async_test]
async fn asking_with_options_never_fails_for_want_of_a_session() {
    let server = server().await;
    let mut browser = server.browser();
    browser.plant(ACCESS, "junk", "/");
    let answer = browser
        .send(Method::Options, "/optional-options", None)
        .await;
    answer.expect(200, "nobody");
    let answer = browser.send_raw(Method::Options, "/me", vec![], None).await;
    assert_eq!(answer.status, 404);
}

#[async_test]
async fn without_origins_the_launch_says_that_nobody_is_allowed() {
    let log = Log::start();
    Server::builder()
        .rocket(|rocket| rocket.attach(Sessions::cors()))
        .start()
        .await;
    log.expect(&[
        "`Sessions::cors()` allows no page yet",
        "`sessions.website_origins`",
    ]);
}
