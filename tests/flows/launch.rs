//! What stops the launch: a wrong setting or a missing fairing, with a message that names the fix.

use std::path::Path;

use rocket::config::Config;
use rocket::error::ErrorKind;
use rocket::figment::{Figment, value::Value};
use rocket::local::asynchronous::Client;
use rocket::{Build, Rocket, async_test, post, routes};
use session_runtime::{Sessions, login};
use session_tests::{Log, Server, app, launches};
use tempfile::TempDir;

async fn with(folder: &Path, settings: &[(&str, Value)]) -> Rocket<Build> {
    Server::builder()
        .on_file(folder.join("test.db"))
        .settings(settings)
        .build()
}

/// Logs anybody in.
#[login]
#[post("/login")]
fn anybody() -> (String, app::Claims, app::Notes) {
    let claims = app::Claims { name: "Ada".into() };
    ("ada".into(), claims, app::Notes::default())
}

#[async_test]
async fn every_guard_needs_the_fairing() {
    let routes = [
        (routes![app::me], "Session"),
        (routes![app::live], "LiveSession"),
        (routes![app::maybe], "MaybeSession"),
        (routes![app::ban], "Sessions"),
        (routes![app::log_in], "#[login]"),
        (by_hand(), "#[logout]"),
    ];
    for (routes, what) in routes {
        let log = Log::start();
        let figment = Config::figment().merge(("log_level", "off"));
        let launched = Client::untracked(session_tests::rocket(figment).mount("/", routes)).await;
        let error = launched.expect_err("a launch that is stopped");
        assert!(
            matches!(error.kind(), ErrorKind::SentinelAborts(_)),
            "{what}"
        );
        log.expect(&[&format!("`{what}` needs sessions")]);
        log.expect(&["Add `.attach(Sessions::fairing())`"]);
    }
}

fn by_hand() -> Vec<rocket::Route> {
    #[rocket::post("/logout")]
    async fn log_out(logout: session_runtime::Logout) -> Result<(), session_runtime::Error> {
        logout.revoke_presented().await
    }
    routes![log_out]
}

#[async_test]
async fn a_second_fairing_stops_the_launch() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::start();
    let rocket = with(folder.path(), &[]).await.attach(Sessions::fairing());
    assert!(!launches(rocket).await);
    log.expect(&["`Sessions::fairing()` is attached twice: remove one"]);
}

#[async_test]
async fn a_route_on_our_path_stops_the_launch() {
    #[rocket::post("/session/refresh")]
    fn own_refresh() {}

    let folder = tempfile::tempdir().expect("a folder");
    let log = Log::start();
    let rocket = with(folder.path(), &[])
        .await
        .mount("/auth", routes![own_refresh]);
    assert!(!launches(rocket).await);
    log.expect(&[
        "POST /auth/session/refresh",
        "as `own_refresh`",
        "`sessions.api_base_path`",
    ]);

    let elsewhere = with(folder.path(), &[("api_base_path", "/api".into())]).await;
    assert!(launches(elsewhere.mount("/auth", routes![own_refresh])).await);
}

#[async_test]
async fn wrong_settings_stop_the_launch_and_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let wrong: [(&str, Value, &[&str]); 19] = [
        (
            "no_such_key",
            1.into(),
            &[
                "there is no setting `no_such_key` at tests/src/builder.rs:",
                "`database`",
                "`database_queue`",
            ],
        ),
        (
            "access_token_validity",
            "soon".into(),
            &["access_token_validity", "soon"],
        ),
        (
            "access_token_validity",
            "0s".into(),
            &[
                "`access_token_validity` must be between \"1s\" and \"1year\", not \"0s\": write for example \"1h\"",
            ],
        ),
        (
            "access_token_validity",
            "101d".into(),
            &["`refresh_token_validity` must be longer than `access_token_validity`"],
        ),
        (
            "access_token_jitter",
            0.5.into(),
            &["`access_token_jitter` must be between 0 and 0.25"],
        ),
        (
            "write_connections",
            0.into(),
            &["`write_connections` must be between 1 and 64, not 0: write for example 3"],
        ),
        (
            "read_connections",
            65.into(),
            &["`read_connections` must be between 1 and 64, not 65: write for example 4"],
        ),
        (
            "rotation_min_age",
            "60s".into(),
            &[
                "`rotation_min_age` must be at least \"1m 55s\" with `database_timeout = \"5s\"`, not \"1m\"",
            ],
        ),
        (
            "api_base_path",
            "auth".into(),
            &["`api_base_path`", "must start with `/`"],
        ),
        (
            "api_base_path",
            "/auth?x".into(),
            &["`api_base_path`", "\"/auth\""],
        ),
        (
            "api_origin",
            "example.com".into(),
            &["`sessions.api_origin`", "https://api.example.com"],
        ),
        (
            "api_origin",
            "https://example.com/path".into(),
            &["`sessions.api_origin`"],
        ),
        (
            "api_origin",
            "https://user@example.com".into(),
            &["`sessions.api_origin`"],
        ),
        (
            "api_origin",
            "ftp://example.com".into(),
            &["`sessions.api_origin`"],
        ),
        (
            "revocation_bound",
            "1ns".into(),
            &[
                "`revocation_bound` must be between \"20ms\" and \"1day\", not \"1ns\": write for example \"1s\"",
            ],
        ),
        (
            "cookie_same_site",
            "sometimes".into(),
            &["cookie_same_site", "sometimes"],
        ),
        (
            "database",
            "no-such-entry".into(),
            &[
                "`sessions.database`",
                "sqlite://sessions.db",
                "(there is none)",
            ],
        ),
        (
            "database",
            "mongodb://x".into(),
            &["`sessions.database` names `mongodb:`"],
        ),
        (
            "database",
            "sqlite://no/such/folder/x.db".into(),
            &[
                "`sessions.database`",
                "/no/such/folder` does not exist: make it",
            ],
        ),
    ];
    for (key, value, words) in wrong {
        let log = Log::start();
        let rocket = with(folder.path(), &[(key, value.clone())]).await;
        assert!(!launches(rocket).await, "{key} = {value:?}");
        log.expect(words);
    }
}

#[async_test]
async fn settings_that_contradict_each_other_are_both_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let pairs = [
        (
            [("rotation_min_age", "2h"), ("absolute_lifetime", "2h")],
            ["`rotation_min_age`", "`absolute_lifetime`"],
        ),
        (
            [
                ("access_token_validity", "2h"),
                ("refresh_token_validity", "1h"),
            ],
            ["`access_token_validity`", "`refresh_token_validity`"],
        ),
        (
            [("rotation_min_age", "2h"), ("refresh_token_validity", "2h")],
            ["`rotation_min_age`", "`refresh_token_validity`"],
        ),
    ];
    for (settings, named) in pairs {
        let settings = settings.map(|(key, value)| (key, Value::from(value)));
        let log = Log::start();
        assert!(!launches(with(folder.path(), &settings).await).await);
        log.expect(&named);
    }
}

#[async_test]
async fn the_database_may_be_the_name_of_a_rocket_pool() {
    let _log = Log::start();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pool.db");
    let figment: Figment = Config::figment()
        .merge(("log_level", "off"))
        .merge(("databases.app.url", file.to_string_lossy()))
        .merge(("sessions.database", "app"));
    let launched =
        Client::untracked(session_tests::rocket(figment).attach(Sessions::fairing())).await;
    assert!(launched.is_ok() && file.exists());
}

/// The settings of a server that is no development.
fn release(folder: &TempDir, origin: Option<&str>) -> Figment {
    let file = folder.path().join("r.db");
    let figment = Config::figment()
        .merge(("log_level", "off"))
        .merge(("sessions.database", format!("sqlite://{}", file.display())))
        .merge((
            "sessions.master_key",
            "q6/7jzOqNlBPzv3eOFyRZ1m3Kk0Zt4Q1i2D5o8Wc6Xs=",
        ));
    match origin {
        Some(origin) => figment.merge(("sessions.api_origin", origin)),
        None => figment,
    }
    .select("release")
}

#[async_test]
async fn outside_debug_the_origin_must_be_said() {
    let log = Log::start();
    let folder = tempfile::tempdir().expect("a folder");
    let rocket = session_tests::rocket(release(&folder, None)).attach(Sessions::fairing());
    assert!(!launches(rocket).await);
    log.expect(&[
        "`sessions.api_origin` must be set",
        "https://api.example.com",
    ]);
    drop(log);
    let figment = release(&folder, Some("https://api.example.com"));
    let rocket = session_tests::rocket(figment).attach(Sessions::fairing());
    assert!(launches(rocket).await);
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
        let server = Server::builder().set("api_origin", origin).start().await;
        let answer = server.browser().log_in("ada").await;
        let prefix = if secure { "__Host-" } else { "" };
        let access = answer.set_cookie(&format!("{prefix}sAccessToken"));
        let prefix = if secure { "__Secure-" } else { "" };
        let refresh = answer.set_cookie(&format!("{prefix}sRefreshToken"));
        let prefix = if secure { "__Host-" } else { "" };
        let hash = answer.set_cookie(&format!("{prefix}sRefreshHash"));
        for cookie in [access, refresh, hash] {
            let cookie = cookie.expect("a cookie");
            assert_eq!(cookie.contains("; Secure"), secure, "{origin}");
        }
    }
}

#[async_test]
async fn outside_debug_cookies_are_secure_whatever_the_origin() {
    let log = Log::start();
    let folder = tempfile::tempdir().expect("a folder");
    let rocket = |secure: &str| {
        let figment = release(&folder, Some("http://localhost:8000"));
        let figment = figment.merge(("sessions.cookie_secure", secure));
        session_tests::rocket(figment)
            .attach(Sessions::fairing())
            .mount("/", routes![anybody])
    };
    assert!(!launches(rocket("no")).await);
    log.expect(&["`sessions.cookie_secure = \"no\"`", "debug profile"]);
    drop(log);

    let client = Client::untracked(rocket("auto")).await.expect("a launch");
    let login = client.post("/login").dispatch().await;
    let cookies: Vec<_> = login.headers().get("set-cookie").collect();
    assert_eq!(cookies.len(), 3);
    assert!(
        cookies.iter().all(|line| line.contains("; Secure")),
        "{cookies:?}"
    );
}

#[async_test]
async fn the_settings_show_in_the_cookies() {
    let server = Server::builder()
        .set("api_base_path", "/api/auth/")
        .set("access_token_path", "/app")
        .set("cookie_domain", "example.com")
        .set("cookie_same_site", "strict")
        .set("cookie_secure", "yes")
        .start()
        .await;
    let answer = server.browser().log_in("ada").await;
    let access = answer
        .set_cookie("__Secure-sAccessToken")
        .expect("a cookie");
    assert!(
        access.contains(
            "; HttpOnly; SameSite=Strict; Secure; Path=/app; Domain=example.com; Expires="
        ),
        "{access}"
    );
    let refresh = answer
        .set_cookie("__Secure-sRefreshToken")
        .expect("a cookie");
    assert!(
        refresh.contains("; Path=/api/auth/session/refresh; "),
        "{refresh}"
    );
    let hash = answer
        .set_cookie("__Secure-sRefreshHash")
        .expect("a cookie");
    assert!(hash.contains("; Path=/; Domain=example.com; "), "{hash}");
    let mut browser = server.browser();
    browser.keep(&answer);
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
    let log = Log::start();
    let rocket = with(&server.folder(), &[]).await;
    assert!(!launches(rocket).await);
    log.expect(&["version 99", "start the newer program"]);
    assert_eq!(
        server
            .database()
            .number("SELECT version AS value FROM session_schema"),
        99
    );
}
