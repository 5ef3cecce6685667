//! Somebody's open transaction blocks what it locks and nothing else.

use std::cell::Cell;
use std::path::Path;

use rocket::futures::future::join_all;
use rocket::tokio::{self, join};
use session_runtime::clock::SystemClock;
use session_runtime::token::Transport;
use session_runtime::{NewSession, SessionHandle};
use session_tests::app::{Claims, Notes};
use session_tests::body::{OK, UNAVAILABLE};
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server, Statements};

session_tests::on_both! {
    a_blocked_session_holds_up_no_strangers_login
    a_session_that_stays_blocked_is_503_and_goes_on
    a_deadlock_is_not_seen
    a_revocation_committed_late_is_not_missed
    a_batch_of_large_sessions_fits
}

/// As long as `database_timeout` allows: longer than ten tries took, each of which waits for 250
/// ms. MariaDB counts its waits in seconds, so there ten are longer than that.
#[rocket::async_test]
async fn postgres_what_is_blocked_is_tried_until_the_time_out_is_over() {
    let url = DatabaseServer::shared(Backend::Postgres).database(Path::new("blocked for long"));
    let builder = Server::builder().on_url(&url);
    let server = builder
        .fairing(|fairing| fairing.clock(SystemClock::default()))
        .start()
        .await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let mut application = Database::connect(&url);
    lock_row(&mut application, ada.handle().await);
    let sent = Statements::to(&url);
    let answered = Cell::new(false);
    let refresh = async {
        let refreshed = ada.refresh().await;
        answered.set(true);
        refreshed
    };
    let release = async {
        let mut tries = 0;
        while tries < 13 && !answered.get() {
            let is_try = |sql: &&String| sql.contains("session_info") && sql.contains("FOR UPDATE");
            tries += sent.take().iter().filter(is_try).count();
            tokio::task::yield_now().await;
        }
        application.execute("COMMIT");
    };
    let (refreshed, ()) = join!(refresh, release);
    refreshed.expect(200, "{}");
}

/// The lock that an application takes which changes a session in its own transaction.
fn lock_row(database: &mut Database, handle: SessionHandle) {
    let handle = database.handle(handle);
    database.begin();
    database.execute(&format!(
        "UPDATE session_info SET data = '{{\"text\":\"locked\"}}' WHERE handle = {handle}"
    ));
}

async fn a_blocked_session_holds_up_no_strangers_login(backend: Backend) {
    let (server, url) = super::start(backend, "blocked").await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let mut application = Database::connect(&url);
    lock_row(&mut application, ada.handle().await);

    let strangers = async {
        for round in 0..5 {
            let logins = join_all((0..10).map(|n| {
                let server = &server;
                async move { server.browser().log_in(&format!("user {round} {n}")).await }
            }));
            for login in logins.await {
                login.expect(200, OK);
            }
        }
        // All of them are in before the lock is gone.
        application.execute("COMMIT");
    };
    // More than there are writer threads.
    let refreshes = join_all((0..8).map(|_| {
        let mut tab = ada.clone();
        async move { tab.refresh().await }
    }));
    let (refreshes, ()) = join!(refreshes, strangers);
    for refresh in refreshes {
        refresh.expect(200, "{}");
    }
    assert_eq!(ada.get("/notes").await.json()["text"], "locked");
}

async fn a_session_that_stays_blocked_is_503_and_goes_on(backend: Backend) {
    let (server, url) = super::start(backend, "stays blocked").await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let mut application = Database::connect(&url);
    lock_row(&mut application, ada.handle().await);
    let answer = ada.clone().refresh().await;
    answer.expect(503, UNAVAILABLE).expect_untouched();
    application.execute("ROLLBACK");
    ada.refresh().await.expect(200, "{}");
}

async fn a_deadlock_is_not_seen(backend: Backend) {
    let (server, url) = super::start(backend, "deadlock").await;
    let (mut first, mut second) = (server.browser(), server.browser());
    first.log_in("ada").await;
    server.clock.advance(std::time::Duration::from_millis(1));
    second.log_in("ada").await;
    let (first, second) = (first.handle().await, second.handle().await);

    // The application takes the second session, then the first; ending all takes them in order.
    let mut application = Database::connect(&url);
    lock_row(&mut application, second);
    let reversed = {
        let first = application.handle(first);
        format!("UPDATE session_info SET data = '{{}}' WHERE handle = {first}")
    };
    let probe = {
        let first = application.handle(first);
        format!("SELECT handle FROM session_info WHERE handle = {first} FOR UPDATE NOWAIT")
    };
    let application = rocket::tokio::task::spawn_blocking(move || {
        let mut prober = Database::connect(&url);
        let mut is_free = || {
            prober.begin();
            let free = prober.try_execute(&probe);
            prober.execute("ROLLBACK");
            free
        };
        while is_free() {}
        // `revoke_all` holds the first session and wants the second.
        application.try_execute(&reversed);
        application.try_execute("ROLLBACK");
    });
    let (ended, application) = join!(server.sessions().revoke_all("ada"), application);
    application.expect("no panic");
    assert_eq!(ended, Ok(vec![first, second]));
}

async fn a_revocation_committed_late_is_not_missed(backend: Backend) {
    let (server, url) = super::start(backend, "late").await;
    let (mut slow, mut fast) = (server.browser(), server.browser());
    slow.log_in("slow").await;
    fast.log_in("fast").await;
    let (late, early) = (slow.handle().await, fast.handle().await);

    // Written first and committed last, after the feed was numbered and read past it.
    let mut application = Database::connect(&url);
    let literal = application.handle(late);
    application.begin();
    application.execute(&format!(
        "DELETE FROM session_info WHERE handle = {literal};
         INSERT INTO session_revocation (handle, until) VALUES ({literal}, 9999999999999)"
    ));
    server.sessions().revoke(early).await.expect("an answer");
    let read = async || {
        server
            .sessions()
            .read_revocations_now()
            .await
            .expect("an answer")
    };
    read().await;
    read().await;
    assert_eq!(slow.get("/me").await.status, 200);
    assert_eq!(fast.get("/me").await.status, 401);

    application.execute("COMMIT");
    read().await;
    assert_eq!(slow.get("/me").await.status, 401);
    let numbers = "SELECT count(DISTINCT number) AS value FROM session_revocation";
    assert_eq!(application.number(numbers), 2);
}

async fn a_batch_of_large_sessions_fits(backend: Backend) {
    let (server, url) = super::start(backend, "large").await;
    // Each as large as may be; together they are larger than MariaDB takes in one packet (16 MiB).
    let notes = Notes {
        text: "x".repeat((1 << 20) - 64),
    };
    let claims = Claims {
        name: String::new(),
    };
    let create = |server: &Server, n: usize| {
        let sessions = server.sessions().clone();
        let (claims, notes) = (claims.clone(), notes.clone());
        async move {
            sessions
                .create(
                    NewSession::new(format!("user {n}"), claims, notes),
                    Transport::Header,
                )
                .await
        }
    };
    for created in join_all((0..24).map(|n| create(&server, n))).await {
        created.expect("a session");
    }
    assert_eq!(Database::connect(&url).sessions(), 24);
}
