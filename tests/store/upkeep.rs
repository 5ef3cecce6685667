//! What is long over is deleted in small batches, and nothing else is.

use std::time::Duration;

use chrono::TimeDelta;
use rocket::async_test;
use rocket::futures::future::join_all;
use session_runtime::NewSession;
use session_runtime::token::Transport;
use session_tests::app::{Claims, Notes};
use session_tests::{Log, Server};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn create(server: &Server, count: usize) {
    let creates = (0..count).map(|n| async move {
        let claims = Claims {
            name: String::new(),
        };
        server
            .sessions()
            .create(
                NewSession::new(format!("user {n}"), claims, Notes::default()),
                Transport::Header,
            )
            .await
            .expect("a session")
    });
    join_all(creates).await;
}

#[async_test]
async fn sessions_are_deleted_one_day_after_they_expired_in_small_batches() {
    let server = Server::start().await;
    create(&server, 250).await;
    server.clock.advance(50 * DAY);
    create(&server, 7).await;

    server.clock.advance(50 * DAY);
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(server.database().sessions(), 257, "expired today, so kept");

    server.clock.advance(DAY + Duration::from_secs(1));
    let batches = server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(server.database().sessions(), 7, "what lives stays");
    assert_eq!(batches, 3, "two full batches and the rest");
}

#[async_test]
async fn revocations_are_deleted_once_no_token_can_outlive_them_and_the_newest_stays() {
    let server = Server::start().await;
    for user in ["ada", "bob", "eve"] {
        server.browser().log_in(user).await;
        server.sessions().revoke_all(user).await.expect("an answer");
    }
    server
        .sessions()
        .read_revocations_now()
        .await
        .expect("an answer");
    let entries = "SELECT count(*) AS value FROM session_revocation";

    server.clock.advance(Duration::from_secs(60 * 60));
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(
        server.database().number(entries),
        3,
        "a clock that is slow may still take their tokens"
    );

    server.clock.advance(Duration::from_secs(11 * 60));
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(server.database().number(entries), 1);
    let newest = "SELECT number AS value FROM session_revocation";
    assert_eq!(server.database().number(newest), 3);
}

#[async_test]
async fn a_clock_that_jumped_deletes_nothing() {
    let server = Server::start().await;
    create(&server, 3).await;
    server.sessions().clean_up_now().await.expect("an answer");
    let log = Log::start();
    // Two years pass on the wall and none in truth.
    server.clock.jump(TimeDelta::days(730));
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(server.database().sessions(), 3);
    log.expect(&["clock_skew", "nothing is deleted"]);
    // Nor soon after: it may return.
    server.clock.advance(Duration::from_secs(69 * 60));
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(server.database().sessions(), 3);
    server.clock.advance(Duration::from_secs(60));
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn sqlite_a_server_that_stops_leaves_one_sound_file() {
    let server = Server::start().await;
    create(&server, 20).await;
    let folder = server.folder();
    let kept = server.stop();
    // The last connection moves what the write-ahead log holds into the file and removes it.
    let left: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert!(!left.iter().any(|name| name.ends_with("-wal")), "{left:?}");
    drop(kept);
}
