//! The store is down: 503 with `Retry-After`, cookies untouched, and everything works again
//! afterwards.

use rocket::async_test;
use rocket::futures::future::join_all;
use rocket::http::Method;
use session_tests::body::{OK, UNAVAILABLE};
use session_tests::browser::{REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Answer, Server};

const DOWN: &str = "ALTER TABLE session_info RENAME TO hidden";
const UP: &str = "ALTER TABLE hidden RENAME TO session_info";

#[track_caller]
fn expect_unavailable(answer: &Answer) {
    answer.expect(503, UNAVAILABLE).expect_untouched();
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[async_test]
async fn every_operation_answers_503_and_recovers_without_a_restart() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.database().execute(DOWN);

    expect_unavailable(&server.browser().log_in("bob").await);
    expect_unavailable(&browser.send_only(Method::Post, REFRESH_PATH, None).await);
    expect_unavailable(&browser.send_only(Method::Post, SIGN_OUT_PATH, None).await);
    for path in ["/live", "/notes"] {
        expect_unavailable(&browser.send_only(Method::Get, path, None).await);
    }
    let notes = Some(serde_json::json!({ "text": "second" }));
    expect_unavailable(&browser.send_only(Method::Put, "/notes", notes).await);
    // Verifying needs no database.
    assert_eq!(browser.get("/me").await.status, 200);

    server.database().execute(UP);
    assert_eq!(server.database().sessions(), 1);
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/notes").await.json()["text"], "first");
    server.browser().log_in("bob").await.expect(200, OK);
    browser.sign_out().await.expect(200, OK);
}

#[async_test]
async fn a_locked_database_is_503_after_the_configured_wait() {
    let server = Server::builder()
        .set("database_timeout", "500ms")
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let refresh = browser.cookie(REFRESH);
    let mut lock = server.database();
    lock.lock();
    expect_unavailable(&browser.refresh().await);
    assert_eq!(browser.cookie(REFRESH), refresh);
    // Every connection waits, and verifying needs none.
    let waiting = join_all((0..20).map(|_| browser.send_only(Method::Post, REFRESH_PATH, None)));
    let verified = async { browser.clone().get("/me").await.status };
    let (refused, verified) = rocket::tokio::join!(waiting, verified);
    refused.iter().for_each(expect_unavailable);
    assert_eq!(verified, 200);
    lock.unlock();
    browser.refresh().await.expect(200, "{}");
}

#[async_test]
async fn a_failing_login_takes_no_neighbour_down() {
    let server = Server::start().await;
    server
        .database()
        .refuse_inserts("session_info", "NEW.user_id = 'eve'");
    let users: Vec<String> = (0..40)
        .map(|n| {
            if n % 10 == 5 {
                "eve".into()
            } else {
                format!("user {n}")
            }
        })
        .collect();
    let logins = users.iter().map(|user| log_in(&server, user));
    for (user, answer) in users.iter().zip(join_all(logins).await) {
        if user == "eve" {
            expect_unavailable(&answer);
        } else {
            answer.expect(200, OK);
        }
    }
    assert_eq!(server.database().sessions(), 36);
}

async fn log_in(server: &Server, user: &str) -> Answer {
    server.browser().log_in(user).await
}

#[async_test]
async fn sqlite_more_waiting_writes_than_the_queue_holds_are_refused_at_once() {
    let server = Server::builder()
        .set("database_queue", 1)
        .set("database_timeout", "300ms")
        .start()
        .await;
    let mut lock = server.database();
    lock.execute("BEGIN EXCLUSIVE");
    // One is in the writer's hands and one in the queue; the others find no room.
    let answers = join_all((0..10).map(|_| log_in(&server, "ada"))).await;
    answers.iter().for_each(expect_unavailable);
    lock.execute("ROLLBACK");
    log_in(&server, "ada").await.expect(200, OK);
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn sqlite_a_write_that_waited_more_than_ten_seconds_is_not_done_any_more() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let mut lock = server.database();
    lock.execute("BEGIN IMMEDIATE");
    let wait = async {
        // The refresh and the login are on their way to the writer, which waits for the lock.
        rocket::tokio::task::yield_now().await;
        server.clock.advance(std::time::Duration::from_secs(11));
        lock.execute("COMMIT");
    };
    let refresh = browser.send_only(Method::Post, REFRESH_PATH, None);
    let (refreshed, login, ()) = rocket::tokio::join!(refresh, log_in(&server, "bob"), wait);
    expect_unavailable(&refreshed);
    expect_unavailable(&login);
    assert_eq!(server.database().sessions(), 1);
    let children = "SELECT length(children) AS value FROM session_info";
    assert_eq!(server.database().number(children), 0);
    browser.refresh().await.expect(200, "{}");
}
