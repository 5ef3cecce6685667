//! Writes that somebody else's trigger or rule takes: whoever asked for one is told that nothing
//! was done.

use rocket::async_test;
use session_tests::app::{Claims, Notes};
use session_tests::body::OK;
use session_tests::servers::Backend;
use session_tests::{Database, Log, Server};

/// How a database swallows each `operation` on `table`, and how it stops.
fn ways(table: &str, operation: &str) -> Vec<(String, String)> {
    match Backend::chosen() {
        Backend::Sqlite => vec![(
            format!(
                "CREATE TRIGGER swallow BEFORE {operation} ON {table} BEGIN SELECT RAISE(IGNORE); END"
            ),
            "DROP TRIGGER swallow".to_owned(),
        )],
        Backend::Postgres => vec![
            (
                format!(
                    "CREATE OR REPLACE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                     CREATE TRIGGER swallow BEFORE {operation} ON {table} FOR EACH ROW EXECUTE FUNCTION nothing()"
                ),
                format!("DROP TRIGGER swallow ON {table}"),
            ),
            (
                format!("CREATE RULE swallow AS ON {operation} TO {table} DO INSTEAD NOTHING"),
                format!("DROP RULE swallow ON {table}"),
            ),
        ],
        // A trigger there can only fail.
        Backend::Mariadb => vec![(
            format!(
                "CREATE TRIGGER swallow BEFORE {operation} ON {table} FOR EACH ROW
                 SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a trigger or rule of somebody else'"
            ),
            "DROP TRIGGER swallow".to_owned(),
        )],
    }
}

/// Runs `check` while the database swallows an operation, in each of its ways.
async fn swallowing(
    database: &mut Database,
    (table, operation): (&str, &str),
    mut check: impl AsyncFnMut(),
) {
    for (begin, end) in ways(table, operation) {
        let log = Log::start();
        database.execute(&begin);
        check().await;
        database.execute(&end);
        log.expect(&["store_unavailable", "a trigger or rule of somebody else"]);
    }
}

#[async_test]
async fn a_write_that_somebody_elses_trigger_takes_is_not_done() {
    let server = Server::start().await;
    let sessions = server.sessions();
    let mut database = server.database();
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    let handle = ada.handle().await;

    swallowing(&mut database, ("session_info", "INSERT"), async || {
        assert_eq!(server.browser().log_in("bob").await.status, 503);
    })
    .await;
    swallowing(&mut database, ("session_info", "UPDATE"), async || {
        let rename = |notes: &mut Notes| notes.text.push('x');
        assert!(
            sessions
                .update_data::<Claims>(handle, rename)
                .await
                .is_err()
        );
        ada.clone().refresh().await.expect_untouched();
        assert_eq!(ada.clone().refresh().await.status, 503);
    })
    .await;
    for table in [("session_info", "DELETE"), ("session_revocation", "INSERT")] {
        swallowing(&mut database, table, async || {
            assert_eq!(ada.clone().sign_out().await.status, 503);
            assert!(sessions.revoke(handle).await.is_err());
            assert!(sessions.revoke_all("ada").await.is_err());
            let mut again = ada.clone();
            assert_eq!(
                again.log_in("ada").await.status,
                503,
                "it replaces the session"
            );
            assert_eq!(ada.clone().get("/live").await.status, 200);
        })
        .await;
    }
    swallowing(&mut database, ("session_key", "INSERT"), async || {
        assert!(sessions.revoke_everything().await.is_err());
    })
    .await;
    swallowing(&mut database, ("session_counter", "UPDATE"), async || {
        assert!(sessions.revoke_everything().await.is_err());
    })
    .await;

    assert_eq!(ada.get("/live").await.status, 200);
    let left = "SELECT count(*) AS value FROM session_revocation";
    assert_eq!(database.number(left), 0, "rolled back");
    ada.sign_out().await.expect(200, OK);
    assert_eq!(database.number(left), 1);
}
