//! What routes ask of a session beyond being valid.

mod live;
mod proof;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::{Value, json};
use rocket::{Request, State, async_test, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::requirement::{Facts, Fetch, Fresh, Registered, Requirement, Unmet};
use session_runtime::{
    Error, JwtPayload, LiveSession, MaybeSession, NewSession, Session, SessionHandle, login,
};
use session_tests::body::OK;
use session_tests::browser::{ACCESS, SIGN_OUT_PATH};
use session_tests::token;
use session_tests::{Browser, Server};

#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(auth_time, data = Vec<String>, name = "RoleClaims")]
struct Claims {
    role: String,
    beta: bool,
}

struct Admin;

impl Requirement<Claims> for Admin {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        facts.value("role").has_value("admin")
    }
}

/// A reason of the application's own.
struct Beta;

impl Requirement<Claims> for Beta {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        if facts.payload().beta {
            Ok(())
        } else {
            Err(Unmet::new("beta", json!({ "message": "ask for it" })))
        }
    }
}

/// What the application's database says of a user; it counts how often it is asked.
#[derive(Default)]
struct Directory {
    asked: AtomicUsize,
}

struct Editor;

impl Requirement<Claims> for Editor {
    fn claims() -> Vec<Fetch<Claims>> {
        let fetch = |request: &Request<'_>, user_id: String| {
            let directory = request.rocket().state::<Directory>().expect("a directory");
            let times = directory.asked.fetch_add(1, Ordering::Relaxed);
            async move {
                match user_id.as_str() {
                    "nobody" => Ok(None),
                    "broken" => Err(Error::Unavailable),
                    _ if times == 0 => Ok(Some(vec!["reader"])),
                    _ => Ok(Some(vec!["reader", "editor"])),
                }
            }
        };
        vec![Fetch::new("st-role", Duration::from_secs(300), fetch)]
    }

    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        facts.claim("st-role").includes("editor")
    }
}

#[login]
#[post("/in/<user>?<role>&<beta>")]
fn log_in(user: &str, role: &str, beta: bool) -> NewSession {
    let claims = Claims {
        role: role.into(),
        beta,
    };
    NewSession::new(user.to_owned(), claims, vec!["own".to_owned()]).merge_anonymous_data(
        |mut own: Vec<String>, before: Vec<String>| {
            own.extend(before);
            own
        },
    )
}

#[login]
#[post("/visit")]
fn visit() -> NewSession {
    NewSession::anonymous(
        Claims {
            role: "visitor".into(),
            beta: false,
        },
        vec!["basket".into()],
    )
}

#[get("/plain")]
fn plain(session: Session<Claims>) -> Value {
    json!({ "user": session.user_id(), "anonymous": session.is_anonymous() })
}

#[get("/admin")]
fn admin(session: Session<Claims, Admin>) -> String {
    session.user_id().clone()
}

#[get("/both")]
fn both(_session: Session<Claims, (Registered, Admin, Beta)>) {}

#[get("/live-admin")]
fn live_admin(session: LiveSession<Claims, Admin>) -> String {
    session.payload().role.clone()
}

#[get("/maybe-admin")]
fn maybe_admin(session: MaybeSession<Claims, Admin>) -> &'static str {
    if session.is_some() {
        "admin"
    } else {
        "visitor"
    }
}

#[get("/editor")]
fn editor(session: Session<Claims, Editor>) -> String {
    session.payload().role.clone()
}

#[get("/sensitive")]
fn sensitive(_session: Session<Claims, Fresh<300>>) {}

#[post("/prove")]
async fn prove(mut session: Session<Claims>) -> Result<(), Error> {
    session.step_up().await
}

#[post("/change-password")]
async fn change_password(session: Session<Claims, Fresh<300>>) -> Result<Value, Error> {
    Ok(json!(session.replace_and_revoke_others().await?))
}

#[get("/things")]
async fn things(session: Session<Claims>) -> Result<Value, Error> {
    Ok(json!(session.data().await?))
}

#[get("/asked")]
fn asked(directory: &State<Directory>) -> String {
    directory.asked.load(Ordering::Relaxed).to_string()
}

async fn server() -> Server {
    Server::builder()
        .rocket(|rocket| {
            rocket.manage(Directory::default()).mount(
                "/r",
                routes![
                    log_in,
                    visit,
                    plain,
                    admin,
                    both,
                    live_admin,
                    live::live_facts,
                    live::live_editor,
                    maybe_admin,
                    editor,
                    sensitive,
                    prove,
                    change_password,
                    things,
                    asked
                ],
            )
        })
        .start()
        .await
}

async fn logged_in<'s>(server: &'s Server, user: &str, role: &str) -> Browser<'s> {
    let mut browser = server.browser();
    let answer = browser
        .post(&format!("/r/in/{user}?role={role}&beta=false"))
        .await;
    assert_eq!(answer.status, 200);
    browser
}

async fn handle(browser: &Browser<'_>) -> SessionHandle {
    let token = browser.cookie(ACCESS).expect("a token");
    token::payload(&token)["sessionHandle"]
        .as_str()
        .expect("one")
        .parse()
        .expect("a handle")
}

/// Every requirement that is not met is in the body, of this route only.
#[async_test]
async fn what_is_not_met_is_403_with_every_reason() {
    let server = server().await;
    let mut user = logged_in(&server, "ada", "user").await;
    let wrong =
        json!({ "message": "wrong value", "expectedValue": "admin", "actualValue": "user" });
    let answer = user.get("/r/admin").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json(),
        json!({ "message": "invalid claim", "claimValidationErrors": [{ "id": "role", "reason": wrong }] })
    );
    answer.expect_untouched();
    let answer = user.get("/r/both").await;
    assert_eq!(
        answer.json()["claimValidationErrors"],
        json!([
            { "id": "role", "reason": wrong },
            { "id": "beta", "reason": { "message": "ask for it" } },
        ])
    );
    for path in ["/r/live-admin", "/r/maybe-admin"] {
        assert_eq!(user.get(path).await.status, 403, "{path}");
    }
    server
        .browser()
        .get("/r/maybe-admin")
        .await
        .expect(200, "visitor");
    assert_eq!(server.browser().get("/r/admin").await.status, 401);
    assert_eq!(user.get("/r/plain").await.status, 200);
    let mut admin = logged_in(&server, "eve", "admin").await;
    admin.get("/r/admin").await.expect(200, "eve");

    let sessions = server.sessions();
    let unmet = sessions
        .unmet::<Claims, (Admin, Beta)>(handle(&user).await)
        .await;
    let ids =
        unmet.map(|unmet| unmet.map(|all| all.into_iter().map(|one| one.id).collect::<Vec<_>>()));
    assert_eq!(ids, Ok(Some(vec!["role".to_owned(), "beta".to_owned()])));
    let handle = handle(&admin).await;
    sessions.revoke(handle).await.expect("an answer");
    assert_eq!(sessions.unmet::<Claims, Admin>(handle).await, Ok(None));
}

/// The sign-out route asks for nothing.
#[async_test]
async fn signing_out_asks_for_nothing() {
    let server = server().await;
    let mut user = logged_in(&server, "ada", "user").await;
    user.post(SIGN_OUT_PATH).await.expect(200, OK);
}

#[async_test]
async fn a_claim_is_fetched_when_it_is_missing_or_too_old_and_stored() {
    let server = server().await;
    let mut browser = logged_in(&server, "ada", "user").await;
    let now = session_runtime::clock::Clock::now(&server.clock).timestamp_millis();
    let answer = browser.get("/r/editor").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json()["claimValidationErrors"][0],
        json!({ "id": "st-role", "reason": { "message": "wrong value", "expectedToInclude": "editor", "actualValue": ["reader"] } })
    );
    // What was fetched is in the token that came with the refusal, so it is not fetched again.
    assert!(answer.set_cookie(ACCESS).is_some() && answer.header("front-token").is_some());
    assert_eq!(browser.get("/r/editor").await.status, 403);
    browser.get("/r/asked").await.expect(200, "1");
    let stored = server
        .database()
        .text("SELECT payload AS value FROM session_info");
    let stored: Value = serde_json::from_str(&stored).expect("JSON");
    assert_eq!(stored["st-role"], json!({ "v": ["reader"], "t": now }));

    server.clock.advance(Duration::from_secs(300));
    assert_eq!(browser.get("/r/editor").await.status, 403);
    server.clock.advance(Duration::from_secs(1));
    browser.get("/r/editor").await.expect(200, "user");
    let answer = browser.get("/r/editor").await;
    answer.expect(200, "user").expect_untouched();
    browser.get("/r/asked").await.expect(200, "2");
}

#[async_test]
async fn a_claim_that_cannot_be_fetched_stores_nothing() {
    let server = server().await;
    let mut browser = logged_in(&server, "nobody", "user").await;
    let answer = browser.get("/r/editor").await;
    assert_eq!(
        answer.json()["claimValidationErrors"][0]["reason"]["message"],
        "value does not exist"
    );
    answer.expect_untouched();
    let mut browser = logged_in(&server, "broken", "user").await;
    let answer = browser.get("/r/editor").await;
    assert_eq!(answer.status, 503);
    answer.expect_untouched();
}

#[async_test]
async fn a_sensitive_route_asks_for_a_recent_proof() {
    let server = server().await;
    let mut browser = logged_in(&server, "ada", "user").await;
    server.clock.advance(Duration::from_secs(300));
    assert_eq!(browser.get("/r/sensitive").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    let reason = json!({ "message": "expired", "ageInSeconds": 301, "maxAgeInSeconds": 300 });
    let answer = browser.get("/r/sensitive").await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json()["claimValidationErrors"],
        json!([{ "id": "auth_time", "reason": reason }])
    );
    // A refresh proves nothing.
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/r/sensitive").await.status, 403);
    let mut thief = browser.clone();
    assert_eq!(browser.post("/r/prove").await.status, 200);
    // A copy of the tokens that was taken before gains nothing: the session was replaced.
    assert_eq!(thief.get("/r/sensitive").await.status, 401);
    assert_eq!(thief.refresh().await.status, 409);
    assert_eq!(browser.cookie_names().len(), 3);
    assert_eq!(browser.get("/r/sensitive").await.status, 200);
    server.clock.advance(Duration::from_secs(60));
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/r/sensitive").await.status, 200);
}

#[async_test]
async fn a_changed_credential_replaces_this_session_and_ends_the_others() {
    let server = server().await;
    let mut here = logged_in(&server, "ada", "user").await;
    let mut there = logged_in(&server, "ada", "user").await;
    let mut other = logged_in(&server, "eve", "user").await;
    let before = here.clone();
    let answer = here.post("/r/change-password").await;
    assert_eq!((answer.status, answer.all("set-cookie").count()), (200, 6));
    assert_ne!(handle(&before).await, handle(&here).await);
    assert_eq!(here.get("/r/things").await.json(), json!(["own"]));
    for (mut over, status) in [(before, 409), (there.clone(), 401)] {
        assert_eq!(over.get("/r/plain").await.status, 401);
        assert_eq!(over.refresh().await.status, status);
    }
    assert_eq!(there.get("/r/plain").await.status, 401);
    assert_eq!(other.get("/r/plain").await.status, 200);
    server.clock.advance(Duration::from_secs(60));
    here.refresh().await.expect(200, "{}");
    assert_eq!(
        server.sessions().handles("ada").await.map(|all| all.len()),
        Ok(1)
    );
}

#[async_test]
async fn a_visitor_has_a_session_whose_data_the_login_takes_over() {
    let server = server().await;
    let mut browser = server.browser();
    assert_eq!(browser.post("/r/visit").await.status, 200);
    let visitor = browser.get("/r/plain").await.json();
    assert_eq!(visitor["anonymous"], true);
    assert_eq!(visitor["user"], handle(&browser).await.to_string());
    let answer = browser.get("/r/both").await;
    assert_eq!(
        answer.json()["claimValidationErrors"][0],
        json!({ "id": "anonymous", "reason": { "message": "wrong value", "expectedValue": false, "actualValue": true } })
    );
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/r/plain").await.json()["anonymous"], true);
    assert_eq!(browser.get("/r/sensitive").await.status, 403);
    let before = browser.clone();

    browser.post("/r/in/ada?role=user&beta=false").await;
    assert_eq!(
        browser.get("/r/plain").await.json(),
        json!({ "user": "ada", "anonymous": false })
    );
    assert_eq!(
        browser.get("/r/things").await.json(),
        json!(["own", "basket"])
    );
    assert_eq!(
        before.send_only(Method::Get, "/r/plain", None).await.status,
        401
    );

    // What one user has is not handed to the next.
    browser.post("/r/in/eve?role=user&beta=false").await;
    assert_eq!(browser.get("/r/things").await.json(), json!(["own"]));
    assert_eq!(server.database().sessions(), 1);
}
