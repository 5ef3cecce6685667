//! A session that is not in the database: over, or too young to be everywhere.

use std::time::Duration;

use session_tests::Database;
use session_tests::body::{UNAUTHORISED, UNAVAILABLE};
use session_tests::servers::Backend;

use super::Shared;

super::on! {
    Sqlite: in_a_file_what_is_not_there_is_over what_was_ended_is_over_however_young;
    Postgres: a_young_session_that_is_not_there_is_503 what_was_ended_is_over_however_young;
    Mariadb: a_young_session_that_is_not_there_is_503 what_was_ended_is_over_however_young;
}

async fn a_young_session_that_is_not_there_is_503(backend: Backend) {
    let shared = Shared::new(backend, "young");
    let server = shared.server().await;
    // The keys are older than the session, or all might have been replaced since.
    server.clock.advance(Duration::from_secs(1));
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let mut database = Database::connect(&shared.url);
    // As on a node that has not got it yet.
    database.execute("ALTER TABLE session_info RENAME TO hidden");
    database.execute("CREATE TABLE session_info AS SELECT * FROM hidden WHERE generation < 0");
    for path in ["/live", "/notes"] {
        let answer = browser.clone().get(path).await;
        answer.expect(503, UNAVAILABLE).expect_untouched();
    }
    server.clock.advance(Duration::from_secs(9));
    let answer = browser.clone().refresh().await;
    answer.expect(503, UNAVAILABLE).expect_untouched();
    let mut early = browser.clone();
    server.clock.advance(Duration::from_secs(1));
    early
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
    // It has arrived.
    database.execute("DROP TABLE session_info");
    database.execute("ALTER TABLE hidden RENAME TO session_info");
    browser.refresh().await.expect(200, "{}");
}

async fn in_a_file_what_is_not_there_is_over(backend: Backend) {
    let shared = Shared::new(backend, "file");
    let server = shared.server().await;
    server.clock.advance(Duration::from_secs(1));
    let mut browser = server.browser();
    browser.log_in("ada").await;
    Database::connect(&shared.url).execute("DELETE FROM session_info");
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
}

async fn what_was_ended_is_over_however_young(backend: Backend) {
    let shared = Shared::new(backend, "ended");
    let (here, there) = (shared.server().await, shared.server().await);
    for server in [&here, &there] {
        server.clock.advance(Duration::from_secs(1));
    }
    let mut browser = here.browser();
    browser.log_in("ada").await;
    let mut elsewhere = there.browser().with_jar(browser.jar());
    here.sessions().revoke_all("ada").await.expect("an answer");
    // Neither has waited for its next turn at the feed.
    elsewhere
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();

    here.clock.advance(Duration::from_secs(1));
    let mut browser = here.browser();
    browser.log_in("ada").await;
    here.clock.advance(Duration::from_millis(1));
    here.sessions()
        .revoke_everything()
        .await
        .expect("an answer");
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
}
