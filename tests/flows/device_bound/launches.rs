//! Settings with which no browser would bind a session, or would lose one that is bound.

use rocket::async_test;
use rocket::error::ErrorKind;
use rocket::figment::value::Value;
use rocket::local::asynchronous::Client;
use session_tests::{Log, Server};

use super::ORIGIN;

async fn refused(settings: &[(&str, Value)]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = Log::start();
    let rocket = Server::builder()
        .on_file(folder.path().join("test.db"))
        .set("device_bound", "when-supported")
        .settings(settings)
        .build();
    let launched = Client::untracked(rocket).await;
    let error = launched.expect_err("a launch that is stopped");
    assert!(matches!(error.kind(), ErrorKind::FailedFairings(_)));
    log.text()
}

#[async_test]
async fn a_launch_that_cannot_bind_sessions_says_what_to_write() {
    let https = || ("api_origin", ORIGIN.into());
    for (settings, needle) in [
        (
            vec![],
            "needs https, and browsers reach this server at http://",
        ),
        (
            vec![https(), ("refresh_route", false.into())],
            "needs `refresh_route`, which is false",
        ),
        (
            vec![https(), ("transfer", "header".into())],
            "is for sessions in cookies",
        ),
        (
            vec![https(), ("refresh_token_path", "/other".into())],
            "needs the refresh token at /auth/session/refresh/device",
        ),
        (
            vec![https(), ("access_token_validity", "5m".into())],
            "`device_bound_validity` must be at most `access_token_validity`, but they are \"10m\" and \"5m\"",
        ),
        (
            vec![https(), ("device_bound_validity", "4m".into())],
            "`device_bound_validity` must be between \"5m\" and",
        ),
        (
            vec![https(), ("device_bound_validity", "300500ms".into())],
            "`device_bound_validity` must be whole seconds",
        ),
        (
            vec![https(), ("device_bound_exclude", vec!["static"].into())],
            "`device_bound_exclude` must start with `/`",
        ),
    ] {
        let log = refused(&settings).await;
        assert!(log.contains(needle), "{settings:?}: {log}");
    }
}
