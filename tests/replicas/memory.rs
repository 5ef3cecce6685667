//! The memory of revocations holds what can still matter and nothing else.

use std::time::Duration;

use rocket::futures::future::join_all;
use session_runtime::token::Transport;
use session_runtime::{Event, NewSession};
use session_tests::Database;
use session_tests::app::{Claims, Notes};
use session_tests::servers::Backend;

use super::Shared;

super::on! {
    Sqlite: it_is_as_large_as_what_can_still_matter a_stalled_feed_is_told_once;
    Postgres: it_is_as_large_as_what_can_still_matter a_stalled_feed_is_told_once;
    Mariadb: it_is_as_large_as_what_can_still_matter a_stalled_feed_is_told_once;
}

async fn it_is_as_large_as_what_can_still_matter(backend: Backend) {
    let shared = Shared::new(backend, "memory");
    let (server, other) = (shared.server().await, shared.server().await);
    let (sessions, claims) = (
        server.sessions(),
        Claims {
            name: String::new(),
        },
    );
    let read = async || {
        other
            .sessions()
            .read_revocations_now()
            .await
            .expect("an answer")
    };
    let mut peak = 0;
    // Three hours, a hundred sessions ended every half hour: each is remembered for 1 h 10 min.
    for round in 0..6 {
        let created = join_all((0..100).map(|n| {
            let (user, claims) = (format!("user {round} {n}"), &claims);
            async move {
                sessions
                    .create(
                        NewSession::new(user, claims.clone(), Notes::default()),
                        Transport::Header,
                    )
                    .await
            }
        }));
        let handles = created
            .await
            .into_iter()
            .map(|tokens| tokens.expect("a session").handle());
        let handles: Vec<_> = handles.collect();
        let ended = sessions.revoke_many(handles).await.expect("an answer");
        assert_eq!(ended.len(), 100);
        read().await;
        peak = peak.max(other.sessions().remembered_revocations());
        for clock in [&server.clock, &other.clock] {
            clock.advance(Duration::from_secs(30 * 60));
        }
    }
    println!("{backend:?}: 600 sessions ended in 3 h, at most {peak} remembered at once");
    assert_eq!(peak, 300);
    other.clock.advance(Duration::from_secs(70 * 60));
    read().await;
    assert_eq!(other.sessions().remembered_revocations(), 0);
}

async fn a_stalled_feed_is_told_once(backend: Backend) {
    for (choice, status) in [("live", 401), ("refuse", 503), ("accept", 200)] {
        let shared = Shared::new(backend, &format!("stall {choice}"));
        let stalls = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let counter = std::sync::Arc::clone(&stalls);
        let server = session_tests::Server::builder()
            .on_url(&shared.url)
            .set("revocation_on_stall", choice)
            .fairing(|fairing| {
                fairing.on_event(move |event| {
                    if *event == Event::RevocationFeedStalled {
                        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    }
                })
            })
            .start()
            .await;
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let mut database = Database::connect(&shared.url);
        database.execute("DELETE FROM session_info");
        database.execute("ALTER TABLE session_revocation RENAME TO hidden");
        // Old enough to be over, not missing; young enough for its token.
        server.clock.advance(Duration::from_secs(20));
        assert!(server.sessions().revocation_feed_age() >= Duration::from_secs(20));
        for _ in 0..3 {
            assert_eq!(browser.clone().get("/me").await.status, status, "{choice}");
        }
        let told = || stalls.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(told(), 1, "{choice}");
        database.execute("ALTER TABLE hidden RENAME TO session_revocation");
        server
            .sessions()
            .read_revocations_now()
            .await
            .expect("an answer");
        assert_eq!(server.sessions().revocation_feed_age(), Duration::ZERO);
        assert_eq!(
            browser.get("/me").await.status,
            200,
            "{choice}: nobody said that it is over"
        );
        assert_eq!(told(), 1);
    }
}
