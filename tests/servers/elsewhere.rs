//! A connection of the application's that does not lead to the database of the sessions.

use std::path::Path;

use diesel::{Connection, SqliteConnection};
use session_runtime::Error;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};

session_tests::on_both! {
    a_connection_of_another_kind_is_refused_without_a_question
    a_copy_under_another_name_is_refused
}

async fn a_connection_of_another_kind_is_refused_without_a_question(backend: Backend) {
    let (server, _) = super::start(backend, "kinds").await;
    let mut memory = SqliteConnection::establish(":memory:").expect("a database");
    let refused = server.sessions().within(&mut memory).revoke_all("ada");
    let found = "SQLite".to_owned();
    assert_eq!(refused, Err(Error::WrongDatabase { found }));
}

/// A dump that was restored beside the original has its number as well.
async fn a_copy_under_another_name_is_refused(backend: Backend) {
    let (server, url) = super::start(backend, "original").await;
    let copy = DatabaseServer::shared(backend).database(Path::new("copy"));
    drop(Server::builder().on_url(&copy).start().await);
    let number = "SELECT value FROM session_counter WHERE name = 'identity'";
    let number = Database::connect(&url).number(number);
    let mut application = Database::connect(&copy);
    application.execute(&format!(
        "UPDATE session_counter SET value = {number} WHERE name = 'identity'"
    ));
    let refused = application.within(server.sessions(), |within| within.revoke_all("ada"));
    assert!(
        matches!(refused, Err(Error::WrongDatabase { .. })),
        "{refused:?}"
    );
    let mut application = Database::connect(&url);
    let ended = application.within(server.sessions(), |within| within.revoke_all("ada"));
    assert_eq!(ended, Ok(Vec::new()));
}
