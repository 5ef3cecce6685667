//! The tables of every version of the schema, with sessions in them: a launch brings them up to
//! date, and nobody loses more than what the version did not know.

use std::env;

use rocket::async_test;
use session_tests::body::OK;
use session_tests::server::MASTER_KEY;
use session_tests::servers::Backend;
use session_tests::{Database, Server};

/// Each step of a backend, in order.
macro_rules! steps {
    ($backend:literal) => {
        [
            include_str!(concat!(
                "../../session-runtime/src/store/migrations/",
                $backend,
                "/0001_sessions.sql"
            )),
            include_str!(concat!(
                "../../session-runtime/src/store/migrations/",
                $backend,
                "/0002_key_version.sql"
            )),
            include_str!(concat!(
                "../../session-runtime/src/store/migrations/",
                $backend,
                "/0003_policies.sql"
            )),
            include_str!(concat!(
                "../../session-runtime/src/store/migrations/",
                $backend,
                "/0004_bound_and_pending.sql"
            )),
        ]
    };
}

const TABLES: [&str; 3] = ["session_info", "session_key", "session_revocation"];

/// The version from which on a row names its payload type.
const NAMES_TYPES: usize = 4;

/// The columns of a table, separated by commas.
fn columns(database: &mut Database, table: &str) -> String {
    database.text(&match Backend::chosen() {
        Backend::Sqlite => format!(
            "SELECT group_concat('\"' || name || '\"') AS value FROM pragma_table_info('{table}')"
        ),
        Backend::Postgres => format!(
            "SELECT string_agg(quote_ident(column_name), ',') AS value FROM information_schema.columns
             WHERE table_schema = current_schema() AND table_name = '{table}'"
        ),
        Backend::Mariadb => format!(
            "SELECT group_concat('`', column_name, '`') AS value FROM information_schema.columns
             WHERE table_schema = DATABASE() AND table_name = '{table}'"
        ),
    })
}

/// The name that `place` has in statements of the other database.
fn qualifier(place: &mut Database, file: &std::path::Path, other: &mut Database) -> String {
    match Backend::chosen() {
        Backend::Sqlite => {
            other.execute(&format!("ATTACH '{}' AS source", file.display()));
            "source".to_owned()
        }
        Backend::Postgres => place.text("SELECT current_schema()::text AS value"),
        Backend::Mariadb => place.text("SELECT DATABASE() AS value"),
    }
}

#[async_test]
async fn the_tables_of_every_version_are_brought_up_to_date() {
    let steps = match Backend::chosen() {
        Backend::Sqlite => steps!("sqlite"),
        Backend::Postgres => steps!("postgres"),
        Backend::Mariadb => steps!("mysql"),
    };
    let now = Server::builder()
        .set("master_key", MASTER_KEY)
        .start()
        .await;
    let mut ada = now.browser();
    ada.log_in("ada").await.expect(200, OK);
    let mut gone = now.browser();
    gone.log_in("gone").await.expect(200, OK);
    let late = gone.jar();
    gone.sign_out().await.expect(200, OK);
    let mut source = now.database();
    assert_eq!(
        source.number("SELECT version AS value FROM session_schema"),
        i64::try_from(steps.len()).expect("few"),
        "a step is missing here"
    );

    for version in 1..=steps.len() {
        let file = now.folder().join(format!("version{version}.db"));
        let mut database = Database::open(&file);
        database.execute("CREATE TABLE session_schema (version BIGINT NOT NULL)");
        database.execute(&format!("INSERT INTO session_schema VALUES ({version})"));
        for step in &steps[..version] {
            database.execute(step);
        }
        let source = qualifier(&mut source, &now.folder().join("test.db"), &mut database);
        for table in TABLES {
            let columns = columns(&mut database, table);
            database.execute(&format!(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}.{table}"
            ));
        }
        // Those that the version knew.
        database.execute(&format!(
            "UPDATE session_counter SET value =
             (SELECT now.value FROM {source}.session_counter AS now WHERE now.name = session_counter.name)"
        ));
        drop(database);
        let is_kept = version < steps.len();
        if Backend::chosen() == Backend::Sqlite && env::var_os("UPDATE_EXPECTED").is_some() {
            let out = now.browser().with_jar(late.clone());
            crate::kept::keep(version, &file, [&ada, &out], is_kept);
        }

        let server = Server::builder()
            .on_file(&file)
            .set("master_key", MASTER_KEY)
            .clock(now.clock.clone())
            .start()
            .await;
        let mut database = Database::open(&file);
        assert_eq!(
            database.number("SELECT version AS value FROM session_schema"),
            i64::try_from(steps.len()).expect("few")
        );
        let mut there = server.browser().with_jar(ada.jar());
        assert_eq!(there.get("/me").await.status, 200, "version {version}");
        let mut out = server.browser().with_jar(late.clone());
        assert_eq!(out.get("/me").await.status, 401, "version {version}");
        let refreshed = there.refresh().await.status;
        if version >= NAMES_TYPES {
            assert_eq!(refreshed, 200);
            assert_eq!(there.get("/live").await.status, 200);
        } else {
            assert_eq!(refreshed, 401, "version {version}");
        }
        server.browser().log_in("bob").await.expect(200, OK);
        let listed = server.sessions().list("bob", None).await.expect("a list");
        assert_eq!(listed.len(), 1);
    }
}
