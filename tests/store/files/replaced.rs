//! The file is deleted or replaced while it is open: nothing is acknowledged into nowhere.

use std::fs;
use std::path::Path;

use rocket::async_test;
use session_tests::body::{OK, UNAVAILABLE};
use session_tests::{Log, Server};

use super::on_file;

const ADA: &str = r#"{"user":"ada"}"#;

/// Nobody logs in, refreshes or reads, and the feed notices by itself.
async fn expect_nothing_works(server: &Server, before: &session_tests::Browser<'_>) {
    let log = Log::start();
    let refused = server.browser().log_in("bob").await;
    refused.expect(503, UNAVAILABLE).expect_untouched();
    before.clone().refresh().await.expect(503, UNAVAILABLE);
    before.clone().get("/live").await.expect(503, UNAVAILABLE);
    before.clone().sign_out().await.expect(503, UNAVAILABLE);
    let words: &[&str] = &["store_unavailable", "while the application has it open"];
    log.expect(words);
    drop(log);
    let log = Log::start();
    let read = server.sessions().read_revocations_now().await;
    read.expect_err("a feed that can be read");
    log.expect(words);
}

#[async_test]
async fn sqlite_a_file_that_is_deleted_takes_no_login_and_may_come_back() {
    for part in ["", "-wal", "-shm"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, away) = (folder.path().join("app.db"), folder.path().join("away"));
        let part = Path::new(&format!("{}{part}", file.display())).to_owned();
        let server = on_file(&file).start().await;
        let mut browser = server.browser();
        browser.log_in("ada").await.expect(200, OK);

        fs::rename(&part, &away).expect("a file");
        expect_nothing_works(&server, &browser).await;
        assert!(!part.exists(), "a new one was made: {part:?}");

        fs::rename(&away, &part).expect("a file");
        browser.refresh().await.expect(200, "{}");
        browser.get("/live").await.expect(200, ADA);
        server.browser().log_in("bob").await.expect(200, OK);
        assert_eq!(super::sessions(&file), 2);
    }
}

#[async_test]
async fn sqlite_a_file_that_is_replaced_takes_no_login_until_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, copy) = (folder.path().join("app.db"), folder.path().join("copy"));
    let server = on_file(&file).start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    let into = format!("VACUUM INTO '{}'", copy.display());
    super::open(&file).execute(&into);

    fs::rename(&copy, &file).expect("a file");
    expect_nothing_works(&server, &browser).await;
    let clock = server.clock.clone();
    drop(browser.clone());
    let jar = browser.jar();
    drop(server);
    // What belongs to the file that is no more.
    for part in ["-wal", "-shm"] {
        let _was_there = fs::remove_file(format!("{}{part}", file.display()));
    }
    let server = on_file(&file).clock(clock).start().await;
    let mut browser = server.browser().with_jar(jar);
    browser.refresh().await.expect(200, "{}");
    server.browser().log_in("bob").await.expect(200, OK);
    assert_eq!(super::sessions(&file), 2);
}
