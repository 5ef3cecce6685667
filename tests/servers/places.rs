//! Where the tables are: not among somebody else's, and where every character has a place.

use rocket::async_test;
use session_runtime::token::Transport;
use session_runtime::{NewSession, SessionHandle, Sessions};
use session_tests::app::{Claims, Notes};
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Log, Server, body::OK};

use super::refused::refusal;

session_tests::on_both! { tables_of_somebody_else_are_left_alone }

const NAME: &str = "Ada 🦀 Łovelace ☃";

/// Makes a database with these words after its name; its URL.
fn database(backend: Backend, name: &str, words: &str) -> String {
    let server = DatabaseServer::shared(backend);
    Database::connect(&server.admin()).execute(&format!("CREATE DATABASE {name} {words}"));
    let port = server.port();
    match backend {
        Backend::Mariadb => format!("mysql://sessions:correct@127.0.0.1:{port}/{name}"),
        Backend::Postgres | Backend::Sqlite => {
            format!("postgres://sessions:correct@127.0.0.1:{port}/{name}")
        }
    }
}

/// Begins a session in whose parts every kind of character is.
async fn begin(sessions: &Sessions) -> SessionHandle {
    let claims = Claims { name: NAME.into() };
    let notes = Notes { text: NAME.into() };
    let created = sessions
        .create(
            NewSession::new(NAME.to_owned(), claims, notes),
            Transport::Header,
        )
        .await;
    created.expect("a session").handle()
}

#[async_test]
async fn postgres_a_later_schema_of_the_search_path_is_somebody_elses() {
    let public = database(Backend::Postgres, "paths", "");
    let theirs = Server::builder().on_url(&public).start().await;
    theirs.browser().log_in("ada").await.expect(200, OK);
    Database::connect(&public).execute(r#"CREATE SCHEMA own; CREATE SCHEMA "Own Place""#);
    for path in [
        "own%2Cpublic",
        "own%2C%20public",
        r#"%22Own%20Place%22%2Cpublic"#,
    ] {
        let url = format!(
            "{public}?options=-csearch_path%3D{}",
            path.replace("%20", "%5C%20")
        );
        let log = Log::start();
        let ours = Server::builder().on_url(&url).start().await;
        ours.browser().log_in("ada").await.expect(200, OK);
        let sessions = ours.sessions();
        let ended = sessions.revoke_all("ada").await.expect("an answer");
        assert_eq!(
            theirs
                .sessions()
                .handles("ada")
                .await
                .expect("handles")
                .len(),
            1
        );
        assert!(!ended.is_empty(), "{path}");
        let words =
            "while the schema `public`, a later one in the `search_path`, has session tables too";
        // The second is the schema of the first, where the tables are by now.
        assert_eq!(
            log.text().contains(words),
            path != "own%2C%20public",
            "{path}"
        );
    }
    // Neither may the tables land elsewhere because the first schema is not there yet.
    let url = format!("{public}?options=-csearch_path%3Dstaging%2Cpublic");
    assert_eq!(
        refusal(&url).await.expect("no launch"),
        "`sessions.database` leads to the schema `staging`, the first in the `search_path`, which does not exist: run \
         `CREATE SCHEMA staging AUTHORIZATION sessions`, or name another (`session_runtime::guide::databases` says more)"
    );
    Database::connect(&public).execute("CREATE SCHEMA staging AUTHORIZATION sessions");
    assert_eq!(refusal(&url).await, None);
}

async fn tables_of_somebody_else_are_left_alone(backend: Backend) {
    let url = database(backend, "foreign_tables", "");
    let mut theirs = Database::connect(&url);
    let of_their_own = match backend {
        Backend::Mariadb => {
            "give sessions a database of their own, as in `mysql://user:password@host/sessions`"
        }
        Backend::Postgres | Backend::Sqlite => {
            "give sessions a schema of their own, as in \
             `postgres://user:password@host/app?options=-csearch_path%3Dsessions`"
        }
    };
    for (table, columns) in [
        ("session_info", "id INT"),
        ("session_key", "id INT"),
        ("session_schema", "id INT"),
        ("session_schema", "version VARCHAR(20)"),
    ] {
        theirs.execute(&format!("CREATE TABLE {table} ({columns})"));
        if columns.contains("version") {
            theirs.execute(&format!("INSERT INTO {table} VALUES ('two')"));
        }
        assert_eq!(
            refusal(&url).await.expect("no launch"),
            format!(
                "`sessions.database` has a table `{table}` that is somebody else's, where sessions have one of this \
                 name: {of_their_own} (`session_runtime::guide::databases` says more)"
            )
        );
        let column = columns.split(' ').next().expect("a column");
        let columns = format!(
            "SELECT COUNT(*) AS value FROM information_schema.columns
             WHERE table_name = '{table}' AND column_name <> '{column}'
               AND table_schema IN ('foreign_tables', 'public')"
        );
        assert_eq!(theirs.number(&columns), 0, "{table} was altered");
        theirs.execute(&format!("DROP TABLE {table}"));
    }
    assert_eq!(refusal(&url).await, None);
}

#[async_test]
async fn postgres_an_encoding_without_every_character_is_refused() {
    let latin = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    let url = database(Backend::Postgres, "latin", latin);
    assert_eq!(
        refusal(&url).await.expect("no launch"),
        "`sessions.database` names the database `latin`, whose encoding LATIN1 does not have every character: make \
         another, with `CREATE DATABASE latin_utf8 ENCODING 'UTF8' TEMPLATE template0` \
         (`session_runtime::guide::databases` says more)"
    );
    assert_eq!(
        Database::connect(&url)
            .number("SELECT count(*) AS value FROM pg_tables WHERE tablename LIKE 'session%'"),
        0
    );
    // It keeps bytes as they come.
    let ascii = "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0";
    for words in [ascii, "ENCODING 'UTF8' TEMPLATE template0"] {
        let name = if words == ascii { "ascii" } else { "utf8" };
        let server = Server::builder()
            .on_url(&database(Backend::Postgres, name, words))
            .start()
            .await;
        let handle = begin(server.sessions()).await;
        let handles = server.sessions().handles(NAME).await;
        assert_eq!(handles, Ok(vec![handle]));
        let data = server.sessions().data::<Claims>(handle).await;
        assert_eq!(data.expect("data").expect("a session").text, NAME);
    }
}

#[async_test]
async fn mariadb_the_encoding_of_the_database_does_not_matter_but_of_the_tables() {
    for (name, words) in [
        ("latin", "CHARACTER SET latin1"),
        ("utf8mb3", "CHARACTER SET utf8mb3"),
        ("utf16", "CHARACTER SET utf16"),
    ] {
        let url = database(Backend::Mariadb, name, words);
        let server = Server::builder().on_url(&url).start().await;
        let handle = begin(server.sessions()).await;
        let handles = server.sessions().handles(NAME).await;
        assert_eq!(handles, Ok(vec![handle]));
        drop(server);

        let mut admin = Database::connect(&url);
        let repair =
            "ALTER TABLE session_info CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";
        for collation in [
            "latin1_swedish_ci",
            "utf8mb3_general_ci",
            "utf8mb4_general_ci",
        ] {
            let set = collation.split('_').next().expect("a character set");
            admin.execute("DELETE FROM session_info");
            admin.execute(&format!(
                "ALTER TABLE session_info CONVERT TO CHARACTER SET {set} COLLATE {collation}"
            ));
            assert_eq!(
                refusal(&url).await.expect("no launch"),
                format!(
                    "`sessions.database` leads to tables that were converted: `session_info.user_id` has the collation \
                     `{collation}`, which does not have every character or takes different ones for equal: run `{repair}` \
                     (`session_runtime::guide::databases` says more)"
                )
            );
            admin.execute(repair);
            assert_eq!(refusal(&url).await, None);
        }
    }
}
