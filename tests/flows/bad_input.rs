//! Bad input: any cookie, header or body gets a fixed answer below 500 and changes nothing.

use rocket::async_test;
use rocket::http::Method;
use rocket::serde::json::json;
use session_tests::app::{Claims, Notes};
use session_tests::body::{OK, UNAUTHORISED};
use session_tests::browser::{ACCESS, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Server, names};

/// Texts that are no token, whatever the cookie.
fn junk() -> Vec<String> {
    let mut junk: Vec<String> = [
        "",
        "x",
        ".",
        "..",
        "a.b.c",
        "v1.",
        "v1.AAAA",
        "v2.AAAA",
        "null",
        "{}",
        "eyJhbGciOiJub25lIn0.e30.",
        "eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
        "' OR 1=1 --",
        "../../../../etc/passwd",
        "%00",
        "%0d%0aSet-Cookie: x=1",
        "%FF%FE",
        "%",
        "\u{1F980}",
        "\u{feff}x",
        "=",
        "a=b",
        "\"quoted\"",
    ]
    .map(String::from)
    .into();
    junk.extend([
        ".".repeat(100_000),
        "A".repeat(1 << 20),
        "v1.".repeat(10_000),
    ]);
    junk
}

#[async_test]
async fn a_junk_access_token_is_nobodys_and_clears_nothing() {
    let server = Server::start().await;
    for junk in junk() {
        for path in ["/me", "/maybe", "/live"] {
            let headers = vec![("Cookie", format!("{ACCESS}={junk}"))];
            let answer = server
                .browser()
                .send_raw(Method::Get, path, headers, None)
                .await;
            if path == "/maybe" {
                answer.expect(200, r#"{"user":null}"#).expect_untouched();
            } else {
                answer.expect(401, UNAUTHORISED).expect_untouched();
            }
        }
    }
    assert_eq!(server.database().sessions(), 0);
}

#[async_test]
async fn a_junk_refresh_token_is_401_clears_nothing_and_asks_no_database() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    // Without its tables the server could answer no query.
    server
        .database()
        .execute("ALTER TABLE session_info RENAME TO hidden");
    for junk in junk() {
        let headers = vec![("Cookie", format!("{REFRESH}={junk}"))];
        let answer = server
            .browser()
            .send_raw(Method::Post, REFRESH_PATH, headers, None)
            .await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
    }
    server
        .database()
        .execute("ALTER TABLE hidden RENAME TO session_info");
    browser.refresh().await.expect(200, "{}");
}

#[async_test]
async fn a_refresh_token_that_was_altered_anywhere_harms_nobody() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let token = browser.cookie(REFRESH).expect("a token");
    server
        .database()
        .execute("ALTER TABLE session_info RENAME TO hidden");
    for position in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[position] = if altered[position] == b'A' {
            b'B'
        } else {
            b'A'
        };
        let altered = String::from_utf8(altered).expect("ASCII");
        server
            .browser()
            .send_raw(
                Method::Post,
                REFRESH_PATH,
                vec![("Cookie", format!("{REFRESH}={altered}"))],
                None,
            )
            .await
            .expect(401, UNAUTHORISED);
    }
    for altered in [
        &token[..token.len() - 1],
        &format!("{token}A"),
        &format!("{token}="),
        &token.to_uppercase(),
    ] {
        server
            .browser()
            .send_raw(
                Method::Post,
                REFRESH_PATH,
                vec![("Cookie", format!("{REFRESH}={altered}"))],
                None,
            )
            .await
            .expect(401, UNAUTHORISED);
    }
    server
        .database()
        .execute("ALTER TABLE hidden RENAME TO session_info");
    browser.refresh().await.expect(200, "{}");
}

#[async_test]
async fn tokens_are_not_interchangeable() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let access = browser.cookie(ACCESS).expect("a token");
    let refresh = browser.cookie(REFRESH).expect("a token");

    let headers = vec![("Cookie", format!("{ACCESS}={refresh}"))];
    browser
        .send_raw(Method::Get, "/me", headers, None)
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    let headers = vec![("Cookie", format!("{REFRESH}={access}"))];
    browser
        .send_raw(Method::Post, REFRESH_PATH, headers, None)
        .await
        .expect(401, UNAUTHORISED);

    assert_eq!(browser.get("/me").await.status, 200);
    browser.refresh().await.expect(200, "{}");
}

/// The other way round is in `csrf_modes.rs`.
#[async_test]
async fn an_anti_csrf_token_is_no_other_token() {
    let server = Server::builder().set("csrf", "via-token").start().await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let token = login.header("anti-csrf").expect("a token");
    for (cookie, method, path, answer) in [
        (ACCESS, Method::Get, "/live", UNAUTHORISED),
        (REFRESH, Method::Post, REFRESH_PATH, UNAUTHORISED),
    ] {
        let headers = vec![
            ("Cookie", format!("{cookie}={token}")),
            ("anti-csrf", token.to_owned()),
        ];
        browser
            .send_raw(method, path, headers, None)
            .await
            .expect(401, answer);
    }
}

#[async_test]
async fn tokens_in_addresses_bodies_and_foreign_headers_are_not_read() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let access = browser.cookie(ACCESS).expect("a token");
    let elsewhere = server.browser();
    let address = format!("/me?access_token={access}&{ACCESS}={access}");
    elsewhere
        .send_raw(Method::Get, &address, vec![], None)
        .await
        .expect(401, UNAUTHORISED);
    for header in [
        "X-Access-Token",
        "st-access-token",
        "front-token",
        "Set-Cookie",
    ] {
        let headers = vec![(header, access.clone())];
        elsewhere
            .send_raw(Method::Get, "/me", headers, None)
            .await
            .expect(401, UNAUTHORISED);
    }
    let refresh = browser.cookie(REFRESH).expect("a token");
    let body = Some(format!(r#"{{"{REFRESH}":"{refresh}"}}"#));
    elsewhere
        .send_raw(Method::Post, REFRESH_PATH, vec![], body)
        .await
        .expect(401, UNAUTHORISED);
}

#[async_test]
async fn odd_cookie_headers_hide_no_good_token() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let access = browser.cookie(ACCESS).expect("a token");
    let many: String = (0..300).map(|n| format!("c{n}=v; ")).collect();
    for cookies in [
        format!(";;; {ACCESS}={access};;"),
        format!("novalue; =noname; {ACCESS}={access}"),
        format!("{many}{ACCESS}={access}"),
        format!("x={}; {ACCESS}={access}", "y".repeat(60_000)),
    ] {
        let answer = browser
            .send_raw(Method::Get, "/me", vec![("Cookie", cookies)], None)
            .await;
        assert_eq!(answer.status, 200);
    }
    for cookies in ["", ";;;", "=", "a", "sAccessToken", "sAccessToken "] {
        let answer = browser
            .send_raw(Method::Get, "/me", vec![("Cookie", cookies.into())], None)
            .await;
        answer.expect(401, UNAUTHORISED).expect_untouched();
    }
}

#[async_test]
async fn bodies_on_refresh_and_sign_out_are_ignored() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let token = |name: &str| browser.cookie(name).expect("a token");
    for body in ["{", "[]", "\u{0}", &"x".repeat(1 << 20)] {
        let headers = vec![("Cookie", names::pair(REFRESH, &token(REFRESH)))];
        browser
            .send_raw(Method::Post, REFRESH_PATH, headers, Some(body.into()))
            .await
            .expect(200, "{}");
    }
    let headers = vec![("Cookie", format!("{ACCESS}={}", token(ACCESS)))];
    let answer = browser
        .send_raw(Method::Post, SIGN_OUT_PATH, headers, Some("{".into()))
        .await;
    answer.expect(200, OK);
}

#[async_test]
async fn a_bad_login_body_is_rockets_own_answer_and_opens_no_session() {
    let server = Server::start().await;
    for (body, status) in [
        ("{", 400),
        ("{}", 422),
        (&*format!(r#"{{"user":"{}"}}"#, "x".repeat(2 << 20)), 413),
    ] {
        let answer = server
            .browser()
            .send_raw(Method::Post, "/login", vec![], Some(body.into()))
            .await;
        assert_eq!(answer.status, status);
        answer.expect_untouched();
    }
    assert_eq!(server.database().sessions(), 0);
}

/// Every header that the protocol names, with junk, beside a good session and without one: what is
/// let in stays let in, nobody else is, and nothing fails.
#[async_test]
async fn junk_in_any_header_of_the_protocol_changes_nothing() {
    let names = [
        "Authorization",
        "anti-csrf",
        "rid",
        "fdi-version",
        "st-auth-mode",
        "front-token",
        "st-access-token",
        "st-refresh-token",
        "id-refresh-token",
        "X-Forwarded-For",
        "User-Agent",
        "Access-Control-Request-Headers",
        "Content-Type",
    ];
    for mode in ["fetch-metadata", "via-token"] {
        let server = Server::builder().set("csrf", mode).start().await;
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let access = browser.cookie(ACCESS).expect("a token");
        for name in names {
            for junk in junk().into_iter().filter(|junk| junk.len() < 5000) {
                let with = |headers: &[(&'static str, &str)]| {
                    let mut all = vec![(name, junk.clone())];
                    all.extend(
                        headers
                            .iter()
                            .map(|(name, value)| (*name, (*value).to_owned())),
                    );
                    all
                };
                let cookie = format!("{ACCESS}={access}");
                let member = with(&[("Cookie", &cookie)]);
                let answer = browser.send_raw(Method::Get, "/me", member, None).await;
                assert_eq!(answer.status, 200, "{name}: {junk:?}");
                let answer = browser.send_raw(Method::Get, "/me", with(&[]), None).await;
                answer.expect(401, UNAUTHORISED).expect_untouched();
                let answer = browser
                    .send_raw(Method::Post, REFRESH_PATH, with(&[]), None)
                    .await;
                answer.expect(401, UNAUTHORISED).expect_untouched();
            }
        }
        assert_eq!(server.database().sessions(), 1);
        assert_eq!(browser.get("/live").await.status, 200);
    }
}

/// What breaks out of a statement that is put together from texts, on one database or another.
const SQL: [&str; 13] = [
    "'",
    "' OR '1'='1",
    "') OR 1=1 --",
    "\\' OR 1=1 #",
    "'; DROP TABLE session_info; --",
    "\"; DROP TABLE session_info; --",
    "' UNION SELECT sealed FROM session_key --",
    "1; UPDATE session_info SET user_id = 'eve'",
    "%' AND 1=1 --",
    "`session_info`",
    "/*! OR 1=1 */",
    "$1 ? :user {}",
    "{fn now()}",
];

#[async_test]
async fn sql_in_a_text_is_a_text() {
    let server = Server::start().await;
    let mut owner = server.browser();
    owner.log_in("ada").await;
    let owned = owner.handle().await;
    let before = server.sessions().info(owned).await;
    for text in SQL {
        let mut browser = server.browser();
        let body = json!({ "user": text, "name": text, "text": text }).to_string();
        let headers = vec![("user-agent", text.to_owned())];
        let answer = browser
            .send_raw(Method::Post, "/login", headers, Some(body))
            .await;
        answer.expect(200, OK);
        browser.keep(&answer);
        let me = browser.get("/me").await.json();
        assert_eq!((&me["user"], &me["name"]), (&json!(text), &json!(text)));
        let handle = browser.handle().await;
        let sessions = server.sessions();
        let info = sessions.info(handle).await.expect("an answer");
        let info = info.expect("a session");
        assert_eq!(
            (info.user_id.as_str(), info.device.user_agent.as_str()),
            (text, text)
        );

        let changed = Notes {
            text: format!("{text}{text}"),
        };
        let written = browser
            .send(Method::Put, "/notes", Some(json!(changed)))
            .await;
        assert_eq!(written.status, 200, "{text}");
        assert_eq!(browser.get("/notes").await.json(), json!(changed));
        let update = json!({ "name": format!("{text}!"), text: text });
        let update = update.as_object().expect("an object").clone();
        let merged = sessions.merge_payload::<Claims>(handle, update).await;
        assert_eq!(merged, Ok(true));
        browser.refresh().await.expect(200, "{}");
        assert_eq!(browser.get("/live").await.json()["user"], text);
        assert_eq!(sessions.handles(text).await, Ok(vec![handle]));
        assert_eq!(sessions.revoke_all(text).await, Ok(vec![handle]));
    }
    assert_eq!(server.sessions().info(owned).await, before);
    assert_eq!(server.database().sessions(), 1);
    assert_eq!(owner.get("/live").await.status, 200);
}
