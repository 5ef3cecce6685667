//! Code of the application that runs on Rocket's own tasks may panic anywhere: Rocket answers 500, and
//! nothing of the session, its browser or anybody else has changed.

use std::borrow::Cow;
use std::time::Duration;

use rocket::http::Method;
use rocket::{Request, async_test, get, post, routes};
use serde::{Deserialize, Serialize, Serializer};
use session_runtime::requirement::{Facts, Fetch, Requirement, Unmet};
use session_runtime::{JwtPayload, LiveSession, NewSession, Session, UserId, login, logout};
use session_tests::{Browser, Server};

/// A payload whose serde implementation panics on one word.
#[derive(Debug, Deserialize, JwtPayload)]
#[session(name = "Fragile", user_id = Glass)]
struct Claims {
    word: String,
}

impl Serialize for Claims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Said<'c> {
            word: &'c str,
        }
        assert!(self.word != "written", "serde of the application");
        Said { word: &self.word }.serialize(serializer)
    }
}

/// A user id that can be written, and not always read or written again.
#[derive(Debug, Clone)]
struct Glass(String);

impl UserId for Glass {
    fn to_claim(&self) -> Cow<'_, str> {
        assert!(self.0 != "never", "to_claim of the application");
        Cow::Borrowed(&self.0)
    }

    fn from_claim(claim: &str) -> Option<Self> {
        assert!(claim != "once", "from_claim of the application");
        Some(Self(claim.to_owned()))
    }
}

struct Check;

impl Requirement<Claims> for Check {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        assert!(facts.payload().word != "checked", "a requirement");
        Ok(())
    }
}

/// Needs a claim whose request panics, or its future.
struct Fetched;

impl Requirement<Claims> for Fetched {
    fn claims() -> Vec<Fetch<Claims>> {
        let fetch = |_: &Request<'_>, user: Glass| {
            assert!(user.0 != "call", "the call of a fetch");
            async move {
                assert!(user.0 != "future", "the future of a fetch");
                Ok(Some(true))
            }
        };
        vec![Fetch::new("fetched", Duration::from_secs(60), fetch)]
    }

    fn check(_: &Facts<'_, Claims>) -> Result<(), Unmet> {
        Ok(())
    }
}

struct Listed;

impl Requirement<Claims> for Listed {
    fn claims() -> Vec<Fetch<Claims>> {
        panic!("the list of a requirement")
    }

    fn check(_: &Facts<'_, Claims>) -> Result<(), Unmet> {
        Ok(())
    }
}

#[login]
#[post("/in/<user>/<word>")]
fn log_in(user: &str, word: &str) -> (Glass, Claims, ()) {
    assert!(word != "login", "a login function");
    (Glass(user.into()), Claims { word: word.into() }, ())
}

#[login]
#[post("/in-async/<user>")]
async fn log_in_later(user: &str) -> NewSession {
    rocket::tokio::task::yield_now().await;
    panic!("a login of {user}")
}

#[logout]
#[post("/out")]
fn log_out() {
    panic!("a logout function")
}

#[get("/route")]
fn route(_session: Session<Claims>) {
    panic!("a route")
}

#[get("/plain")]
fn plain(_session: Session<Claims>) -> &'static str {
    "here"
}

#[get("/checked")]
fn checked(_session: Session<Claims, Check>) {}

#[get("/live")]
fn live(_session: LiveSession<Claims, Check>) {}

#[get("/fetched")]
fn fetched(_session: Session<Claims, Fetched>) {}

#[get("/listed")]
fn listed(_session: Session<Claims, Listed>) {}

async fn start() -> Server {
    let routes = routes![
        log_in,
        log_in_later,
        log_out,
        route,
        plain,
        checked,
        live,
        fetched,
        listed
    ];
    let server = Server::builder().rocket(|rocket| rocket.mount("/fragile", routes));
    server.start().await
}

async fn logged_in<'s>(server: &'s Server, user: &str, word: &str) -> Browser<'s> {
    let mut browser = server.browser();
    let path = format!("/fragile/in/{user}/{word}");
    browser.post(&path).await.expect(200, r#"{"status":"OK"}"#);
    browser
}

#[async_test]
async fn a_panic_in_a_request_changes_nothing() {
    let server = start().await;
    let neighbour = logged_in(&server, "eve", "calm").await;
    for (user, word, method, path) in [
        ("ada", "calm", Method::Get, "route"),
        ("ada", "checked", Method::Get, "checked"),
        ("ada", "checked", Method::Get, "live"),
        ("call", "calm", Method::Get, "fetched"),
        ("future", "calm", Method::Get, "fetched"),
        ("ada", "calm", Method::Get, "listed"),
        ("once", "calm", Method::Get, "plain"),
        ("ada", "calm", Method::Post, "out"),
        ("ada", "calm", Method::Post, "in/ada/login"),
        ("ada", "calm", Method::Post, "in/ada/written"),
        ("ada", "calm", Method::Post, "in/never/calm"),
        ("ada", "calm", Method::Post, "in-async/ada"),
    ] {
        let row = format!("{user} {word} {path}");
        let mut browser = logged_in(&server, user, word).await;
        let before = everything(&server);
        for _ in 0..2 {
            let answer = browser
                .send(method, &format!("/fragile/{path}"), None)
                .await;
            assert_eq!(answer.status, 500, "{row}: {answer:?}");
            answer.expect_untouched();
            assert_eq!(everything(&server), before, "{row}");
        }
        if user != "once" {
            assert_eq!(browser.get("/fragile/plain").await.body, "here", "{row}");
        }
        browser.refresh().await.expect(200, "{}");
        let mut beside = neighbour.clone();
        assert_eq!(beside.get("/fragile/plain").await.body, "here", "{row}");
    }
    logged_in(&server, "bob", "calm").await;
}

/// All that is stored of sessions.
fn everything(server: &Server) -> (i64, String) {
    let mut database = server.database();
    let payloads = "SELECT coalesce(max(payload), '') AS value FROM session_info WHERE payload LIKE '%fetched%'";
    (database.sessions(), database.text(payloads))
}
