//! Server-rendered sites: a person who opens a page is neither lost when a token expires, nor sent
//! to another site.

mod hostile;
mod other_requests;
mod refused;
mod sub_path;

use std::time::Duration;

use rocket::form::Form;
use rocket::http::Method;
use rocket::response::Redirect;
use rocket::{FromForm, async_test, get, post, routes};
use session_runtime::{LiveSession, LocalUrl, Session, catchers};
use session_tests::app::Claims;
use session_tests::browser::{ACCESS, REFRESH};
use session_tests::{Answer, Browser, Server};

const PAGE: &str = "/auth/session/refresh/page";
const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const HOUR: Duration = Duration::from_secs(3600);
const LOGIN: &str = "/sign-in?by=form";

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

#[post("/live-secret")]
fn post_live_secret(_session: LiveSession<Claims>) {}

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
    Server::builder()
        .settings(settings)
        .rocket(|rocket| {
            rocket
                .mount(
                    "/",
                    routes![secret, post_secret, post_live_secret, sign_in, choose],
                )
                .register("/", catchers::pages(LOGIN))
        })
        .start()
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
    // No script can read the headers of a page that is opened.
    assert!(back.header("front-token").is_none() && back.set_cookie(REFRESH).is_some());
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
    // There may be a later session, of which only the refresh route learns.
    answer.expect_removed();
    expect_redirect(&press(&mut browser, &answer).await, login);
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
    answer.expect_cleared();
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
    answer.expect_cleared();
    server.clock.advance(HOUR);
    let page = open(&mut browser, "/secret").await;
    let answer = press(&mut browser, &page).await;
    expect_redirect(&answer, "/sign-in?by=form&next=%2Fsecret");
}
