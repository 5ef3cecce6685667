//! Server-rendered sites: a person who opens a page is neither lost when a token expires, nor sent to
//! another site.

use std::time::Duration;

use rocket::form::Form;
use rocket::http::Method;
use rocket::response::Redirect;
use rocket::{FromForm, async_test, get, post, routes};
use session_runtime::{LocalUrl, Session, catchers};
use session_tests::app::Claims;
use session_tests::browser::{ACCESS, REFRESH};
use session_tests::{Answer, Browser, Server};

const PAGE: &str = "/auth/session/refresh/page";
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const HOUR: Duration = Duration::from_secs(3600);
const TRY_REFRESH: &str = r#"{"message":"try refresh token"}"#;
const LOGIN: (&str, &str) = ("login", "/sign-in?by=form");

/// What a browser says of a request that a page of the site itself caused.
const OWN: (&str, &str) = ("Sec-Fetch-Site", "same-origin");

#[get("/secret?<tab>")]
fn secret(_session: Session<Claims>, tab: Option<&str>) -> String {
    format!("secret {}", tab.unwrap_or_default())
}

#[post("/secret")]
fn post_secret(_session: Session<Claims>) -> &'static str {
    "sent"
}

#[get("/sign-in")]
fn sign_in(_session: Session<Claims>) {}

#[derive(FromForm)]
struct Choice {
    next: LocalUrl,
}

#[post("/choose", data = "<choice>")]
fn choose(choice: Form<Choice>) -> Redirect {
    choice.next.to_redirect()
}

async fn server_with(settings: &[(&str, rocket::figment::value::Value)]) -> Server {
    Server::changed_with(settings, |rocket| {
        rocket
            .mount("/", routes![secret, post_secret, sign_in, choose])
            .register("/", catchers::pages(LOGIN.1))
    })
    .await
}

/// Somebody whose access token has expired.
async fn expired(server: &Server) -> Browser<'_> {
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.clock.advance(HOUR);
    browser
}

/// The cookies that a browser sends to `path`.
fn cookies(browser: &Browser<'_>, path: &str) -> String {
    let names: &[_] = if path.starts_with("/auth/session/refresh") {
        &[ACCESS, REFRESH]
    } else {
        &[ACCESS]
    };
    let pairs = names
        .iter()
        .filter_map(|name| Some(format!("{name}={}", browser.cookie(name)?)));
    pairs.collect::<Vec<_>>().join("; ")
}

async fn send(
    browser: &mut Browser<'_>,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
    fields: &[(&str, &str)],
) -> Answer {
    let mut all = vec![
        ("Cookie", cookies(browser, path)),
        ("Host", "site.example".into()),
    ];
    all.extend(
        headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let answer = if method == Method::Get {
        browser.send_raw(method, path, all, None).await
    } else {
        let encode = |text| rocket::http::RawStr::new(text).percent_encode().to_string();
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        browser.send_form(method, path, all, pairs.join("&")).await
    };
    browser.keep(&answer);
    answer
}

/// Opens a page, as a person does.
async fn open(browser: &mut Browser<'_>, path: &str) -> Answer {
    send(browser, Method::Get, path, &[("Accept", HTML)], &[]).await
}

/// What an input of the answer's form holds.
fn field(answer: &Answer, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let (_, rest) = answer.body.split_once(&start).expect("the field");
    let value = rest.split('"').next().expect("its value");
    value
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&amp;", "&")
}

/// Presses the button of the page that refreshes.
async fn press(browser: &mut Browser<'_>, answer: &Answer) -> Answer {
    assert!(
        answer
            .body
            .contains(&format!("method=\"post\" action=\"{PAGE}\""))
    );
    let (next, login) = (field(answer, "next"), field(answer, "login"));
    let fields = [("next", next.as_str()), ("login", login.as_str())];
    send(
        browser,
        Method::Post,
        PAGE,
        &[("Accept", HTML), OWN],
        &fields,
    )
    .await
}

#[track_caller]
fn expect_redirect(answer: &Answer, to: &str) {
    assert_eq!((answer.status, answer.header("location")), (303, Some(to)));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

fn sends_itself(answer: &Answer) -> bool {
    answer.body.contains(".submit()")
}

#[async_test]
async fn a_page_with_an_expired_token_is_refreshed_and_comes_back() {
    let server = server_with(&[]).await;
    let mut browser = expired(&server).await;
    let url = "/secret?tab=a%22b%3C&x='y";
    let answer = open(&mut browser, url).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (401, Some("text/html; charset=utf-8"))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("vary"),
        Some("Cookie, Authorization, Accept, HX-Request")
    );
    assert!(answer.body.contains("<button autofocus>Continue</button>"));
    assert!(sends_itself(&answer));
    answer.expect_untouched();

    let back = press(&mut browser, &answer).await;
    expect_redirect(&back, &field(&answer, "next"));
    assert!(back.header("front-token").is_some() && back.set_cookie(REFRESH).is_some());
    assert_eq!(open(&mut browser, url).await.body, "secret a\"b<");
}

#[async_test]
async fn each_page_runs_its_own_script_only_and_once_in_half_a_tokens_life() {
    let server = server_with(&[("access_token_validity", "10m".into())]).await;
    let mut browser = expired(&server).await;
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let answer = open(&mut browser, "/secret").await;
        let policy = answer.header("content-security-policy").expect("a policy");
        let nonce = policy
            .split("script-src 'nonce-")
            .nth(1)
            .and_then(|rest| rest.split('\'').next());
        let nonce = nonce.expect("a nonce").to_owned();
        assert_eq!(
            policy,
            format!(
                "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
            )
        );
        assert!(answer.body.contains(&format!("<script nonce=\"{nonce}\">")));
        assert!(answer.body.contains(&format!("<style nonce=\"{nonce}\">")));
        assert!(answer.body.contains("< 300000;"), "{}", answer.body);
        nonces.push(nonce);
    }
    assert!(nonces[0] != nonces[1] && nonces[0].len() == 32);
}

#[async_test]
async fn without_a_session_one_logs_in_and_comes_back() {
    let server = server_with(&[]).await;
    let mut browser = server.browser();
    let login = "/sign-in?by=form&next=%2Fsecret%3Ftab%3D1%26x%3D2";
    let answer = open(&mut browser, "/secret?tab=1&x=2").await;
    expect_redirect(&answer, login);
    answer.expect_untouched();
    // A login page that asks for a login does not send the browser round in circles.
    let answer = open(&mut browser, "/sign-in?by=form").await;
    assert!(answer.status == 401 && answer.body.contains("<h1>Please log in</h1>"));

    browser.log_in("ada").await;
    server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    let answer = open(&mut browser, "/secret?tab=1&x=2").await;
    expect_redirect(&answer, login);
    answer.expect_all_cleared();
}

#[async_test]
async fn a_refresh_that_fails_ends_at_the_login_page_without_tokens() {
    let server = server_with(&[]).await;
    let mut browser = expired(&server).await;
    let page = open(&mut browser, "/secret").await;
    server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    let answer = press(&mut browser, &page).await;
    expect_redirect(&answer, "/sign-in?by=form&next=%2Fsecret");
    answer.expect_all_cleared();
    // Nor does it go on from there.
    expect_redirect(
        &open(&mut browser, "/secret").await,
        "/sign-in?by=form&next=%2Fsecret",
    );

    // A copied token: both sides end.
    let mut browser = server.browser();
    browser.log_in("eve").await;
    let mut thief = browser.clone();
    for _ in 0..2 {
        server.clock.advance(Duration::from_secs(3700));
        let page = open(&mut browser, "/secret").await;
        expect_redirect(&press(&mut browser, &page).await, "/secret");
    }
    let page = open(&mut thief, "/secret").await;
    let answer = press(&mut thief, &page).await;
    expect_redirect(&answer, "/sign-in?by=form&next=%2Fsecret");
    answer.expect_all_cleared();
    server.clock.advance(HOUR);
    let page = open(&mut browser, "/secret").await;
    press(&mut browser, &page).await.expect_all_cleared();
}

/// Where nobody may be sent.
const HOSTILE: [&str; 27] = [
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/x\\..\\evil",
    "/.//evil.example",
    "/x//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    " /secret",
    "/secret\r\nSet-Cookie: a=b",
    "/secret\0",
    "http://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "?next=x",
    "#x",
    "/\u{2215}evil.example",
    "",
];

#[async_test]
async fn nobody_is_sent_to_another_site() {
    let server = server_with(&[]).await;
    let long = format!("/{}", "x".repeat(LocalUrl::LONGEST));
    for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
        assert_eq!(LocalUrl::parse(hostile), None, "{hostile:?}");
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let fields = [("next", hostile), ("login", "/sign-in")];
        let answer = send(&mut browser, Method::Post, PAGE, &[OWN], &fields).await;
        expect_redirect(&answer, "/");
        let answer = send(&mut browser, Method::Post, "/choose", &[OWN], &fields).await;
        assert_eq!(answer.header("location"), Some("/"), "{hostile:?}");

        let mut nobody = server.browser();
        let fields = [("next", hostile), ("login", hostile)];
        let answer = send(&mut nobody, Method::Post, PAGE, &[OWN], &fields).await;
        expect_redirect(&answer, "/?next=%2F");

        let query = rocket::http::RawStr::new(hostile)
            .percent_encode()
            .to_string();
        let path = format!("{PAGE}?next={query}&login={query}");
        let answer = open(&mut nobody, &path).await;
        let at = (field(&answer, "next"), field(&answer, "login"));
        assert_eq!(at, ("/".into(), "/".into()), "{hostile:?}");

        let headers = [("Accept", HTML), ("Referer", hostile)];
        let answer = send(&mut nobody, Method::Post, "/secret", &headers, &[]).await;
        assert!(
            answer.body.contains("by=form&amp;next=%2F\""),
            "{}",
            answer.body
        );
    }
    for good in [
        "/",
        "/a/b/?c=//d&e=http://f",
        "/a%20b",
        "/a/../b",
        "/@evil.example",
    ] {
        assert_eq!(LocalUrl::parse(good).expect(good).as_str(), good);
    }
    // Missing, or given twice.
    let mut browser = server.browser();
    browser.log_in("ada").await;
    expect_redirect(
        &send(&mut browser, Method::Post, PAGE, &[OWN], &[]).await,
        "/",
    );
    let fields = [("next", "/secret"), ("next", "//evil.example")];
    expect_redirect(
        &send(&mut browser, Method::Post, PAGE, &[OWN], &fields).await,
        "/secret",
    );
    // A path that a browser would take for a host.
    let answer = open(&mut server.browser(), "//evil.example/..").await;
    assert!(!answer.body.contains("evil") && answer.header("location").is_none());
}

#[async_test]
async fn a_page_of_another_site_changes_nothing() {
    for csrf in ["fetch-metadata", "via-token", "via-custom-header"] {
        let server = server_with(&[("csrf", csrf.into())]).await;
        let mut browser = expired(&server).await;
        let before = browser.jar();
        let fields = [("next", "/secret"), ("login", "/sign-in")];
        for headers in [
            vec![("Sec-Fetch-Site", "cross-site")],
            vec![
                ("Sec-Fetch-Site", "same-site"),
                ("Origin", "http://evil.site.example"),
            ],
            vec![("Origin", "http://evil.example")],
            vec![("Origin", "null")],
        ] {
            let answer = send(&mut browser, Method::Post, PAGE, &headers, &fields).await;
            assert!(answer.status == 403 && answer.body.contains("<h1>Not from here</h1>"));
            answer.expect_untouched();
        }
        // Its link to the page by its address does not send itself either.
        let path = format!("{PAGE}?next=/secret&login=/sign-in");
        for (site, by_itself) in [
            (None, false),
            (Some("cross-site"), false),
            (Some("none"), false),
            (Some("same-origin"), true),
        ] {
            let headers: Vec<_> = site
                .map(|site| ("Sec-Fetch-Site", site))
                .into_iter()
                .collect();
            let answer = send(&mut browser, Method::Get, &path, &headers, &[]).await;
            assert_eq!(
                (answer.status, sends_itself(&answer)),
                (200, by_itself),
                "{site:?}"
            );
            answer.expect_untouched();
        }
        // A form cannot send a header: what the browser says is enough, whatever programs have to show.
        let mut browser = browser.with_jar(before);
        let page = open(&mut browser, "/secret").await;
        expect_redirect(&press(&mut browser, &page).await, "/secret");
    }
}

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
    browser
        .get("/notes")
        .await
        .expect(503, r#"{"message":"temporarily unavailable"}"#);
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
async fn two_cookies_of_a_name_are_said_to_be_too_many() {
    for (older, status) in [(None, 400), (Some(""), 200)] {
        let settings: Vec<_> = older
            .map(|older: &str| ("older_cookie_domain", older.into()))
            .into_iter()
            .collect();
        let server = server_with(&settings).await;
        let browser = expired(&server).await;
        let headers = vec![
            (
                "Cookie",
                format!("{}; {REFRESH}=older", cookies(&browser, PAGE)),
            ),
            (OWN.0, OWN.1.to_owned()),
        ];
        let answer = browser
            .send_form(Method::Post, PAGE, headers, "next=/secret".into())
            .await;
        assert_eq!(
            (answer.status, sends_itself(&answer)),
            (status, older.is_some())
        );
    }
}

/// Behaviour 56.
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
