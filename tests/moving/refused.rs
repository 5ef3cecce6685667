//! What would do harm is refused: by the move, and by an application at launch.

use session_runtime::transfer::{Transfer, TransferError};
use session_tests::servers::Backend;
use session_tests::{Database, Log, Server, launches};

use super::Places;

session_tests::on_both! { what_would_do_harm_is_refused }

/// An application does not start on what was not filled completely.
pub(super) async fn launch_is_refused(url: &str) {
    let log = Log::start();
    assert!(!launches(Server::builder().on_url(url).build()).await);
    log.expect(&["not all sessions were moved", "`session-admin move` again"]);
}

async fn what_would_do_harm_is_refused(backend: Backend) {
    let places = Places::new(backend, "refused");
    let refused = |places: &Places| places.run().expect_err("refused").to_string();
    assert!(refused(&places).starts_with("the source, `--from`: there is no file"));
    std::fs::write(&places.file, "").expect("an empty file");
    assert!(refused(&places).contains("the source has no session tables"));
    let turned = Transfer::new(&*places.target, &*places.source).run(|_| ());
    assert!(matches!(turned, Err(TransferError::NoTables)), "{turned:?}");

    let old = Server::builder().on_url(&places.source).start().await;
    super::fill(&old).await;
    let itself = Transfer::new(&*places.source, &*places.source).run(|_| ());
    assert!(matches!(itself, Err(TransferError::SameDatabase)));
    assert!(places.run().expect("moved").is_complete());

    // Switched over: a login there is worth more than what was moved.
    let new = Server::builder().on_url(&places.target).start().await;
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

#[test]
fn a_url_that_is_none_is_answered_with_what_to_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("app.db").display().to_string();
    let refused = |from: &str, to: &str| {
        let moved = Transfer::new(from, to).run(|_| ());
        moved.expect_err("refused").to_string()
    };
    let source = refused(&path, "mysql://web@localhost/app");
    let expected =
        "the source, `--from`: the URL begins with no scheme: write `sqlite://` in front of";
    assert!(source.starts_with(expected), "{source}");
    let target = refused("sqlite://app.db", "app.db");
    assert!(
        target.starts_with("the target, `--to`: the URL begins with no scheme: write `sqlite://`"),
        "{target}"
    );
    for (from, to) in [
        ("mongodb://localhost/app", "sqlite://app.db"),
        ("sqlite://app.db", "sqlite:"),
        ("sqlite://app.db", "mysql://web@localhost"),
        ("sqlite://app.db", "postgres://web:pa@ss@localhost/app"),
    ] {
        let message = refused(from, to);
        assert!(!message.contains("sessions.database"), "{message}");
    }
}

#[test]
fn a_hard_link_of_the_source_is_the_same_database() {
    let folder = tempfile::tempdir().expect("a folder");
    let [file, other] = ["app.db", "other.db"].map(|name| folder.path().join(name));
    std::fs::write(&file, "").expect("a file");
    std::fs::hard_link(&file, &other).expect("a link");
    let [from, to] = [file, other].map(|file| format!("sqlite://{}", file.display()));
    for (from, to) in [(&from, &to), (&from, &from)] {
        let moved = Transfer::new(from, to).run(|_| ());
        assert!(
            matches!(moved, Err(TransferError::SameDatabase)),
            "{moved:?}"
        );
    }
}
