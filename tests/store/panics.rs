//! Writers outlive what panics in them, and what they do beside it.

use rocket::async_test;
use session_tests::Server;
use session_tests::panics::{Application, lose_nothing, survive};
use session_tests::servers::Backend;

#[async_test]
async fn of_ten_thousand_operations_with_panics_no_other_is_lost() {
    let server = Server::start().await;
    lose_nothing(server.sessions(), 10_000).await;
}

#[async_test]
async fn a_writer_survives_panics_at_every_stage_of_a_batch() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = Backend::chosen().url(&folder.path().join("panics.db"));
    let application = Application::on(url).await;
    survive(&application).await;
    assert_eq!(application.restarts(), 0);
}
