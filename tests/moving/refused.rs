//! What would do harm is refused: by the move, and by an application at launch.

use rocket::error::ErrorKind;
use rocket::local::asynchronous::Client;
use session_runtime::transfer::{Transfer, TransferError};
use session_tests::servers::Backend;
use session_tests::{Database, Log, Server};

use super::Places;

session_tests::on_both! { what_would_do_harm_is_refused }

/// An application does not start on what was not filled completely.
pub(super) async fn launch_is_refused(url: &str) {
    let log = Log::start();
    let failed = Client::untracked(Server::builder().on_url(url).build()).await;
    assert!(failed.is_err_and(|error| matches!(error.kind(), ErrorKind::FailedFairings(_))));
    log.expect(&["not all sessions were moved", "`session-admin move` again"]);
}

async fn what_would_do_harm_is_refused(backend: Backend) {
    let places = Places::new(backend, "refused");
    let refused = |places: &Places| places.run().expect_err("refused").to_string();
    assert!(refused(&places).starts_with("the source: there is no file"));
    std::fs::write(&places.file, "").expect("an empty file");
    assert!(refused(&places).contains("version 0, this program knows 4: start the application"));

    let old = Server::on_url(&places.source).await;
    super::fill(&old).await;
    let itself = Transfer::new(&*places.source, &*places.source).run(|_| ());
    assert!(matches!(itself, Err(TransferError::SameDatabase)));
    assert!(places.run().expect("moved").is_complete());

    // Switched over: a login there is worth more than what was moved.
    let new = Server::on_url(&places.target).await;
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
    assert!(refused(&places).contains("version 2, this program knows 4"));
}
