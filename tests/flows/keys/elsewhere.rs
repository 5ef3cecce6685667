//! Refresh tokens under a key that another process made a moment ago: looked up first, then checked
//! like any other.

use rocket::async_test;
use rocket::http::Method;
use session_runtime::internals::add_refresh_key;
use session_tests::body::{REFUSED, UNAUTHORISED, UNAVAILABLE};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH};
use session_tests::{Answer, Browser, Server};

/// Two processes; the feed of the first is so slow that only looking for a key can find it.
async fn processes(csrf: &str) -> (Server, Server) {
    let settings = [("revocation_bound", "10h".into()), ("csrf", csrf.into())];
    let here = Server::builder().settings(&settings).start().await;
    let there = here.beside().settings(&settings).start().await;
    add_refresh_key(there.sessions()).await;
    (here, there)
}

async fn refresh(here: &Server, cookies: &Browser<'_>, headers: &[(&'static str, &str)]) -> Answer {
    let pair =
        [ACCESS, REFRESH].map(|name| format!("{name}={}", cookies.cookie(name).expect("a token")));
    let mut all = vec![("Cookie", pair.join("; "))];
    all.extend(
        headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let browser = here.browser();
    browser
        .send_raw(Method::Post, REFRESH_PATH, all, None)
        .await
}

const OURS: (&str, &str) = ("Sec-Fetch-Site", "same-origin");
const FOREIGN: (&str, &str) = ("Sec-Fetch-Site", "cross-site");

/// What `csrf` refuses is refused although the key was unknown when the request came.
#[async_test]
async fn a_key_that_was_unknown_skips_no_check() {
    for (csrf, headers, status, body) in [
        ("fetch-metadata", vec![OURS], 200, "{}"),
        ("fetch-metadata", vec![], 200, "{}"),
        ("fetch-metadata", vec![FOREIGN], 403, REFUSED),
        ("none", vec![OURS], 200, "{}"),
        ("none", vec![FOREIGN], 403, REFUSED),
        ("via-custom-header", vec![OURS, ("rid", "x")], 200, "{}"),
        ("via-custom-header", vec![OURS], 403, REFUSED),
        (
            "via-custom-header",
            vec![("rid", "x"), FOREIGN],
            403,
            REFUSED,
        ),
        ("via-token", vec![OURS, ("anti-csrf", "theirs")], 200, "{}"),
        ("via-token", vec![OURS], 401, UNAUTHORISED),
        (
            "via-token",
            vec![OURS, ("anti-csrf", "x")],
            401,
            UNAUTHORISED,
        ),
        ("via-token", vec![("anti-csrf", "x")], 403, REFUSED),
        (
            "via-token",
            vec![FOREIGN, ("anti-csrf", "theirs")],
            403,
            REFUSED,
        ),
    ] {
        let (here, there) = processes(csrf).await;
        let mut browser = there.browser();
        let login = browser.log_in("ada").await;
        let token = login.header("anti-csrf").unwrap_or_default();
        let theirs = |(name, value)| (name, if value == "theirs" { token } else { value });
        let sent: Vec<_> = headers.iter().copied().map(theirs).collect();
        let answer = refresh(&here, &browser, &sent).await;
        let row = format!("{csrf} {headers:?}: {answer:?}");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, body),
            "{row}"
        );
        match status {
            200 => assert!(answer.set_cookie(REFRESH).is_some(), "{row}"),
            401 => drop(answer.expect_cleared()),
            _ => drop(answer.expect_untouched()),
        }
        let children = "SELECT coalesce(max(length(children)), 0) AS value FROM session_info";
        let written = here.database().number(children) > 0;
        assert_eq!(written, status == 200, "{row}");
    }
}

#[async_test]
async fn a_client_with_headers_needs_no_more_than_its_token() {
    for csrf in ["fetch-metadata", "via-custom-header", "via-token", "none"] {
        let (here, there) = processes(csrf).await;
        let mut app = there.browser().in_header_mode();
        app.log_in("ada").await;
        let (_, token) = app.bearer_tokens().expect("tokens");
        let headers = vec![("Authorization", format!("Bearer {token}"))];
        let browser = here.browser();
        let answer = browser
            .send_raw(Method::Post, REFRESH_PATH, headers, None)
            .await;
        answer.expect(200, "{}");
    }
}

/// The database answers once in ten seconds; until then nobody knows, and nothing is removed.
#[async_test]
async fn a_key_that_stays_unknown_is_503_and_nothing_is_removed() {
    let (here, there) = processes("via-custom-header").await;
    let mut browser = there.browser();
    browser.log_in("ada").await;
    here.database()
        .execute("DELETE FROM session_key WHERE id = '2'");
    let answer = refresh(&here, &browser, &[OURS, ("rid", "x")]).await;
    answer.expect(503, UNAVAILABLE).expect_untouched();
    let answer = refresh(&here, &browser, &[OURS]).await;
    answer.expect(403, REFUSED).expect_untouched();
    // A pair of a known key is refreshed meanwhile.
    let mut known = here.browser();
    known.log_in("eve").await;
    let header = [&browser, &known].map(|of| {
        [ACCESS, REFRESH].map(|name| format!("{name}={}", of.cookie(name).expect("a token")))
    });
    let cookies = header.concat().join("; ");
    let headers = vec![("Cookie", cookies), ("rid", "x".to_owned())];
    let answer = known
        .send_raw(Method::Post, REFRESH_PATH, headers, None)
        .await;
    answer.expect(200, "{}");
}
