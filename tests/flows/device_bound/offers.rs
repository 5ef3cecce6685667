//! Which answers ask the browser to register a key: those that begin a whole session of a user in
//! cookies, and no others.

use rocket::http::Method;
use rocket::serde::json::{Value, json};
use rocket::{Route, State, async_test, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::sessions::{Uncommitted, Within};
use session_runtime::{Error, JwtPayload, Login, NewSession, Session, Sessions, login};
use session_tests::app::Notes;
use session_tests::{Browser, OwnDatabase, Server};

use super::{Chromium, ORIGIN, REGISTRATION, challenge_of};

/// A payload with everything that a session can be made again by.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(data = Notes, auth_time)]
struct Member {}

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(pending, page = "/code")]
struct AwaitingCode {}

#[login]
#[post("/member")]
fn member() -> (String, Member, Notes) {
    ("ada".to_owned(), Member {}, Notes::default())
}

#[login]
#[post("/visit")]
fn visit() -> NewSession {
    NewSession::anonymous(Member {}, Notes::default())
}

#[login]
#[post("/password")]
fn password() -> (String, AwaitingCode, ()) {
    ("ada".to_owned(), AwaitingCode {}, ())
}

#[login]
#[post("/code")]
fn code(session: Session<AwaitingCode>) -> (String, Member, Notes) {
    (session.user_id().clone(), Member {}, Notes::default())
}

#[post("/prove")]
async fn prove(mut session: Session<Member>) -> Result<(), Error> {
    session.step_up().await
}

#[post("/credential")]
async fn credential(session: Session<Member>) -> Result<Value, Error> {
    Ok(json!(session.replace_and_revoke_others().await?))
}

#[post("/within")]
async fn within(
    login: Login,
    sessions: Sessions,
    own: &State<OwnDatabase>,
) -> Result<Value, Error> {
    let new = NewSession::new("ada".to_owned(), Member {}, Notes::default());
    let mut database = own.open();
    let committed = database.within(&sessions, |within| within.create_for(&login, new.clone()))?;
    Ok(json!(login.attach(committed).await?))
}

/// Replaces the session in a transaction of the application.
async fn replace_within(
    session: Session<Member>,
    sessions: &Sessions,
    own: &OwnDatabase,
    replace: impl Fn(&Session<Member>, &mut Within<'_>) -> Result<Uncommitted, Error>,
) -> Result<Value, Error> {
    let mut database = own.open();
    let committed = database.within(sessions, |within| replace(&session, within))?;
    Ok(json!(session.attach(committed)?))
}

#[post("/prove-within")]
async fn prove_within(
    session: Session<Member>,
    sessions: Sessions,
    own: &State<OwnDatabase>,
) -> Result<Value, Error> {
    replace_within(session, &sessions, own, Session::step_up_within).await
}

#[post("/credential-within")]
async fn credential_within(
    session: Session<Member>,
    sessions: Sessions,
    own: &State<OwnDatabase>,
) -> Result<Value, Error> {
    let replace = Session::replace_and_revoke_others_within;
    replace_within(session, &sessions, own, replace).await
}

#[post("/by-hand")]
async fn by_hand(login: Login) -> Result<Value, Error> {
    let new = NewSession::new("ada".to_owned(), Member {}, Notes::default());
    login.start(new.clone()).await?;
    Ok(json!(login.start(new).await?))
}

fn all() -> Vec<Route> {
    routes![
        member,
        visit,
        password,
        code,
        prove,
        credential,
        prove_within,
        credential_within,
        within,
        by_hand
    ]
}

async fn server() -> Server {
    Server::builder()
        .set("api_origin", ORIGIN)
        .set("device_bound", "when-supported")
        .rocket(|rocket| rocket.mount("/", all()))
        .start()
        .await
}

/// Whether each of these, one after the other, asks to register.
async fn asks(browser: &mut Browser<'_>, paths: &[&str]) -> Vec<bool> {
    let mut asks = Vec::new();
    for path in paths {
        let answer = browser.post(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let offers = answer.all(REGISTRATION).count();
        assert!(
            offers <= 1,
            "{path} makes the browser register {offers} keys"
        );
        asks.push(offers == 1);
    }
    asks
}

#[async_test]
async fn r3_every_new_session_of_a_user_is_offered_a_key_and_nothing_else() {
    let server = server().await;
    let refresh = "/auth/session/refresh";
    for (paths, expected) in [
        (&["/member", refresh][..], &[true, false][..]),
        (&["/member", "/prove"], &[true, true]),
        (&["/member", "/credential"], &[true, true]),
        (&["/visit", "/member"], &[false, true]),
        (&["/password", "/code"], &[false, true]),
        (&["/within"], &[true]),
        (&["/member", "/prove-within"], &[true, true]),
        (&["/member", "/credential-within"], &[true, true]),
        (&["/by-hand"], &[true]),
    ] {
        assert_eq!(
            asks(&mut server.browser(), paths).await,
            expected,
            "{paths:?}"
        );
    }
    let mut headers = server.browser().in_header_mode();
    assert_eq!(asks(&mut headers, &["/member"]).await, [false]);
}

/// The new session has a key of its own, or none: the old one's is gone with it.
#[async_test]
async fn a_session_that_is_replaced_is_unbound_until_its_device_registers_again() {
    let server = server().await;
    let mut browser = server.browser();
    let login = browser.post("/member").await;
    let mut chromium = Chromium::new(browser, &login);
    assert_eq!(chromium.register().await.status, 200);
    let proved = chromium.browser.send(Method::Post, "/prove", None).await;
    let bound = "SELECT count(device_key) AS value FROM session_info";
    assert_eq!(server.database().number(bound), 0);
    assert!(!chromium.has_marker());
    let old = chromium.prove().await;
    old.expect(401, "").expect_untouched();
    chromium.challenge = challenge_of(&proved);
    assert_eq!(chromium.register().await.status, 200);
    assert_eq!(server.database().number(bound), 1);
}
