//! Writers outlive what panics in them: the three of a server, and the one for blocked operations.

use std::path::Path;

use rocket::tokio;
use session_runtime::Error;
use session_tests::Database;
use session_tests::app::{Claims, Notes};
use session_tests::panics::{Application, create, lose_nothing, survive};
use session_tests::servers::{Backend, DatabaseServer};

session_tests::on_both! {
    of_a_thousand_operations_with_panics_no_other_is_lost
    writers_survive_panics_at_every_stage_of_a_batch
    the_thread_for_blocked_operations_survives_and_is_replaced
}

async fn of_a_thousand_operations_with_panics_no_other_is_lost(backend: Backend) {
    let (server, _url) = super::start(backend, "panics").await;
    lose_nothing(server.sessions(), 1_000).await;
}

async fn writers_survive_panics_at_every_stage_of_a_batch(backend: Backend) {
    let url = DatabaseServer::shared(backend).database(Path::new("stages"));
    let application = Application::on(url).await;
    survive(&application).await;
    assert_eq!(application.restarts(), 0);
}

async fn the_thread_for_blocked_operations_survives_and_is_replaced(backend: Backend) {
    let url = DatabaseServer::shared(backend).database(Path::new("patient panics"));
    let application = Application::on(url.clone()).await;
    let sessions = application.sessions();
    let session = create(sessions, "ada").await.expect("a session");
    let mut database = Database::connect(&url);
    let row = database.handle(session);
    let change =
        || sessions.update_data::<Claims>(session, |notes: &mut Notes| notes.text.push('x'));

    // It looks at the clock three times in a try, and when that has failed: a panic within is that operation's,
    // one between two tries ends the thread.
    let clock = &application.clock;
    let lock = |database: &mut Database| {
        database.begin();
        database.execute(&format!(
            "UPDATE session_info SET data = '{{\"text\":\"locked\"}}' WHERE handle = {row}"
        ));
    };
    for restarts in [0, 1] {
        lock(&mut database);
        clock.panic_after("session-retries", 1 + 3 * restarts);
        let error = change().await.expect_err("a panic");
        match restarts {
            0 => assert!(matches!(error, Error::General(cause) if cause.contains("the clock"))),
            _ => assert_eq!(error, Error::Unavailable),
        }
        assert_eq!(clock.left(), None);
        application.has_restarted(restarts).await;
        database.execute("ROLLBACK");
    }
    // What is blocked next is tried until it passes.
    lock(&mut database);
    clock.panic_after("session-retries", usize::MAX);
    let (changed, ()) = tokio::join!(change(), async {
        while clock.left() == Some(usize::MAX) {
            tokio::task::yield_now().await;
        }
        database.execute("COMMIT");
    });
    assert_eq!(changed, Ok(true));
    let data = sessions.data::<Claims>(session).await;
    assert_eq!(data.expect("an answer").expect("a session").text, "lockedx");
}
