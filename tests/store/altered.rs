//! Tables that somebody dropped, altered or emptied: a launch says so, or mends what it can.

use std::path::Path;

use rocket::async_test;
use session_tests::body::OK;
use session_tests::server::MASTER_KEY;
use session_tests::servers::Backend;
use session_tests::{Builder, Database, Log, Server, launches};

fn on(file: &Path) -> Builder {
    Server::builder()
        .on_file(file)
        .set("master_key", MASTER_KEY)
}

/// Why a launch on this file fails; `None` if it does not.
async fn refusal(file: &Path) -> Option<String> {
    let log = Log::start();
    if launches(on(file).build()).await {
        return None;
    }
    let text = log.text();
    let (_, reason) = text.rsplit_once("could not be set up: ")?;
    Some(reason.lines().next().unwrap_or_default().to_owned())
}

#[async_test]
async fn tables_that_somebody_altered_stop_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let backend = Backend::chosen();
    let another_type = match backend {
        Backend::Sqlite => {
            "ALTER TABLE session_info DROP COLUMN device; ALTER TABLE session_info ADD COLUMN device BLOB"
        }
        Backend::Postgres => {
            "ALTER TABLE session_info ALTER COLUMN handle TYPE text USING encode(handle, 'hex')"
        }
        Backend::Mariadb => {
            "ALTER TABLE session_info MODIFY handle VARCHAR(36) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
        }
    };
    let found = match backend {
        Backend::Sqlite => "a column `session_info.device` of the type `blob`, not `text`",
        Backend::Postgres => "a column `session_info.handle` of the type `text`, not `bytea`",
        Backend::Mariadb => "a column `session_info.handle` of the type `varchar`, not `varbinary`",
    };
    for (number, (alteration, words)) in [
        ("DROP TABLE session_info", "no table `session_info`"),
        (
            "DROP TABLE session_revocation",
            "no table `session_revocation`",
        ),
        ("DROP TABLE session_counter", "no table `session_counter`"),
        ("DROP TABLE session_key", "no table `session_key`"),
        (
            "ALTER TABLE session_info DROP COLUMN device",
            "no column `session_info.device`",
        ),
        (
            "ALTER TABLE session_revocation DROP COLUMN replaced",
            "no column `session_revocation.replaced`",
        ),
        (another_type, found),
    ]
    .into_iter()
    .enumerate()
    {
        let file = folder.path().join(format!("altered{number}.db"));
        drop(on(&file).start().await);
        Database::open(&file).execute(alteration);
        let said = refusal(&file).await.expect(alteration);
        assert!(
            said.starts_with("`sessions.database` has session tables of version "),
            "{said}"
        );
        assert!(
            said.contains(&format!(
                "with {words}: somebody has altered them. Restore them"
            )),
            "{said}"
        );
    }
}

#[async_test]
async fn tables_without_their_version_stop_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("unversioned.db");
    drop(on(&file).start().await);
    let mut database = Database::open(&file);
    database.execute("DELETE FROM session_schema");
    let said = refusal(&file).await.expect("no launch");
    let (_, rest) = said
        .split_once(
            "has session tables and an empty `session_schema`, which says their version: run `",
        )
        .expect(&said);
    database.execute(rest.split('`').next().expect("a statement"));
    assert_eq!(refusal(&file).await, None);
}

#[async_test]
async fn counters_that_somebody_emptied_are_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("emptied.db");
    let log = Log::start();
    let server = on(&file).start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    let mut bob = server.browser();
    bob.log_in("bob").await.expect(200, OK);
    let late = bob.jar();
    bob.sign_out().await.expect(200, OK);
    // Numbered by whoever starts.
    drop(on(&file).start().await);
    let mut database = Database::open(&file);
    let numbered = "SELECT max(number) AS value FROM session_revocation";
    let newest = database.number(numbered);
    assert_eq!(newest, 1);

    database.execute("DELETE FROM session_counter");
    let failed = server.sessions().revoke_everything().await;
    assert!(failed.is_err());
    log.expect(&[
        "store_unavailable",
        "`session_counter` lacks a row",
        "somebody has emptied it",
    ]);

    let again = on(&file).start().await;
    let counter = "SELECT value FROM session_counter WHERE name = 'revocation'";
    assert_eq!(database.number(counter), newest);
    for server in [&server, &again] {
        let mut there = server.browser().with_jar(ada.jar());
        assert_eq!(there.get("/live").await.status, 200);
        let mut out = server.browser().with_jar(late.clone());
        assert_eq!(out.get("/me").await.status, 401);
    }
    let mut there = again.browser().with_jar(ada.jar());
    there.sign_out().await.expect(200, OK);
    drop(on(&file).start().await);
    assert_eq!(database.number(numbered), newest + 1);
    server
        .sessions()
        .revoke_everything()
        .await
        .expect("an answer");
}

/// The statement of a message that begins with one of these words, run on the database.
fn mend(database: &mut Database, said: &str) {
    let (_, rest) = said
        .split_once("run `")
        .or_else(|| said.split_once("Run `"))
        .expect(said);
    database.execute(rest.split('`').next().expect("a statement"));
}

/// Each with the statement that mends it, which is run.
#[async_test]
async fn what_somebody_added_or_took_away_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().expect("a folder");
    let backend = Backend::chosen();
    let no_key = match backend {
        Backend::Sqlite => {
            "ALTER TABLE session_counter RENAME TO kept;
             CREATE TABLE session_counter (name TEXT NOT NULL, value BIGINT NOT NULL);
             INSERT INTO session_counter SELECT * FROM kept; DROP TABLE kept"
        }
        Backend::Postgres => "ALTER TABLE session_counter DROP CONSTRAINT session_counter_pkey",
        Backend::Mariadb => "ALTER TABLE session_counter DROP PRIMARY KEY",
    };
    let on_table = match backend {
        Backend::Mariadb => " ON session_info",
        Backend::Sqlite | Backend::Postgres => "",
    };
    let extra = match backend {
        // It adds no such column to a table that is there.
        Backend::Sqlite => {
            "ALTER TABLE session_key RENAME TO kept;
             CREATE TABLE session_key (id TEXT NOT NULL, kind TEXT NOT NULL, sealed BLOB NOT NULL,
                 created_at BIGINT NOT NULL, tenant TEXT NOT NULL, PRIMARY KEY (kind, id));
             INSERT INTO session_key SELECT *, 'us' FROM kept; DROP TABLE kept"
        }
        Backend::Postgres => {
            "ALTER TABLE session_key ADD COLUMN tenant TEXT NOT NULL DEFAULT 'us';
             ALTER TABLE session_key ALTER COLUMN tenant DROP DEFAULT"
        }
        Backend::Mariadb => "ALTER TABLE session_key ADD COLUMN tenant VARCHAR(9) NOT NULL",
    };
    let file = folder.path().join("changed.db");
    drop(on(&file).start().await);
    let mut database = Database::open(&file);
    for (change, words) in [
        (
            "DROP TABLE session_schema".to_owned(),
            "has session tables without `session_schema`, which says their version",
        ),
        (
            "UPDATE session_schema SET version = -1".to_owned(),
            "has the version -1 in `session_schema`, which there is not",
        ),
        (
            no_key.to_owned(),
            "without the primary key of `session_counter`",
        ),
        (
            format!("DROP INDEX session_info_expiry{on_table}"),
            "without an index on `session_info.expires_at`",
        ),
        (
            extra.to_owned(),
            "with a column `session_key.tenant` of somebody else that is NOT NULL without a default",
        ),
    ] {
        database.execute(&change);
        let said = refusal(&file).await.expect(&change);
        assert!(said.contains(words), "{said}");
        mend(&mut database, &said);
        assert_eq!(refusal(&file).await, None, "{said}");
    }
}

#[async_test]
async fn a_version_that_was_set_back_is_named_or_mends_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("set_back.db");
    drop(on(&file).start().await);
    let mut database = Database::open(&file);
    let version = "SELECT version AS value FROM session_schema";
    let newest = database.number(version);
    for found in 0..newest {
        database.execute(&format!("UPDATE session_schema SET version = {found}"));
        match refusal(&file).await {
            None => assert_eq!(Backend::chosen(), Backend::Mariadb),
            Some(said) => {
                let words = format!(
                    "has the version {found} in `session_schema`, but session tables of version {newest}"
                );
                assert!(said.contains(&words), "{said}");
                mend(&mut database, &said);
                assert_eq!(refusal(&file).await, None);
            }
        }
        assert_eq!(database.number(version), newest);
    }
}

#[async_test]
async fn a_view_in_the_place_of_a_table_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("view.db");
    drop(on(&file).start().await);
    let mut database = Database::open(&file);
    database.execute(
        "ALTER TABLE session_revocation RENAME TO kept; CREATE VIEW session_revocation AS SELECT * FROM kept",
    );
    let said = refusal(&file).await.expect("no launch");
    assert!(
        said.contains("has a view `session_revocation` where sessions have a table"),
        "{said}"
    );
    mend(&mut database, &said);
    database.execute("ALTER TABLE kept RENAME TO session_revocation");
    assert_eq!(refusal(&file).await, None);
}
