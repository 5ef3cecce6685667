//! An application beside pages of other sites, sibling hosts and other applications.

use std::fs;

use rocket::http::Cookie;
use serde::Deserialize;
use session_runtime::cookie_pairs;

use super::installed::{run, run_beside};
use super::servers::{Names, Servers};

/// The application; its siblings are `*.example.test`.
const APP: &str = "app.example.test";

fn with_tls(settings: &str) -> Servers {
    Servers::of_neighbours(&Names::of(APP, APP), settings)
}

/// Runs the attacks of other sites on an application with these settings.
fn attack(csrf: &str, same_site: &str) {
    let everything = (csrf, same_site) == ("fetch-metadata", "lax");
    let case =
        format!(r#"{{"csrf": "{csrf}", "same_site": "{same_site}", "everything": {everything}}}"#);
    let settings = format!(r#", csrf="{csrf}", cookie_same_site="{same_site}""#);
    run("evidence.test.mjs", &case, &with_tls(&settings));
}

#[test]
fn other_sites_change_nothing_by_fetch_metadata() {
    for same_site in ["lax", "none", "strict"] {
        attack("fetch-metadata", same_site);
    }
}

#[test]
fn other_sites_change_nothing_by_anti_csrf_token() {
    for same_site in ["lax", "none", "strict"] {
        attack("via-token", same_site);
    }
}

#[test]
fn other_sites_change_nothing_by_custom_header() {
    for same_site in ["lax", "none", "strict"] {
        attack("via-custom-header", same_site);
    }
}

#[test]
fn other_sites_remove_nothing_without_a_defence() {
    for same_site in ["lax", "strict"] {
        attack("none", same_site);
    }
}

#[test]
fn other_sites_change_nothing_over_plain_http() {
    let settings = r#", cookie_secure="no""#;
    let case = r#"{"csrf": "fetch-metadata", "everything": false}"#;
    let app = Servers::of_neighbours(&Names::plain(APP), settings);
    run("evidence.test.mjs", case, &app);
}

#[test]
fn late_answers_lose_no_login() {
    run("logins.test.mjs", "", &with_tls(""));
}

/// A `Cookie` header that a browser sent after a sibling host had planted cookies.
#[derive(Deserialize)]
struct Sent {
    how: String,
    /// Whether that host has TLS, and so may plant names with `__Secure-` and `__Http-`.
    secure: bool,
    /// In hexadecimal digits.
    cookies: String,
}

impl Sent {
    /// Each cookie as if it came alone, and all of them; without those that Rocket drops.
    fn lines(&self) -> Vec<String> {
        let digits = self.cookies.as_bytes().chunks_exact(2);
        let bytes: Vec<u8> = digits
            .map(|pair| std::str::from_utf8(pair).expect("digits"))
            .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits"))
            .collect();
        bytes
            .split(|byte| *byte == b';')
            .chain([&bytes[..]])
            .filter_map(|line| String::from_utf8(line.to_vec()).ok())
            .collect()
    }

    /// Whether nobody but the application itself can have set a cookie of this name.
    fn is_protected(&self, name: &str) -> bool {
        let only_secure = ["__Secure-", "__Http-"];
        name.starts_with("__Host-")
            || !self.secure && only_secure.iter().any(|prefix| name.starts_with(prefix))
    }
}

#[test]
fn no_sibling_host_plants_a_prefixed_name() {
    let record = tempfile::tempdir().expect("a folder");
    let folder = record.path().display().to_string();
    run_beside("bytes.test.mjs", "", &with_tls(""), &[("RECORD", &folder)]);
    let mut trimmed = 0;
    for scheme in ["http", "https"] {
        let text = fs::read_to_string(record.path().join(format!("{scheme}.json")));
        let all: Vec<Sent> = serde_json::from_str(&text.expect("a record")).expect("JSON");
        for sent in &all {
            for line in sent.lines() {
                for (name, _) in cookie_pairs(&line) {
                    let how = &sent.how;
                    assert!(!sent.is_protected(name), "{scheme}, {how}: {line:?}");
                }
                // What a reader that trims all white space takes for ours.
                trimmed += Cookie::split_parse(line.as_str())
                    .flatten()
                    .filter(|cookie| sent.is_protected(cookie.name()))
                    .count();
            }
        }
    }
    assert_ne!(trimmed, 0, "the browser sends what others misread");
}
