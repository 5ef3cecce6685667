//! Changing what a session carries: the row, the token and the front end agree, and no change is lost.

use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::{Json, Value, json};
use rocket::{async_test, post, put, routes};
use session_runtime::{Error, Session, Sessions};
use session_tests::app::{Claims, Notes};
use session_tests::body::UNAUTHORISED;
use session_tests::browser::{ACCESS, ACCESS_HEADER, REFRESH};
use session_tests::token;
use session_tests::{Browser, Server};

#[put("/name", data = "<name>")]
async fn rename(mut session: Session<Claims>, name: Json<String>) -> Result<Value, Error> {
    let name = name.into_inner();
    session
        .update_payload(move |claims| claims.name.clone_from(&name))
        .await?;
    Ok(json!({ "name": session.payload().name }))
}

#[put("/append", data = "<name>")]
async fn append(mut session: Session<Claims>, name: Json<String>) -> Result<(), Error> {
    let name = name.into_inner();
    session
        .update_payload(move |claims| claims.name.push_str(&name))
        .await
}

#[put("/merge", data = "<update>")]
async fn merge(
    mut session: Session<Claims>,
    update: Json<serde_json::Map<String, serde_json::Value>>,
) -> Result<(), Error> {
    session.merge_payload(update.into_inner()).await
}

#[post("/count")]
async fn count(session: Session<Claims>) -> Result<String, Error> {
    let notes = session.update_data(|notes| notes.text.push('x')).await?;
    Ok(notes.text)
}

/// Reads, lets somebody else write, and writes.
#[post("/careless")]
async fn careless(session: Session<Claims>, sessions: Sessions) -> Result<(), Error> {
    let mut notes = session.versioned_data().await?;
    let theirs = Notes {
        text: "theirs".into(),
    };
    sessions
        .set_data::<Claims>(session.handle(), &theirs)
        .await?;
    notes.text.push_str(" mine");
    session.set_data_if_unchanged(&mut notes).await
}

/// Reads and writes in every way, as a handler of many parts does.
#[post("/thorough")]
async fn thorough(session: Session<Claims>) -> Result<String, Error> {
    let mut notes = session.data().await?;
    session
        .update_data(|notes| notes.text.push_str(" updated"))
        .await?;
    notes.text.push_str(" set");
    session.set_data(&notes).await?;
    let mut notes = session.versioned_data().await?;
    for step in [" once", " twice"] {
        notes.text.push_str(step);
        session.set_data_if_unchanged(&mut notes).await?;
    }
    Ok(session.data().await?.text)
}

async fn server() -> Server {
    Server::builder()
        .rocket(|rocket| {
            rocket.mount(
                "/p",
                routes![rename, append, merge, count, careless, thorough],
            )
        })
        .start()
        .await
}

/// In both transports; the refresh token is left alone.
#[async_test]
async fn a_changed_payload_is_in_the_next_answer_and_in_the_row() {
    let server = server().await;
    for mut browser in [server.browser(), server.browser().in_header_mode()] {
        browser.log_in("ada").await;
        let token = |browser: &Browser<'_>| {
            let bearer = browser.bearer_tokens().map(|(access, _)| access.to_owned());
            bearer.or_else(|| browser.cookie(ACCESS)).expect("a token")
        };
        let before = token::payload(&token(&browser));
        let refresh = browser.cookie(REFRESH);
        server.clock.advance(Duration::from_secs(60));
        let answer = browser
            .send(Method::Put, "/p/name", Some(json!("Grace")))
            .await;
        answer.expect(200, r#"{"name":"Grace"}"#);

        let after = token::payload(&token(&browser));
        assert_eq!(
            (&after["name"], &after["exp"]),
            (&json!("Grace"), &before["exp"])
        );
        assert_eq!(
            after["iat"].as_i64(),
            before["iat"].as_i64().map(|iat| iat + 60)
        );
        for kept in ["sub", "sessionHandle", "refreshTokenHash1", "antiCsrfToken"] {
            assert_eq!(after[kept], before[kept], "{kept}");
        }
        assert_eq!(answer.front_token()["up"], after);
        assert_eq!(browser.cookie(REFRESH), refresh);
        assert_eq!(answer.set_cookie(REFRESH), None);
        let in_header = browser.bearer_tokens().is_some();
        assert_eq!(answer.header(ACCESS_HEADER).is_some(), in_header);
        assert_eq!(answer.all("set-cookie").count(), usize::from(!in_header));

        assert_eq!(browser.get("/me").await.json()["name"], "Grace");
        browser.refresh().await.expect(200, "{}");
        assert_eq!(browser.get("/me").await.json()["name"], "Grace");
    }
}

/// A merge adds, overrides, and removes by null; keys that are not of the type stay.
#[async_test]
async fn a_merge_adds_overrides_and_removes() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for (update, carried) in [
        (
            json!({ "plan": "free", "name": "Bea" }),
            json!({ "plan": "free", "name": "Bea" }),
        ),
        (
            json!({ "plan": { "deep": [1] } }),
            json!({ "plan": { "deep": [1] }, "name": "Bea" }),
        ),
        (
            json!({ "plan": null, "none": null }),
            json!({ "name": "Bea" }),
        ),
    ] {
        let answer = browser.send(Method::Put, "/p/merge", Some(update)).await;
        assert_eq!(answer.status, 200);
        let stored = server
            .database()
            .text("SELECT payload AS value FROM session_info");
        assert_eq!(
            serde_json::from_str::<Value>(&stored).expect("JSON"),
            carried
        );
        let payload = token::payload(&browser.cookie(ACCESS).expect("a token"));
        assert_eq!(payload["plan"], carried["plan"]);
        assert_eq!(
            payload.as_object().map(|claims| claims.len()),
            Some(10 + carried.as_object().expect("one").len())
        );
    }
    browser
        .send(Method::Put, "/p/merge", Some(json!({ "extra": 1 })))
        .await;
    browser
        .send(Method::Put, "/p/name", Some(json!("Cy")))
        .await;
    assert_eq!(
        token::payload(&browser.cookie(ACCESS).expect("a token"))["extra"],
        1
    );
}

/// A reserved name, and whatever else a payload cannot become, changes nothing.
#[async_test]
async fn what_a_payload_cannot_become_changes_nothing() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for update in [
        json!({ "name": "x", "sub": "eve" }),
        json!({ "sub": null }),
        json!({ "name": null }),
        json!({ "name": 7 }),
        json!({ "name": "x".repeat(4000) }),
    ] {
        let answer = browser
            .send(Method::Put, "/p/merge", Some(update.clone()))
            .await;
        assert_eq!(answer.status, 500, "{update}");
        answer.expect_untouched();
        assert_eq!(browser.get("/me").await.json()["name"], "Ada");
        let handle = browser.handle().await;
        let update = update.as_object().expect("an object").clone();
        let merged = server
            .sessions()
            .merge_payload::<Claims>(handle, update)
            .await;
        assert!(merged.is_err(), "{merged:?}");
    }
    let stored = server
        .database()
        .text("SELECT payload AS value FROM session_info");
    assert_eq!(stored, r#"{"name":"Ada"}"#);
}

#[async_test]
async fn a_merge_by_handle_shows_after_the_next_refresh() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let handle = browser.handle().await;
    let update = json!({ "name": "Bea" }).as_object().expect("one").clone();
    let sessions = server.sessions();
    assert_eq!(
        sessions
            .merge_payload::<Claims>(handle, update.clone())
            .await,
        Ok(true)
    );
    assert_eq!(browser.get("/me").await.json()["name"], "Ada");
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/me").await.json()["name"], "Bea");
    sessions.revoke(handle).await.expect("an answer");
    assert_eq!(
        sessions.merge_payload::<Claims>(handle, update).await,
        Ok(false)
    );
}

#[async_test]
async fn a_session_that_is_over_cannot_be_changed() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.database().execute("DELETE FROM session_info");
    for (path, body) in [("/p/name", json!("x")), ("/p/merge", json!({ "a": 1 }))] {
        let answer = browser.clone().send(Method::Put, path, Some(body)).await;
        answer.expect(401, UNAUTHORISED).expect_removed();
    }
    browser.post("/p/count").await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn changes_made_at_once_are_both_there() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let changes = (0..20).map(|number| {
        let browser = browser.clone();
        async move {
            let body = Some(json!(format!("-{number}-")));
            browser
                .send_only(Method::Put, "/p/append", body)
                .await
                .status
        }
    });
    let statuses = rocket::futures::future::join_all(changes).await;
    assert_eq!(statuses, [200; 20]);
    let counts = (0..20).map(|_| {
        let browser = browser.clone();
        async move {
            browser
                .send_only(Method::Post, "/p/count", None)
                .await
                .status
        }
    });
    assert_eq!(rocket::futures::future::join_all(counts).await, [200; 20]);
    browser.refresh().await.expect(200, "{}");
    let name = browser.get("/me").await.json()["name"]
        .as_str()
        .expect("a name")
        .to_owned();
    for number in 0..20 {
        assert!(name.contains(&format!("-{number}-")), "{name}");
    }
    assert_eq!(
        browser.get("/notes").await.json()["text"],
        format!("first{}", "x".repeat(20))
    );
}

/// What was read is not overwritten unseen.
#[async_test]
async fn data_that_somebody_else_changed_is_a_conflict() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.post("/p/careless").await;
    answer
        .expect(409, r#"{"message":"changed meanwhile"}"#)
        .expect_untouched();
    assert_eq!(browser.get("/notes").await.json()["text"], "theirs");

    let (sessions, handle) = (server.sessions(), browser.handle().await);
    let mut data = sessions
        .versioned_data::<Claims>(handle)
        .await
        .expect("an answer")
        .expect("a session");
    let mut late = data.clone();
    data.text.push_str(" and mine");
    let set = sessions.set_data_if_unchanged::<Claims>(handle, &mut data);
    assert_eq!(set.await, Ok(true));
    assert_eq!(data.version(), late.version() + 1);
    let set = sessions.set_data_if_unchanged::<Claims>(handle, &mut late);
    assert_eq!(set.await, Err(Error::Conflict));
    assert_eq!(
        browser.get("/notes").await.json()["text"],
        "theirs and mine"
    );

    sessions.revoke(handle).await.expect("an answer");
    assert_eq!(sessions.set_data::<Claims>(handle, &data).await, Ok(false));
    let set = sessions.set_data_if_unchanged::<Claims>(handle, &mut data);
    assert_eq!(set.await, Ok(false));
    let updated = sessions.update_data::<Claims>(handle, |_| ()).await;
    assert_eq!(updated, Ok(false));
    let updated = sessions.update_payload::<Claims>(handle, |_| ()).await;
    assert_eq!(updated, Ok(false));
    assert_eq!(sessions.data::<Claims>(handle).await, Ok(None));
}

#[async_test]
async fn a_handler_does_not_conflict_with_itself() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.post("/p/thorough").await;
    answer.expect(200, "first set once twice");
}

/// An exposed token is handed out again with its new payload.
#[async_test]
async fn an_exposed_token_is_exposed_again() {
    let server = Server::builder()
        .set("expose_access_token", true)
        .rocket(|rocket| rocket.mount("/p", routes![rename]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser
        .send(Method::Put, "/p/name", Some(json!("Grace")))
        .await;
    assert_eq!(
        answer.header(ACCESS_HEADER),
        browser.cookie(ACCESS).as_deref()
    );
    let mut app = server.browser().in_header_mode();
    app.log_in("ada").await;
    let answer = app.log_in("ada").await;
    assert_eq!(answer.all("set-cookie").count(), 0);
}
