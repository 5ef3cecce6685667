//! Session data has a size, and lists have pages.

use std::time::Duration;

use rocket::http::Method;
use rocket::serde::json::{Value, json};
use rocket::{async_test, get, post, routes};
use session_runtime::token::Transport;
use session_runtime::{
    Error, NewSession, Session, SessionConfig, SessionHandle, SessionInfo, login,
};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::body::{BROKEN, OK};

/// Of JSON: `{"text":".."}` takes eleven more than its text.
const LIMIT: usize = 100;

fn notes(bytes: usize) -> Notes {
    Notes {
        text: "x".repeat(bytes - r#"{"text":""}"#.len()),
    }
}

fn claims() -> Claims {
    Claims { name: "Ada".into() }
}

#[login]
#[post("/visit")]
fn visit() -> NewSession {
    NewSession::anonymous(claims(), notes(60))
}

#[login]
#[post("/join/<text>")]
fn join(text: &str) -> NewSession {
    let own = Notes { text: text.into() };
    NewSession::new("ada".to_owned(), claims(), own).merge_anonymous_data(
        |own: Notes, before: Notes| Notes {
            text: own.text + &before.text,
        },
    )
}

#[post("/append")]
async fn append(session: Session<Claims>) -> Result<String, Error> {
    let updated = session.update_data(|notes| notes.text.push('x')).await;
    updated.map(|notes| notes.text)
}

async fn server() -> Server {
    Server::builder()
        .set("max_data_size", LIMIT)
        .rocket(|rocket| rocket.mount("/s", routes![visit, join, append, devices]))
        .start()
        .await
}

const TOO_LARGE: Error = Error::DataTooLarge {
    bytes: LIMIT + 1,
    limit: LIMIT,
};

#[test]
fn the_limit_has_a_range() {
    let with = |max_data_size| SessionConfig {
        max_data_size,
        ..SessionConfig::default()
    };
    for good in [64, 1 << 20, 8 << 20] {
        assert_eq!(with(good).check(), Ok(()), "{good}");
    }
    for wrong in [0, 63, (8 << 20) + 1, usize::MAX] {
        let sentence = format!(
            "`max_data_size` must be between 64 and 8388608, not {wrong}: write for example 1048576"
        );
        assert_eq!(with(wrong).check(), Err(sentence));
    }
}

#[async_test]
async fn data_over_the_limit_is_refused_wherever_it_is_written() {
    let server = server().await;
    let (sessions, ada) = (server.sessions(), "ada".to_owned());
    let (full, over) = (notes(LIMIT), notes(LIMIT + 1));
    let new = || NewSession::new(ada.clone(), claims(), over.clone());
    let created = sessions.create(new(), Transport::Header).await;
    assert_eq!(created.map(drop), Err(TOO_LARGE));
    let created = server
        .database()
        .within(sessions, |within| within.create(new(), Transport::Cookie));
    assert_eq!(created.map(drop), Err(TOO_LARGE));
    let body = json!({ "user": "ada", "text": over.text });
    let answer = server
        .browser()
        .send(Method::Post, "/login", Some(body))
        .await;
    answer.expect(500, BROKEN).expect_untouched();
    assert_eq!(server.database().sessions(), 0);

    let mut browser = server.browser();
    let body = json!({ "user": "ada", "text": full.text });
    let answer = browser.send(Method::Post, "/login", Some(body)).await;
    answer.expect(200, OK);
    let handle = browser.handle().await;
    let body = Some(json!(over));
    let answer = browser.send(Method::Put, "/notes", body).await;
    answer.expect(500, BROKEN).expect_untouched();
    browser.post("/s/append").await.expect(500, BROKEN);
    let set = sessions.set_data::<Claims>(handle, &over).await;
    assert_eq!(set, Err(TOO_LARGE));
    let updated = sessions.update_data::<Claims>(handle, |notes| notes.text.push('x'));
    assert_eq!(updated.await, Err(TOO_LARGE));
    let read = sessions.versioned_data::<Claims>(handle).await;
    let mut read = read.expect("an answer").expect("a session");
    read.text.push('x');
    let set = sessions.set_data_if_unchanged::<Claims>(handle, &mut read);
    assert_eq!(set.await, Err(TOO_LARGE));
    let set = server
        .database()
        .within(sessions, |within| within.set_data::<Claims>(handle, &over));
    assert_eq!(set, Err(TOO_LARGE));
    let updated = server.database().within(sessions, |within| {
        within.update_data::<Claims>(handle, |notes| notes.text.push('x'))
    });
    assert_eq!(updated, Err(TOO_LARGE));
    assert_eq!(sessions.data::<Claims>(handle).await, Ok(Some(full)));
}

#[async_test]
async fn data_that_is_handed_over_has_the_same_limit() {
    let server = server().await;
    let mut browser = server.browser();
    browser.post("/s/visit").await.expect(200, OK);
    let own = "x".repeat(LIMIT - 60);
    let answer = browser.post(&format!("/s/join/{own}x")).await;
    answer.expect(500, BROKEN).expect_untouched();
    // The visitor goes on.
    browser.post("/s/append").await.expect(200, &"x".repeat(50));
    let answer = browser.post(&format!("/s/join/{}", &own[1..])).await;
    answer.expect(200, OK);
    assert_eq!(server.database().sessions(), 1);
}

#[get("/devices?<after>")]
async fn devices(session: Session<Claims>, after: Option<&str>) -> Result<Value, Error> {
    let after = after.and_then(|after| after.parse().ok());
    Ok(json!(session.devices(after).await?))
}

#[async_test]
async fn a_list_comes_in_pages_newest_first() {
    let server = server().await;
    let (sessions, ada) = (server.sessions(), "ada".to_owned());
    let mut expected = Vec::new();
    for _ in 0..2 * SessionInfo::PAGE + 30 {
        let new = NewSession::new(ada.clone(), claims(), Notes::default());
        let created = sessions.create(new, Transport::Header).await;
        expected.push(created.expect("a session").handle());
        server.clock.advance(Duration::from_millis(1));
    }
    server.browser().log_in("eve").await;
    expected.reverse();

    let mut found: Vec<SessionHandle> = Vec::new();
    for length in [100, 100, 30, 0, 0] {
        let page = sessions.list("ada", found.last().copied()).await;
        let page = page.expect("an answer");
        assert_eq!(page.len(), length);
        found.extend(page.iter().map(|info| info.handle));
    }
    assert_eq!(found, expected);

    // The cursor need not exist any more.
    sessions.revoke(expected[99]).await.expect("an answer");
    let page = sessions.list("ada", Some(expected[99])).await;
    assert_eq!(page.expect("an answer")[0].handle, expected[100]);

    let mut browser = server.browser();
    browser.log_in("ada").await;
    let first = browser.get("/s/devices").await.json();
    let first = first.as_array().expect("a list");
    assert_eq!((first.len(), &first[0]["current"]), (100, &json!(true)));
    let path = format!(
        "/s/devices?after={}",
        first[99]["handle"].as_str().expect("one")
    );
    let second = browser.get(&path).await.json();
    let second = second.as_array().expect("a list");
    assert_eq!(second[0]["handle"], expected[100].to_string());
    assert!(second.iter().all(|info| info["current"] == false));
}

/// Data may take a megabyte, so it is read where it is asked for.
#[async_test]
async fn lists_and_live_checks_do_not_read_the_data() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let handle = browser.handle().await;
    let statements = server.statements();
    let sessions = server.sessions();
    sessions.list("ada", None).await.expect("an answer");
    sessions.info(handle).await.expect("an answer");
    sessions
        .unmet::<Claims, ()>(handle)
        .await
        .expect("an answer");
    assert_eq!(browser.get("/s/devices").await.status, 200);
    assert_eq!(browser.get("/live").await.status, 200);
    let sent: Vec<String> = statements
        .take()
        .into_iter()
        .filter(|statement| statement.contains("session_info"))
        .collect();
    assert_eq!(sent.len(), 5, "{sent:?}");
    for statement in sent {
        assert!(!statement.contains("data"), "{statement}");
    }
}
