//! What other sites try: to be returned to, and to have a browser refresh.

use rocket::async_test;
use rocket::http::Method;
use session_runtime::LocalUrl;

use super::{
    HTML, OWN, PAGE, expect_redirect, expired, field, open, press, send, sends_itself, server_with,
};

/// Where nobody may be sent.
const HOSTILE: [&str; 32] = [
    "//evil.example",
    "///evil.example",
    "////evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/x\\..\\evil",
    "/.//evil.example",
    "/x//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    " /secret",
    "/secret\r\nSet-Cookie: a=b",
    "/secret\0",
    "http://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "?next=x",
    "#x",
    "/\u{2215}evil.example",
    "/a/../b",
    "/a/%2e%2E/b",
    "/a/.%2e/b",
    "/a/./b",
    "/..",
    "",
];

/// Encoded it is three times as long, and a proxy would answer 502.
#[async_test]
async fn a_page_with_too_long_an_address_is_not_returned_to() {
    let server = server_with(&[]).await;
    let mut nobody = server.browser();
    for (letters, returns) in [(600, true), (2000, false)] {
        let path = format!("/secret?{}", "=".repeat(letters));
        let answer = open(&mut nobody, &path).await;
        let location = answer.header("location").expect("a redirect");
        assert_eq!(location.contains("next="), returns, "{location}");
        assert!(location.len() <= LocalUrl::LONGEST, "{}", location.len());
    }
}

#[async_test]
async fn nobody_is_sent_to_another_site() {
    let server = server_with(&[]).await;
    let long = format!("/{}", "x".repeat(LocalUrl::LONGEST));
    for hostile in HOSTILE.iter().copied().chain([long.as_str()]) {
        assert_eq!(LocalUrl::parse(hostile), None, "{hostile:?}");
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let fields = [("next", hostile), ("login", "/sign-in")];
        let answer = send(&mut browser, Method::Post, PAGE, &[OWN], &fields).await;
        expect_redirect(&answer, "/");
        let answer = send(&mut browser, Method::Post, "/choose", &[OWN], &fields).await;
        assert_eq!(answer.header("location"), Some("/"), "{hostile:?}");

        let mut nobody = server.browser();
        let fields = [("next", hostile), ("login", hostile)];
        let answer = send(&mut nobody, Method::Post, PAGE, &[OWN], &fields).await;
        expect_redirect(&answer, "/");

        let query = rocket::http::RawStr::new(hostile)
            .percent_encode()
            .to_string();
        let path = format!("{PAGE}?next={query}&login={query}");
        let answer = open(&mut nobody, &path).await;
        let at = (field(&answer, "next"), field(&answer, "login"));
        assert_eq!(at, ("/".into(), "/".into()), "{hostile:?}");

        let headers = [("Accept", HTML), ("Referer", hostile)];
        let answer = send(&mut nobody, Method::Post, "/secret", &headers, &[]).await;
        assert!(
            answer.body.contains("by=form&amp;next=%2F\""),
            "{}",
            answer.body
        );
    }
    for good in [
        "/",
        "/a/b/?c=//d&e=http://f",
        "/a%20b",
        "/a/..b/.c/...?d=../e",
        "/@evil.example",
    ] {
        assert_eq!(LocalUrl::parse(good).expect(good).as_str(), good);
    }
    // Missing, or given twice.
    let mut browser = server.browser();
    browser.log_in("ada").await;
    expect_redirect(
        &send(&mut browser, Method::Post, PAGE, &[OWN], &[]).await,
        "/",
    );
    let fields = [("next", "/secret"), ("next", "//evil.example")];
    expect_redirect(
        &send(&mut browser, Method::Post, PAGE, &[OWN], &fields).await,
        "/secret",
    );
    // A path that a browser would take for a host.
    let answer = open(&mut server.browser(), "//evil.example/..").await;
    assert!(!answer.body.contains("evil") && answer.header("location").is_none());
}

#[async_test]
async fn a_page_of_another_site_changes_nothing() {
    for csrf in ["fetch-metadata", "via-token", "via-custom-header"] {
        let server = server_with(&[("csrf", csrf.into())]).await;
        let mut browser = expired(&server).await;
        let before = browser.jar();
        let fields = [("next", "/secret"), ("login", "/sign-in")];
        for headers in [
            vec![("Sec-Fetch-Site", "cross-site")],
            vec![
                ("Sec-Fetch-Site", "same-site"),
                ("Origin", "http://evil.site.example"),
            ],
            vec![("Origin", "http://evil.example")],
            vec![("Origin", "null")],
        ] {
            let answer = send(&mut browser, Method::Post, PAGE, &headers, &fields).await;
            assert!(answer.status == 403 && answer.body.contains("<h1>Not from here</h1>"));
            answer.expect_untouched();
        }
        // Its link to the page by its address does not send itself either.
        let path = format!("{PAGE}?next=/secret&login=/sign-in");
        for (site, status, by_itself) in [
            (None, 200, false),
            (Some("cross-site"), 403, false),
            (Some("none"), 200, false),
            (Some("same-origin"), 200, true),
        ] {
            let headers: Vec<_> = site
                .map(|site| ("Sec-Fetch-Site", site))
                .into_iter()
                .collect();
            let answer = send(&mut browser, Method::Get, &path, &headers, &[]).await;
            assert_eq!(
                (answer.status, sends_itself(&answer)),
                (status, by_itself),
                "{site:?}"
            );
            answer.expect_untouched();
        }
        // A form cannot send a header: what the browser says is enough, whatever programs have to
        // show.
        let mut browser = browser.with_jar(before);
        let page = open(&mut browser, "/secret").await;
        expect_redirect(&press(&mut browser, &page).await, "/secret");
    }
}
