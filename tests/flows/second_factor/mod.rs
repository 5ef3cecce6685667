//! A login in two steps: a session that awaits its second factor passes no other guard, and the second login
//! completes it.

mod attempts;
mod beside;
mod people;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::{Json, Value, json};
use rocket::{Build, Rocket, State, async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Error, JwtPayload, Login, NewSession, Session, Sessions, login, logout};
use session_tests::app::{Claims, Notes};
use session_tests::body::{BROKEN, OK, UNAUTHORISED};
use session_tests::browser::{ACCESS, ACCESS_HEADER, REFRESH, REFRESH_HEADER};
use session_tests::{Answer, Browser, Log, Server};

const REQUIRED: &str = r#"{"message":"second factor required"}"#;
const RIGHT: &str = "123456";

/// Who has given a password and owes a code.
#[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
#[session(pending, page = "/code")]
struct AwaitingCode {
    method: String,
}

/// How often a code was looked at.
#[derive(Debug, Default)]
struct Looked(AtomicUsize);

#[derive(Debug, Deserialize)]
struct Code {
    code: String,
    /// The user that the second login returns, if another one.
    #[serde(default)]
    as_user: Option<String>,
}

#[login]
#[post("/password", data = "<user>")]
fn password(user: Json<String>) -> (String, AwaitingCode, ()) {
    let method = "totp".to_owned();
    (user.into_inner(), AwaitingCode { method }, ())
}

#[login]
#[post("/password-for-a-minute")]
fn password_for_a_minute() -> NewSession {
    let method = "totp".to_owned();
    let new = NewSession::new("ada".to_owned(), AwaitingCode { method }, ());
    new.valid_for(Duration::from_secs(60))
}

#[get("/code")]
fn code_page(session: Session<AwaitingCode>) -> Value {
    json!({ "user": session.user_id(), "method": session.payload().method, "handle": session.handle() })
}

#[login]
#[post("/code", data = "<code>")]
fn enter_code(
    session: Session<AwaitingCode>,
    code: Json<Code>,
    looked: &State<Looked>,
) -> Option<(String, Claims, Notes)> {
    looked.0.fetch_add(1, Ordering::Relaxed);
    let Code { code, as_user } = code.into_inner();
    let user = as_user.unwrap_or_else(|| session.user_id().clone());
    (code == RIGHT).then(|| (user, Claims { name: "Ada".into() }, Notes::default()))
}

/// The same by hand, with the guards the other way round.
#[post("/code-by-hand", data = "<code>")]
async fn code_by_hand(
    login: Login,
    session: Session<AwaitingCode>,
    code: Json<Code>,
    looked: &State<Looked>,
) -> Result<Value, Error> {
    looked.0.fetch_add(1, Ordering::Relaxed);
    if code.code != RIGHT {
        return Err(Error::Conflict);
    }
    let claims = Claims { name: "Ada".into() };
    let new = NewSession::new(session.user_id().clone(), claims, Notes::default());
    Ok(json!(login.start(new).await?))
}

/// Ends the pending session between the guard and the login.
#[login]
#[post("/code-too-late")]
async fn code_too_late(
    session: Session<AwaitingCode>,
    sessions: Sessions,
) -> Result<(String, Claims, Notes), Error> {
    sessions.revoke_all(session.user_id()).await?;
    let claims = Claims { name: "Ada".into() };
    Ok((session.user_id().clone(), claims, Notes::default()))
}

#[post("/change-what-awaits")]
async fn change_what_awaits(mut session: Session<AwaitingCode>) -> Result<(), Error> {
    session
        .update_payload(|payload| payload.method.clear())
        .await
}

#[post("/prove-what-awaits")]
async fn prove_what_awaits(session: Session<AwaitingCode>) -> Result<(), Error> {
    session.replace_and_revoke_others().await.map(drop)
}

#[logout]
#[post("/log-out")]
fn log_out() -> &'static str {
    "bye"
}

fn all(rocket: Rocket<Build>) -> Rocket<Build> {
    let routes = routes![
        password,
        password_for_a_minute,
        code_page,
        enter_code,
        code_by_hand,
        code_too_late,
        change_what_awaits,
        prove_what_awaits,
        log_out
    ];
    rocket.mount("/", routes).manage(Looked::default())
}

async fn start() -> Server {
    Server::builder().rocket(all).start().await
}

async fn give_password(browser: &mut Browser<'_>, user: &str) -> Answer {
    let answer = browser.send(Method::Post, "/password", Some(json!(user)));
    answer.await
}

async fn give_code(browser: &mut Browser<'_>, code: &str) -> Answer {
    let code = json!({ "code": code });
    browser.send(Method::Post, "/code", Some(code)).await
}

fn rows(server: &Server) -> i64 {
    server.database().sessions()
}

/// A browser that owes a code, since a moment after whatever was before.
async fn awaiting<'s>(server: &'s Server, user: &str) -> Browser<'s> {
    server.clock.advance(Duration::from_millis(1));
    let mut browser = server.browser();
    give_password(&mut browser, user).await.expect(200, OK);
    browser
}

#[async_test]
async fn the_first_login_gives_nothing_but_the_way_to_the_second() {
    let server = start().await;
    let mut browser = server.browser();
    let answer = give_password(&mut browser, "ada").await;
    answer.expect(200, OK);
    // One cookie, no JWT in it, nothing for the front end.
    let lines: Vec<&str> = answer.all("set-cookie").collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = answer.set_cookie(ACCESS).expect("the cookie");
    assert!(line.contains("=p1.") && line.contains("HttpOnly"), "{line}");
    let token = browser.cookie(ACCESS).expect("a token");
    assert!(!token["p1.".len()..].contains('.'), "{token}");
    for name in ["front-token", "anti-csrf", ACCESS_HEADER, REFRESH_HEADER] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    assert_eq!(browser.cookie(REFRESH), None);

    let page = browser.get("/code").await;
    assert_eq!((page.status, &page.json()["user"]), (200, &json!("ada")));
    for path in ["/me", "/live", "/other", "/notes"] {
        browser
            .get(path)
            .await
            .expect(403, REQUIRED)
            .expect_untouched();
    }
    assert_eq!(browser.get("/maybe").await.json(), json!({ "user": null }));
    assert_eq!(
        browser.get("/optional").await.json(),
        json!({ "user": null })
    );
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    // It is no bearer token, and nothing in it can be changed.
    let bearer = server.browser().with_bearer(&token).get("/code").await;
    bearer.expect(401, UNAUTHORISED).expect_untouched();
    let refresh = server.browser().with_bearer(&token).refresh().await;
    refresh.expect(401, UNAUTHORISED).expect_untouched();

    // It is no session of the user.
    let sessions = server.sessions();
    assert_eq!(sessions.handles("ada").await, Ok(vec![]));
    assert!(sessions.list("ada", None).await.expect("a list").is_empty());

    let answer = give_code(&mut browser, RIGHT).await;
    answer.expect(200, OK);
    assert_eq!(answer.front_token()["uid"], "ada");
    let me = browser.get("/me").await;
    assert_eq!((me.status, &me.json()["user"]), (200, &json!("ada")));
    assert_eq!(
        browser.cookie_names().len(),
        3,
        "{:?}",
        browser.cookie_names()
    );
    assert_eq!(rows(&server), 1);
    // What it was completed with is worth nothing any more.
    browser.plant(ACCESS, &token, "/");
    assert_eq!(browser.get("/me").await.status, 200);
    let mut thief = server.browser();
    thief.plant(ACCESS, &token, "/");
    thief.get("/code").await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn a_forged_token_is_nobody() {
    let server = start().await;
    let browser = awaiting(&server, "ada").await;
    let token = browser.cookie(ACCESS).expect("a token");
    let name = browser.cookie_names().remove(0);
    for index in 3..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[index] = if forged[index] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("ASCII");
        let cookie = format!("{name}={forged}");
        let answer = server
            .browser()
            .send_raw(Method::Get, "/code", vec![("Cookie", cookie)], None)
            .await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
    }
}

#[async_test]
async fn it_ends_for_good_after_ten_minutes_or_as_the_login_says() {
    let server = start().await;
    let mut browser = awaiting(&server, "ada").await;
    let mut short = server.browser();
    short.post("/password-for-a-minute").await.expect(200, OK);
    let kept = |browser: &Browser<'_>| browser.cookie(ACCESS).expect("a token");
    let (token, short_token) = (kept(&browser), kept(&short));

    server.clock.advance(Duration::from_secs(59));
    assert_eq!(short.get("/code").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    // A browser has dropped it by now.
    short.plant(ACCESS, &short_token, "/");
    short.get("/code").await.expect(401, UNAUTHORISED);

    server.clock.advance(Duration::from_secs(539));
    assert_eq!(browser.get("/code").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    browser.plant(ACCESS, &token, "/");
    let answer = give_code(&mut browser, RIGHT).await;
    answer.expect(401, UNAUTHORISED).expect_removed();
    assert_eq!(browser.cookie(ACCESS), None);
}

#[async_test]
async fn the_second_login_is_of_the_same_user() {
    let server = start().await;
    let mut browser = awaiting(&server, "ada").await;
    let code = json!({ "code": RIGHT, "as_user": "bob" });
    let answer = browser.send(Method::Post, "/code", Some(code)).await;
    answer.expect(500, BROKEN).expect_untouched();
    assert_eq!(server.sessions().handles("bob").await, Ok(vec![]));
    give_code(&mut browser, RIGHT).await.expect(200, OK);
}

#[async_test]
async fn what_ended_before_the_second_login_cannot_be_completed() {
    let server = start().await;
    let mut browser = awaiting(&server, "ada").await;
    let answer = browser.post("/code-too-late").await;
    answer.expect(401, UNAUTHORISED).expect_removed();
    assert_eq!(rows(&server), 0);
}

#[async_test]
async fn it_does_nothing_that_only_a_whole_session_does() {
    let server = start().await;
    let mut browser = awaiting(&server, "ada").await;
    for path in ["/change-what-awaits", "/prove-what-awaits"] {
        let answer = browser.post(path).await;
        answer.expect(500, BROKEN).expect_untouched();
    }
    assert_eq!(browser.get("/code").await.json()["method"], "totp");
}

#[async_test]
async fn signing_out_ends_it() {
    let server = start().await;
    let mut browser = awaiting(&server, "ada").await;
    browser.sign_out().await.expect(200, OK).expect_cleared();
    assert_eq!(rows(&server), 0);
    let mut browser = awaiting(&server, "ada").await;
    browser
        .post("/log-out")
        .await
        .expect(200, "bye")
        .expect_cleared();
    assert_eq!((rows(&server), browser.cookie(ACCESS)), (0, None));
}

#[async_test]
async fn both_steps_are_events() {
    let server = start().await;
    let log = Log::start();
    let mut browser = awaiting(&server, "ada").await;
    give_code(&mut browser, RIGHT).await.expect(200, OK);
    for event in ["second_factor_awaited", "session_created"] {
        assert_eq!(log.text().matches(event).count(), 1, "{event}");
    }
}
