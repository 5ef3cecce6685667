//! The other ways to tell requests of other sites: a token, a custom header; and routes that look
//! more or less closely than the rest.

use rocket::http::Method;
use rocket::{async_test, get, post, routes};
use serde_json::json;
use session_runtime::{CrossSite, SameOrigin, Session};
use session_tests::app::Claims;
use session_tests::body::{OK, REFUSED, TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Answer, Browser, Server, names};

type Headers = Vec<(&'static str, String)>;

async fn send(
    browser: &Browser<'_>,
    method: Method,
    path: &str,
    name: &str,
    mut headers: Headers,
) -> Answer {
    let token = browser.cookie(name).expect("a token");
    let cookies = match name {
        REFRESH => names::pair(REFRESH, &token),
        _ => format!("{name}={token}"),
    };
    headers.push(("Cookie", cookies));
    browser.send_raw(method, path, headers, None).await
}

/// A refused request is 403, and nothing is cleared: another site must not log anybody out.
#[async_test]
async fn with_tokens_an_unsafe_request_needs_the_token_of_its_session() {
    let server = Server::builder().set("csrf", "via-token").start().await;
    let (mut browser, mut other) = (server.browser(), server.browser());
    let answer = browser.log_in("ada").await;
    let token = answer.header("anti-csrf").expect("a token").to_owned();
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("front-token, anti-csrf")
    );
    let of_another = other.log_in("eve").await;
    let of_another = of_another.header("anti-csrf").expect("a token").to_owned();
    assert_ne!(token, of_another);

    let (access, refresh) = (browser.cookie(ACCESS), browser.cookie(REFRESH));
    let altered = |at: usize| {
        let letter = if token[at..].starts_with('A') {
            "B"
        } else {
            "A"
        };
        format!("{}{letter}{}", &token[..at], &token[at + 1..])
    };
    let wrong: [Headers; 10] = [
        // Of the random part, and of the tag.
        vec![("anti-csrf", altered(3))],
        vec![("anti-csrf", altered(40))],
        vec![("anti-csrf", access.expect("a token"))],
        vec![("anti-csrf", refresh.expect("a token"))],
        vec![],
        vec![("anti-csrf", String::new())],
        vec![("anti-csrf", of_another)],
        vec![("anti-csrf", token[..token.len() - 1].to_owned())],
        vec![("anti-csrf", token.clone()), ("anti-csrf", token.clone())],
        // In a cookie only, any page could have it sent.
        vec![("Cookie", format!("sAntiCsrf={token}"))],
    ];
    for headers in wrong {
        for (method, path, cookie) in [
            (Method::Post, "/leave", ACCESS),
            (Method::Post, SIGN_OUT_PATH, ACCESS),
            (Method::Post, REFRESH_PATH, REFRESH),
        ] {
            let answer = send(&browser, method, path, cookie, headers.clone()).await;
            answer.expect(403, REFUSED).expect_untouched();
        }
        assert_eq!(
            send(&browser, Method::Get, "/live", ACCESS, headers)
                .await
                .status,
            200
        );
    }

    // A refresh hands out another; each holds for its session, so tabs do not refuse each other.
    let right = vec![("anti-csrf", token.clone())];
    let answer = send(&browser, Method::Post, REFRESH_PATH, REFRESH, right.clone()).await;
    answer.expect(200, "{}");
    browser.keep(&answer);
    let newer = answer.header("anti-csrf").expect("a token").to_owned();
    assert_ne!(token, newer);
    for token in [token, newer] {
        let answer = send(
            &browser,
            Method::Put,
            "/notes",
            ACCESS,
            vec![("anti-csrf", token)],
        )
        .await;
        assert_ne!(answer.status, 403);
    }
    let answer = send(&browser, Method::Post, SIGN_OUT_PATH, ACCESS, right).await;
    answer.expect(200, OK);
    assert_eq!(answer.header("anti-csrf"), None);
}

#[async_test]
async fn sessions_in_headers_have_no_anti_csrf_token_and_need_none() {
    for mode in ["via-token", "via-custom-header"] {
        let server = Server::builder().set("csrf", mode).start().await;
        let mut app = server.browser().in_header_mode();
        assert_eq!(app.log_in("ada").await.header("anti-csrf"), None);
        app.refresh().await.expect(200, "{}");
        assert_eq!(app.post("/leave").await.status, 200);
    }
}

#[async_test]
async fn the_token_of_the_previous_session_of_the_same_browser_is_refused() {
    let server = Server::builder().set("csrf", "via-token").start().await;
    let mut browser = server.browser();
    let previous = browser.log_in("ada").await;
    let previous = previous.header("anti-csrf").expect("a token").to_owned();
    browser.log_in("ada").await;
    let answer = send(
        &browser,
        Method::Post,
        "/leave",
        ACCESS,
        vec![("anti-csrf", previous)],
    )
    .await;
    answer.expect(403, REFUSED).expect_untouched();
}

#[async_test]
async fn sessions_from_before_tokens_were_asked_for_get_one_by_a_refresh() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let jar = browser.jar();
    let server = server.restart().set("csrf", "via-token").start().await;
    let mut browser = server.browser().with_jar(jar);
    browser.post("/leave").await.expect(401, TRY_REFRESH);
    let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    let answer = send(&browser, Method::Post, REFRESH_PATH, REFRESH, foreign).await;
    answer.expect(403, REFUSED).expect_untouched();
    let answer = browser.refresh().await;
    let token = answer.header("anti-csrf").expect("a token").to_owned();
    let answer = send(
        &browser,
        Method::Post,
        "/leave",
        ACCESS,
        vec![("anti-csrf", token)],
    )
    .await;
    assert_eq!(answer.status, 200);
}

/// A refused request is 403, and nothing is cleared.
#[async_test]
async fn with_a_custom_header_an_unsafe_request_needs_it() {
    let server = Server::builder()
        .set("csrf", "via-custom-header")
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let evidence = || vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    for (path, cookie) in [
        (REFRESH_PATH, REFRESH),
        (SIGN_OUT_PATH, ACCESS),
        ("/leave", ACCESS),
    ] {
        for headers in [vec![], evidence()] {
            let answer = send(&browser, Method::Post, path, cookie, headers).await;
            answer.expect(403, REFUSED).expect_untouched();
        }
    }
    assert_eq!(
        send(&browser, Method::Get, "/live", ACCESS, vec![])
            .await
            .status,
        200
    );
    // Without a token there is nothing to protect.
    let answer = browser.send_raw(Method::Post, "/leave", vec![], None).await;
    answer.expect(401, UNAUTHORISED);
    for value in ["session", "anti-csrf", ""] {
        let rid = vec![("rid", value.to_owned())];
        let answer = send(&browser, Method::Post, REFRESH_PATH, REFRESH, rid).await;
        answer.expect(200, "{}");
    }
}

#[async_test]
async fn a_login_shows_evidence_in_every_mode() {
    let body = || Some(json!({ "user": "ada" }).to_string());
    for (mode, status) in [
        ("fetch-metadata", 403),
        ("via-token", 403),
        ("via-custom-header", 403),
        ("none", 403),
    ] {
        let server = Server::builder().set("csrf", mode).start().await;
        let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", foreign, body())
            .await;
        assert_eq!(answer.status, status, "{mode}");
    }
}

/// A header mode that a form cannot ask for sets no cookie, so there is nothing to plant.
#[async_test]
async fn a_login_into_headers_needs_no_evidence_unless_a_cookie_is_there() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let headers = || {
        vec![
            ("Sec-Fetch-Site", "cross-site".to_owned()),
            ("st-auth-mode", "header".to_owned()),
        ]
    };
    let body = || Some(json!({ "user": "eve" }).to_string());
    let answer = browser
        .send_raw(Method::Post, "/login", headers(), body())
        .await;
    assert_eq!(answer.status, 200);
    let mut with_cookie = headers();
    with_cookie.push((
        "Cookie",
        format!("{ACCESS}={}", browser.cookie(ACCESS).expect("a token")),
    ));
    let answer = browser
        .send_raw(Method::Post, "/login", with_cookie, body())
        .await;
    answer.expect(403, REFUSED).expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
}

/// The check can be demanded or left out per route.
#[async_test]
async fn a_route_may_look_more_or_less_closely() {
    #[get("/strict")]
    fn strict(session: SameOrigin<Session<Claims>>) -> String {
        session.user_id().clone()
    }

    #[post("/lenient")]
    fn lenient(session: CrossSite<Session<Claims>>) -> String {
        session.user_id().clone()
    }

    for mode in ["fetch-metadata", "via-token", "via-custom-header"] {
        let server = Server::builder()
            .set("csrf", mode)
            .rocket(|rocket| rocket.mount("/", routes![strict, lenient]))
            .start()
            .await;
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let foreign = || vec![("Sec-Fetch-Site", "cross-site".to_owned())];
        let answer = send(&browser, Method::Get, "/strict", ACCESS, foreign()).await;
        answer.expect(403, REFUSED).expect_untouched();
        let answer = send(&browser, Method::Post, "/lenient", ACCESS, foreign()).await;
        answer.expect(200, "ada");
        assert_eq!(
            send(&browser, Method::Get, "/me", ACCESS, foreign())
                .await
                .status,
            200
        );
    }
}

/// CORS does not apply to WebSockets, so nothing else keeps other sites from opening one with the
/// cookie (RFC 6455, section 10.2).
#[async_test]
async fn the_start_of_a_web_socket_is_checked_like_an_unsafe_method() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for (origin, status) in [
        ("https://evil.example", 403),
        ("http://127.0.0.1:8000", 200),
    ] {
        let headers = vec![
            ("Connection", "Upgrade".to_owned()),
            ("Upgrade", "websocket".to_owned()),
            ("Origin", origin.to_owned()),
        ];
        let answer = send(&browser, Method::Get, "/me", ACCESS, headers).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[derive(Clone)]
struct AnyMethod;

#[rocket::async_trait]
impl rocket::route::Handler for AnyMethod {
    async fn handle<'r>(
        &self,
        request: &'r rocket::Request<'_>,
        _: rocket::Data<'r>,
    ) -> rocket::route::Outcome<'r> {
        let session = request.guard::<Session<Claims>>().await;
        match session {
            rocket::outcome::Outcome::Success(session) => {
                rocket::route::Outcome::from(request, session.user_id().clone())
            }
            rocket::outcome::Outcome::Error((status, _))
            | rocket::outcome::Outcome::Forward(status) => rocket::route::Outcome::error(status),
        }
    }
}

/// Methods x `Sec-Fetch-Site` x `Origin` x transport.
#[async_test]
async fn the_whole_cube_of_where_a_request_comes_from() {
    const METHODS: [(Method, bool); 7] = [
        (Method::Get, true),
        (Method::Head, true),
        (Method::Options, true),
        (Method::Post, false),
        (Method::Put, false),
        (Method::Patch, false),
        (Method::Delete, false),
    ];
    const LISTED: &str = "https://www.example.com";
    let server = Server::builder()
        .set("website_origins", vec![LISTED])
        .rocket(|rocket| {
            let routes = METHODS.map(|(method, _)| rocket::Route::new(method, "/any", AnyMethod));
            rocket.mount("/", routes)
        })
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let mut app = server.browser().in_header_mode();
    app.log_in("ada").await;
    let (bearer, _) = app.bearer_tokens().expect("tokens");
    let sites = [
        None,
        Some("same-origin"),
        Some("none"),
        Some("same-site"),
        Some("cross-site"),
        Some("junk"),
    ];
    let origins = [
        None,
        Some("http://127.0.0.1:8000"),
        Some(LISTED),
        Some("https://evil.example"),
        Some("null"),
    ];
    let mut refused = 0;
    for (method, safe) in METHODS {
        for site in sites {
            for origin in origins {
                let mut from = Vec::new();
                from.extend(site.map(|site| ("Sec-Fetch-Site", site.to_owned())));
                from.extend(origin.map(|origin| ("Origin", origin.to_owned())));
                let ours = matches!(site, Some("same-origin" | "none"))
                    || matches!(origin, Some("http://127.0.0.1:8000" | LISTED))
                    || (site.is_none() && origin.is_none());
                let row = format!("{method} {site:?} {origin:?}");
                let answer = send(&browser, method, "/any", ACCESS, from.clone()).await;
                assert_eq!(
                    answer.status == 200,
                    safe || ours,
                    "cookie {row}: {}",
                    answer.body
                );
                if answer.status != 200 {
                    answer.expect(403, REFUSED).expect_untouched();
                    refused += 1;
                }
                from.push(("Authorization", format!("Bearer {bearer}")));
                let answer = app.send_raw(method, "/any", from, None).await;
                assert_eq!(answer.status, 200, "header {row}");
            }
        }
    }
    // Four methods, four sites that are not ours, three origins that are not, but for silence.
    assert_eq!(refused, 4 * (4 * 3 - 1));
    assert_eq!(browser.get("/live").await.status, 200);
}
