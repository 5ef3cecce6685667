//! `LiveSession`: the row decides, and not the token.

use rocket::serde::json::{Value, json};
use rocket::{async_test, get};
use session_runtime::LiveSession;
use session_runtime::requirement::{Facts, Requirement, Unmet};
use session_tests::Browser;

use super::{Claims, Editor, handle, logged_in, server};

/// Reads everything that a requirement may know.
pub(super) struct EveryFact;

impl Requirement<Claims> for EveryFact {
    fn check(facts: &Facts<'_, Claims>) -> Result<(), Unmet> {
        let role = &*facts.payload().role;
        facts.value("role").has_value(role)?;
        let known = json!({
            "role": role,
            "provedAt": facts.auth_time().map(|time| time.timestamp()),
            "anonymous": facts.is_anonymous(),
        });
        Err(Unmet::new("facts", known))
    }
}

#[get("/live-facts")]
pub(super) fn live_facts(_session: LiveSession<Claims, EveryFact>) {}

#[get("/live-editor")]
pub(super) fn live_editor(_session: LiveSession<Claims, Editor>) {}

fn role(role: &str) -> serde_json::Map<String, Value> {
    json!({ "role": role })
        .as_object()
        .expect("an object")
        .clone()
}

/// Whatever the token says: by another process on the same database.
#[async_test]
async fn a_live_session_is_judged_by_its_row_and_has_the_payload_of_that() {
    let server = server().await;
    let there = server.beside().start().await;
    let mut ada = logged_in(&server, "ada", "user").await;
    let mut eve = logged_in(&server, "eve", "admin").await;
    let (adas, eves) = (handle(&ada).await, handle(&eve).await);
    eve.get("/r/live-admin").await.expect(200, "admin");
    assert_eq!(ada.get("/r/live-admin").await.status, 403);

    let elsewhere = there.sessions();
    let given = elsewhere.merge_payload::<Claims>(adas, role("admin")).await;
    let taken = elsewhere.merge_payload::<Claims>(eves, role("user")).await;
    assert_eq!((given, taken), (Ok(true), Ok(true)));

    let answer = eve.get("/r/live-admin").await;
    assert_eq!(answer.status, 403);
    let reason = &answer.json()["claimValidationErrors"][0]["reason"];
    assert_eq!(reason["actualValue"], "user");
    answer.expect_untouched();
    let answer = ada.get("/r/live-admin").await;
    answer.expect(200, "admin").expect_untouched();
    // A guard that asks nobody goes by the token, until its next refresh.
    assert_eq!(eve.get("/r/admin").await.status, 200);
    assert_eq!(ada.get("/r/admin").await.status, 403);
    ada.refresh().await.expect(200, "{}");
    assert_eq!(ada.get("/r/admin").await.status, 200);
}

#[async_test]
async fn the_facts_of_a_live_session_are_those_of_its_row() {
    let server = server().await;
    let mut ada = logged_in(&server, "ada", "user").await;
    let facts = async |browser: &mut Browser<'_>| {
        let answer = browser.get("/r/live-facts").await.json();
        answer["claimValidationErrors"][0]["reason"].clone()
    };
    let now = session_runtime::clock::Clock::now(&server.clock).timestamp();
    let known = json!({ "role": "user", "provedAt": now, "anonymous": false });
    assert_eq!(facts(&mut ada).await, known);
    let earlier = (now - 60) * 1000;
    server.database().execute(&format!(
        "UPDATE session_info SET auth_time = {earlier}, payload = '{{\"role\":\"clerk\",\"beta\":true}}'"
    ));
    let known = json!({ "role": "clerk", "provedAt": now - 60, "anonymous": false });
    assert_eq!(facts(&mut ada).await, known);

    // What was fetched into the row is there, although the token has not got it.
    let fetched = json!({ "st-role": { "v": ["editor"], "t": now * 1000 } });
    let fetched = fetched.as_object().expect("an object").clone();
    let adas = handle(&ada).await;
    let merged = server.sessions().merge_payload::<Claims>(adas, fetched);
    assert_eq!(merged.await, Ok(true));
    assert_eq!(ada.get("/r/live-editor").await.status, 200);
    ada.get("/r/asked").await.expect(200, "0");
    assert_eq!(ada.get("/r/editor").await.status, 403);

    // Its payload no longer fits.
    server
        .database()
        .execute("UPDATE session_info SET payload = '{}'");
    let answer = ada.get("/r/live-admin").await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.body, r#"{"message":"sign in again"}"#);
    answer.expect_untouched();
    server.database().execute("DELETE FROM session_info");
    let answer = ada.get("/r/live-admin").await;
    assert_eq!(answer.status, 401);
    answer.expect_removed();
}
