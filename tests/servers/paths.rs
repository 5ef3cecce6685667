//! PostgreSQL: whatever stands in the `search_path` of a URL or of a role, the tables are in its
//! first schema and stay there, or the launch says what to write.

use std::path::Path;

use rocket::async_test;
use session_tests::body::OK;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};

use super::refused::refusal;

/// What is said, less what all say.
fn shortened(said: &str) -> &str {
    let said = said.strip_prefix("`sessions.database` leads to the schema ");
    said.and_then(|said| said.strip_suffix(" (`session_runtime::guide::databases` says more)"))
        .expect("a sentence about a schema")
}

#[async_test]
async fn odd_search_paths_lead_to_the_first_schema_or_to_a_sentence() {
    let shared = DatabaseServer::shared(Backend::Postgres);
    let mut admin = Database::connect(&shared.admin());
    admin.execute("CREATE DATABASE odd_paths");
    admin.execute("CREATE ROLE odd LOGIN PASSWORD 'odd'; CREATE ROLE mine LOGIN PASSWORD 'odd'");
    let at = format!("127.0.0.1:{}/odd_paths", shared.port());
    let mut inside = Database::connect(&format!("postgres://sessions:correct@{at}"));
    let long = "x".repeat(70);
    let cut = &long[..63];
    inside.execute(&format!(
        r#"GRANT ALL ON SCHEMA public TO odd, mine; CREATE SCHEMA "a,b" AUTHORIZATION odd; CREATE SCHEMA "Say ""hi""" AUTHORIZATION odd;
           CREATE SCHEMA {cut} AUTHORIZATION odd; CREATE SCHEMA mine AUTHORIZATION mine"#
    ));
    let own = "the first in the `search_path`, which is PostgreSQL's own: put the schema of the session tables first, as in \
               `postgres://user:password@host/app?options=-csearch_path%3Dpublic`";
    let missing = "the first in the `search_path`, which does not exist: run";
    for (role, path, expected) in [
        ("odd", "pg_catalog", Err(format!("`pg_catalog`, {own}"))),
        (
            "odd",
            "pg_catalog, public",
            Err(format!("`pg_catalog`, {own}")),
        ),
        ("odd", "pg_temp, public", Err(format!("`pg_temp`, {own}"))),
        (
            "odd",
            r#""$user", pg_catalog"#,
            Err(format!("`pg_catalog`, {own}")),
        ),
        (
            "odd",
            "information_schema",
            Err(format!("`information_schema`, {own}")),
        ),
        (
            "odd",
            r#""$user""#,
            Err(format!(
                "`odd`, {missing} `CREATE SCHEMA odd AUTHORIZATION odd`, or name another"
            )),
        ),
        (
            "odd",
            r#""a,c", public"#,
            Err(format!(
                "`a,c`, {missing} `CREATE SCHEMA \"a,c\" AUTHORIZATION odd`, or name another"
            )),
        ),
        ("odd", r#""a,b", public"#, Ok("a,b")),
        ("odd", r#""Say ""hi""", public"#, Ok(r#"Say "hi""#)),
        ("odd", &long, Ok(cut)),
        ("odd", "public, public", Ok("public")),
        ("odd", r#""$user", public"#, Ok("public")),
        ("mine", r#""$user", public"#, Ok("mine")),
        ("mine", r#"public, "$user""#, Ok("public")),
    ] {
        let set = format!("ALTER ROLE {role} SET search_path = {path}");
        inside.execute(&set);
        let url = format!("postgres://{role}:odd@{at}");
        match expected {
            Err(expected) => {
                let said = refusal(&url).await.expect(path);
                assert_eq!(shortened(&said), expected, "{path}");
            }
            Ok(schema) => {
                let tables = format!(
                    "SELECT count(*) AS value FROM pg_tables WHERE tablename = 'session_info' AND schemaname = '{schema}'"
                );
                let server = Server::builder().on_url(&url).start().await;
                server.browser().log_in("ada").await.expect(200, OK);
                assert_eq!(inside.number(&tables), 1, "{path}");
                drop(server);
                inside.execute("DO $$ DECLARE made text; BEGIN FOR made IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
                     WHERE tablename LIKE 'session%' LOOP EXECUTE 'DROP TABLE ' || made; END LOOP; END $$");
            }
        }
    }
}

/// Connections that are opened after the change would find the tables of somebody else.
#[async_test]
async fn a_search_path_that_changes_while_running_leads_nobody_astray() {
    let shared = DatabaseServer::shared(Backend::Postgres);
    let ours = shared.database(Path::new("their path"));
    let theirs = shared.database(Path::new("another path"));
    let [ours, theirs] =
        [ours, theirs].map(|url| url.rsplit("%3D").next().unwrap_or_default().to_owned());
    let mut admin = Database::connect(&shared.admin());
    admin.execute(&format!(
        "CREATE ROLE led LOGIN PASSWORD 'led'; GRANT ALL ON SCHEMA {ours}, {theirs} TO led;
         ALTER ROLE led SET search_path = {theirs}"
    ));
    let url = format!("postgres://led:led@127.0.0.1:{}/postgres", shared.port());
    let other = Server::builder().on_url(&url).start().await;
    admin.execute(&format!("ALTER ROLE led SET search_path = {ours}"));
    let server = Server::builder().on_url(&url).start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);

    admin.execute(&format!("ALTER ROLE led SET search_path = {theirs}"));
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'led'");
    assert_eq!(ada.get("/live").await.status, 200);
    server.browser().log_in("bob").await.expect(200, OK);
    ada.refresh().await.expect(200, "{}");
    let held = other.sessions().handles("bob").await;
    assert_eq!(held, Ok(Vec::new()), "it went to the others");
}
