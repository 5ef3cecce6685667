//! What stops the launch: a wrong setting or a missing fairing, with a message that names the fix.

use std::path::Path;

use rocket::config::Config;
use rocket::error::ErrorKind;
use rocket::figment::Figment;
use rocket::figment::value::Value;
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, async_test, routes};
use session_runtime::Sessions;
use session_tests::{Server, app, server};

async fn fails_to_launch(rocket: Rocket<Build>) -> bool {
    match Client::untracked(rocket).await {
        Ok(_) => false,
        Err(error) => matches!(error.kind(), ErrorKind::FailedFairings(_)),
    }
}

async fn with(folder: &Path, settings: &[(&str, Value)]) -> Rocket<Build> {
    server::rocket(folder.join("test.db"), &server::clock(), settings)
}

#[async_test]
async fn every_guard_needs_the_fairing() {
    for routes in [
        routes![app::me],
        routes![app::live],
        routes![app::maybe],
        routes![app::ban],
        routes![app::log_in],
    ] {
        let name = routes[0].name.clone();
        let figment = Config::figment().merge(("log_level", "off"));
        let launched = Client::untracked(rocket::custom(figment).mount("/", routes)).await;
        let error = launched.expect_err("a launch that is stopped");
        assert!(
            matches!(error.kind(), ErrorKind::SentinelAborts(_)),
            "{name:?}"
        );
    }
}

#[async_test]
async fn a_second_fairing_stops_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let rocket = with(folder.path(), &[]).await.attach(Sessions::fairing());
    assert!(fails_to_launch(rocket).await);
}

#[async_test]
async fn wrong_settings_stop_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong: [(&str, Value); 18] = [
        ("no_such_key", 1.into()),
        ("access_token_validity", "soon".into()),
        ("access_token_validity", "0s".into()),
        ("access_token_validity", "101d".into()),
        ("access_token_jitter", 0.5.into()),
        ("access_token_jitter", (-0.1).into()),
        ("rotation_max_children", 0.into()),
        ("rotation_min_age", "101d".into()),
        ("api_base_path", "auth".into()),
        ("api_base_path", "/auth?x".into()),
        ("api_origin", "example.com".into()),
        ("api_origin", "https://example.com/path".into()),
        ("api_origin", "https://user@example.com".into()),
        ("api_origin", "ftp://example.com".into()),
        ("revocation_bound", "0s".into()),
        ("database", "no-such-entry".into()),
        ("database", "mongodb://x".into()),
        ("database", "sqlite://no/such/folder/x.db".into()),
    ];
    for (key, value) in wrong {
        let rocket = with(folder.path(), &[(key, value.clone())]).await;
        assert!(fails_to_launch(rocket).await, "{key} = {value:?}");
    }
}

#[async_test]
async fn the_database_may_be_the_name_of_a_rocket_pool() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pool.db");
    let figment: Figment = Config::figment()
        .merge(("log_level", "off"))
        .merge(("databases.app.url", file.to_string_lossy()))
        .merge(("sessions.database", "app"));
    let launched = Client::untracked(rocket::custom(figment).attach(Sessions::fairing())).await;
    assert!(launched.is_ok() && file.exists());
}

#[async_test]
async fn outside_debug_the_origin_must_be_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let figment = |origin: Option<&str>| {
        let figment = Config::figment().merge(("log_level", "off")).merge((
            "sessions.database",
            format!("sqlite://{}", folder.path().join("r.db").display()),
        ));
        match origin {
            Some(origin) => figment.merge(("sessions.api_origin", origin)),
            None => figment,
        }
        .select("release")
    };
    let rocket = rocket::custom(figment(None)).attach(Sessions::fairing());
    assert!(fails_to_launch(rocket).await);
    let rocket =
        rocket::custom(figment(Some("https://api.example.com"))).attach(Sessions::fairing());
    assert!(!fails_to_launch(rocket).await);
}

#[async_test]
async fn cookies_are_secure_unless_the_origin_is_http_on_this_machine() {
    for (origin, secure) in [
        ("http://localhost:8000", false),
        ("http://127.0.0.1", false),
        ("http://[::1]:3000", false),
        ("http://example.com", true),
        ("http://localhost.example.com", true),
        ("https://localhost", true),
    ] {
        let server = Server::with(&[("api_origin", origin.into())]).await;
        let answer = server.browser().log_in("ada").await;
        let cookie = answer.set_cookie("sAccessToken").expect("a cookie");
        assert_eq!(cookie.contains("; Secure"), secure, "{origin}");
    }
}

#[async_test]
async fn the_settings_show_in_the_cookies() {
    let server = Server::with(&[
        ("api_base_path", "/api/auth/".into()),
        ("access_token_path", "/app".into()),
        ("cookie_domain", "example.com".into()),
        ("cookie_same_site", "none".into()),
        ("cookie_secure", "yes".into()),
    ])
    .await;
    let answer = server.browser().log_in("ada").await;
    let access = answer.set_cookie("sAccessToken").expect("a cookie");
    assert!(
        access
            .contains("; HttpOnly; SameSite=None; Secure; Path=/app; Domain=example.com; Expires="),
        "{access}"
    );
    let refresh = answer.set_cookie("sRefreshToken").expect("a cookie");
    assert!(
        refresh.contains("; Path=/api/auth/session/refresh; "),
        "{refresh}"
    );
    let mut browser = server.browser();
    browser.plant(
        "sRefreshToken",
        refresh.split(['=', ';']).nth(1).expect("a value"),
        "/",
    );
    browser
        .post("/api/auth/session/refresh")
        .await
        .expect(200, "{}");
}

#[async_test]
async fn a_database_of_a_newer_version_is_refused() {
    let server = Server::start().await;
    server
        .database()
        .execute("UPDATE session_schema SET version = 99");
    let rocket = with(&server.folder(), &[]).await;
    assert!(fails_to_launch(rocket).await);
    assert_eq!(
        server
            .database()
            .number("SELECT version AS value FROM session_schema"),
        99
    );
}
