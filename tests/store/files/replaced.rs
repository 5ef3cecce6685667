//! The file is deleted or replaced while it is open: nothing is acknowledged into nowhere.

use std::fs;
use std::path::{Path, PathBuf};

use rocket::serde::json::{Value, json};
use rocket::{State, async_test, post, routes};
use session_runtime::token::Transport;
use session_runtime::{Error, Login, NewSession, Session, Sessions};
use session_tests::app::{Claims, Notes};
use session_tests::body::{OK, UNAVAILABLE};
use session_tests::{Database, Log, Server};

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
    log.expect(&["task_failed", "while the application has it open"]);
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

/// A file, and where it is moved to between a commit and what follows.
struct Moved {
    file: PathBuf,
    away: PathBuf,
}

impl Moved {
    fn disappear(&self) {
        fs::rename(&self.file, &self.away).expect("a file");
    }

    fn database(&self) -> Database {
        super::open(&self.file)
    }
}

fn ada(claims: &str) -> NewSession {
    let name = claims.to_owned();
    NewSession::new("ada".to_owned(), Claims { name }, Notes::default())
}

/// Logs in within a transaction; by the time it is handed on, the file is gone.
#[post("/within")]
async fn log_in_within(
    login: Login,
    sessions: Sessions,
    moved: &State<Moved>,
) -> Result<Value, Error> {
    let created = moved
        .database()
        .within(&sessions, |within| within.create_for(&login, ada("Ada")));
    moved.disappear();
    Ok(json!(login.attach(created?).await?))
}

/// The same for a changed credential.
#[post("/changed")]
async fn change_within(
    session: Session<Claims>,
    sessions: Sessions,
    moved: &State<Moved>,
) -> Result<Value, Error> {
    let changed = moved.database().within(&sessions, |within| {
        session.replace_and_revoke_others_within(within)
    });
    moved.disappear();
    Ok(json!(session.attach(changed?)?))
}

#[async_test]
async fn sqlite_no_cookie_goes_out_for_a_commit_into_nowhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let (file, away) = (folder.path().join("app.db"), folder.path().join("away"));
    let moved = Moved {
        file: file.clone(),
        away: away.clone(),
    };
    let server = on_file(&file)
        .rocket(|rocket| {
            let routes = routes![log_in_within, change_within];
            rocket.manage(moved).mount("/", routes)
        })
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    for path in ["/within", "/changed"] {
        let log = Log::start();
        let answer = browser.clone().post(path).await;
        answer.expect(503, UNAVAILABLE).expect_untouched();
        log.expect(&["store_unavailable", "was deleted or moved"]);
        fs::rename(&away, &file).expect("a file");
    }
}

#[async_test]
async fn sqlite_nothing_is_done_within_a_transaction_on_a_file_that_is_gone() {
    for part in ["", "-wal", "-shm"] {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, away) = (folder.path().join("app.db"), folder.path().join("away"));
        let part = Path::new(&format!("{}{part}", file.display())).to_owned();
        let server = on_file(&file).start().await;
        let mut application = super::open(&file);
        let committed = application.within(server.sessions(), |within| {
            within.create(ada("Ada"), Transport::Cookie)
        });
        let committed = committed.expect("a session");

        fs::rename(&part, &away).expect("a file");
        assert_eq!(committed.after_commit().err(), Some(Error::Unavailable));
        let created = application.within(server.sessions(), |within| {
            within.create(ada("Ada"), Transport::Cookie)
        });
        assert_eq!(created.err(), Some(Error::Unavailable));
        let ended = application.within(server.sessions(), |within| within.revoke_all("ada"));
        assert_eq!(ended.err(), Some(Error::Unavailable));

        fs::rename(&away, &part).expect("a file");
        let ended = application.within(server.sessions(), |within| within.revoke_all("ada"));
        assert_eq!(ended.expect("an answer").len(), 1);
    }
}
