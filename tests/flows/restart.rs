//! Restarting on the same database: sessions, keys and revocations are still there.

use rocket::async_test;
use session_tests::Server;
use session_tests::body::{OK, THEFT, UNAUTHORISED};

#[async_test]
async fn sessions_survive_a_restart() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let before = browser.jar();

    let server = server.restart().start().await;
    let mut browser = server.browser().with_jar(before);
    assert_eq!(browser.get("/me").await.json()["user"], "ada");
    assert_eq!(browser.get("/notes").await.json()["text"], "first");
    browser.refresh().await.expect(200, "{}");
}

#[async_test]
async fn revocations_survive_a_restart() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let copy = browser.jar();
    browser.sign_out().await.expect(200, OK);

    let server = server.restart().start().await;
    let mut browser = server.browser().with_jar(copy);
    browser
        .get("/me")
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
}

#[async_test]
async fn rotation_survives_a_restart() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let oldest = browser.jar();
    browser.refresh().await.expect(200, "{}");
    server.clock.advance(std::time::Duration::from_secs(120));
    browser.refresh().await.expect(200, "{}");

    let server = server.restart().start().await;
    let mut thief = server.browser().with_jar(oldest);
    thief.refresh().await.expect(401, THEFT).expect_cleared();
}

#[async_test]
async fn processes_that_start_at_once_share_one_set_of_keys() {
    let server = Server::start().await;
    let others = rocket::futures::future::join_all((0..4).map(|_| server.beside().start())).await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for other in &others {
        let mut elsewhere = other.browser().with_jar(browser.jar());
        assert_eq!(elsewhere.get("/me").await.status, 200);
        elsewhere.refresh().await.expect(200, "{}");
    }
    assert_eq!(
        server
            .database()
            .number("SELECT count(*) AS value FROM session_key"),
        2
    );
}

/// What the guide has for an emergency: the rows of the keys are deleted while nothing runs.
#[async_test]
async fn without_its_keys_nobody_is_logged_in_and_everybody_can_log_in() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let before = browser.jar();
    let mut database = server.database();
    let server = server.restart();
    database.execute("DELETE FROM session_key");
    database.execute("DELETE FROM session_info");

    let server = server.start().await;
    let mut browser = server.browser().with_jar(before);
    assert_eq!(browser.get("/me").await.status, 401);
    browser.refresh().await.expect(401, UNAUTHORISED);
    browser.log_in("ada").await.expect(200, OK);
    assert_eq!(browser.get("/me").await.json()["user"], "ada");
    browser.refresh().await.expect(200, "{}");
}
