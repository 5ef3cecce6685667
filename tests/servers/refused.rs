//! What stops the launch on a database server: each within the bound, with a message that names
//! what to change.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use rocket::figment::value::Value;
use session_tests::servers::{Backend, DatabaseServer, free_port};
use session_tests::{Database, Log, Server, launches, server};

session_tests::on_both! {
    a_server_that_cannot_be_used_stops_the_launch
    a_server_that_only_reads_stops_the_launch
    a_password_that_is_not_encoded_is_refused_and_not_shown
    a_master_key_is_required
    weak_durability_is_said_at_launch
}

/// Why a launch on the database of a URL fails; `None` if it does not.
pub(super) async fn refusal(url: &str) -> Option<String> {
    let log = launch(&on(url.to_owned())).await?;
    let text = log.text();
    let (_, reason) = text.rsplit_once("could not be set up: ")?;
    Some(reason.lines().next().unwrap_or_default().to_owned())
}

/// Launches with these settings; returns what was logged if the launch failed.
pub(super) async fn launch(settings: &[(&str, Value)]) -> Option<Log> {
    let log = Log::start();
    let rocket = Server::builder()
        .on_url("sqlite://unused")
        .without_master_key()
        .settings(settings)
        .build();
    (!launches(rocket).await).then_some(log)
}

pub(super) fn on(url: String) -> Vec<(&'static str, Value)> {
    vec![
        ("database", url.into()),
        ("database_timeout", "2s".into()),
        ("master_key", server::MASTER_KEY.into()),
    ]
}

async fn a_server_that_cannot_be_used_stops_the_launch(backend: Backend) {
    let shared = DatabaseServer::shared(backend);
    let url = shared.database(Path::new("refused"));
    let name = match backend {
        Backend::Mariadb => url.rsplit('/').next(),
        Backend::Postgres | Backend::Sqlite => url.rsplit("%3D").next(),
    }
    .expect("a name");
    let mut admin = Database::connect(&shared.admin());
    match backend {
        Backend::Mariadb => admin.execute(&format!(
            "CREATE USER 'reader'@'%' IDENTIFIED BY 'reads'; GRANT SELECT ON {name}.* TO 'reader'@'%'"
        )),
        Backend::Postgres | Backend::Sqlite => admin.execute(&format!(
            "CREATE ROLE reader LOGIN PASSWORD 'reads'; GRANT USAGE ON SCHEMA {name} TO reader"
        )),
    }
    // It takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let silent = silent.local_addr().expect("its address").port();
    let at = |port: u16| url.replace(&port_of(&url), &format!(":{port}/"));
    let scheme = url.split(':').next().expect("a scheme");
    let nowhere = match backend {
        Backend::Mariadb => url.replace(name, "nope"),
        Backend::Postgres | Backend::Sqlite => url.replace("/postgres?", "/nope?"),
    };
    let wrong: [(String, &[&str]); 9] = [
        (
            nowhere,
            &[
                "does not let us in",
                "nope",
                "; create the database, or put the name of one that exists",
            ],
        ),
        (
            url.replace("sessions:correct", "nobody:correct"),
            &[
                "does not let us in",
                "nobody",
                "; check user and password in the URL",
            ],
        ),
        (
            url.replace("127.0.0.1", "no-such-host.invalid"),
            &[
                "does not let us in",
                "; check the host in the URL, and that this machine can resolve it",
            ],
        ),
        (
            at(free_port()),
            &[
                "does not let us in",
                "; check that the server runs, and host and port in the URL",
            ],
        ),
        (
            at(silent),
            &["did not answer within 2 s", "`sessions.database_timeout`"],
        ),
        (
            url.replace("correct", "wrong-password"),
            &["does not let us in", "; check user and password in the URL"],
        ),
        (
            url.replace("sessions:correct", "reader:reads"),
            &["lacks CREATE on the", "run `GRANT CREATE"],
        ),
        (
            url.replace(name, ""),
            match backend {
                Backend::Mariadb => &["no database on it", "mysql://user:password@host/app"],
                Backend::Postgres | Backend::Sqlite => &["`search_path` is empty: name a schema"],
            },
        ),
        (format!("{scheme}://"), &["`sessions.database`"]),
    ];
    for (url, words) in wrong {
        let began = Instant::now();
        let log = launch(&on(url.clone())).await.expect(&url);
        log.expect(words);
        assert!(began.elapsed() < Duration::from_secs(10), "{url}");
        assert!(!log.text().contains("wrong-password"), "the log shows it");
    }
    assert!(launch(&on(url)).await.is_none());
}

/// `:port/` of a URL.
fn port_of(url: &str) -> String {
    let place = url.split("127.0.0.1").nth(1).expect("an address");
    place[..=place.find('/').expect("a path")].to_owned()
}

async fn a_server_that_only_reads_stops_the_launch(backend: Backend) {
    // Of its own: the setting is the whole server's.
    let server = DatabaseServer::start(backend, &[]);
    let settings: &[&str] = match backend {
        Backend::Mariadb => &[
            "SET GLOBAL read_only = 1",
            "SET GLOBAL read_only = 0; SET GLOBAL tx_read_only = 1",
        ],
        Backend::Postgres | Backend::Sqlite => {
            &["ALTER ROLE sessions SET default_transaction_read_only = on"]
        }
    };
    let mut admin = Database::connect(&server.admin());
    for setting in settings {
        admin.execute(setting);
        let log = launch(&on(server.admin())).await.expect("no launch");
        log.expect(&["only reads", "read_only`", "the primary"]);
    }
}

/// Client libraries quote the part of a URL that they do not understand, which may be of the
/// password.
async fn a_password_that_is_not_encoded_is_refused_and_not_shown(backend: Backend) {
    let scheme = match backend {
        Backend::Mariadb => "mysql",
        Backend::Postgres | Backend::Sqlite => "postgres",
    };
    for rest in [
        "://ada:hush/hush@127.0.0.1/app",
        "://ada:hush/hu?sh@127.0.0.1/app",
        "://ada:12/hush@127.0.0.1/app",
        ":ada:hush@127.0.0.1/app",
        match backend {
            Backend::Mariadb => "://ada:hu#sh@127.0.0.1/app",
            Backend::Postgres | Backend::Sqlite => "://ada:hush@hush@127.0.0.1/app",
        },
        match backend {
            Backend::Mariadb => "://ada:hu?sh@127.0.0.1/app",
            Backend::Postgres | Backend::Sqlite => "://ada:hush%@127.0.0.1/app",
        },
    ] {
        let log = launch(&on(format!("{scheme}{rest}"))).await.expect(rest);
        log.expect(&[
            "`sessions.database` is a URL that has ",
            "percent-encoded (`@` is `%40`",
        ]);
        for part in ["hush", "hu#", "hu?", "sh@"] {
            assert!(!log.text().contains(part), "{}", log.text());
        }
    }
    let wrong: &[(&str, &str)] = match backend {
        Backend::Mariadb => &[(
            "ssl_mode=on",
            "has an `ssl_mode` that is none of `DISABLED`",
        )],
        Backend::Postgres | Backend::Sqlite => &[
            (
                "ssl_mode=on",
                "correct what stands after the `?` of the URL",
            ),
            ("pgbouncer=1", "write `pgbouncer=true`"),
            ("pgbouncer=yes", "write `pgbouncer=true`"),
            (
                "target_session_attrs=standby",
                "write `target_session_attrs=read-write`",
            ),
        ],
    };
    for (parameter, words) in wrong {
        let url = format!("{scheme}://ada:hush@127.0.0.1:1/app?{parameter}");
        let log = launch(&on(url)).await.expect("no launch");
        let (name, _) = parameter.split_once('=').expect("a value");
        log.expect(&[name, words]);
    }
}

async fn a_master_key_is_required(backend: Backend) {
    let url = DatabaseServer::shared(backend).database(Path::new("no key"));
    let log = launch(&[("database", url.into())])
        .await
        .expect("no launch");
    log.expect(&["`sessions.master_key` must be set", "every database server"]);
}

async fn weak_durability_is_said_at_launch(backend: Backend) {
    let log = Log::start();
    let _server = super::start(backend, "weak").await;
    // The servers of the tests are made for speed.
    log.expect(&[
        "weak_durability",
        match backend {
            Backend::Mariadb => "`innodb_flush_log_at_trx_commit` is 0",
            Backend::Postgres | Backend::Sqlite => "`fsync` is off",
        },
        "may undo logins",
    ]);
}
