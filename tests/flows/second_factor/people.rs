//! People are led to the page that asks for the code, and never in circles.

use rocket::http::Method;
use rocket::{async_test, get, routes};
use session_runtime::{MaybeSession, Session, catchers};
use session_tests::app::Claims;
use session_tests::body::OK;
use session_tests::browser::ACCESS;
use session_tests::{Builder, Server};

use super::{RIGHT, all, awaiting, give_code};

const HTML: (&str, &str) = ("Accept", "text/html");

#[get("/account")]
fn account(_session: Session<Claims>) -> &'static str {
    "account"
}

#[get("/sign-in")]
fn sign_in(session: MaybeSession<Claims>) -> &'static str {
    session.as_ref().map_or("form", |_| "member")
}

/// A page for the code that asks for another session.
#[get("/code", rank = 2)]
fn wrong_page(_session: Session<Claims>) -> &'static str {
    "never"
}

async fn start(wrong: bool) -> Server {
    start_with(wrong, Server::builder()).await
}

async fn start_with(wrong: bool, builder: Builder) -> Server {
    let server = builder.rocket(move |rocket| {
        let rocket = rocket.mount("/", routes![account, sign_in]);
        let rocket = rocket.register("/", catchers::pages("/sign-in"));
        if wrong {
            rocket.mount("/", routes![wrong_page, super::password])
        } else {
            all(rocket)
        }
    });
    server.start().await
}

#[async_test]
async fn a_page_leads_to_the_code_and_forgets_where_from() {
    let server = start(false).await;
    let mut browser = awaiting(&server, "ada").await;
    let answer = browser.get_with("/account?tab=2", &[HTML]).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/code"))
    );
    answer.expect_untouched();
    assert_eq!(browser.get_with("/code", &[HTML]).await.status, 200);
    // Whoever wants to log in as somebody else can.
    assert_eq!(browser.get_with("/sign-in", &[HTML]).await.body, "form");
    let htmx = browser
        .get_with("/account", &[HTML, ("HX-Request", "true")])
        .await;
    assert_eq!(htmx.header("hx-redirect"), Some("/code"));
}

/// The page is named as the application sees it, and led to as browsers do.
#[async_test]
async fn below_a_path_that_a_proxy_strips_the_code_is_asked_for_below_it() {
    let server = start_with(false, Server::builder().set("outer_path", "/shop")).await;
    let browser = awaiting(&server, "ada").await;
    let token = browser.cookie(ACCESS).expect("a token");
    let open = async |path: &str, more: &[(&'static str, &str)]| {
        let mut headers = vec![("Accept", HTML.1.to_owned())];
        headers.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        browser.send_raw(Method::Get, path, headers, None).await
    };
    let cookie = format!("{ACCESS}={token}");
    let page = open("/account", &[("Cookie", &cookie)]).await;
    assert_eq!(page.header("location"), Some("/shop/code"));
    let htmx = open("/account", &[("Cookie", &cookie), ("HX-Request", "true")]).await;
    assert_eq!(htmx.header("hx-redirect"), Some("/shop/code"));
    // Who is not logged in is not sent back to the code.
    let login = open("/code", &[]).await;
    assert_eq!(login.header("location"), Some("/shop/sign-in"));
    let login = open("/account", &[]).await;
    assert_eq!(
        login.header("location"),
        Some("/shop/sign-in?next=%2Fshop%2Faccount")
    );
}

#[async_test]
async fn a_code_page_that_asks_for_another_session_goes_in_no_circle() {
    let server = start(true).await;
    // What the password leads to is known once a route of this process uses its type.
    let mut browser = awaiting(&server, "ada").await;
    let answer = browser.get_with("/code", &[HTML]).await;
    assert_ne!(answer.header("location"), Some("/code"));
    assert!(
        answer.status == 303 || answer.body.contains("Log in"),
        "{answer:?}"
    );
}

/// The form with the code, sent once more from another tab.
#[async_test]
async fn whoever_has_finished_in_another_tab_has_lost_nothing() {
    let server = start(false).await;
    let mut browser = awaiting(&server, "ada").await;
    give_code(&mut browser, RIGHT).await.expect(200, OK);
    let headers = vec![
        ("Cookie", browser.cookie_header("/").expect("a session")),
        ("Accept", HTML.1.to_owned()),
        ("Sec-Fetch-Site", "same-origin".to_owned()),
    ];
    let form = browser.send_form(Method::Post, "/code", headers, "code=1".into());
    let answer = form.await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("You are logged in"), "{}", answer.body);
    assert!(answer.body.contains("<a href=\"/\">Continue</a>"));
    assert!(
        answer
            .body
            .contains("<a href=\"/sign-in?next=%2F\">Log in again</a>")
    );
    answer.expect_untouched();
}

#[async_test]
async fn what_ended_meanwhile_leads_to_the_login() {
    let server = start(false).await;
    let mut browser = awaiting(&server, "ada").await;
    let ended = server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    assert_eq!(ended.len(), 1);
    let page = browser.get_with("/code", &[HTML]).await;
    page.expect_removed();
    assert_eq!(browser.cookie(ACCESS), None);
    let page = browser.get_with("/code", &[HTML]).await;
    assert_eq!(page.header("location"), Some("/sign-in"));
}
