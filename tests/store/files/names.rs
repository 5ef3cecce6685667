//! Which file a URL names: understood, or refused with what to write.

use std::fs;
use std::path::Path;

use rocket::async_test;
use rocket::figment::Figment;
use rocket::local::asynchronous::Client;
use session_runtime::Sessions;
use session_tests::{Log, Server, body::OK};

use super::{on, on_file, open, refused};

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

async fn logs_in(server: &Server) {
    server.browser().log_in("ada").await.expect(200, OK);
}

#[async_test]
async fn sqlite_names_are_taken_as_they_are_meant() {
    for (written, file) in [
        ("app.db", "app.db"),
        ("app.db?mode=rwc", "app.db"),
        ("app.db?cache=private&mode=rwc", "app.db"),
        ("with space.db", "with space.db"),
        ("with%20space.db", "with space.db"),
        ("ünï☃.db", "ünï☃.db"),
        ("100%.db", "100%.db"),
        ("what%3F.db", "what?.db"),
        ("a%23b.db", "a#b.db"),
        ("a:b.db", "a:b.db"),
        ("no_ending", "no_ending"),
        ("./sub/../app.db", "app.db"),
    ] {
        for scheme in ["sqlite://", "sqlite:"] {
            let folder = tempfile::tempdir().expect("a folder");
            fs::create_dir(folder.path().join("sub")).expect("a folder");
            let url = format!("{scheme}{}/{written}", folder.path().display());
            let server = on(&url).start().await;
            logs_in(&server).await;
            let expected = [file.to_owned(), format!("{file}.key"), "sub".to_owned()];
            let mut expected = expected.to_vec();
            expected.sort();
            assert_eq!(names(folder.path()), expected, "{url}");
        }
    }
}

/// The folder of the tests is the package's; it is not changed, for other tests run in it.
#[async_test]
async fn sqlite_a_relative_path_begins_where_the_process_was_started() {
    let here = std::env::current_dir().expect("a folder");
    let folder = tempfile::tempdir_in(&here).expect("a folder");
    let relative = folder.path().strip_prefix(&here).expect("below");
    let server = on(&format!("sqlite://{}/app.db", relative.display()))
        .start()
        .await;
    logs_in(&server).await;
    assert_eq!(names(folder.path()), ["app.db", "app.db.key"]);
}

#[async_test]
async fn sqlite_a_file_that_must_exist_is_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/app.db?mode=rw", folder.path().display());
    let log = refused(on(&url)).await;
    log.expect(&["app.db`, which does not exist", "`mode=rw` makes none"]);
    assert_eq!(names(folder.path()), [""; 0]);

    drop(on(&url.replace("?mode=rw", "")).start().await);
    logs_in(&on(&url).start().await).await;
}

#[async_test]
async fn sqlite_what_cannot_be_used_is_refused_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().display();
    fs::create_dir(folder.path().join("folder")).expect("a folder");
    fs::write(folder.path().join("text"), "no database, ".repeat(500)).expect("a file");
    for (url, words) in [
        (String::from("sqlite://"), "names no file"),
        ("sqlite::memory:".into(), "names no file"),
        ("sqlite://:memory:".into(), "names no file"),
        (
            "sqlite://~/app.db".into(),
            "write the folder out, as in `sqlite:///srv/ada/app.db`",
        ),
        (format!("sqlite:file:{at}/app.db?mode=rwc"), "a `file:` URI"),
        (format!("file:{at}/app.db"), "a `file:` URI"),
        (format!("file://{at}/app.db?mode=rwc"), "a `file:` URI"),
        (
            format!("sqlite://{at}/app.db?mode=ro"),
            "`mode=ro`, but sessions are written: leave it out",
        ),
        (
            format!("sqlite://{at}/app.db?mode=memory"),
            "memory cannot be",
        ),
        (
            format!("sqlite://{at}/app.db?immutable=1"),
            "the parameter `immutable`, which sessions do not know: leave it out",
        ),
        (format!("sqlite://{at}/a#b.db"), "write it as `%23`"),
        (
            format!("sqlite://{at}/folder"),
            "which is a folder: name a file in it, as in `sqlite:///",
        ),
        (
            format!("sqlite://{at}/missing/app.db"),
            "/missing` does not exist: make it, or name another file",
        ),
        (
            format!("sqlite://{at}/text/app.db"),
            "/text` is no folder: name a file in a folder",
        ),
        (
            format!("sqlite://{at}/text"),
            "which is no SQLite database, or an encrypted one: name another file",
        ),
    ] {
        let log = refused(on(&url)).await;
        log.expect(&[
            "`sessions.database",
            words,
            "`session_runtime::guide::databases`",
        ]);
        assert_eq!(names(folder.path()), ["folder", "text"], "{url}");
    }
}

/// In the entry of a pool a path is a path.
#[async_test]
async fn sqlite_a_pool_of_rocket_is_read_as_rocket_reads_it() {
    let _log = Log::start();
    for (written, file) in [
        ("app.db", "app.db"),
        ("100%41.db", "100%41.db"),
        ("what?.db", "what?.db"),
        ("a:b#c.db", "a:b#c.db"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("{}/{written}", folder.path().display());
        let figment: Figment = rocket::Config::figment()
            .merge(("log_level", "off"))
            .merge(("databases.app.url", url))
            .merge(("sessions.database", "app"));
        let rocket = session_tests::rocket(figment).attach(Sessions::fairing());
        drop(Client::untracked(rocket).await.expect("a launch"));
        assert_eq!(
            names(folder.path()),
            [file.to_owned(), format!("{file}.key")]
        );
    }
}

/// The encoding of a file that the application has made is its own business.
#[async_test]
async fn sqlite_a_file_in_utf_16_holds_every_character() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.db");
    open(&file).execute("PRAGMA encoding = 'UTF-16'; CREATE TABLE users (name TEXT)");
    let server = on_file(&file).start().await;
    let user = "Ada \u{1f980} \u{141}ovelace";
    server.browser().log_in(user).await.expect(200, OK);
    let handles = server.sessions().handles(user).await.expect("handles");
    let info = server.sessions().info(handles[0]).await.expect("an answer");
    assert_eq!(info.expect("a session").user_id, user);
}
