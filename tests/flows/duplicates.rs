//! Cookies of one name twice, as after a change of the cookie domain, and cookies of earlier front ends.

use rocket::async_test;
use rocket::http::Method;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH};
use session_tests::{Answer, Browser, Server};

const TRY_REFRESH: &str = r#"{"message":"try refresh token"}"#;

async fn send(browser: &Browser<'_>, method: Method, path: &str, cookies: String) -> Answer {
    let headers = vec![("Cookie", cookies)];
    browser.send_raw(method, path, headers, None).await
}

fn both(browser: &Browser<'_>) -> String {
    let value = |name| browser.cookie(name).expect("a token");
    format!("{ACCESS}={}; {REFRESH}={}", value(ACCESS), value(REFRESH))
}

/// Behaviour 59, first half; 400 where the model system answers 500. Behaviour 24 is in `verify.rs`.
#[async_test]
async fn two_cookies_of_a_name_are_400_at_a_refresh() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for name in [ACCESS, REFRESH] {
        let cookies = format!("{}; {name}=older", both(&browser));
        let answer = send(&browser, Method::Post, REFRESH_PATH, cookies).await;
        let text = "The request contains multiple session cookies.";
        assert!(
            answer.status == 400
                && answer.json()["message"]
                    .as_str()
                    .expect("a text")
                    .starts_with(text)
        );
        answer.expect_untouched();
    }
    browser.refresh().await.expect(200, "{}");
}

/// Behaviour 59, second half.
#[async_test]
async fn cookies_of_the_older_domain_are_removed() {
    for (older, attribute) in [("", None), (".Example.com", Some("; Domain=example.com"))] {
        let server = Server::with(&[("older_cookie_domain", older.into())]).await;
        let mut browser = server.browser();
        browser.log_in("ada").await;
        for (again, removed) in [
            (vec![ACCESS], vec![ACCESS]),
            (vec![REFRESH], vec![REFRESH]),
            (vec![ACCESS, REFRESH], vec![ACCESS, REFRESH]),
        ] {
            let mut cookies = both(&browser);
            for name in again {
                cookies += &format!("; {name}=older");
            }
            let answer = send(&browser, Method::Post, REFRESH_PATH, cookies).await;
            assert_eq!(answer.status, 200);
            assert!(answer.json()["message"].is_string(), "{}", answer.body);
            // The front end takes an answer without it as failed, and tries again.
            assert_eq!(answer.header("front-token"), None);
            assert_eq!(answer.all("set-cookie").count(), removed.len());
            for name in removed {
                let line = answer.set_cookie(name).expect("a removal");
                assert!(line.starts_with(&format!("{name}=;")), "{line}");
                assert!(line.contains("Expires=Thu, 01 Jan 1970"), "{line}");
                assert_eq!(line.contains("Domain="), attribute.is_some(), "{line}");
                assert!(line.contains(attribute.unwrap_or_default()), "{line}");
            }
        }
        browser.refresh().await.expect(200, "{}");
    }
}

#[async_test]
async fn duplicates_do_not_matter_where_cookies_are_not_read() {
    let server = Server::with(&[("transfer", "header".into())]).await;
    let mut app = server.browser().in_header_mode();
    app.log_in("ada").await;
    let (access, refresh) = app.bearer_tokens().expect("tokens");
    let headers = |token: &str| {
        vec![
            ("Authorization", format!("Bearer {token}")),
            (
                "Cookie",
                format!("{ACCESS}=a; {ACCESS}=b; {REFRESH}=a; {REFRESH}=b; sIdRefreshToken=x"),
            ),
        ]
    };
    let browser = server.browser();
    let answer = browser
        .send_raw(Method::Get, "/me", headers(access), None)
        .await;
    assert_eq!(answer.status, 200);
    let answer = browser
        .send_raw(Method::Post, REFRESH_PATH, headers(refresh), None)
        .await;
    answer.expect(200, "{}");
}

/// Behaviour 23, 60.
#[async_test]
async fn the_cookie_of_earlier_front_ends_asks_for_a_refresh_which_removes_it() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let legacy = "sIdRefreshToken=old";
    for path in ["/me", "/maybe"] {
        let with = format!("{}; {legacy}", both(&browser));
        for cookies in [with, legacy.to_owned()] {
            let answer = send(&browser, Method::Get, path, cookies).await;
            answer.expect(401, TRY_REFRESH).expect_untouched();
        }
    }
    let removed =
        "sIdRefreshToken=; HttpOnly; SameSite=Lax; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
    let failed = send(&browser, Method::Post, REFRESH_PATH, legacy.to_owned()).await;
    failed
        .expect(401, r#"{"message":"unauthorised"}"#)
        .expect_all_cleared();
    assert_eq!(failed.set_cookie("sIdRefreshToken"), Some(removed));
    let with = format!("{}; {legacy}", both(&browser));
    let worked = send(&browser, Method::Post, REFRESH_PATH, with).await;
    worked.expect(200, "{}");
    assert_eq!(worked.set_cookie("sIdRefreshToken"), Some(removed));
}

/// Behaviour 39: an access cookie without a refresh token would make the front end try for ever.
#[async_test]
async fn a_refresh_with_an_access_token_only_clears_everything() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    browser.forget(REFRESH);
    let answer = browser.refresh().await;
    answer
        .expect(401, r#"{"message":"unauthorised"}"#)
        .expect_all_cleared();
    assert_eq!(
        (browser.cookie(ACCESS), browser.cookie(REFRESH)),
        (None, None)
    );
}

#[async_test]
async fn prefixed_names_are_read_and_others_are_not() {
    let settings = [("api_origin", "https://example.com".into())];
    let server = Server::with(&settings).await;
    let mut browser = server.browser();
    let answer = browser.log_in("ada").await;
    let access = answer.set_cookie("__Host-sAccessToken").expect("a cookie");
    assert!(access.contains("; Secure; Path=/; Expires="), "{access}");
    let refresh = answer
        .set_cookie("__Secure-sRefreshToken")
        .expect("a cookie");
    assert!(
        refresh.contains("; Secure; Path=/auth/session/refresh; "),
        "{refresh}"
    );
    assert_eq!(browser.get("/me").await.status, 200);
    browser.refresh().await.expect(200, "{}");
    let token = browser.cookie("__Host-sAccessToken").expect("a token");
    let planted = send(&browser, Method::Get, "/me", format!("{ACCESS}={token}")).await;
    planted.expect(401, r#"{"message":"unauthorised"}"#);
}

#[async_test]
async fn the_prefix_is_a_setting() {
    for (prefix, access, refresh) in [
        ("none", "sAccessToken", "sRefreshToken"),
        ("secure", "__Secure-sAccessToken", "__Secure-sRefreshToken"),
        ("host", "__Host-sAccessToken", "__Secure-sRefreshToken"),
        (
            "host-http",
            "__Host-Http-sAccessToken",
            "__Http-sRefreshToken",
        ),
    ] {
        let server = Server::with(&[
            ("api_origin", "https://example.com".into()),
            ("cookie_prefix", prefix.into()),
        ])
        .await;
        let answer = server.browser().log_in("ada").await;
        assert!(answer.set_cookie(access).is_some(), "{prefix}");
        assert!(answer.set_cookie(refresh).is_some(), "{prefix}");
    }
}
