//! Which token counts: the protocol's tables, and what may stand in a header.

use std::time::Duration;

use rocket::async_test;
use session_tests::Server;
use session_tests::body::{TRY_REFRESH, UNAUTHORISED};
use session_tests::browser::{ACCESS, ACCESS_HEADER, REFRESH, REFRESH_HEADER, REFRESH_PATH};

use super::{FOREIGN, Tokens, bearer, cookie, get, post, tokens};

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

/// Twelve places, each with a session required and optional, each with
/// good, expired and tampered tokens.
#[async_test]
async fn verifying_takes_the_token_that_counts() {
    let mut server = Server::start().await;
    let tokens = tokens(&server).await;
    for (state, passed) in [("good", 0), ("tampered", 0), ("expired", 3600)] {
        server.clock.advance(Duration::from_secs(passed));
        for (allowed, in_header, in_cookie, who) in TABLE {
            server = server.restart().set("transfer", allowed).start().await;
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
                // What is not ours does not count.
                Some("cora") if state == "tampered" => {
                    required.expect(401, UNAUTHORISED);
                    optional.expect(200, r#"{"user":null}"#);
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

/// Twelve places, with good refresh tokens and with garbage.
#[async_test]
async fn refreshing_takes_the_token_that_counts() {
    for (allowed, in_header, in_cookie, who) in TABLE {
        let server = Server::start().await;
        let tokens = tokens(&server).await;
        let server = server.restart().set("transfer", allowed).start().await;
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
                answer.expect(401, UNAUTHORISED).expect_untouched();
                continue;
            };
            answer.expect(200, "{}");
            // Nothing of the other session is touched.
            if who == "hedda" {
                assert!(!answer.header(ACCESS_HEADER).unwrap_or_default().is_empty());
                assert!(!answer.header(REFRESH_HEADER).unwrap_or_default().is_empty());
                assert_eq!(answer.all("set-cookie").count(), 0, "{row}");
            } else {
                assert!(answer.all("set-cookie").all(|line| !line.contains("=;")));
                assert_eq!(answer.all("set-cookie").count(), 3, "{row}");
                assert_eq!(answer.header(ACCESS_HEADER), None, "{row}");
            }
            assert_ne!(answer.header("front-token"), Some("remove"), "{row}");
        }
    }
}

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
    server = server.restart().set("transfer", "header").start().await;
    let both = vec![bearer(FOREIGN), cookie(ACCESS, &ours.0)];
    let answer = get(&server, "/me", both).await;
    answer.expect(401, UNAUTHORISED).expect_untouched();
}

/// One header, the scheme in any case, one space, one token.
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
            .expect(401, UNAUTHORISED)
            .expect_untouched();
        post(&server, REFRESH_PATH, twice)
            .await
            .expect(401, UNAUTHORISED)
            .expect_untouched();
    }
}

/// An `Authorization` of somebody else, or a broken one, does not hide a session.
#[async_test]
async fn what_is_no_bearer_token_leaves_it_to_the_cookie() {
    let server = Server::start().await;
    let tokens = tokens(&server).await;
    let (token, in_cookie) = (tokens.header.0, tokens.cookie.0);
    for (value, status) in [
        ("Bearer ".to_owned(), 200),
        (format!("Bearer {token} x"), 200),
        (format!("Bearer {token},"), 200),
        (format!("Bearer {token}{}", "A".repeat(8192)), 200),
        // Ours in form, and not in truth.
        (format!("Bearer {token}x"), 401),
    ] {
        let headers = vec![("Authorization", value.clone()), cookie(ACCESS, &in_cookie)];
        let answer = get(&server, "/me", headers).await;
        assert_eq!(answer.status, status, "{value}");
    }
}
