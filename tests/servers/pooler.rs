//! PgBouncer in transaction mode: more connections to it than it has to the server, so that each
//! transaction meets another one.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rocket::async_test;
use rocket::futures::future::join_all;
use session_tests::body::{OK, UNAVAILABLE};
use session_tests::process::{Answer, Place};
use session_tests::servers::{Backend, DatabaseServer, PgBouncer};
use session_tests::{Database, Server};

use super::refused;

/// Connections of the server that all clients of a database share.
const SIZE: usize = 2;

/// An empty database: its URL through the pooler, and that of the server itself.
fn database(name: &str) -> (String, String) {
    static POOLER: OnceLock<PgBouncer> = OnceLock::new();
    let server = DatabaseServer::shared(Backend::Postgres);
    let pooler = POOLER.get_or_init(|| PgBouncer::before(server, SIZE));
    pooler.database(server, name)
}

async fn two_on(url: &str) -> Vec<Server> {
    join_all((0..2).map(|_| Server::builder().on_url(url).start())).await
}

#[async_test]
async fn two_applications_share_two_connections() {
    let (pooled, direct) = database("shared");
    // Both migrate, at once.
    let servers = two_on(&format!("{pooled}?pgbouncer=true")).await;
    let browsers = join_all((0..40).map(|n| {
        let mut browser = servers[n % 2].browser();
        async move {
            let user = format!("user {n}");
            let answer = browser.log_in(&user).await;
            answer.expect(200, OK);
            browser
        }
    }));
    let browsers = browsers.await;
    // Each on the other one, five tabs at once.
    join_all(browsers.iter().enumerate().map(|(n, browser)| {
        let other = &servers[(n + 1) % 2];
        join_all((0..5).map(move |_| async move {
            let mut tab = other.browser().with_jar(browser.jar());
            tab.refresh().await.expect(200, "{}");
            assert_eq!(tab.get("/live").await.status, 200);
            assert_eq!(tab.get("/notes").await.json()["text"], "first");
        }))
    }))
    .await;
    join_all(browsers.into_iter().enumerate().map(|(n, mut browser)| {
        let other = &servers[(n + 1) % 2];
        async move {
            let signed_out = browser.jar();
            browser.sign_out().await.expect(200, OK);
            other.sessions().read_revocations_now().await.expect("read");
            let mut elsewhere = other.browser().with_jar(signed_out);
            assert_eq!(elsewhere.get("/me").await.status, 401);
            assert_eq!(elsewhere.refresh().await.status, 401);
        }
    }))
    .await;

    let mut database = Database::connect(&direct);
    let connections = database.number(
        "SELECT count(*) AS value FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    assert_eq!(connections, SIZE as i64, "not what this test is about");
    assert_eq!(database.sessions(), 0);
}

#[test]
fn a_revocation_reaches_another_process_within_the_bound() {
    let (pooled, _) = database("processes");
    let url = format!("{pooled}?pgbouncer=true");
    let settings = r#", api_origin="http://127.0.0.1:8000""#;
    let places = [(); 2].map(|()| Place::on(&url, settings));
    let _processes = places.each_ref().map(Place::start);
    let (answer, tokens) = places[0].log_in("ada");
    assert_eq!(answer.status(), Some(200));
    assert_eq!(places[1].get("/me", &tokens).status(), Some(200));
    assert_eq!(places[0].sign_out(&tokens).status(), Some(200));
    let since = Instant::now();
    while places[1].get("/me", &tokens).status() == Some(200) {
        assert!(since.elapsed() < Duration::from_secs(1), "not refused");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(matches!(
        places[1].get("/me", &tokens),
        Answer::Came(401, _)
    ));
}

/// Waits are bounded by what each transaction sets, which no other client of the pooler ever sees.
#[async_test]
async fn waits_are_bounded_and_settings_stay_ours() {
    let (pooled, direct) = database("bounded");
    let server = Server::builder()
        .on_url(&format!("{pooled}?pgbouncer=true"))
        .set("database_timeout", "1s")
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let mut application = Database::connect(&direct);
    application.lock();
    let waiting = "SELECT count(*) AS value FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    for path in ["/live", "/notes"] {
        let answer = browser.clone().get(path).await;
        answer.expect(503, UNAVAILABLE).expect_untouched();
        // Ended by the server itself, not given up by us.
        assert_eq!(application.number(waiting), 0, "{path} still waits");
    }
    let answer = browser.clone().refresh().await;
    answer.expect(503, UNAVAILABLE).expect_untouched();
    application.unlock();
    browser.refresh().await.expect(200, "{}");

    // Another application's connections are the same two.
    let mut others = [(); SIZE].map(|()| Database::connect(&pooled));
    for other in &mut others {
        other.begin();
        for setting in [
            "lock_timeout",
            "statement_timeout",
            "default_transaction_isolation",
        ] {
            let ours = format!(
                "SELECT CASE WHEN setting = reset_val THEN 0 ELSE 1 END AS value
                 FROM pg_settings WHERE name = '{setting}'"
            );
            assert_eq!(other.number(&ours), 0, "{setting}");
        }
    }
    // While it has both, the pooler has none for us.
    let answer = server.browser().log_in("bob").await;
    answer.expect(503, UNAVAILABLE).expect_untouched();
    drop(others);
    let answer = server.browser().log_in("bob").await;
    answer.expect(200, OK);
}

#[async_test]
async fn the_launch_says_what_the_url_lacks() {
    let (pooled, _) = database("forgotten");
    let log = refused::launch(&refused::on(pooled.clone()))
        .await
        .expect("no launch");
    log.expect(&[
        "a pooler",
        "`postgres://user:password@host/app?pgbouncer=true`",
    ]);
    let url = format!("{pooled}?pgbouncer=true");
    assert!(refused::launch(&refused::on(url)).await.is_none());
    let url = DatabaseServer::shared(Backend::Postgres).database(Path::new("misspelt"));
    let log = refused::launch(&refused::on(format!("{url}&pgbouncer=yes"))).await;
    log.expect("no launch").expect(&[
        "has the parameter `pgbouncer` with another value than `true`: write `pgbouncer=true`",
    ]);
}
