//! A database of each version of the schema, kept as it was left by that version: it is opened, and
//! its users go on. A released version's file never changes, so a migration that is edited later
//! is noticed.
//!
//! `UPDATE_EXPECTED=1 cargo test -p session-tests --test store schemas` writes the file of a new
//! version, and until that is released writes it anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rocket::async_test;
use session_tests::body::OK;
use session_tests::browser::{Browser, REFRESH_PATH};
use session_tests::server::MASTER_KEY;
use session_tests::{Database, Server};

/// The statements that make a SQLite database of this version.
fn file(version: usize) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("store/schemas/{version}.sql"))
}

/// Writes the file of a version, with what its browsers send: of somebody who is logged in, and of
/// somebody who has signed out.
pub(crate) fn keep(version: usize, database: &Path, browsers: [&Browser<'_>; 2], is_older: bool) {
    if is_older && file(version).exists() {
        return;
    }
    let dump = Command::new("sqlite3").arg(database).arg(".dump").output();
    let dump = String::from_utf8(dump.expect("`sqlite3`").stdout).expect("text");
    let cookies = browsers.map(|browser| {
        let cookies = browser.cookie_header(REFRESH_PATH).expect("cookies");
        format!("-- {cookies}\n")
    });
    fs::write(file(version), cookies.concat() + &dump).expect("a file that can be written");
}

#[async_test]
async fn sqlite_a_kept_database_of_each_version_is_opened_and_goes_on() {
    let mut versions = 0;
    while let Ok(text) = fs::read_to_string(file(versions + 1)) {
        versions += 1;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.db");
        Database::connect(&format!("sqlite://{}", path.display())).execute(&text);
        let server = Server::builder()
            .on_url(&format!("sqlite://{}", path.display()))
            .set("master_key", MASTER_KEY)
            .start()
            .await;
        let mut comments = text.lines().filter_map(|line| line.strip_prefix("-- "));
        let mut next = || {
            let mut browser = server.browser();
            for cookie in comments.next().expect("cookies").split("; ") {
                let (name, value) = cookie.split_once('=').expect("a value");
                browser.plant(name, value, "/");
            }
            browser
        };
        let (mut ada, mut gone) = (next(), next());
        assert_eq!(ada.get("/me").await.status, 200, "version {versions}");
        assert_eq!(gone.get("/me").await.status, 401, "version {versions}");
        // Before version 4 a row did not know its payload type: those users log in once.
        let refreshed = if versions < 4 { 401 } else { 200 };
        assert_eq!(ada.refresh().await.status, refreshed, "version {versions}");
        server.browser().log_in("bob").await.expect(200, OK);
    }
    let newest = Server::start().await;
    let steps = "SELECT version AS value FROM session_schema";
    assert_eq!(
        usize::try_from(newest.database().number(steps)),
        Ok(versions),
        "keep a database of the new version: see the head of this file"
    );
}
