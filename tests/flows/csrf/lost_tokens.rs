//! With `csrf = "via-token"`: a page that has lost its anti-CSRF token, which scripts keep in a
//! cookie of their own, while the browser still sends the session's cookies. Such a page refreshes
//! or signs out; a page of another site changes nothing.

use rocket::async_test;
use rocket::http::{ContentType, Method};
use session_runtime::SessionHandle;
use session_tests::Server;
use session_tests::body::{OK, REFUSED, TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};

const LISTED: &str = "https://www.example.com";

/// Where a request comes from, and whether that is a page of ours, shown by the browser.
const FROM: [(&[(&str, &str)], bool); 11] = [
    (&[("Sec-Fetch-Site", "same-origin")], true),
    (&[("Sec-Fetch-Site", "none")], true),
    (&[("Origin", LISTED)], true),
    (
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", LISTED)],
        true,
    ),
    (&[], false),
    (&[("Sec-Fetch-Site", "cross-site")], false),
    (&[("Sec-Fetch-Site", "same-site")], false),
    (&[("Origin", "https://evil.example")], false),
    (&[("Origin", "null")], false),
    (
        &[("Origin", LISTED), ("Origin", "https://evil.example")],
        false,
    ),
    (
        &[
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Site", "cross-site"),
        ],
        false,
    ),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Guard,
    Refresh,
    SignOut,
}

impl Kind {
    fn path(self) -> &'static str {
        match self {
            Self::Guard => "/leave",
            Self::Refresh => REFRESH_PATH,
            Self::SignOut => SIGN_OUT_PATH,
        }
    }

    /// What a page of ours is answered.
    fn answer(self) -> (u16, &'static str) {
        match self {
            Self::Guard => (401, TRY_REFRESH),
            Self::Refresh => (401, UNAUTHORISED),
            Self::SignOut => (200, OK),
        }
    }
}

/// What is in the place of the token of the session.
const TOKENS: [&str; 4] = ["missing", "empty", "of another session", "twice"];

#[async_test]
async fn a_page_that_lost_its_token_refreshes_or_signs_out_and_another_site_does_nothing() {
    let server = Server::builder()
        .set("csrf", "via-token")
        .set("website_origins", vec![LISTED])
        .start()
        .await;
    let mut other = server.browser();
    let foreign = other.log_in("eve").await;
    let foreign = foreign.header("anti-csrf").expect("a token").to_owned();
    for kind in [Kind::Guard, Kind::Refresh, Kind::SignOut] {
        for token in TOKENS {
            for (from, is_ours) in FROM {
                let mut browser = server.browser();
                let login = browser.log_in("ada").await;
                let own = login.header("anti-csrf").expect("a token").to_owned();
                let handle = browser.handle().await;
                let row = format!("{kind:?}, {token}, {from:?}");

                // As a browser sends them: the refresh cookie to its path only.
                let cookies = browser.cookie_header(kind.path()).expect("cookies");
                assert_eq!(cookies.contains(REFRESH), kind == Kind::Refresh, "{row}");
                assert!(cookies.contains(ACCESS), "{row}");
                let mut headers = vec![("Cookie", cookies)];
                headers.extend(
                    from.iter()
                        .map(|(name, value)| (*name, (*value).to_owned())),
                );
                let sent = match token {
                    "missing" => vec![],
                    "empty" => vec![String::new()],
                    "twice" => vec![own.clone(), own],
                    _ => vec![foreign.clone()],
                };
                headers.extend(sent.into_iter().map(|token| ("anti-csrf", token)));

                let before = info(&server, handle).await;
                let answer = browser
                    .send_as(Method::Post, kind.path(), headers, None, ContentType::JSON)
                    .await;
                let expected = if is_ours {
                    kind.answer()
                } else {
                    (403, REFUSED)
                };
                assert_eq!((answer.status, answer.body.as_str()), expected, "{row}");
                if is_ours && kind != Kind::Guard {
                    answer.expect_cleared();
                } else {
                    answer.expect_untouched();
                }
                // Without its cookies no sign-out would find the session of a refresh any more.
                let is_over = is_ours && kind != Kind::Guard;
                let expected = if is_over { "None" } else { &before };
                assert_eq!(info(&server, handle).await, expected, "{row}");
            }
        }
    }
}

async fn info(server: &Server, handle: SessionHandle) -> String {
    let info = server.sessions().info(handle).await;
    format!("{:?}", info.expect("an answer"))
}
