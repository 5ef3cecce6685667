//! Settings that do not fit together: the launch says what a browser would do about them.

use rocket::async_test;
use rocket::figment::value::Value;
use rocket::{Build, Config, Rocket};
use session_runtime::Sessions;
use session_tests::Log;

type Settings = Vec<(&'static str, Value)>;

fn rocket(folder: &std::path::Path, settings: &Settings) -> Rocket<Build> {
    let file = folder.join("m.db");
    let mut figment = Config::figment()
        .merge(("log_level", "off"))
        .merge(("sessions.database", format!("sqlite://{}", file.display())));
    for (key, value) in settings {
        figment = figment.merge((format!("sessions.{key}"), value.clone()));
    }
    session_tests::rocket(figment)
        .attach(Sessions::fairing())
        .attach(Sessions::cors())
}

async fn launches(settings: &Settings) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    session_tests::launches(rocket(folder.path(), settings)).await
}

fn api(origin: &str) -> (&'static str, Value) {
    ("api_origin", origin.into())
}

#[async_test]
async fn what_works_for_nobody_stops_the_launch() {
    let https = || api("https://api.example.com");
    let table: Vec<(Settings, &[&str])> = vec![
        (
            vec![
                api("http://api.example.com"),
                ("cookie_same_site", "none".into()),
                ("cookie_secure", "no".into()),
            ],
            &["cookie_same_site = \"none\"", "`cookie_secure`"],
        ),
        (
            vec![("cookie_prefix", "host".into())],
            &["cookie_prefix", "`cookie_secure`"],
        ),
        (
            vec![("cookie_prefix", "secure".into())],
            &["cookie_prefix", "`cookie_secure`"],
        ),
        (
            vec![
                https(),
                ("cookie_prefix", "host".into()),
                ("cookie_domain", "example.com".into()),
            ],
            &["cookie_prefix", "`cookie_domain`"],
        ),
        (
            vec![
                https(),
                ("cookie_prefix", "host-http".into()),
                ("access_token_path", "/app".into()),
            ],
            &["cookie_prefix", "`access_token_path`"],
        ),
        (
            vec![api("https://shop.co.uk"), ("cookie_domain", "co.uk".into())],
            &["co.uk", "everybody may register"],
        ),
        (
            vec![
                api("https://shop.github.io"),
                ("cookie_domain", "github.io".into()),
            ],
            &["github.io", "everybody may register"],
        ),
        (
            vec![https(), ("cookie_domain", "example.org".into())],
            &["example.org", "does not cover", "https://api.example.com"],
        ),
        (
            vec![https(), ("cookie_domain", "exa mple".into())],
            &["`sessions.cookie_domain`", "such as \"example.com\""],
        ),
        (
            vec![("website_origins", vec!["*"].into())],
            &["`sessions.website_origins`", "never `*`"],
        ),
        (
            vec![("website_origins", vec!["null"].into())],
            &["`sessions.website_origins`", "\"null\" is not one"],
        ),
        (
            vec![("website_origins", vec!["https://x.example/path"].into())],
            &["`sessions.website_origins`"],
        ),
        (
            vec![("access_cookie_name", "__Host-x".into())],
            &["`access_cookie_name`", "`cookie_prefix`"],
        ),
        (
            vec![("access_cookie_name", "sRefreshHash".into())],
            &["`sessions.access_cookie_name`", "\"sAccessToken\""],
        ),
        (
            vec![("refresh_cookie_name", "sRefreshHash".into())],
            &["`sessions.refresh_cookie_name`", "\"sRefreshToken\""],
        ),
        (
            vec![("access_cookie_name", "sRefreshToken".into())],
            &["`access_cookie_name`", "`refresh_cookie_name`"],
        ),
        (
            vec![("refresh_token_header", "ST-access-token".into())],
            &["`refresh_token_header`"],
        ),
        (
            vec![("csrf", "via-magic".into())],
            &["via-magic", "via-token"],
        ),
        (vec![("transfer", "pigeon".into())], &["pigeon", "cookie"]),
    ];
    for (settings, named) in table {
        let log = Log::start();
        assert!(!launches(&settings).await, "{settings:?}");
        log.expect(named);
    }
}

#[async_test]
async fn what_works_only_for_some_is_said() {
    let https = || api("https://api.example.com");
    let table: Vec<(Settings, &[&str])> = vec![
        (
            vec![
                https(),
                ("website_origins", vec!["https://www.example.org"].into()),
            ],
            &[
                "https://www.example.org is another site than https://api.example.com",
                "cookie_same_site = \"none\"",
            ],
        ),
        (
            vec![
                api("https://a.co.uk"),
                ("website_origins", vec!["https://b.co.uk"].into()),
            ],
            &["https://b.co.uk is another site"],
        ),
        (
            vec![
                https(),
                ("website_origins", vec!["http://www.example.com"].into()),
            ],
            &["http://www.example.com is another site"],
        ),
        (
            vec![
                ("cookie_same_site", "none".into()),
                ("cookie_prefix", "none".into()),
            ],
            &["without `Secure`", "on this machine"],
        ),
        (
            vec![
                https(),
                ("cookie_same_site", "none".into()),
                ("csrf", "none".into()),
            ],
            &["every page on the web"],
        ),
        (
            vec![https(), ("access_token_path", "/app".into())],
            &["access_token_path = \"/app\"", "sign-out"],
        ),
        (
            vec![
                https(),
                ("refresh_token_path", "/api/auth/session/refresh".into()),
            ],
            &[
                "refresh_token_path",
                "does not cover the refresh route, /auth/session/refresh",
                "proxy",
            ],
        ),
        (
            vec![
                https(),
                ("refresh_token_path", "/auth/session/refresh/".into()),
            ],
            &[
                "refresh_token_path = \"/auth/session/refresh/\"",
                "does not cover",
            ],
        ),
        (
            vec![https(), ("access_token_path", "/auth/signout/".into())],
            &["access_token_path = \"/auth/signout/\"", "sign-out"],
        ),
    ];
    for (settings, named) in table {
        let log = Log::start();
        assert!(launches(&settings).await, "{settings:?}");
        log.expect(&[&["settings_do_not_fit"], named].concat());
    }
}

#[async_test]
async fn what_fits_is_not_complained_about() {
    let https = || api("https://api.example.com");
    let table: Vec<Settings> = vec![
        vec![],
        vec![
            https(),
            (
                "website_origins",
                vec!["https://www.example.com", "https://example.com:8443"].into(),
            ),
        ],
        vec![
            https(),
            ("website_origins", vec!["https://www.example.org"].into()),
            ("cookie_same_site", "none".into()),
        ],
        vec![
            https(),
            ("website_origins", vec!["https://www.example.org"].into()),
            ("transfer", "header".into()),
        ],
        vec![https(), ("cookie_domain", ".Example.com".into())],
        vec![
            https(),
            ("access_token_path", "/app".into()),
            ("sign_out_route", false.into()),
        ],
        vec![("website_origins", vec!["http://127.0.0.1:3000"].into())],
        vec![https(), ("refresh_token_path", "/auth/session/".into())],
        vec![https(), ("access_token_path", "/auth/".into())],
    ];
    for settings in table {
        let log = Log::start();
        assert!(launches(&settings).await, "{settings:?}");
        assert!(
            !log.text().contains("settings_do_not_fit"),
            "{settings:?}: {}",
            log.text()
        );
    }
}
