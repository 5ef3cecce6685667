//! The server dies under load and comes back: nothing that was acknowledged is lost, and nobody restarts
//! the application.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rocket::futures::future::join_all;
use rocket::tokio;
use session_runtime::token::Transport;
use session_runtime::{Error, Event, NewSession};
use session_tests::Server;
use session_tests::app::{Claims, Notes};
use session_tests::body::UNAVAILABLE;
use session_tests::servers::{Backend, DatabaseServer};

session_tests::on_both! { a_crash_is_healed }

async fn a_crash_is_healed(backend: Backend) {
    // MariaDB hands each commit to the operating system, so that only its process may die.
    let settings: &[&str] = match backend {
        Backend::Mariadb => &["innodb-flush-log-at-trx-commit=2"],
        Backend::Postgres | Backend::Sqlite => &[],
    };
    let database = Arc::new(DatabaseServer::start(backend, settings));
    let advised = Arc::new(AtomicBool::new(false));
    let advises = Arc::clone(&advised);
    let server = Server::builder()
        .on_url(&database.database(Path::new("crash")))
        .fairing(|fairing| {
            fairing.on_event(move |event| {
                if matches!(event, Event::ConnectionRefused { .. }) {
                    advises.store(true, Ordering::Relaxed);
                }
            })
        })
        .start()
        .await;
    let mut ada = server.browser();
    ada.log_in("ada").await;

    let (acknowledged, refused) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let over = AtomicBool::new(false);
    let load = join_all((0..8).map(|n| {
        let (sessions, acknowledged, refused, over) =
            (server.sessions(), &acknowledged, &refused, &over);
        async move {
            while !over.load(Ordering::Relaxed) {
                let claims = Claims {
                    name: String::new(),
                };
                let created = sessions
                    .create(
                        NewSession::new(format!("user {n}"), claims, Notes::default()),
                        Transport::Header,
                    )
                    .await;
                match created {
                    Ok(tokens) => acknowledged.lock().expect("no panic").push(tokens.handle()),
                    Err(error) => {
                        assert_eq!(error, Error::Unavailable);
                        refused.store(true, Ordering::Relaxed);
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
            }
        }
    }));
    let story = async {
        let count = || acknowledged.lock().expect("no panic").len();
        until(|| count() > 100).await;
        let broken = Arc::clone(&database);
        tokio::task::spawn_blocking(move || broken.crash())
            .await
            .expect("no panic");
        until(|| refused.load(Ordering::Relaxed)).await;

        // Down: verification goes on, writes are refused within the bound, cookies stay.
        assert_eq!(ada.get("/me").await.status, 200);
        let began = Instant::now();
        ada.clone()
            .refresh()
            .await
            .expect(503, UNAVAILABLE)
            .expect_untouched();
        assert!(
            began.elapsed() < Duration::from_secs(11),
            "{:?}",
            began.elapsed()
        );

        let broken = Arc::clone(&database);
        tokio::task::spawn_blocking(move || broken.restart())
            .await
            .expect("no panic");
        let before = count();
        until(|| count() > before + 100).await;
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(load, story);
    // A restart is no limit of connections.
    assert!(!advised.load(Ordering::Relaxed), "it advised a number");

    ada.refresh().await.expect(200, "{}");
    let acknowledged = acknowledged.into_inner().expect("no panic");
    for handle in acknowledged {
        let found = server.sessions().info(handle).await;
        assert!(matches!(found, Ok(Some(_))), "{handle} is lost: {found:?}");
    }
}

/// Polls until something happens, at most a minute.
async fn until(happened: impl Fn() -> bool) {
    for _ in 0..3000 {
        if happened() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing happened for a minute");
}
