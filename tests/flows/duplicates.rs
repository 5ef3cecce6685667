//! Cookies that are not ours, or not of this session: a neighbour planted them, or a change of a setting left them.

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use session_tests::body::UNAUTHORISED;
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH};
use session_tests::{Answer, Browser, Server, names};

async fn send(browser: &Browser<'_>, method: Method, path: &str, cookies: String) -> Answer {
    let headers = vec![("Cookie", cookies)];
    browser.send_raw(method, path, headers, None).await
}

fn both(browser: &Browser<'_>) -> String {
    let value = |name| browser.cookie(name).expect("a token");
    format!("{ACCESS}={}; {REFRESH}={}", value(ACCESS), value(REFRESH))
}

#[async_test]
async fn duplicates_do_not_matter_where_cookies_are_not_read() {
    let server = Server::builder().set("transfer", "header").start().await;
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

/// An access cookie without a refresh token would make the front end try for ever.
#[async_test]
async fn a_refresh_with_an_access_token_only_clears_everything() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    browser.forget(REFRESH);
    let answer = browser.refresh().await;
    answer.expect(401, UNAUTHORISED).expect_cleared();
    assert_eq!(
        (browser.cookie(ACCESS), browser.cookie(REFRESH)),
        (None, None)
    );
}

#[async_test]
async fn prefixed_names_are_read_and_others_are_not() {
    let settings = [("api_origin", "https://example.com".into())];
    let server = Server::builder().settings(&settings).start().await;
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
    planted.expect(401, UNAUTHORISED);
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
        let server = Server::builder()
            .set("api_origin", "https://example.com")
            .set("cookie_prefix", prefix)
            .start()
            .await;
        let answer = server.browser().log_in("ada").await;
        assert!(answer.set_cookie(access).is_some(), "{prefix}");
        assert!(answer.set_cookie(refresh).is_some(), "{prefix}");
    }
}

/// A neighbour on the same domain can plant any of these, and a change of a setting can leave them.
#[async_test]
async fn what_is_not_ours_stands_in_nobodys_way() {
    let server = Server::start().await;
    let elsewhere = Server::builder()
        .set("api_base_path", "/staging")
        .start()
        .await;
    let mut stranger = elsewhere.browser();
    stranger.log_in("mallory").await;
    let theirs = both(&stranger);
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let handle = browser.handle().await;
    let planted = [
        "sIdRefreshToken=old".to_owned(),
        format!("{ACCESS}=junk; {REFRESH}=junk"),
        format!("{ACCESS}.{0}=x; {REFRESH}.{0}=x", names::tag(handle)),
        "\u{2000}sAccessToken.AAAAAAAA=x".to_owned(),
        theirs.clone(),
        format!("{}; {theirs}; sIdRefreshToken=old", both(&browser)),
    ];
    for planted in planted {
        for cookies in [
            format!("{planted}; {}", both(&browser)),
            format!("{}; {planted}", both(&browser)),
        ] {
            let answer = send(&browser, Method::Get, "/me", cookies.clone()).await;
            assert_eq!(answer.json()["user"], "ada", "{cookies}");
            let answer = send(&browser, Method::Post, REFRESH_PATH, cookies).await;
            answer.expect(200, "{}");
        }
        let answer = send(&browser, Method::Get, "/maybe", planted.clone()).await;
        if !planted.contains("eyJ") || planted == theirs {
            answer.expect(200, r#"{"user":null}"#).expect_untouched();
            let answer = send(&browser, Method::Post, REFRESH_PATH, planted).await;
            answer.expect(401, UNAUTHORISED);
            assert_eq!(answer.header("front-token"), None);
        }
    }
}

/// A token under the name of another session does not count, so nobody mixes two sessions.
#[async_test]
async fn a_token_counts_under_the_name_of_its_session_only() {
    let (access, refresh) = ("__Host-sAccessToken", "__Secure-sRefreshToken");
    let on_tls = [("api_origin", "https://app.example.com".into())];
    let server = Server::builder().settings(&on_tls).start().await;
    let (mut ada, mut bob) = (server.browser(), server.browser());
    ada.log_in("ada").await;
    bob.log_in("bob").await;
    let tag = names::tag(ada.handle().await);
    let value = |browser: &Browser<'_>, name| browser.cookie(name).expect("a token");
    let swapped = format!(
        "{access}.{tag}={}; {refresh}.{tag}={}",
        value(&bob, access),
        value(&bob, refresh)
    );
    send(&ada, Method::Get, "/me", swapped.clone())
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    send(&ada, Method::Post, REFRESH_PATH, swapped)
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    assert_eq!(bob.refresh().await.status, 200);
}

/// Whose access token stands there becomes nobody else, however old it is.
#[async_test]
async fn a_refresh_token_beside_anothers_access_token_refreshes_nobody() {
    let (access, refresh) = ("__Host-sAccessToken", "__Secure-sRefreshToken");
    for age in [Duration::ZERO, Duration::from_hours(2)] {
        let on_tls = [("api_origin", "https://app.example.com".into())];
        let server = Server::builder().settings(&on_tls).start().await;
        let (mut ada, mut mallory) = (server.browser(), server.browser());
        ada.log_in("ada").await;
        mallory.log_in("mallory").await;
        let mut headers = server.browser().in_header_mode();
        headers.log_in("mallory").await;
        server.clock.advance(age);
        let hers = ada.cookie(access).expect("a token");
        let token = mallory.cookie(refresh).expect("a token");
        let mixed = format!(
            "{access}={hers}; {}={token}",
            names::name_for(refresh, &token)
        );
        // Neither is whole: what is left of Ada's goes.
        let answer = send(&ada, Method::Post, REFRESH_PATH, mixed).await;
        answer.expect(401, UNAUTHORISED);
        let name = names::name_for(access, &hers);
        assert!(answer.set_cookie(&name).is_some());

        let (_, token) = headers.bearer_tokens().expect("tokens");
        let sent = vec![
            ("Cookie", format!("{name}={hers}")),
            ("Authorization", format!("Bearer {token}")),
        ];
        let answer = ada.send_raw(Method::Post, REFRESH_PATH, sent, None).await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
        assert_eq!(headers.refresh().await.status, 200);
        assert_eq!(mallory.refresh().await.status, 200);
    }
}

/// A sibling can plant a refresh cookie of its own session, but not the one with its hash, whose prefix binds it
/// to the host: whoever has no session does not become the attacker by a refresh.
#[async_test]
async fn a_planted_refresh_cookie_alone_logs_nobody_in() {
    let (access, refresh) = ("__Host-sAccessToken", "__Secure-sRefreshToken");
    let server = Server::builder()
        .set("api_origin", "https://app.example.com")
        .start()
        .await;
    let mut attacker = server.browser();
    attacker.log_in("mallory").await;
    let token = attacker.cookie(refresh).expect("a token");
    let rows = || {
        server
            .database()
            .number("SELECT sum(length(children)) AS value FROM session_info")
    };
    let planted = format!("{}={token}", names::name_for(refresh, &token));
    let site = ("Sec-Fetch-Site", "same-origin".to_owned());
    let send = async |path, cookies: String| {
        let headers = vec![("Cookie", cookies), site.clone()];
        let form = "next=/next&login=/log-in".to_owned();
        let victim = server.browser();
        victim.send_form(Method::Post, path, headers, form).await
    };
    let answer = send(REFRESH_PATH, planted.clone()).await;
    answer.expect(401, UNAUTHORISED).expect_untouched();
    let answer = send("/auth/session/refresh/page", planted.clone()).await;
    assert_eq!(answer.header("location"), Some("/log-in?next=%2Fnext"));
    answer.expect_untouched();
    assert_eq!(rows(), 0);
    // An access cookie beside it proves nothing, however old.
    let old = format!("{}=old; {planted}", names::name_for(access, &token));
    let answer = send(REFRESH_PATH, old).await;
    answer.expect(401, UNAUTHORISED).expect_untouched();
    // With its hash it is a session of this browser.
    let answer = send(REFRESH_PATH, names::pair(refresh, &token)).await;
    answer.expect(200, "{}");
    assert!(answer.set_cookie(access).is_some());
}

/// Where the browser does not send the access cookie to the refresh route, the refresh cookie and its hash are
/// enough.
#[async_test]
async fn without_an_access_cookie_at_its_path_a_refresh_goes_by_its_own() {
    let server = Server::builder()
        .set("access_token_path", "/app")
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let token = browser.cookie(REFRESH).expect("a token");
    let headers = vec![("Cookie", format!("{REFRESH}={token}"))];
    let answer = browser
        .send_raw(Method::Post, REFRESH_PATH, headers, None)
        .await;
    answer.expect(200, "{}");
}

/// Nobody can say whose request it is; the next login ends both.
#[async_test]
async fn live_sessions_of_two_users_are_refused_until_the_next_login() {
    let server = Server::start().await;
    let (mut ada, mut bob) = (server.browser(), server.browser());
    ada.log_in("ada").await;
    bob.log_in("bob").await;
    let planted = bob.cookie(ACCESS).expect("a token");
    ada.plant(ACCESS, &planted, "/");
    for path in ["/me", "/maybe", "/live"] {
        ada.get(path)
            .await
            .expect(403, r#"{"message":"sign in again"}"#)
            .expect_untouched();
    }
    let answer = ada.log_in("eve").await;
    assert_eq!(answer.all("set-cookie").count(), 9);
    assert_eq!(ada.get("/me").await.json()["user"], "eve");
    assert_eq!(bob.get("/me").await.status, 401);
    assert_eq!(server.database().sessions(), 1);
}

/// Answers arrive in any order: a refresh that was under way brings the old pair back, and it is dead.
#[async_test]
async fn a_late_answer_about_an_older_session_hides_no_newer_one() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let late_guard = browser.clone();
    let late_refresh = browser.send_only(Method::Post, REFRESH_PATH, None).await;
    server.clock.advance(std::time::Duration::from_millis(5));
    browser.log_in("ada").await;
    let handle = browser.handle().await;
    for late in [
        late_refresh,
        late_guard.send_only(Method::Get, "/me", None).await,
        late_guard.send_only(Method::Post, REFRESH_PATH, None).await,
    ] {
        browser.keep(&late);
        assert_ne!(late.header("front-token"), Some("remove"));
        assert_eq!(browser.handle().await, handle);
        browser.refresh().await.expect(200, "{}");
        assert_eq!(browser.handle().await, handle);
    }
    // What is dead goes in the end, once no answer to the login can be under way.
    server.clock.advance(std::time::Duration::from_secs(121));
    assert_eq!(browser.handle().await, handle);
    assert_eq!(browser.cookie_names().len(), 3);
}

/// An access cookie that no refresh can renew goes at the next refresh, whatever became of its session; a guard
/// would find it newest, and ask for a refresh for ever.
#[async_test]
async fn access_cookies_without_a_refresh_cookie_go_at_the_next_refresh() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let (mut dead, mut live, mut old) = (server.browser(), server.browser(), server.browser());
    dead.log_in("ada").await;
    live.log_in("ada").await;
    old.log_in("ada").await;
    let ended = dead.handle().await;
    assert_eq!(server.sessions().revoke(ended).await, Ok(true));
    let kept = names::tag(browser.handle().await);
    let live_one = live.handle().await;
    for other in [&dead, &live] {
        browser.plant(ACCESS, &other.cookie(ACCESS).expect("a token"), "/");
    }
    // Of a session whose refresh cookie is there, though it is older.
    browser.add(&old);
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    let gone = |line: &&str| line.contains("=;");
    assert_eq!(answer.all("set-cookie").filter(gone).count(), 6);
    assert_eq!(browser.cookie_names().len(), 6);
    assert!(
        browser
            .cookie_names()
            .iter()
            .any(|name| name.ends_with(&kept))
    );
    assert_ne!(answer.header("front-token"), Some("remove"));
    // It ends for nobody else.
    let info = server.sessions().info(live_one).await;
    assert!(info.expect("an answer").is_some());

    // What cannot be looked at now stays.
    browser.plant(ACCESS, &dead.cookie(ACCESS).expect("a token"), "/");
    server
        .database()
        .execute("ALTER TABLE session_info RENAME TO hidden");
    assert_eq!(browser.refresh().await.status, 503);
    assert_eq!(browser.cookie_names().len(), 7);
}
