//! Many processes on one database: all start at once, all work at once.

use rocket::futures::future::join_all;
use session_tests::Database;
use session_tests::app::{Claims, Notes};
use session_tests::servers::{Backend, DatabaseServer};

super::on_both! {
    ten_processes_migrate_at_once
    processes_number_the_feed_together
}

async fn ten_processes_migrate_at_once(backend: Backend) {
    let url = DatabaseServer::shared(backend).database(std::path::Path::new("ten"));
    let servers = join_all((0..10).map(|_| super::on(&url))).await;
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
        ("SELECT version AS value FROM session_schema", 1),
        ("SELECT count(*) AS value FROM session_key", 2),
        ("SELECT count(*) AS value FROM session_counter", 1),
    ] {
        assert_eq!(database.number(sql), expected, "{sql}");
    }
}

async fn processes_number_the_feed_together(backend: Backend) {
    let (first, url) = super::start(backend, "numbers").await;
    let servers = [super::on(&url).await, super::on(&url).await, first];
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
                let created = sessions.create(&user, &claims, &Notes::default()).await;
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
