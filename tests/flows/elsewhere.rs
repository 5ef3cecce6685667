//! A connection that does not lead to the database of the sessions: refused before anything is
//! changed.

use diesel::{Connection, SqliteConnection};
use rocket::async_test;
use session_runtime::sessions::Within;
use session_runtime::token::Transport;
use session_runtime::{Error, NewSession};
use session_tests::app::{Claims, Notes};
use session_tests::{Database, Log, Server};

/// Everything that can be done within a transaction.
fn everything(within: &mut Within<'_>, handle: session_runtime::SessionHandle) -> Vec<Error> {
    let new = NewSession::new(
        "ada".to_owned(),
        Claims { name: "Ada".into() },
        Notes::default(),
    );
    let notes = Notes::default();
    [
        within.create(new, Transport::Cookie).err(),
        within.revoke(handle).err(),
        within.revoke_all("ada").err(),
        within.revoke_others("ada", handle).err(),
        within.set_data::<Claims>(handle, &notes).err(),
        within.update_data::<Claims>(handle, |_| ()).err(),
        within.update_payload::<Claims>(handle, |_| ()).err(),
        within
            .merge_payload::<Claims>(handle, serde_json::Map::new())
            .err(),
    ]
    .into_iter()
    .map(|error| error.expect("a refusal"))
    .collect()
}

#[async_test]
async fn a_connection_to_another_database_is_refused_and_changes_nothing() {
    let (ours, other) = (Server::start().await, Server::start().await);
    let mut browsers = (ours.browser(), other.browser());
    browsers.0.log_in("ada").await;
    browsers.1.log_in("ada").await;
    let handle = browsers.1.handle().await;
    // The pool of before a move, and a database in which there are no sessions.
    let (old, empty) = (
        other.folder().join("test.db"),
        ours.folder().join("other.db"),
    );
    for mut elsewhere in [Database::open(&old), Database::open(&empty)] {
        let log = Log::start();
        let refused = elsewhere.within(ours.sessions(), |within| {
            let errors = everything(within, handle);
            for error in &errors[1..] {
                // PostgreSQL refuses everything in a transaction in which a table was not there.
                let refused = matches!(error, Error::WrongDatabase { .. } | Error::Unavailable);
                assert!(refused, "{error:?}");
            }
            Err::<(), _>(errors.into_iter().next().expect("an error"))
        });
        let error = refused.expect_err("a refusal");
        assert!(matches!(error, Error::WrongDatabase { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains("does not lead to `sessions.database`"),
            "{text}"
        );
        log.expect(&["ERROR", "event=\"wrong_database\"", "the same URL"]);
    }
    assert_eq!(ours.database().sessions(), 1);
    assert_eq!(other.database().sessions(), 1);
    let feed = "SELECT count(*) AS value FROM session_revocation";
    assert_eq!(other.database().number(feed), 0);
}

#[async_test]
async fn a_database_in_memory_is_refused() {
    let server = Server::start().await;
    let mut memory = SqliteConnection::establish(":memory:").expect("a database");
    let refused = server.sessions().within(&mut memory).revoke_all("ada");
    assert!(
        matches!(refused, Err(Error::WrongDatabase { .. })),
        "{refused:?}"
    );
}

/// A copy of the file is another file, also where everything in it is the same.
#[async_test]
async fn sqlite_a_copy_of_the_file_is_refused() {
    let server = Server::start().await;
    let copy = server.folder().join("copy.db");
    let into = format!("VACUUM INTO '{}'", copy.display());
    server.database().execute(&into);
    let refused =
        Database::open(&copy).within(server.sessions(), |within| within.revoke_all("ada"));
    let found = copy.display().to_string();
    assert!(
        matches!(&refused, Err(Error::WrongDatabase { found: told }) if told.contains(&found)),
        "{refused:?}"
    );
    // The same file by another path is the same file.
    let link = server.folder().join("link.db");
    std::os::unix::fs::symlink(server.folder().join("test.db"), &link).expect("a link");
    let ended = Database::open(&link).within(server.sessions(), |within| within.revoke_all("ada"));
    assert_eq!(ended, Ok(Vec::new()));
}

/// What it costs: one read by a primary key for each transaction, however much is done in it.
#[async_test]
async fn a_transaction_asks_once_where_it_is() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let handle = browser.handle().await;
    let mut database = server.database();
    let sent = server.statements();
    let done = database.within(server.sessions(), |within| {
        within.set_data::<Claims>(handle, &Notes::default())?;
        within.revoke(handle)?;
        within.revoke_all("ada")
    });
    assert_eq!(done, Ok(Vec::new()));
    let asks = |sql: &&String| {
        sql.contains("pragma_database_list") || sql.contains("-- binds: [\"identity\"]")
    };
    let sent = sent.take();
    assert_eq!(sent.iter().filter(asks).count(), 1, "{sent:#?}");
}
