//! What is no file, or leads to none, or is one whose pages are damaged.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use rocket::async_test;
use rocket::error::ErrorKind;
use rocket::local::asynchronous::Client;
use session_tests::Log;
use session_tests::body::OK;

use super::{on, on_file, open, refused};

#[async_test]
async fn sqlite_what_is_no_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().display();
    let in_folder = |name: &str| folder.path().join(name);
    let made = Command::new("mkfifo").arg(in_folder("pipe")).status();
    assert!(made.expect("mkfifo").success());
    symlink(in_folder("gone/app.db"), in_folder("link")).expect("a link");
    symlink("link", in_folder("second")).expect("a link");
    symlink("circle", in_folder("circle")).expect("a link");
    for (url, words) in [
        (
            "sqlite:///dev/null".to_owned(),
            "which is a device, a pipe or a socket: name a file".to_owned(),
        ),
        (
            format!("sqlite://{at}/pipe"),
            "which is a device, a pipe".into(),
        ),
        (
            format!("sqlite://{at}/link"),
            format!(
                "a link to `{at}/gone/app.db`, whose folder `{at}/gone` does not exist: make it"
            ),
        ),
        (
            format!("sqlite://{at}/second"),
            format!("a link to `{at}/link`, a link to `{at}/gone/app.db`, whose folder"),
        ),
        (
            format!("sqlite://{at}/circle"),
            "which cannot be read (".into(),
        ),
        (
            format!("sqlite://{at}/app.db\n"),
            "has a space at its begin or end, or a line break".into(),
        ),
        (
            "mysql://u:p@127.0.0.1/app\n".to_owned(),
            "has a space at its begin or end, or a line break".into(),
        ),
        (
            "mariadb://u:p@127.0.0.1/app".to_owned(),
            "a URL of MariaDB begins with `mysql:`".into(),
        ),
    ] {
        let log = refused(on(&url).set("master_key", session_tests::server::MASTER_KEY)).await;
        log.expect(&["`sessions.database", &words]);
    }
    fs::create_dir(in_folder("gone")).expect("a folder");
    let server = on_file(&in_folder("link")).start().await;
    server.browser().log_in("ada").await.expect(200, OK);
    assert!(in_folder("gone/app.db").exists());
}

/// Each page of a database by itself, whatever it holds.
#[async_test]
async fn sqlite_a_damaged_page_is_said_to_be_damaged() {
    const WORDS: [&str; 2] = ["is damaged: restore it from a backup", "`-wal` and `-shm`"];
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("app.db");
    let server = on_file(&file).start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await.expect(200, OK);
    let jar = ada.jar();
    drop(server);
    open(&file).execute("PRAGMA wal_checkpoint(TRUNCATE)");
    let whole = fs::read(&file).expect("the file");
    let (mut launches, mut requests) = (0, 0);
    for page in 1..whole.len() / 4096 {
        let mut damaged = whole.clone();
        damaged[page * 4096..][..4096].fill(0xaa);
        for suffix in ["-wal", "-shm"] {
            let _was_there = fs::remove_file(format!("{}{suffix}", file.display()));
        }
        fs::write(&file, damaged).expect("the file");
        let log = Log::start();
        match Client::untracked(on_file(&file).build()).await {
            Err(error) => {
                assert!(matches!(error.kind(), ErrorKind::FailedFairings(_)));
                log.expect(&WORDS);
                launches += 1;
            }
            Ok(launched) => {
                drop(launched);
                let server = on_file(&file).start().await;
                let mut there = server.browser().with_jar(jar.clone());
                let answers = [
                    there.get("/live").await,
                    server.browser().log_in("bob").await,
                ];
                if answers.iter().any(|answer| answer.status == 503) {
                    log.expect(&WORDS);
                    requests += 1;
                }
            }
        }
    }
    assert!(launches > 0 && requests > 0, "{launches} {requests}");
}

/// What is committed by one name stands in a log beside it, which nobody finds by the other.
#[async_test]
async fn sqlite_a_file_with_two_names_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path().display();
    let [file, other] = ["app.db", "other.db"].map(|name| folder.path().join(name));
    drop(on_file(&file).start().await);
    fs::hard_link(&file, &other).expect("a link");
    for name in ["app.db", "other.db"] {
        let log = refused(
            on(&format!("sqlite://{at}/{name}"))
                .set("master_key", session_tests::server::MASTER_KEY),
        )
        .await;
        log.expect(&[&format!(
            "`sessions.database` names the file `{at}/{name}`, which has 2 names (hard links): what a process commits by one \
             of them is in `-wal` beside it, and lost to whoever opens the other. Find them with \
             `find / -xdev -samefile {at}/{name}`, delete all but one"
        )]);
    }
    fs::remove_file(&other).expect("the link");
    let server = on_file(&file).start().await;
    // A name that comes later, as of a backup tool, ends nothing.
    fs::hard_link(&file, &other).expect("a link");
    server.browser().log_in("ada").await.expect(200, OK);
}
