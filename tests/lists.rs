//! What one call takes in memory when a user has a hundred thousand sessions; alone in its process, so that
//! nobody else's memory counts. `-- --nocapture` prints the figures.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

use std::fs;
use std::future::Future;

use rocket::async_test;
use session_runtime::token::Transport;
use session_runtime::{NewSession, SessionInfo, Sessions};
use session_tests::Server;
use session_tests::app::{Claims, Notes};

const SESSIONS: usize = 100_000;

/// The most of memory that this process has taken since [`forget`], in kB.
fn most() -> usize {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let mut words = line.expect("a high-water mark").split_whitespace();
    words.nth(1).expect("a number").parse().expect("kB")
}

/// Begins to count anew, from what is taken now.
fn forget() -> usize {
    fs::write("/proc/self/clear_refs", "5").expect("our own process");
    most()
}

/// MB that a call takes beyond what was taken before.
#[expect(clippy::print_stdout, reason = "cargo shows it when asked to")]
async fn measure<T>(what: &str, call: impl Future<Output = T>) -> (T, f64) {
    let before = forget();
    let done = call.await;
    let taken = most().saturating_sub(before) as f64 / 1000.0;
    println!("{what}: {taken:.1} MB");
    (done, taken)
}

/// Copies the one session there is, each with 500 bytes of data; a megabyte each would take the disk.
fn fill(server: &Server) {
    const COLUMNS: &str = "user_id, parent_hash, parent_since, generation, children, payload, data, created_at, \
         validity, expires_at, ends_for_good, auth_time, anonymous, data_version, device, capped_since, payload_type";
    server.database().execute(&format!(
        "CREATE TEMP TABLE copy AS SELECT * FROM session_info;
         UPDATE copy SET data = '{{\"text\":\"{}\"}}';
         INSERT INTO session_info (handle, {COLUMNS})
         SELECT CAST(substr(handle, 1, 10) || randomblob(6) AS BLOB), {COLUMNS}
         FROM copy, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SESSIONS} - 1)
                     SELECT i FROM n)",
        "x".repeat(500)
    ));
}

#[async_test]
async fn sqlite_a_page_of_a_hundred_thousand_sessions_takes_little() {
    let server = Server::start().await;
    let sessions: &Sessions = server.sessions();
    let (ada, claims) = ("ada".to_owned(), Claims { name: "Ada".into() });
    let created = sessions
        .create(
            NewSession::new(ada, claims, Notes::default()),
            Transport::Header,
        )
        .await;
    created.expect("a session");
    fill(&server);

    let (page, taken) = measure("a page", sessions.list("ada", None)).await;
    let page = page.expect("an answer");
    assert_eq!(page.len(), SessionInfo::PAGE);
    assert!(taken <= 20.0, "{taken} MB");
    let last = page.last().map(|info| info.handle);
    let (page, taken) = measure("the next page", sessions.list("ada", last)).await;
    assert_eq!(page.expect("an answer").len(), SessionInfo::PAGE);
    assert!(taken <= 20.0, "{taken} MB");
}
