//! What somebody may do to the tables, or set for every connection of the server, without which
//! sessions are not what they promise: refused with the statement that mends it, or of no effect.

use std::path::Path;

use rocket::async_test;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Log, Server, body::OK};

use super::refused::refusal;

/// The statement that a message shows after this word.
fn statement<'m>(message: &'m str, word: &str) -> &'m str {
    let (_, rest) = message.split_once(&format!("{word} `")).expect(message);
    rest.split('`').next().expect("its end")
}

#[async_test]
async fn mariadb_tables_of_an_engine_without_transactions_are_refused() {
    let (server, url) = super::start(Backend::Mariadb, "engines").await;
    drop(server);
    let mut admin = Database::connect(&url);
    // As the whole server may have it, and as one table was altered to.
    for table in ["session_info", "session_revocation", "session_schema"] {
        for engine in ["MyISAM", "MEMORY", "Aria"] {
            if engine == "MEMORY" && table == "session_info" {
                continue; // It takes no BLOB.
            }
            admin.execute(&format!("ALTER TABLE {table} ENGINE = {engine}"));
            let said = refusal(&url).await.expect("no launch");
            assert_eq!(
                said,
                format!(
                    "`sessions.database` leads to the table `{table}` of the engine {engine}, which undoes nothing and loses \
                     rows in a crash: run `ALTER TABLE {table} ENGINE = InnoDB` (`session_runtime::guide::databases` says more)"
                )
            );
            admin.execute(statement(&said, "run"));
            assert_eq!(refusal(&url).await, None);
        }
    }
}

#[async_test]
async fn mariadb_the_engine_that_a_server_takes_unless_told_is_not_ours() {
    let database = DatabaseServer::start(Backend::Mariadb, &["default-storage-engine=MyISAM"]);
    let url = database.database(Path::new("engine"));
    assert_eq!(refusal(&url).await, None);
}

#[async_test]
async fn mariadb_what_a_server_sets_for_its_connections_changes_nothing() {
    let database = DatabaseServer::start(Backend::Mariadb, &[]);
    let mut admin = Database::connect(&database.admin());
    for (setting, usual) in [
        ("sql_mode = 'ORACLE'", "sql_mode = DEFAULT"),
        ("sql_mode = 'EMPTY_STRING_IS_NULL'", "sql_mode = DEFAULT"),
        ("sql_mode = 'ANSI'", "sql_mode = DEFAULT"),
        ("sql_mode = 'MSSQL'", "sql_mode = DEFAULT"),
        ("sql_mode = ''", "sql_mode = DEFAULT"),
        ("sql_mode = 'TRADITIONAL'", "sql_mode = DEFAULT"),
        ("sql_select_limit = 1", "sql_select_limit = DEFAULT"),
        ("autocommit = 0", "autocommit = 1"),
        ("completion_type = 1", "completion_type = 0"),
        ("completion_type = 2", "completion_type = 0"),
        ("max_join_size = 1", "max_join_size = DEFAULT"),
    ] {
        admin.execute(&format!("SET GLOBAL {setting}"));
        let url = database.database(Path::new(setting));
        let server = Server::builder().on_url(&url).start().await;
        let mut ada = server.browser();
        ada.log_in("ada").await.expect(200, OK);
        let mut phone = server.browser();
        phone.log_in("ada").await.expect(200, OK);
        ada.refresh().await.expect(200, "{}");
        assert_eq!(ada.get("/live").await.status, 200, "{setting}");
        let handles = server.sessions().handles("ada").await.expect("handles");
        assert_eq!(handles.len(), 2, "{setting}");
        phone.sign_out().await.expect(200, OK);
        let ended = server
            .sessions()
            .revoke_all("ada")
            .await
            .expect("an answer");
        assert_eq!(ended.len(), 1, "{setting}");
        assert_eq!(ada.get("/live").await.status, 401, "{setting}");
        drop(server);
        assert_eq!(refusal(&url).await, None, "{setting}");
        admin.execute(&format!("SET GLOBAL {usual}"));
    }
}

/// A user who does not own the tables of `owner`, and their URL.
fn another_user(owner: &str, user: &str) -> String {
    let schema = owner.rsplit("%3D").next().expect("a schema");
    Database::connect(owner).execute(&format!(
        "CREATE ROLE {user} LOGIN PASSWORD 'reads'; GRANT USAGE ON SCHEMA {schema} TO {user};
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {user}"
    ));
    owner.replace("sessions:correct", &format!("{user}:reads"))
}

#[async_test]
async fn postgres_policies_that_bind_the_user_are_refused() {
    let (server, owner) = super::start(Backend::Postgres, "policies").await;
    drop(server);
    let url = another_user(&owner, "bound");
    let schema = owner.rsplit("%3D").next().expect("a schema");
    let mut admin = Database::connect(&owner);
    assert_eq!(refusal(&url).await, None);
    for table in ["counter", "info", "key", "revocation", "schema"] {
        let table = format!("{schema}.session_{table}");
        admin.execute(&format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"));
        let said = refusal(&url).await.expect("no launch");
        assert_eq!(
            said,
            format!(
                "`sessions.database` leads to the table `{table}`, whose row level security binds the user `bound`: sessions \
                 and revocations that a policy hides would be lost. As its owner run `ALTER TABLE {table} DISABLE ROW \
                 LEVEL SECURITY`, or as a superuser `ALTER ROLE bound BYPASSRLS` (`session_runtime::guide::databases` says more)"
            )
        );
        // The owner is not bound.
        assert_eq!(refusal(&owner).await, None);
        admin.execute(statement(&said, "owner run"));
        assert_eq!(refusal(&url).await, None);
    }
    admin.execute(&format!(
        "ALTER TABLE {schema}.session_info ENABLE ROW LEVEL SECURITY"
    ));
    let said = refusal(&url).await.expect("no launch");
    admin.execute(statement(&said, "superuser"));
    assert_eq!(refusal(&url).await, None);
}

/// A policy that comes while the application runs.
#[async_test]
async fn postgres_a_row_that_a_policy_hides_is_an_error() {
    let (server, owner) = super::start(Backend::Postgres, "hidden").await;
    drop(server);
    let schema = owner.rsplit("%3D").next().expect("a schema");
    let log = Log::start();
    let server = Server::builder()
        .on_url(&another_user(&owner, "later_bound"))
        .start()
        .await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    let mut admin = Database::connect(&owner);
    let info = format!("ALTER TABLE {schema}.session_info");
    admin.execute(&format!("{info} ENABLE ROW LEVEL SECURITY"));
    ada.get("/live").await.expect_untouched();
    assert_eq!(ada.get("/live").await.status, 503);
    assert!(server.sessions().revoke_all("ada").await.is_err());
    log.expect(&["store_unavailable", "row-level security policy"]);
    admin.execute(&format!("{info} DISABLE ROW LEVEL SECURITY"));
    assert_eq!(ada.get("/live").await.status, 200);
}

/// The connection is the application's, with the user and the settings of its own.
#[async_test]
async fn postgres_a_policy_that_binds_the_application_fails_its_transaction() {
    let (server, owner) = super::start(Backend::Postgres, "within_bound").await;
    let url = another_user(&owner, "application");
    let schema = owner.rsplit("%3D").next().expect("a schema");
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    let handles = server.sessions().handles("ada").await.expect("handles");
    let mut admin = Database::connect(&owner);
    let info = format!("ALTER TABLE {schema}.session_info");
    admin.execute(&format!("{info} ENABLE ROW LEVEL SECURITY"));
    let log = Log::start();
    let mut application = Database::connect(&url);
    let revoked = application.within(server.sessions(), |within| within.revoke(handles[0]));
    assert_eq!(revoked, Err(session_runtime::Error::Unavailable));
    log.expect(&["whose row level security binds the user `application`"]);
    assert_eq!(ada.get("/live").await.status, 200);

    admin.execute(&format!("{info} DISABLE ROW LEVEL SECURITY"));
    let revoked = application.within(server.sessions(), |within| within.revoke(handles[0]));
    assert_eq!(revoked, Ok(true));
    assert_eq!(ada.get("/live").await.status, 401);
}

#[async_test]
async fn postgres_tables_that_a_crash_empties_are_refused() {
    let (server, url) = super::start(Backend::Postgres, "unlogged").await;
    drop(server);
    let schema = url.rsplit("%3D").next().expect("a schema");
    let table = format!("{schema}.session_revocation");
    let mut admin = Database::connect(&url);
    admin.execute(&format!("ALTER TABLE {table} SET UNLOGGED"));
    let said = refusal(&url).await.expect("no launch");
    assert!(
        said.contains(&format!("the table `{table}`, which is UNLOGGED")),
        "{said}"
    );
    admin.execute(statement(&said, "run"));
    assert_eq!(refusal(&url).await, None);
}

/// What a table cannot hold is a session's: the log names the column.
#[async_test]
async fn mariadb_an_error_shows_no_value() {
    let (server, url) = super::start(Backend::Mariadb, "values").await;
    let mut admin = Database::connect(&url);
    let log = Log::start();
    admin.execute(
        "ALTER TABLE session_info MODIFY user_id VARCHAR(128) CHARACTER SET ascii NOT NULL",
    );
    assert_eq!(server.browser().log_in("geheim-\u{fc}").await.status, 503);
    log.expect(&[
        "store_unavailable",
        "Incorrect string value: '..' for column",
        "`user_id`",
    ]);
    admin.execute(
        "CREATE UNIQUE INDEX one ON session_info (user_id);
         ALTER TABLE session_info MODIFY device VARCHAR(1000) NOT NULL",
    );
    server.browser().log_in("geheim").await.expect(200, OK);
    assert_eq!(server.browser().log_in("geheim").await.status, 503);
    log.expect(&["store_unavailable", "Duplicate entry '..' for key 'one'"]);
    assert!(
        !log.text().contains("geheim") && !log.text().contains("\\x"),
        "{}",
        log.text()
    );
}
