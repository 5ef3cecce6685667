//! A copy that is made while the application runs, as the guide shows it.

use std::fs;
use std::path::Path;
use std::process::Command;

use rocket::async_test;
use session_tests::Server;
use session_tests::body::OK;

use super::{on_file, open};

/// The copy has the session that is only in the write-ahead log of the original.
async fn expect_holds_the_session(server: &Server, jar: session_tests::browser::Jar, copy: &Path) {
    assert_eq!(super::sessions(copy), 1, "{copy:?}");
    let original = server.folder();
    fs::copy(
        original.join("test.db.key"),
        format!("{}.key", copy.display()),
    )
    .expect("the key");
    let restored = on_file(copy).clock(server.clock.clone()).start().await;
    let mut browser = restored.browser().with_jar(jar);
    browser.refresh().await.expect(200, "{}");
    browser.get("/live").await.expect(200, r#"{"user":"ada"}"#);
}

#[async_test]
async fn sqlite_a_copy_made_while_running_holds_the_sessions() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    let folder = tempfile::tempdir().expect("a folder");
    let file = server.folder().join("test.db");

    let copy = folder.path().join("vacuum.db");
    open(&file).execute(&format!("VACUUM INTO '{}'", copy.display()));
    expect_holds_the_session(&server, browser.jar(), &copy).await;

    // The command of the guide.
    let copy = folder.path().join("backup.db");
    let backup = format!(".backup '{}'", copy.display());
    let done = Command::new("sqlite3").arg(&file).arg(backup).status();
    assert!(done.expect("`sqlite3`").success());
    expect_holds_the_session(&server, browser.jar(), &copy).await;
}
