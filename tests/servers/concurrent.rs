//! Many processes on one database: all start at once, all work at once.

use rocket::futures::future::join_all;
use session_runtime::NewSession;
use session_runtime::token::Transport;
use session_tests::app::{Claims, Notes};
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};

session_tests::on_both! {
    ten_processes_migrate_at_once
    processes_number_the_feed_together
    what_waits_is_committed_together
}

async fn ten_processes_migrate_at_once(backend: Backend) {
    let url = DatabaseServer::shared(backend).database(std::path::Path::new("ten"));
    let servers = join_all((0..10).map(|_| Server::builder().on_url(&url).start())).await;
    let mut browser = servers[0].browser();
    browser.log_in("ada").await;
    for server in &servers {
        let mut elsewhere = server.browser().with_jar(browser.jar());
        assert_eq!(elsewhere.get("/me").await.status, 200);
        elsewhere.refresh().await.expect(200, "{}");
    }
    let mut database = Database::connect(&url);
    for (sql, expected) in [
        ("SELECT count(*) AS value FROM session_schema", 1),
        ("SELECT version AS value FROM session_schema", 4),
        ("SELECT count(*) AS value FROM session_key", 2),
        ("SELECT count(*) AS value FROM session_counter", 6),
        (
            "SELECT count(*) AS value FROM session_counter WHERE name = 'identity'",
            1,
        ),
    ] {
        assert_eq!(database.number(sql), expected, "{sql}");
    }
}

/// Counted by the server itself: rows of one transaction on PostgreSQL share their `xmin`, MariaDB counts
/// its commits.
async fn what_waits_is_committed_together(backend: Backend) {
    let server = DatabaseServer::start(backend, &[]);
    let url = server.database(std::path::Path::new("together"));
    let app = Server::builder().on_url(&url).start().await;
    let mut lock = Database::connect(&url);
    let commits = |database: &mut Database| {
        match backend {
        Backend::Mariadb => database.number(
            "SELECT variable_value AS value FROM information_schema.global_status WHERE variable_name = 'COM_COMMIT'",
        ),
        _ => database.number("SELECT count(DISTINCT CAST(xmin AS TEXT)) AS value FROM session_info"),
    }
    };
    let mut database = Database::connect(&url);
    let before = commits(&mut database);
    // While the table is locked the writers wait with the first, so the others gather behind them.
    lock.lock();
    let release = async {
        rocket::tokio::task::yield_now().await;
        lock.unlock();
    };
    let logins = join_all((0..100).map(|n| {
        let app = &app;
        async move { app.browser().log_in(&format!("user {n}")).await.status }
    }));
    let (statuses, ()) = rocket::futures::future::join(logins, release).await;
    assert_eq!(statuses, [200; 100]);
    assert_eq!(database.sessions(), 100);
    let commits = commits(&mut database) - before;
    assert!(commits < 50, "100 sessions took {commits} commits");
}

async fn processes_number_the_feed_together(backend: Backend) {
    let (first, url) = super::start(backend, "numbers").await;
    let servers = [
        Server::builder().on_url(&url).start().await,
        Server::builder().on_url(&url).start().await,
        first,
    ];
    let work = servers
        .iter()
        .enumerate()
        .map(|(process, server)| async move {
            for n in 0..20 {
                let claims = Claims {
                    name: String::new(),
                };
                let user = format!("user {process} {n}");
                let sessions = server.sessions();
                let created = sessions
                    .create(
                        NewSession::new(user, claims, Notes::default()),
                        Transport::Header,
                    )
                    .await;
                let handle = created.expect("a session").handle();
                assert_eq!(sessions.revoke(handle).await, Ok(true));
                sessions.read_revocations_now().await.expect("an answer");
            }
        });
    join_all(work).await;
    servers[0]
        .sessions()
        .read_revocations_now()
        .await
        .expect("an answer");
    let mut database = Database::connect(&url);
    for (sql, expected) in [
        (
            "SELECT count(DISTINCT number) AS value FROM session_revocation",
            60,
        ),
        ("SELECT max(number) AS value FROM session_revocation", 60),
        (
            "SELECT value FROM session_counter WHERE name = 'revocation'",
            60,
        ),
    ] {
        assert_eq!(database.number(sql), expected, "{sql}");
    }
}
