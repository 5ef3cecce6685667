//! An application beside pages of other sites, sibling hosts and other applications.

use std::fs;

use rocket::http::Cookie;
use serde::Deserialize;
use session_runtime::internals::cookie_pairs;

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
fn other_sites_start_refresh_and_end_nothing_without_a_check() {
    for same_site in ["lax", "none", "strict"] {
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

#[test]
fn no_sibling_host_puts_a_copy_in_the_place_of_a_session() {
    run("siblings.test.mjs", "", &with_tls(""));
}

/// A `Cookie` header that a browser sent after a sibling host had planted cookies.
#[derive(Deserialize)]
struct Sent {
    how: String,
    /// Whether that host has TLS, and so may plant names with `__Secure-` and `__Http-`.
    secure: bool,
    /// In hexadecimal digits.
    cookies: String,
    /// The names and values of these cookies, as the browser tells them; of bytes that are not
    /// UTF-8 it tells something else.
    stored: Vec<(String, String)>,
}

impl Sent {
    /// Each cookie as if it came alone; nothing of those that Rocket drops.
    fn each(&self) -> Vec<Option<String>> {
        self.bytes()
            .split(|byte| *byte == b';')
            .map(|line| String::from_utf8(line.to_vec()).ok())
            .collect()
    }

    /// Each cookie as if it came alone, and all of them; without those that Rocket drops.
    fn lines(&self) -> Vec<String> {
        let all = String::from_utf8(self.bytes()).ok();
        self.each().into_iter().chain([all]).flatten().collect()
    }

    fn bytes(&self) -> Vec<u8> {
        let digits = self.cookies.as_bytes().chunks_exact(2);
        digits
            .map(|pair| std::str::from_utf8(pair).expect("digits"))
            .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits"))
            .collect()
    }

    /// Checks that the library reads what the browser stored: neither more cookies nor fewer, and no
    /// name or value that is cut or trimmed.
    fn expect_read_as_stored(&self) {
        let each = self.each();
        let read: Vec<(&str, &str)> = each
            .iter()
            .flatten()
            .flat_map(|line| cookie_pairs(line))
            .collect();
        let mut stored: Vec<(&str, &str)> = self
            .stored
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        for pair in &read {
            let same = stored.iter().position(|other| other == pair);
            let how = &self.how;
            let same =
                same.unwrap_or_else(|| panic!("{how}: {pair:?} was read, and is not stored"));
            stored.swap_remove(same);
        }
        // Those that Rocket drops, or that have no name and came without `=`.
        let has_pair = |line: &Option<String>| line.as_ref().is_some_and(|line| line.contains('='));
        let is_empty =
            |line: &Option<String>| line.as_ref().is_some_and(|line| line.trim().is_empty());
        let unread = each
            .iter()
            .filter(|line| !has_pair(line) && !is_empty(line));
        assert_eq!(stored.len(), unread.count(), "{}: {stored:?}", self.how);
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
            sent.expect_read_as_stored();
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
