//! The paths of cookies, as browsers see them: with what a proxy strips in front.

use rocket::async_test;
use rocket::figment::value::Value;
use session_tests::browser::{HASH, REFRESH};
use session_tests::{Log, Server};

/// What a proxy strips stands in front of the paths that browsers see, and in no other setting.
#[async_test]
async fn the_outer_path_shows_in_the_cookies() {
    for (settings, access, refresh) in [
        (vec![], "/shop", "/shop/auth/session/refresh"),
        (
            vec![("access_token_path", "/app"), ("api_base_path", "/api/")],
            "/shop/app",
            "/shop/api/session/refresh",
        ),
        (vec![("refresh_token_path", "/r")], "/shop", "/r"),
        (vec![("outer_path", "/")], "/", "/auth/session/refresh"),
    ] {
        let settings: Vec<(&str, Value)> = [("outer_path", "/shop/")]
            .iter()
            .chain(&settings)
            .map(|(key, value)| (*key, (*value).into()))
            .collect();
        let server = Server::builder()
            .set("api_origin", "https://example.com")
            .settings(&settings)
            .start()
            .await;
        let answer = server.browser().log_in("ada").await;
        let prefix = if access == "/" {
            "__Host-"
        } else {
            "__Secure-"
        };
        let line = |name: &str| answer.set_cookie(name).expect("a cookie").to_owned();
        let first = line(&format!("{prefix}sAccessToken"));
        let second = line("__Secure-sRefreshToken");
        assert!(first.contains(&format!("; Path={access}; ")), "{first}");
        assert!(second.contains(&format!("; Path={refresh}; ")), "{second}");
    }
}

/// No sibling domain can plant it, whatever the paths and names of the tokens are, unless the cookies are those of
/// a whole domain.
#[async_test]
async fn the_hash_of_a_refresh_token_is_this_hosts_alone() {
    for (settings, refresh, hash) in [
        (vec![], "__Secure-", "__Host-"),
        (vec![("refresh_token_path", "/")], "__Secure-", "__Host-"),
        (vec![("access_token_path", "/app")], "__Secure-", "__Host-"),
        (vec![("outer_path", "/shop")], "__Secure-", "__Host-"),
        (vec![("cookie_prefix", "secure")], "__Secure-", "__Host-"),
        (
            vec![("cookie_prefix", "host-http")],
            "__Http-",
            "__Host-Http-",
        ),
        (
            vec![("cookie_domain", "example.com")],
            "__Secure-",
            "__Secure-",
        ),
        (vec![("cookie_prefix", "none")], "", ""),
    ] {
        let row = format!("{settings:?}");
        let settings: Vec<(&str, Value)> = settings
            .into_iter()
            .map(|(key, value)| (key, value.into()))
            .collect();
        let server = Server::builder()
            .set("api_origin", "https://example.com")
            .settings(&settings)
            .start()
            .await;
        let answer = server.browser().log_in("ada").await;
        let line = |name: String| answer.set_cookie(&name).expect(&row).to_owned();
        let _refresh = line(format!("{refresh}{REFRESH}"));
        let hash = line(format!("{hash}{HASH}"));
        assert!(hash.contains("; Secure; Path=/; "), "{row}: {hash}");
        let has_domain = hash.contains("; Domain=");
        assert_eq!(has_domain, row.contains("cookie_domain"), "{row}: {hash}");
    }
}

#[async_test]
async fn what_is_no_path_of_a_cookie_stops_the_launch() {
    for (setting, path, named) in [
        (
            "outer_path",
            "app",
            "`outer_path` must start with `/` and be a path",
        ),
        ("outer_path", "/app;b", "(no `//`, `..`, `;`"),
        ("api_base_path", "/a;b", "(no `//`, `..`, `;`"),
        (
            "access_token_path",
            "/a; Domain=x.org",
            "(no `//`, `..`, `;`",
        ),
        ("refresh_token_path", "/\u{e4}", "(no `//`, `..`, `;`"),
    ] {
        let log = Log::start();
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::builder().on_file(folder.path().join("c.db"));
        let rocket = server.set(setting, path).build();
        let error = rocket.ignite().await.expect_err("a launch that fails");
        // Looking at the error keeps Rocket from panicking when it is dropped.
        let _seen = error.kind();
        log.expect(&[setting, named]);
    }
}
