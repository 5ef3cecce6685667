//! Refreshes that hand out no refresh token: too many answers were lost, or the database lost
//! commits.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use rocket::async_test;
use rocket::http::Method;
use session_runtime::Event;
use session_runtime::clock::Clock;
use session_tests::browser::{ACCESS, Answer, REFRESH, REFRESH_PATH};
use session_tests::{Browser, Server};

/// `rotation_min_age`
const M: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;
const THEFT: &str = r#"{"message":"token theft detected"}"#;

/// A server, and those of its events that are unusual here.
async fn watched() -> (Server, Arc<Mutex<Vec<Event>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let warnings = Arc::clone(&seen);
    let server = Server::builder().fairing(|fairing| {
        fairing.on_event(move |event| {
            // The clock is moved by hours, so the feed is not read in time.
            let usual = matches!(
                event,
                Event::Created { .. } | Event::Refreshed { .. } | Event::RevocationFeedStalled
            );
            if !usual {
                warnings.lock().expect("no panic").push(event.clone());
            }
        })
    });
    (server.start().await, seen)
}

fn take(seen: &Mutex<Vec<Event>>) -> Vec<Event> {
    std::mem::take(&mut seen.lock().expect("no panic"))
}

/// Asks with the same refresh token until there are eight new ones; returns the answers.
async fn flood(browser: &Browser<'_>, already: usize) -> Vec<Answer> {
    let mut answers = Vec::new();
    for _ in already..8 {
        let answer = browser.send_only(Method::Post, REFRESH_PATH, None).await;
        answer.expect(200, "{}");
        assert!(answer.set_cookie(REFRESH).is_some());
        answers.push(answer);
    }
    answers
}

async fn expect_access_only(browser: &mut Browser<'_>) {
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    assert!(answer.set_cookie(ACCESS).is_some() && answer.set_cookie(REFRESH).is_none());
    assert_eq!(browser.get("/me").await.status, 200);
}

#[async_test]
async fn after_eight_lost_answers_a_session_ends_within_a_day_and_the_event_comes_once() {
    let (server, seen) = watched().await;
    let mut browser = server.logged_in("ada").await;
    let handle = browser.handle().await;
    let usual_end = server.clock.now() + TimeDelta::days(100);
    flood(&browser, 0).await;
    assert_eq!(take(&seen), []);
    let info = server.sessions().info(handle).await.expect("an answer");
    assert_eq!(info.expect("a session").expires_at, usual_end);

    // Tabs that refresh at once look the same.
    expect_access_only(&mut browser).await;
    assert_eq!(take(&seen), []);
    server.clock.advance(M);
    let ends_at = server.clock.now() + TimeDelta::days(1);
    for _ in 0..3 {
        expect_access_only(&mut browser).await;
        server.clock.advance(Duration::from_secs(60 * 60));
    }
    assert_eq!(take(&seen), [Event::RotationStopped { handle, ends_at }]);
    let info = server.sessions().info(handle).await.expect("an answer");
    assert_eq!(info.expect("a session").expires_at, ends_at);

    // No access token outlives it.
    server
        .clock
        .advance(DAY - Duration::from_secs(3 * 60 * 60 + 60));
    expect_access_only(&mut browser).await;
    server.clock.advance(Duration::from_secs(60));
    let copy = browser.clone();
    assert_eq!(copy.clone().get("/me").await.status, 401);
    browser.refresh().await.expect(401, UNAUTHORISED);
}

#[async_test]
async fn an_owner_who_holds_a_child_lifts_the_cap_and_finds_the_thief() {
    let (server, seen) = watched().await;
    let mut owner = server.logged_in("ada").await;
    let handle = owner.handle().await;
    let thief = owner.clone();
    let answers = flood(&thief, 0).await;
    owner.keep(&answers[0]);
    server.clock.advance(M);
    expect_access_only(&mut thief.clone()).await;
    assert!(matches!(take(&seen)[..], [Event::RotationStopped { .. }]));

    let before = owner.clone();
    let answer = owner.refresh().await;
    assert!(answer.set_cookie(REFRESH).is_some());
    let info = server.sessions().info(handle).await.expect("an answer");
    assert_eq!(
        info.expect("a session").expires_at,
        server.clock.now() + TimeDelta::days(100)
    );
    // The cap can be met again, and that is told again.
    let copy = thief.clone().with_jar(before.jar());
    flood(&copy, 1).await;
    server.clock.advance(M);
    expect_access_only(&mut copy.clone()).await;
    assert!(matches!(take(&seen)[..], [Event::RotationStopped { .. }]));
    thief.clone().refresh().await.expect(401, THEFT);
    owner.refresh().await.expect(401, UNAUTHORISED);
}

/// As if a backup were restored, or a standby without the last commits took over.
fn roll_back(server: &Server) {
    let restore = "DELETE FROM session_info; INSERT INTO session_info SELECT * FROM backup";
    server.database().execute(restore);
}

fn back_up(server: &Server) {
    let copy = "CREATE TABLE backup AS SELECT * FROM session_info";
    server.database().execute(copy);
}

#[async_test]
async fn a_token_newer_than_its_row_is_taken_in_and_rotates_again() {
    let (server, seen) = watched().await;
    let mut browser = server.logged_in("ada").await;
    let handle = browser.handle().await;
    let parent = browser.clone();
    back_up(&server);
    for _ in 0..3 {
        browser.refresh().await.expect(200, "{}");
        server.clock.advance(M);
    }
    let superseded = browser.clone();
    roll_back(&server);

    expect_access_only(&mut browser).await;
    assert_eq!(take(&seen), [Event::StoreRollbackSuspected { handle }]);
    expect_access_only(&mut browser).await;
    assert_eq!(take(&seen), []);
    // The row's own parent is as good as before.
    parent.clone().refresh().await.expect(200, "{}");
    take(&seen);

    server.clock.advance(M);
    let answer = browser.refresh().await;
    assert!(answer.set_cookie(REFRESH).is_some());
    assert_eq!(take(&seen), []);
    let generation = "SELECT generation AS value FROM session_info";
    assert_eq!(server.database().number(generation), 3);
    // And a copy is found out as before.
    server.clock.advance(M);
    browser.refresh().await.expect(200, "{}");
    superseded.clone().refresh().await.expect(401, THEFT);
}

#[async_test]
async fn a_token_newer_than_a_full_row_changes_nothing() {
    let (server, seen) = watched().await;
    let mut browser = server.logged_in("ada").await;
    let handle = browser.handle().await;
    let children = flood(&browser, 0).await;
    browser.keep(&children[7]);
    back_up(&server);
    server.clock.advance(M);
    browser.refresh().await.expect(200, "{}");
    roll_back(&server);

    // Children, generation, end and cap: all that a refresh can write.
    let row = "SELECT concat(length(children), ' ', generation, ' ', expires_at, ' ', coalesce(capped_since, 0)) AS value
               FROM session_info";
    let before = server.database().text(row);
    for _ in 0..2 {
        expect_access_only(&mut browser).await;
        assert_eq!(take(&seen), [Event::StoreRollbackSuspected { handle }]);
    }
    assert_eq!(server.database().text(row), before);
}
