//! Many launches at once on one file, and files that somebody else has locked.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use rocket::async_test;
use rocket::futures::future::{join, join_all};
use session_tests::Log;
use session_tests::body::OK;
use session_tests::process::Place;

use super::{on_file, open, refused};

#[async_test]
async fn sqlite_a_hundred_launches_at_once_share_one_new_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("new.db");
    let servers = join_all((0..100).map(|_| on_file(&file).start())).await;
    let mut browser = servers[0].browser();
    browser.log_in("ada").await.expect(200, OK);
    for server in &servers {
        let mut there = server.browser().with_jar(browser.jar());
        assert_eq!(there.get("/live").await.status, 200);
    }
    let left: BTreeSet<String> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let expected = ["new.db", "new.db-shm", "new.db-wal", "new.db.key"];
    assert_eq!(left, expected.map(str::to_owned).into(), "a draft was left");
}

/// Locks between processes are other ones than those within a process.
#[test]
fn sqlite_processes_that_start_at_once_share_one_new_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}", folder.path().join("new.db").display());
    let one_site = r#", api_origin="http://127.0.0.1:8000""#;
    let places = [(); 6].map(|()| Place::on(&url, one_site));
    let starts = places
        .clone()
        .map(|place| thread::spawn(move || place.start()));
    let processes = starts.map(|start| start.join().expect("a launch"));
    let (answer, tokens) = places[0].log_in("ada");
    assert_eq!(answer.status(), Some(200));
    for place in &places {
        assert_eq!(place.get("/live", &tokens).status(), Some(200));
    }
    drop(processes);
}

/// As of a process that died, or of another container's process of the same number.
#[async_test]
async fn sqlite_a_draft_of_the_key_that_was_left_behind_is_in_nobodys_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let draft = format!("app.db.key.{}", std::process::id());
    fs::write(folder.path().join(draft), "half a k").expect("a draft");
    let server = on_file(&folder.path().join("app.db")).start().await;
    server.browser().log_in("ada").await.expect(200, OK);
}

/// In rollback mode, as SQLite has it by default.
#[async_test]
async fn sqlite_a_launch_waits_while_somebody_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.db");
    let mut application = open(&file);
    application.execute(
        "CREATE TABLE users (name TEXT); BEGIN IMMEDIATE; INSERT INTO users VALUES ('ada')",
    );
    let release = async {
        rocket::tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        application.execute("COMMIT");
    };
    let (server, ()) = join(on_file(&file).start(), release).await;
    server.browser().log_in("ada").await.expect(200, OK);
}

#[async_test]
async fn sqlite_a_file_that_stays_locked_stops_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.db");
    let mut application = open(&file);
    application.execute("CREATE TABLE users (name TEXT); BEGIN EXCLUSIVE");
    for locked_in in ["rollback mode", "WAL"] {
        let log: Log = refused(on_file(&file).set("database_timeout", "50ms")).await;
        log.expect(&[
            "app.db`, which another process has locked for longer than `sessions.database_timeout`",
            "end its transaction, or raise the setting",
        ]);
        if locked_in == "rollback mode" {
            application.execute("COMMIT; PRAGMA journal_mode = WAL; BEGIN EXCLUSIVE");
        }
    }
    application.execute("COMMIT");
    drop(on_file(&file).start().await);
}
