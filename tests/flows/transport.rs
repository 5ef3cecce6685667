//! Cookies and headers: which token counts, what is set and what is cleared (protocol: "choosing the
//! transfer method").

use std::time::Duration;

use rocket::async_test;
use rocket::http::Method;
use serde_json::json;
use session_tests::browser::{
    ACCESS, ACCESS_HEADER, REFRESH, REFRESH_HEADER, REFRESH_PATH, SIGN_OUT_PATH,
};
use session_tests::{Answer, Server};

const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;
const TRY_REFRESH: &str = r#"{"message":"try refresh token"}"#;

type Headers = Vec<(&'static str, String)>;

/// The tokens of a session in headers, of "hedda", and of one in cookies, of "cora".
struct Tokens {
    header: (String, String),
    cookie: (String, String),
}

async fn tokens(server: &Server) -> Tokens {
    let mut hedda = server.browser().in_header_mode();
    assert_eq!(hedda.log_in("hedda").await.status, 200);
    let mut cora = server.browser();
    assert_eq!(cora.log_in("cora").await.status, 200);
    let (access, refresh) = hedda.bearer_tokens().expect("tokens");
    Tokens {
        header: (access.to_owned(), refresh.to_owned()),
        cookie: (
            cora.cookie(ACCESS).expect("a token"),
            cora.cookie(REFRESH).expect("a token"),
        ),
    }
}

fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

fn cookie(name: &str, token: &str) -> (&'static str, String) {
    ("Cookie", format!("{name}={token}"))
}

/// An access token of somebody else, as a front end may send to a shared API.
const FOREIGN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJtYWxsb3J5IiwiaXNzIjoiaHR0cHM6Ly9lbHNld2hlcmUifQ.c2lnbmF0dXJl";

async fn get(server: &Server, path: &str, headers: Headers) -> Answer {
    server
        .browser()
        .send_raw(Method::Get, path, headers, None)
        .await
}

async fn post(server: &Server, path: &str, headers: Headers) -> Answer {
    server
        .browser()
        .send_raw(Method::Post, path, headers, None)
        .await
}

/// The places of the table: allowed, token in the header, token in the cookie, who is let in.
const TABLE: [(&str, bool, bool, Option<&str>); 12] = [
    ("any", false, false, None),
    ("any", false, true, Some("cora")),
    ("any", true, false, Some("hedda")),
    ("any", true, true, Some("hedda")),
    ("cookie", false, false, None),
    ("cookie", false, true, Some("cora")),
    ("cookie", true, false, None),
    ("cookie", true, true, Some("cora")),
    ("header", false, false, None),
    ("header", false, true, None),
    ("header", true, false, Some("hedda")),
    ("header", true, true, Some("hedda")),
];

/// Behaviour 15, 16, 17, 19, 20: twelve places, each with a session required and optional, each with
/// good, expired and tampered tokens.
#[async_test]
async fn verifying_takes_the_token_that_counts() {
    let mut server = Server::start().await;
    let tokens = tokens(&server).await;
    for (state, passed) in [("good", 0), ("tampered", 0), ("expired", 3600)] {
        server.clock.advance(Duration::from_secs(passed));
        for (allowed, in_header, in_cookie, who) in TABLE {
            server = server.restart_with(&[("transfer", allowed.into())]).await;
            let state_of = |token: &str| match state {
                "tampered" => token[..token.len() - 10].to_owned() + "AAAAAAAAAA",
                _ => token.to_owned(),
            };
            let mut headers = Vec::new();
            if in_header {
                headers.push(bearer(&state_of(&tokens.header.0)));
            }
            if in_cookie {
                headers.push(cookie(ACCESS, &state_of(&tokens.cookie.0)));
            }
            let required = get(&server, "/me", headers.clone()).await;
            let optional = get(&server, "/maybe", headers).await;
            let row = format!("{allowed} {in_header} {in_cookie} {state}");
            match who {
                Some(who) if state == "good" => {
                    assert_eq!(required.json()["user"], who, "{row}");
                    assert_eq!(optional.json()["user"], who, "{row}");
                }
                // Also where the session is optional: the browser must refresh.
                Some(_) => {
                    required.expect(401, TRY_REFRESH);
                    optional.expect(401, TRY_REFRESH);
                }
                None => {
                    required.expect(401, UNAUTHORISED);
                    optional.expect(200, r#"{"user":null}"#);
                }
            }
            required.expect_untouched();
            optional.expect_untouched();
        }
    }
}

/// Behaviour 37, 38: twelve places, with good refresh tokens and with garbage.
#[async_test]
async fn refreshing_takes_the_token_that_counts() {
    for (allowed, in_header, in_cookie, who) in TABLE {
        let server = Server::start().await;
        let tokens = tokens(&server).await;
        let server = server.restart_with(&[("transfer", allowed.into())]).await;
        let garbage = "v1.garbage".to_owned();
        for (good, header, cookie_token) in [
            (false, &garbage, &garbage),
            (true, &tokens.header.1, &tokens.cookie.1),
        ] {
            let mut headers = Vec::new();
            if in_header {
                headers.push(bearer(header));
            }
            if in_cookie {
                headers.push(cookie(REFRESH, cookie_token));
            }
            let answer = post(&server, REFRESH_PATH, headers).await;
            let row = format!("{allowed} {in_header} {in_cookie} {good}: {answer:?}");
            let Some(who) = who.filter(|_| good) else {
                answer.expect(401, UNAUTHORISED).expect_all_cleared();
                continue;
            };
            answer.expect(200, "{}");
            let removal = format!("{ACCESS}=;");
            if who == "hedda" {
                assert!(!answer.header(ACCESS_HEADER).unwrap_or_default().is_empty());
                assert!(!answer.header(REFRESH_HEADER).unwrap_or_default().is_empty());
                let cleared = answer
                    .set_cookie(ACCESS)
                    .is_some_and(|line| line.starts_with(&removal));
                assert_eq!(cleared, in_cookie, "{row}");
                assert_eq!(answer.all("set-cookie").count(), 2 * usize::from(in_cookie));
            } else {
                assert!(
                    !answer
                        .set_cookie(ACCESS)
                        .expect("a cookie")
                        .starts_with(&removal)
                );
                let cleared = in_header.then_some("");
                assert_eq!(answer.header(ACCESS_HEADER), cleared, "{row}");
                assert_eq!(answer.header(REFRESH_HEADER), cleared, "{row}");
            }
            assert_ne!(answer.header("front-token"), Some("remove"), "{row}");
        }
    }
}

/// Behaviour 2, 3, 4, 5: the mode that a login gets. Without `st-auth-mode` it is cookies here, so that a
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
        let server = Server::with(&[("transfer", transfer.into())]).await;
        let headers = mode
            .map(|mode| ("st-auth-mode", mode.to_owned()))
            .into_iter()
            .collect();
        let body = Some(json!({ "user": "ada" }).to_string());
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", headers, body)
            .await;
        answer.expect(200, r#"{"status":"OK"}"#);
        let row = format!("{transfer} {mode:?}");
        assert!(answer.header("front-token").is_some(), "{row}");
        assert_eq!(answer.header(ACCESS_HEADER).is_some(), in_header, "{row}");
        assert_eq!(answer.header(REFRESH_HEADER).is_some(), in_header, "{row}");
        let cookies = if in_header { 0 } else { 2 };
        assert_eq!(answer.all("set-cookie").count(), cookies, "{row}");
        let exposed = if in_header {
            "front-token, st-access-token, st-refresh-token"
        } else {
            "front-token"
        };
        assert_eq!(
            answer.header("access-control-expose-headers"),
            Some(exposed),
            "{row}"
        );
        assert_eq!(answer.header("anti-csrf"), None, "{row}");
    }
}

/// Behaviour 6: tokens of the other mode go, whatever they are.
#[async_test]
async fn a_login_clears_the_other_mode_if_a_token_is_there() {
    let server = Server::start().await;
    let Tokens { cookie: theirs, .. } = tokens(&server).await;
    let body = || Some(json!({ "user": "ada" }).to_string());
    for (headers, clears_cookies, clears_headers) in [
        (vec![], false, false),
        (vec![bearer(FOREIGN)], false, true),
        (
            vec![
                ("st-auth-mode", "header".to_owned()),
                cookie(ACCESS, &theirs.0),
            ],
            true,
            false,
        ),
        (vec![cookie(ACCESS, &theirs.0)], false, false),
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
        answer.expect(200, r#"{"status":"OK"}"#);
        let removed = answer
            .all("set-cookie")
            .filter(|line| line.contains("=;"))
            .count();
        assert_eq!(removed, 2 * usize::from(clears_cookies), "{headers:?}");
        let emptied = answer.header(ACCESS_HEADER) == Some("");
        assert_eq!(emptied, clears_headers, "{headers:?}");
        // Cleared first, or it would overwrite what is new.
        assert_ne!(answer.header("front-token"), Some("remove"), "{headers:?}");
    }
}

/// Behaviour 18.
#[async_test]
async fn a_bearer_token_of_somebody_else_is_not_ours_to_judge() {
    let mut server = Server::start().await;
    let Tokens { cookie: ours, .. } = tokens(&server).await;
    for foreign in [FOREIGN, "opaque", "a.b.c", "eyJhbGciOiJub25lIn0.e30."] {
        let both = vec![bearer(foreign), cookie(ACCESS, &ours.0)];
        assert_eq!(get(&server, "/me", both).await.json()["user"], "cora");
        let answer = get(&server, "/me", vec![bearer(foreign)]).await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
        let answer = get(&server, "/maybe", vec![bearer(foreign)]).await;
        answer.expect(200, r#"{"user":null}"#);
        let refresh = vec![bearer(foreign), cookie(REFRESH, &ours.1)];
        post(&server, REFRESH_PATH, refresh).await.expect(200, "{}");
    }
    server = server.restart_with(&[("transfer", "header".into())]).await;
    let both = vec![bearer(FOREIGN), cookie(ACCESS, &ours.0)];
    let answer = get(&server, "/me", both).await;
    answer.expect(401, UNAUTHORISED).expect_untouched();
}

/// `security.md` C13: one header, the scheme in any case, one space, one token.
#[async_test]
async fn the_authorization_header_holds_one_token() {
    let server = Server::start().await;
    let token = tokens(&server).await.header.0;
    for (value, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer {token}"), 200),
        (format!("BEARER {token}"), 200),
        (format!("Bearer  {token}"), 401),
        (format!("Bearer\t{token}"), 401),
        (format!("Bearer {token}, Bearer {token}"), 401),
        (format!("Bearer {token} {token}"), 401),
        (format!("Bearer {token} "), 401),
        (format!("Basic {token}"), 401),
        ("Bearer ".into(), 401),
        ("Bearer".into(), 401),
        (token.clone(), 401),
        (format!("Bearer {token}{}", "A".repeat(8192)), 401),
    ] {
        let answer = get(&server, "/me", vec![("Authorization", value.clone())]).await;
        assert_eq!(answer.status, status, "{value}");
        answer.expect_untouched();
    }
    for second in [token.as_str(), FOREIGN, "x"] {
        let twice = vec![bearer(&token), bearer(second)];
        get(&server, "/me", twice.clone())
            .await
            .expect(401, TRY_REFRESH)
            .expect_untouched();
        post(&server, REFRESH_PATH, twice)
            .await
            .expect(401, UNAUTHORISED)
            .expect_untouched();
    }
}

/// `security.md` R20, X78: a session of one transport is refused in the other, and goes on.
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
        .expect(401, TRY_REFRESH);
    for (wrong, right) in [
        (bearer(&cookie_refresh), cookie(REFRESH, &cookie_refresh)),
        (cookie(REFRESH, &header_refresh), bearer(&header_refresh)),
    ] {
        post(&server, REFRESH_PATH, vec![wrong])
            .await
            .expect(401, UNAUTHORISED)
            .expect_all_cleared();
        post(&server, REFRESH_PATH, vec![right])
            .await
            .expect(200, "{}");
    }
}

/// `security.md` R16, X63, X59: each token in the other's place.
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
        .expect(401, TRY_REFRESH)
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

/// `security.md` C12.
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
    answer.expect(200, r#"{"status":"OK"}"#);
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

/// `security.md` C11: what speaks for the request is what is judged.
#[async_test]
async fn only_a_token_that_is_used_frees_a_request_from_evidence() {
    let server = Server::start().await;
    let Tokens {
        header,
        cookie: in_cookie,
    } = tokens(&server).await;
    let foreign = || ("Sec-Fetch-Site", "cross-site".to_owned());
    let refused = r#"{"message":"cross-site request refused"}"#;
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

    // Nobody else's page can send this token.
    let used = vec![foreign(), bearer(&header.1), cookie(REFRESH, &in_cookie.1)];
    post(&server, REFRESH_PATH, used).await.expect(200, "{}");
    let used = vec![foreign(), bearer(&header.0), cookie(ACCESS, &in_cookie.0)];
    assert_eq!(post(&server, "/leave", used).await.status, 200);
    assert_eq!(
        server
            .database()
            .text("SELECT user_id AS value FROM session_info"),
        "cora"
    );
}

/// Behaviour 75, but for the merge.
#[async_test]
async fn an_access_token_in_a_cookie_may_be_exposed_and_be_a_bearer_then() {
    let server = Server::with(&[("expose_access_token", true.into())]).await;
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
        .expect(401, TRY_REFRESH);
}

/// The names that the protocol lets an application choose.
#[async_test]
async fn names_of_cookies_and_headers_are_settings() {
    let server = Server::with(&[
        ("access_cookie_name", "shop-access".into()),
        ("refresh_cookie_name", "shop-refresh".into()),
        ("access_token_header", "x-access".into()),
        ("refresh_token_header", "x-refresh".into()),
    ])
    .await;
    let mut browser = server.browser();
    let answer = browser.log_in("ada").await;
    assert!(
        answer.set_cookie("shop-access").is_some() && answer.set_cookie("shop-refresh").is_some()
    );
    assert_eq!(answer.all("set-cookie").count(), 2);
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
