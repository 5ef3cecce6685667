//! A session lives in one transport: what its login sets, what ends it there, and what is refused elsewhere.

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use serde_json::json;
use session_tests::Server;
use session_tests::body::{OK, REFUSED, TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::{
    ACCESS, ACCESS_HEADER, REFRESH, REFRESH_HEADER, REFRESH_PATH, SIGN_OUT_PATH,
};

use super::{FOREIGN, Tokens, bearer, cookie, get, post, tokens};

/// The mode that a login gets. Without `st-auth-mode` it is cookies here, so that a
/// plain form works (the model system takes headers).
#[async_test]
async fn a_login_gets_the_mode_that_the_setting_or_the_request_says() {
    for (transfer, mode, in_header) in [
        ("any", None, false),
        ("any", Some("cookie"), false),
        ("any", Some("header"), true),
        ("any", Some("HEADER"), true),
        ("any", Some("junk"), false),
        ("cookie", Some("header"), false),
        ("header", Some("cookie"), true),
        ("header", None, true),
    ] {
        let server = Server::builder().set("transfer", transfer).start().await;
        let headers = mode
            .map(|mode| ("st-auth-mode", mode.to_owned()))
            .into_iter()
            .collect();
        let body = Some(json!({ "user": "ada" }).to_string());
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", headers, body)
            .await;
        answer.expect(200, OK);
        let row = format!("{transfer} {mode:?}");
        assert_eq!(
            answer.header("front-token").is_some(),
            mode.is_some(),
            "{row}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{row}");
        assert_eq!(answer.header(ACCESS_HEADER).is_some(), in_header, "{row}");
        assert_eq!(answer.header(REFRESH_HEADER).is_some(), in_header, "{row}");
        let cookies = if in_header { 0 } else { 3 };
        assert_eq!(answer.all("set-cookie").count(), cookies, "{row}");
        let exposed = match (in_header, mode) {
            (true, Some(_)) => Some("front-token, st-access-token, st-refresh-token"),
            (true, None) => Some("st-access-token, st-refresh-token"),
            (false, Some(_)) => Some("front-token"),
            (false, None) => None,
        };
        assert_eq!(
            answer.header("access-control-expose-headers"),
            exposed,
            "{row}"
        );
        assert_eq!(answer.header("anti-csrf"), None, "{row}");
    }
}

/// The tokens of sessions that a login has ended go, in whichever mode they came.
#[async_test]
async fn a_login_removes_the_tokens_of_the_sessions_it_ended() {
    let server = Server::start().await;
    let Tokens { cookie: theirs, .. } = tokens(&server).await;
    let body = || Some(json!({ "user": "ada" }).to_string());
    for (headers, clears_cookies, clears_headers) in [
        (vec![], false, false),
        (vec![bearer(FOREIGN)], false, false),
        (
            vec![
                ("st-auth-mode", "header".to_owned()),
                cookie(ACCESS, &theirs.0),
            ],
            true,
            false,
        ),
        (vec![cookie(ACCESS, &theirs.0)], true, false),
        (
            vec![("st-auth-mode", "header".to_owned()), bearer(FOREIGN)],
            false,
            false,
        ),
    ] {
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", headers.clone(), body())
            .await;
        answer.expect(200, OK);
        let removed = answer
            .all("set-cookie")
            .filter(|line| line.contains("=;"))
            .count();
        assert_eq!(removed, 3 * usize::from(clears_cookies), "{headers:?}");
        let emptied = answer.header(ACCESS_HEADER) == Some("");
        assert_eq!(emptied, clears_headers, "{headers:?}");
        // Cleared first, or it would overwrite what is new.
        assert_ne!(answer.header("front-token"), Some("remove"), "{headers:?}");
    }
}

/// A session of one transport is refused in the other, and goes on.
#[async_test]
async fn transports_are_not_interchangeable() {
    let server = Server::start().await;
    let Tokens {
        header: (header, header_refresh),
        cookie: (in_cookie, cookie_refresh),
    } = tokens(&server).await;
    get(&server, "/me", vec![bearer(&in_cookie)])
        .await
        .expect(401, TRY_REFRESH);
    get(&server, "/me", vec![cookie(ACCESS, &header)])
        .await
        .expect(401, UNAUTHORISED);
    for (wrong, right) in [
        (bearer(&cookie_refresh), cookie(REFRESH, &cookie_refresh)),
        (cookie(REFRESH, &header_refresh), bearer(&header_refresh)),
    ] {
        post(&server, REFRESH_PATH, vec![wrong])
            .await
            .expect(401, UNAUTHORISED)
            .expect_untouched();
        post(&server, REFRESH_PATH, vec![right])
            .await
            .expect(200, "{}");
    }
}

/// Each token in the other's place.
#[async_test]
async fn tokens_have_one_purpose() {
    let server = Server::start().await;
    let Tokens {
        header,
        cookie: in_cookie,
    } = tokens(&server).await;
    get(&server, "/me", vec![bearer(&header.1)])
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    get(&server, "/me", vec![cookie(ACCESS, &in_cookie.1)])
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    post(&server, REFRESH_PATH, vec![bearer(&header.0)])
        .await
        .expect(401, UNAUTHORISED);
    post(&server, REFRESH_PATH, vec![cookie(REFRESH, &in_cookie.0)])
        .await
        .expect(401, UNAUTHORISED);
    assert_eq!(server.database().sessions(), 2);
    for token in [bearer(&header.1), cookie(REFRESH, &in_cookie.1)] {
        post(&server, REFRESH_PATH, vec![token])
            .await
            .expect(200, "{}");
    }
}

#[async_test]
async fn tokens_in_addresses_and_forms_are_not_read() {
    let server = Server::start().await;
    let token = tokens(&server).await.header.0;
    for path in [
        format!("/me?access_token={token}"),
        format!("/me?{ACCESS}={token}"),
        format!("/me?st-access-token={token}"),
    ] {
        get(&server, &path, vec![]).await.expect(401, UNAUTHORISED);
    }
    let form = format!("access_token={token}&{ACCESS}={token}");
    let answer = server
        .browser()
        .send_form(Method::Post, "/leave", vec![], form)
        .await;
    answer.expect(401, UNAUTHORISED);
}

#[async_test]
async fn a_session_in_headers_lives_like_one_in_cookies() {
    let server = Server::start().await;
    let mut app = server.browser().in_header_mode();
    app.log_in("ada").await;
    assert_eq!(app.get("/me").await.json()["user"], "ada");
    let before = app.bearer_tokens().map(|(access, _)| access.to_owned());
    server.clock.advance(Duration::from_secs(3600));
    app.get("/me").await.expect(401, TRY_REFRESH);
    app.refresh().await.expect(200, "{}");
    assert_ne!(
        app.bearer_tokens().map(|(access, _)| access.to_owned()),
        before
    );
    assert_eq!(app.get("/live").await.status, 200);
    // Data is there, and a sign-out clears its own transport only.
    assert_eq!(app.get("/notes").await.json()["text"], "first");
    let answer = app.sign_out().await;
    answer.expect(200, OK);
    assert_eq!(answer.header(ACCESS_HEADER), Some(""));
    assert_eq!(answer.header(REFRESH_HEADER), Some(""));
    assert_eq!(answer.header("front-token"), Some("remove"));
    assert_eq!(answer.all("set-cookie").count(), 0);
    app.get("/me").await.expect(401, UNAUTHORISED);
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_route_that_revokes_clears_its_own_transport_only() {
    let server = Server::start().await;
    let mut app = server.browser().in_header_mode();
    app.log_in("ada").await;
    let answer = app.post("/leave").await;
    assert_eq!(
        (answer.status, answer.header(ACCESS_HEADER)),
        (200, Some(""))
    );
    assert_eq!(answer.all("set-cookie").count(), 0);

    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.post("/leave").await;
    assert_eq!((answer.status, answer.header(ACCESS_HEADER)), (200, None));
    answer.expect_cleared();
}

/// What speaks for the request is what is judged.
#[async_test]
async fn only_a_token_that_is_used_frees_a_request_from_evidence() {
    let server = Server::start().await;
    let Tokens {
        header,
        cookie: in_cookie,
    } = tokens(&server).await;
    let foreign = || ("Sec-Fetch-Site", "cross-site".to_owned());
    let refused = REFUSED;
    for path in ["/leave", SIGN_OUT_PATH] {
        let junk = vec![foreign(), bearer(FOREIGN), cookie(ACCESS, &in_cookie.0)];
        post(&server, path, junk)
            .await
            .expect(403, refused)
            .expect_untouched();
    }
    let junk = vec![foreign(), bearer(FOREIGN), cookie(REFRESH, &in_cookie.1)];
    post(&server, REFRESH_PATH, junk)
        .await
        .expect(403, refused)
        .expect_untouched();

    // What only looks like a token of ours says no more, and one of ours says nothing for the cookies
    // beside it, whose session a sign-out ends too.
    let mut forged = header.0.clone();
    forged.truncate(forged.len() - 4);
    for junk in ["v1.junk", "v999.", &forged, &header.0] {
        let junk = vec![foreign(), bearer(junk), cookie(ACCESS, &in_cookie.0)];
        post(&server, SIGN_OUT_PATH, junk)
            .await
            .expect(403, refused)
            .expect_untouched();
    }
    assert_eq!(server.database().sessions(), 2);

    // Nobody else's page can send these tokens.
    let used = vec![foreign(), bearer(&header.1), cookie(REFRESH, &in_cookie.1)];
    post(&server, REFRESH_PATH, used).await.expect(200, "{}");
    let used = vec![foreign(), bearer(&header.0)];
    assert_eq!(post(&server, "/leave", used).await.status, 200);
    assert_eq!(server.database().sessions(), 1);
    assert_eq!(
        server
            .database()
            .text("SELECT user_id AS value FROM session_info"),
        "cora"
    );
}

#[async_test]
async fn an_access_token_in_a_cookie_may_be_exposed_and_be_a_bearer_then() {
    let server = Server::builder()
        .set("expose_access_token", true)
        .start()
        .await;
    let mut browser = server.browser();
    let answer = browser.log_in("ada").await;
    let access = browser.cookie(ACCESS).expect("a token");
    assert_eq!(answer.header(ACCESS_HEADER), Some(access.as_str()));
    assert_eq!(answer.header(REFRESH_HEADER), None);
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("front-token, st-access-token")
    );
    assert_eq!(get(&server, "/me", vec![bearer(&access)]).await.status, 200);
    let answer = browser.refresh().await;
    assert_eq!(
        answer.header(ACCESS_HEADER),
        browser.cookie(ACCESS).as_deref()
    );

    // The reverse stays refused.
    let token = tokens(&server).await.header.0;
    get(&server, "/me", vec![cookie(ACCESS, &token)])
        .await
        .expect(401, UNAUTHORISED);
}

/// The names that the protocol lets an application choose.
#[async_test]
async fn names_of_cookies_and_headers_are_settings() {
    let server = Server::builder()
        .set("access_cookie_name", "shop-access")
        .set("refresh_cookie_name", "shop-refresh")
        .set("access_token_header", "x-access")
        .set("refresh_token_header", "x-refresh")
        .start()
        .await;
    let mut browser = server.browser();
    let answer = browser.log_in("ada").await;
    assert!(
        answer
            .all("set-cookie")
            .any(|line| line.starts_with("shop-access."))
            && answer
                .all("set-cookie")
                .any(|line| line.starts_with("shop-refresh."))
    );
    assert_eq!(answer.all("set-cookie").count(), 3);
    assert_eq!(browser.get("/me").await.status, 200);
    browser.refresh().await.expect(200, "{}");
    let answer = server.browser().in_header_mode().log_in("ada").await;
    let (access, refresh) = (answer.header("x-access"), answer.header("x-refresh"));
    assert!(access.is_some() && refresh.is_some());
    assert_eq!(
        answer.header("access-control-expose-headers"),
        Some("front-token, x-access, x-refresh")
    );
}
