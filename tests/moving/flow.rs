//! Users stay logged in, revoked sessions stay refused, and a move can be interrupted.

use std::path::Path;

use session_runtime::Error;
use session_runtime::transfer::{KeyFile, Progress, Transfer};
use session_tests::app::Claims;
use session_tests::body::{OK, UNAUTHORISED};
use session_tests::browser::ACCESS;
use session_tests::servers::{Backend, DatabaseServer};
use session_tests::{Database, Server};

use super::Places;

session_tests::on_both! {
    users_stay_logged_in_and_revoked_sessions_stay_refused
    from_one_server_to_the_other
    a_move_that_broke_goes_on_and_carries_later_changes
    a_pool_that_was_left_on_the_source_is_noticed
}

/// Also where both are of one kind, and the target was in use before.
async fn a_pool_that_was_left_on_the_source_is_noticed(backend: Backend) {
    let server = DatabaseServer::shared(backend);
    let [source, target] = ["left", "moved to"].map(|name| server.database(Path::new(name)));
    for url in [&target, &source] {
        let server = Server::builder().on_url(url).start().await;
        server.browser().log_in("ada").await.expect(200, OK);
    }
    let transfer = Transfer::new(&*source, &*target).discard_target(true);
    assert!(transfer.run(|_| ()).expect("moved").is_complete());
    let moved = Server::builder().on_url(&target).start().await;
    let mut left = Database::connect(&source);
    let refused = left.within(moved.sessions(), |within| within.revoke_all("ada"));
    assert!(
        matches!(refused, Err(Error::WrongDatabase { .. })),
        "{refused:?}"
    );
    let ended =
        Database::connect(&target).within(moved.sessions(), |within| within.revoke_all("ada"));
    assert_eq!(ended.expect("an answer").len(), 1);
}

async fn users_stay_logged_in_and_revoked_sessions_stay_refused(backend: Backend) {
    let places = Places::new(backend, "flow");
    let old = Server::builder().on_url(&places.source).start().await;
    let (mut ada, mut bob, mut eve) = (old.browser(), old.browser(), old.browser());
    for (browser, user) in [(&mut ada, "ada"), (&mut bob, "bøb 🦀"), (&mut eve, "eve")] {
        browser.log_in(user).await.expect(200, OK);
    }
    // Two answers are lost: the row has a parent and children.
    let before = ada.jar();
    ada.refresh().await.expect(200, "{}");
    let sibling = ada.jar();
    let mut other = old.browser().with_jar(before.clone());
    other.refresh().await.expect(200, "{}");
    let revoked = eve.jar();
    eve.sign_out().await.expect(200, OK);
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

    let new = Server::builder().on_url(&places.target).start().await;
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
        .expect(401, UNAUTHORISED);
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

async fn from_one_server_to_the_other(backend: Backend) {
    let other = match backend {
        Backend::Mariadb => Backend::Postgres,
        Backend::Postgres | Backend::Sqlite => Backend::Mariadb,
    };
    let name = format!("from {backend:?}");
    let url = |backend| DatabaseServer::shared(backend).database(Path::new(&name));
    let (source, target) = (url(backend), url(other));
    let old = Server::builder().on_url(&source).start().await;
    let (mut ada, mut eve) = (old.browser(), old.browser());
    ada.log_in("ädä 🦀").await.expect(200, OK);
    ada.refresh().await.expect(200, "{}");
    eve.log_in("eve").await.expect(200, OK);
    let (adas, eves) = (ada.jar(), eve.jar());
    eve.sign_out().await.expect(200, OK);
    drop(old.stop());

    let moved = Transfer::new(&*source, &*target).run(|_| ());
    let moved = moved.expect("moved");
    assert!(moved.is_complete());
    assert_eq!(moved.tables[1].inserted, 1);
    let new = Server::builder().on_url(&target).start().await;
    let mut ada = new.browser().with_jar(adas);
    assert_eq!(ada.get("/me").await.json()["user"], "ädä 🦀");
    ada.refresh().await.expect(200, "{}");
    let mut eve = new.browser().with_jar(eves);
    assert_eq!(eve.get("/me").await.status, 401);
    assert_eq!(eve.refresh().await.status, 401);
}

async fn a_move_that_broke_goes_on_and_carries_later_changes(backend: Backend) {
    let places = Places::new(backend, "broken");
    let old = Server::builder().on_url(&places.source).start().await;
    let handles = super::fill(&old).await;
    let (first, last) = (handles[0], handles[24]);

    let _prepared = Server::builder()
        .on_url(&places.target)
        .start()
        .await
        .stop();
    let mut target = Database::connect(&places.target);
    target.execute("DELETE FROM session_key");
    let condition = format!("NEW.handle = {}", target.handle(last));
    target.refuse_inserts("session_info", &condition);
    let broken = places.run().expect_err("a refused row");
    assert!(broken.to_string().starts_with("session_info: "), "{broken}");
    assert_eq!(target.sessions(), 20, "two batches of ten");
    target.allow_inserts("session_info");
    super::refused::launch_is_refused(&places.target).await;

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
    let new = Server::builder().on_url(&places.target).start().await;
    assert!(
        new.sessions()
            .info(first)
            .await
            .expect("an answer")
            .is_some()
    );
}
