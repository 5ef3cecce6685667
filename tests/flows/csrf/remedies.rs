//! A refused request says in the log what to change, if it was meant to pass.

use rocket::http::Method;
use rocket::{async_test, get, routes};
use session_runtime::{CrossSite, Error, Login, NewSession};
use session_tests::app::{Claims, Notes};
use session_tests::body::REFUSED;
use session_tests::{Log, Server};

fn visitor() -> NewSession {
    let name = "nobody".to_owned();
    NewSession::anonymous(Claims { name }, Notes::default())
}

/// Begins a visitor's session on the first page they open.
#[get("/welcome")]
async fn welcome(login: Login) -> Result<&'static str, Error> {
    login.start(visitor()).await?;
    Ok("welcome")
}

/// The same for who comes by a link.
#[get("/from-anywhere")]
async fn from_anywhere(login: CrossSite<Login>) -> Result<&'static str, Error> {
    login.start(visitor()).await?;
    Ok("welcome")
}

#[async_test]
async fn a_refusal_names_the_remedy() {
    let plain = vec![];
    let silent = vec![("csrf_require_evidence", true.into())];
    let header = vec![("csrf", "via-custom-header".into())];
    let link = [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Mode", "navigate"),
    ];
    type From<'a> = &'a [(&'static str, &'a str)];
    let table: [(_, Method, &str, From<'_>, &str); 9] = [
        (
            &plain,
            Method::Get,
            "/welcome",
            &link,
            "take `CrossSite<Login>`",
        ),
        (
            &plain,
            Method::Post,
            "/login",
            &[("Origin", "null")],
            "`Referrer-Policy: no-referrer`",
        ),
        (
            &plain,
            Method::Get,
            "/welcome",
            &[("Origin", "null")],
            "serve over https",
        ),
        (
            &plain,
            Method::Post,
            "/login",
            &[("Origin", "https://www.example.com")],
            "add its origin to `sessions.website_origins`",
        ),
        (
            &plain,
            Method::Post,
            "/login",
            &link,
            "`sessions.api_origin` must be the origin",
        ),
        (
            &plain,
            Method::Post,
            "/login",
            &[("Origin", "http://a.test"), ("Origin", "http://a.test")],
            "came more than once",
        ),
        (
            &silent,
            Method::Post,
            "/login",
            &[],
            "a client of your own can send `Origin`",
        ),
        (
            &silent,
            Method::Get,
            "/welcome",
            &[],
            "take `CrossSite<Login>`",
        ),
        (
            &header,
            Method::Post,
            "/leave",
            &[],
            "needs the header `rid`",
        ),
    ];
    for (settings, method, path, from, remedy) in table {
        let log = Log::start();
        let server = Server::builder()
            .settings(settings)
            .rocket(|rocket| rocket.mount("/", routes![welcome]))
            .start()
            .await;
        let mut browser = server.browser();
        let mut headers: Vec<_> = from
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect();
        if path == "/leave" {
            browser.log_in("ada").await;
            let cookies = browser.cookie_header("/leave").expect("cookies");
            headers.push(("Cookie", cookies));
        }
        let body = Some(r#"{"user":"ada"}"#.to_owned());
        let answer = browser.send_raw(method, path, headers, body).await;
        answer.expect(403, REFUSED).expect_untouched();
        log.expect(&["cross_site_refused", remedy]);
    }
}

#[async_test]
async fn a_visitor_who_comes_by_a_link_gets_a_session_where_that_is_meant() {
    let server = Server::builder()
        .rocket(|rocket| rocket.mount("/", routes![welcome, from_anywhere]))
        .start()
        .await;
    let link = || vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    let browser = server.browser();
    let answer = browser
        .send_raw(Method::Get, "/welcome", link(), None)
        .await;
    answer.expect(403, REFUSED);
    assert_eq!(server.database().sessions(), 0);
    let answer = browser
        .send_raw(Method::Get, "/from-anywhere", link(), None)
        .await;
    answer.expect(200, "welcome");
    assert_eq!(server.database().sessions(), 1);
}
