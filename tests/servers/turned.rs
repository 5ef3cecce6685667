//! Servers that are set up, or are set while the application runs, so that sessions cannot be
//! written: each says what to change, and goes on once that is done.

use std::path::Path;
use std::time::{Duration, Instant};

use session_tests::body::OK;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Log, Server};

use super::refused::refusal;

session_tests::on_both! { a_server_that_turns_read_only_is_said_until_it_turns_back }

/// Sets something for the whole server, and waits until a new connection has it.
fn set(server: &DatabaseServer, backend: Backend, name: &str, value: &str) {
    let mut admin = Database::connect(&server.admin());
    if backend == Backend::Mariadb {
        return admin.execute(&format!("SET GLOBAL {name} = {value}"));
    }
    admin.execute(&format!("ALTER SYSTEM SET {name} = {value}"));
    admin.execute("SELECT pg_reload_conf()");
    let is_set = format!(
        "SELECT count(*) AS value FROM pg_settings WHERE name = '{name}' AND setting = '{value}'"
    );
    let deadline = Instant::now() + Duration::from_secs(10);
    while Database::connect(&server.admin()).number(&is_set) == 0 {
        assert!(Instant::now() < deadline, "{name} stays as it is");
    }
}

async fn a_server_that_turns_read_only_is_said_until_it_turns_back(backend: Backend) {
    let own = DatabaseServer::start(backend, &[]);
    let (setting, shown) = match backend {
        Backend::Mariadb => ("read_only", "`read_only` is ON (a replica)"),
        Backend::Postgres | Backend::Sqlite => (
            "default_transaction_read_only",
            "`transaction_read_only` is on (a standby, or `default_transaction_read_only`)",
        ),
    };
    // MariaDB lets an administrator write all the same.
    let url = own.with_connections(&own.database(Path::new("turns")), 100);
    let server = Server::builder().on_url(&url).start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);

    set(&own, backend, setting, "on");
    let log = Log::start();
    assert_eq!(server.browser().log_in("bob").await.status, 503);
    ada.refresh().await.expect_untouched();
    assert_eq!(ada.get("/me").await.status, 200);
    assert_eq!(ada.get("/live").await.status, 200);
    log.expect(&[
        "ERROR",
        "event=\"store_unavailable\"",
        "names a server that only reads: ",
        shown,
        "; sessions need the primary",
    ]);
    // The same at a launch.
    let said = refusal(&url).await.expect("no launch");
    assert!(said.contains(shown), "{said}");

    set(&own, backend, setting, "off");
    server.browser().log_in("bob").await.expect(200, OK);
    ada.refresh().await.expect(200, "{}");
}

/// Ends the connections of the application.
fn end_connections(server: &DatabaseServer) {
    let mut admin = Database::connect(&server.admin());
    let kill = admin.text(
        "SELECT CONCAT('KILL ', GROUP_CONCAT(id SEPARATOR '; KILL ')) AS value
         FROM information_schema.processlist WHERE user LIKE 'few%'",
    );
    admin.execute(&kill);
}

/// InnoDB refuses to write at READ COMMITTED then, in words that do not say what to set.
#[rocket::async_test]
async fn mariadb_a_binary_log_of_statements_is_refused_with_what_to_set() {
    let own = DatabaseServer::start(Backend::Mariadb, &["log-bin=log", "server-id=1"]);
    let url = own.with_connections(&own.database(Path::new("log")), 100);
    let remedy = "set `binlog_format` to MIXED or ROW in MariaDB";
    set(&own, Backend::Mariadb, "binlog_format", "STATEMENT");
    let said = refusal(&url).await.expect("no launch");
    assert!(
        said.starts_with("`sessions.database`: ") && said.contains(remedy),
        "{said}"
    );
    set(&own, Backend::Mariadb, "binlog_format", "MIXED");
    let server = Server::builder().on_url(&url).start().await;
    server.browser().log_in("ada").await.expect(200, OK);

    // What is open keeps the old value, what is opened later has the new one.
    set(&own, Backend::Mariadb, "binlog_format", "STATEMENT");
    end_connections(&own);
    let log = Log::start();
    assert_eq!(server.browser().log_in("bob").await.status, 503);
    log.expect(&["ERROR", "event=\"store_unavailable\"", remedy]);
    set(&own, Backend::Mariadb, "binlog_format", "ROW");
    end_connections(&own);
    server.browser().log_in("bob").await.expect(200, OK);
}

/// Without `read_only` a replica takes writes, which nobody else ever sees.
#[rocket::async_test]
async fn mariadb_a_launch_at_a_replica_that_takes_writes_is_warned_of() {
    let primary = DatabaseServer::start(Backend::Mariadb, &["log-bin=log", "server-id=1"]);
    let replica = DatabaseServer::start(Backend::Mariadb, &["server-id=2"]);
    let url = replica.database(Path::new("replica"));
    let warned = async || {
        let log = Log::start();
        drop(Server::builder().on_url(&url).start().await);
        let text = log.text();
        let words = "event=\"weak_durability\"";
        let found = text
            .lines()
            .find(|line| line.contains(words) && line.contains("is a replica"));
        found.map(str::to_owned)
    };
    assert_eq!(warned().await, None);
    Database::connect(&replica.admin()).execute(&format!(
        "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {}, MASTER_USER = 'sessions', MASTER_PASSWORD = 'correct';
         START SLAVE",
        primary.port()
    ));
    let said = warned().await.expect("a warning");
    for words in [
        "`Slave_running` is ON in MariaDB: this is a replica that takes writes",
        "name the primary in `sessions.database`",
        "`read_only`",
    ] {
        assert!(said.contains(words), "{said}");
    }
}

/// The words of MariaDB are those for a wrong password.
#[rocket::async_test]
async fn mariadb_a_server_that_lets_nobody_in_unencrypted_says_what_to_add() {
    let own = DatabaseServer::start(Backend::Mariadb, &[]);
    let url = own.with_connections(&own.database(Path::new("secure")), 100);
    assert_eq!(refusal(&url).await, None);
    set(&own, Backend::Mariadb, "require_secure_transport", "ON");
    let said = refusal(&url).await.expect("no launch");
    assert!(
        said.ends_with(
            "(using password: YES)); check user and password in the URL, where other characters than letters and digits are \
             percent-encoded (`@` is `%40`); MariaDB refuses in the same words who comes unencrypted where it asks for TLS \
             (`require_secure_transport`, `REQUIRE SSL`): add `?ssl_ca=` and the file with the certificate of the authority \
             that signed the server's (`session_runtime::guide::databases` says more)"
        ),
        "{said}"
    );
}
