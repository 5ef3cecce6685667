//! Moving live sessions from SQLite to a database server: nobody is logged out, nothing revoked comes back, and nothing
//! is moved over what an application has stored meanwhile.

mod command;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use session_runtime::SessionHandle;
use session_runtime::transfer::{KeyFile, Moved, Progress, Transfer, TransferError};
use session_tests::app::Claims;
use session_tests::browser::ACCESS;
use session_tests::server::MASTER_KEY;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};
use tempfile::TempDir;

/// One test for each server.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod postgres {
            $(
                #[rocket::async_test]
                async fn $name() {
                    super::$name(session_tests::servers::Backend::Postgres).await;
                }
            )*
        }
        mod mariadb {
            $(
                #[rocket::async_test]
                async fn $name() {
                    super::$name(session_tests::servers::Backend::Mariadb).await;
                }
            )*
        }
    };
}
use on_both;

on_both! {
    users_stay_logged_in_and_revoked_sessions_stay_refused
    a_move_that_broke_goes_on_and_carries_later_changes
    what_would_do_harm_is_refused
    odd_rows_are_moved_as_they_are
}

/// The source, and an empty database on a server.
struct Places {
    _folder: Arc<TempDir>,
    file: PathBuf,
    source: String,
    target: String,
}

impl Places {
    fn new(backend: Backend, name: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let file = folder.path().join("app.db");
        Self {
            source: format!("sqlite://{}", file.display()),
            target: DatabaseServer::shared(backend).database(Path::new(&format!("moving {name}"))),
            file,
            _folder: folder,
        }
    }

    fn transfer(&self) -> Transfer {
        Transfer::new(&*self.source, &*self.target).batch(10)
    }

    fn run(&self) -> Result<Moved, TransferError> {
        self.transfer().run(|_| ())
    }
}

async fn on(url: &str) -> Server {
    Server::with(&[("database", url.into()), ("master_key", MASTER_KEY.into())]).await
}

async fn users_stay_logged_in_and_revoked_sessions_stay_refused(backend: Backend) {
    let places = Places::new(backend, "flow");
    let old = on(&places.source).await;
    let clock = old.clock.clone();
    let (mut ada, mut bob, mut eve) = (old.browser(), old.browser(), old.browser());
    for (browser, user) in [(&mut ada, "ada"), (&mut bob, "bøb 🦀"), (&mut eve, "eve")] {
        browser.log_in(user).await.expect(200, r#"{"status":"OK"}"#);
    }
    // Two answers are lost: the row has a parent and children.
    let before = ada.jar();
    ada.refresh().await.expect(200, "{}");
    let sibling = ada.jar();
    let mut other = old.browser().with_jar(before.clone());
    other.refresh().await.expect(200, "{}");
    let revoked = eve.jar();
    eve.sign_out().await.expect(200, r#"{"status":"OK"}"#);
    let keys = old.browser().get("/auth/jwt/jwks.json").await.body;
    let (bob, bobs) = (bob.cookie(ACCESS).expect("a token"), bob.jar());
    let folder = old.stop();

    let mut steps: Vec<Progress> = Vec::new();
    let moved = places
        .transfer()
        .run(|step| steps.push(step))
        .expect("moved");
    assert!(moved.is_complete());
    assert_eq!(moved.key_file, KeyFile::Absent);
    assert!(
        steps
            .windows(2)
            .all(|pair| pair[0].checking != pair[1].checking || pair[0].done <= pair[1].done)
    );
    let last = steps.last().expect("a step");
    // Two sessions and one revocation, on both sides.
    assert_eq!((last.checking, last.done, last.total), (true, 6, 6));
    assert!(
        steps
            .iter()
            .any(|step| !step.checking && (step.done, step.total) == (3, 3))
    );

    let new = on(&places.target).await;
    new.clock.advance(clock_ahead(&clock, &new));
    assert_eq!(new.browser().get("/auth/jwt/jwks.json").await.body, keys);
    let mut bobs = new.browser().with_jar(bobs);
    assert_eq!(bobs.cookie(ACCESS), Some(bob));
    assert_eq!(bobs.get("/me").await.json()["user"], "bøb 🦀");
    assert_eq!(bobs.get("/notes").await.json()["text"], "first");
    bobs.refresh().await.expect(200, "{}");
    new.browser()
        .with_jar(revoked)
        .get("/me")
        .await
        .expect(401, r#"{"message":"unauthorised"}"#);
    // Parent and children are what they were: none of them is taken for a copy.
    for jar in [before, sibling] {
        new.browser()
            .with_jar(jar)
            .refresh()
            .await
            .expect(200, "{}");
    }
    drop(folder);
}

/// Servers of the tests start at one time.
fn clock_ahead(old: &session_runtime::ManualClock, new: &Server) -> Duration {
    let ahead = session_tests::server::now(old) - session_tests::server::now(&new.clock);
    ahead.to_std().unwrap_or_default()
}

/// Twenty-five sessions; their handles in order, which within one millisecond is not that of the logins.
async fn fill(server: &Server) -> Vec<SessionHandle> {
    let mut handles = Vec::new();
    for number in 0..25 {
        let mut browser = server.browser();
        browser.log_in(&format!("user {number}")).await;
        handles.push(browser.handle().await);
    }
    handles.sort();
    handles
}

async fn a_move_that_broke_goes_on_and_carries_later_changes(backend: Backend) {
    let places = Places::new(backend, "broken");
    let old = on(&places.source).await;
    let handles = fill(&old).await;
    let (first, last) = (handles[0], handles[24]);

    let _prepared = on(&places.target).await.stop();
    let mut target = Database::connect(&places.target);
    target.execute("DELETE FROM session_key");
    let condition = format!("NEW.handle = {}", target.handle(last));
    target.refuse_inserts("session_info", &condition);
    let broken = places.run().expect_err("a refused row");
    assert!(broken.to_string().starts_with("session_info: "), "{broken}");
    assert_eq!(target.sessions(), 20, "two batches of ten");
    target.allow_inserts("session_info");
    launch_is_refused(&places.target).await;

    let moved = places.run().expect("moved");
    assert_eq!((moved.tables[1].inserted, moved.tables[1].replaced), (5, 0));
    assert!(moved.is_complete());

    // The application still works on the source.
    old.sessions().revoke(last).await.expect("revoked");
    old.sessions()
        .update_data::<Claims>(first, |notes| notes.text = "later".into())
        .await
        .expect("changed");
    // Else its next poll numbers the revocation while the sides are compared.
    old.sessions().read_revocations_now().await.expect("a feed");
    let moved = places.run().expect("moved again");
    let sessions = &moved.tables[1];
    assert_eq!(
        (sessions.inserted, sessions.replaced, sessions.deleted),
        (0, 1, 1)
    );
    assert_eq!(moved.tables[2].inserted, 1, "the revocation");
    assert!(moved.is_complete());
    let again = places.run().expect("moved a third time");
    assert!(
        again
            .tables
            .iter()
            .all(|table| table.inserted + table.replaced + table.deleted == 0)
    );
    let new = on(&places.target).await;
    assert!(
        new.sessions()
            .info(first)
            .await
            .expect("an answer")
            .is_some()
    );
}

async fn launch_is_refused(url: &str) {
    let log = session_tests::Log::start();
    let settings = [("master_key", MASTER_KEY.into())];
    let rocket = session_tests::server::rocket_on(url, &session_tests::server::clock(), &settings);
    let failed = rocket::local::asynchronous::Client::untracked(rocket).await;
    assert!(
        failed.is_err_and(|error| matches!(
            error.kind(),
            rocket::error::ErrorKind::FailedFairings(_)
        ))
    );
    log.expect(&["not all sessions were moved", "`session-admin move` again"]);
}

async fn what_would_do_harm_is_refused(backend: Backend) {
    let places = Places::new(backend, "refused");
    let refused = |places: &Places| places.run().expect_err("refused").to_string();
    assert!(refused(&places).starts_with("the source: there is no file"));
    std::fs::write(&places.file, "").expect("an empty file");
    assert!(refused(&places).contains("version 0, this program knows 3: start the application"));

    let old = on(&places.source).await;
    fill(&old).await;
    let itself = Transfer::new(&*places.source, &*places.source).run(|_| ());
    assert!(matches!(itself, Err(TransferError::SameDatabase)));
    assert!(places.run().expect("moved").is_complete());

    // Switched over: a login there is worth more than what was moved.
    let new = on(&places.target).await;
    let mut ada = new.browser();
    ada.log_in("ada").await;
    let message = refused(&places);
    assert!(
        message.contains("the target is in use: it holds 26 sessions"),
        "{message}"
    );
    ada.refresh().await.expect(200, "{}");
    let itself = Transfer::new(&*places.target, &*places.target).run(|_| ());
    assert!(matches!(itself, Err(TransferError::SameDatabase)));

    drop(new.stop());
    let discarding = places
        .transfer()
        .discard_target(true)
        .run(|_| ())
        .expect("moved");
    assert_eq!(
        (
            discarding.tables[1].deleted,
            discarding.tables[1].target.rows
        ),
        (1, 25)
    );
    assert!(discarding.is_complete());

    Database::connect(&places.source).execute("UPDATE session_schema SET version = 2");
    assert!(refused(&places).contains("version 2, this program knows 3"));
}

async fn odd_rows_are_moved_as_they_are(backend: Backend) {
    let places = Places::new(backend, "odd");
    drop(on(&places.source).await);
    let mut source = Database::connect(&places.source);
    let large = "ü🦀\\u0000".repeat(40_000);
    source.execute(&format!(
        "INSERT INTO session_info (handle, user_id, parent_hash, parent_since, generation, children, payload, data, \
         created_at, validity, expires_at, ends_for_good, auth_time, anonymous, data_version, device) VALUES \
         (x'00000000000000000000000000000000', '{}', x'00ff', {max}, {max}, x'', '{{}}', '\"{large}\"', {min}, 1, 2, NULL, {max}, 1, {max}, ''), \
         (x'ffffffffffffffffffffffffffffffff', 'ÄÖ ', x'5c27', 0, 0, x'00', '{{\"a\":\"''\"}}', 'null', 0, 0, 0, 0, NULL, 0, 0, '{{}}')",
        "é".repeat(64),
        max = i64::MAX,
        min = i64::MIN,
    ));
    source.execute(
        "INSERT INTO session_revocation VALUES (x'00', NULL, 1), (x'ff', 9223372036854775807, 2)",
    );
    let moved = places.run().expect("moved");
    assert!(moved.is_complete());
    assert_eq!(moved.tables[1].source.rows, 2);
    let mut target = Database::connect(&places.target);
    let blank =
        "SELECT count(*) AS value FROM session_info WHERE auth_time IS NULL AND user_id = 'ÄÖ '";
    assert_eq!(target.number(blank), 1);
    // And back again, into another file.
    let back = places.file.with_extension("back");
    let back = format!("sqlite://{}", back.display());
    let returned = Transfer::new(&*places.target, &*back)
        .run(|_| ())
        .expect("back");
    assert_eq!(returned.tables[1].target, moved.tables[1].source);
}
