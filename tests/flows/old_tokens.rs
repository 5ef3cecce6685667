//! Signing out, and logging in, with an access token that nobody can verify any more.

use std::time::Duration;

use rocket::figment::value::Value;
use rocket::http::{ContentType, Method};
use rocket::{async_test, post, routes};
use session_runtime::logout;
use session_tests::body::{OK, TRY_REFRESH};
use session_tests::browser::{ACCESS, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Browser, Server, names};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[logout]
#[post("/log-out")]
fn log_out() -> &'static str {
    "bye"
}

async fn start() -> Server {
    let server = Server::builder().rocket(|rocket| rocket.mount("/", routes![log_out]));
    server.start().await
}

/// Two weeks, in which the key of every access token of before was retired.
async fn two_weeks_later(server: &Server) {
    for _ in 0..15 {
        server.clock.advance(DAY);
        server
            .sessions()
            .rotate_keys_now()
            .await
            .expect("an answer");
    }
}

#[async_test]
async fn whoever_was_away_for_long_signs_out_all_the_same() {
    let server = start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    two_weeks_later(&server).await;
    assert_eq!(browser.get("/me").await.status, 401);
    browser
        .post("/log-out")
        .await
        .expect(200, "bye")
        .expect_cleared();
    assert_eq!(
        (server.database().sessions(), browser.cookie(ACCESS)),
        (0, None)
    );
}

#[async_test]
async fn the_front_end_refreshes_then_signs_out() {
    let server = start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    two_weeks_later(&server).await;
    browser
        .sign_out()
        .await
        .expect(401, TRY_REFRESH)
        .expect_untouched();
    browser.refresh().await.expect(200, "{}");
    browser.sign_out().await.expect(200, OK);
    assert_eq!(server.database().sessions(), 0);
}

/// A computer that two people share.
#[async_test]
async fn the_next_login_ends_the_session_of_long_ago() {
    let server = start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    two_weeks_later(&server).await;
    browser.log_in("zed").await.expect(200, OK);
    assert_eq!(
        browser.cookie_names().len(),
        3,
        "{:?}",
        browser.cookie_names()
    );
    assert_eq!(server.sessions().handles("ada").await, Ok(vec![]));
    browser.post("/log-out").await.expect(200, "bye");
    assert!(browser.cookie_names().is_empty());
}

/// The name of a session is no secret: naming it ends nothing.
#[async_test]
async fn a_forged_old_token_ends_nothing_and_goes() {
    let server = start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    two_weeks_later(&server).await;
    let token = browser.cookie(ACCESS).expect("a token");
    for change in ["\"refreshTokenHash1\":\"", "\"sessionHandle\":"] {
        // What it says of its refresh token is changed, or left out.
        let forged = forge(&token, change);
        let mut thief = server.browser();
        thief.plant(ACCESS, &forged, "/");
        let answer = thief.post("/log-out").await;
        answer.expect(200, "bye");
        assert_eq!(
            (server.database().sessions(), thief.cookie(ACCESS)),
            (1, None)
        );
    }
    browser.refresh().await.expect(200, "{}");
}

/// An old token is looked up only for a page of ours, and of a request full of them only some are.
#[async_test]
async fn old_tokens_cost_few_rows_and_another_site_none() {
    let server = start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    let mut tokens = vec![browser.cookie(ACCESS).expect("a token")];
    for _ in 0..40 {
        let mut other = server.browser();
        other.log_in("ada").await.expect(200, OK);
        tokens.push(other.cookie(ACCESS).expect("a token"));
    }
    two_weeks_later(&server).await;
    let pairs: Vec<String> = tokens
        .iter()
        .map(|token| forge(token, "\"refreshTokenHash1\":\""))
        .map(|token| format!("{}={token}", names::name_for(ACCESS, &token)))
        .collect();
    let statements = server.statements();
    for (path, site, most) in [
        ("/log-out", "cross-site", 0),
        ("/login", "cross-site", 0),
        (SIGN_OUT_PATH, "cross-site", 0),
        ("/log-out", "same-origin", 8),
        (REFRESH_PATH, "cross-site", 0),
        (REFRESH_PATH, "same-origin", 8),
        (SIGN_OUT_PATH, "same-origin", 8),
    ] {
        let body = Some(r#"{"user":"eve"}"#.to_owned());
        let headers = vec![
            ("Cookie", pairs.join("; ")),
            ("Sec-Fetch-Site", site.to_owned()),
        ];
        statements.take();
        let browser = server.browser();
        browser
            .send_as(Method::Post, path, headers, body, ContentType::JSON)
            .await;
        let sent = statements.take();
        let rows = sent
            .iter()
            .filter(|sql| sql.starts_with("SELECT") && sql.contains("session_info"))
            .count();
        assert!(rows <= most, "{path} from {site}: {rows} rows");
        assert_eq!(rows > 0, most > 0, "{path} from {site}");
    }
}

fn forge(token: &str, change: &str) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut parts = token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let payload = URL_SAFE_NO_PAD.decode(&parts[1]).expect("base64url");
    let payload = String::from_utf8(payload).expect("UTF-8");
    let payload = if change.contains("refresh") {
        let at = payload.find(change).expect("the claim") + change.len();
        let old = &payload[at..at + 8];
        let new = if old == "00000000" {
            "11111111"
        } else {
            "00000000"
        };
        payload.replacen(&format!("{change}{old}"), &format!("{change}{new}"), 1)
    } else {
        payload.replacen("refreshTokenHash1", "refreshTokenHash9", 1)
    };
    parts[1] = URL_SAFE_NO_PAD.encode(payload);
    parts.join(".")
}

/// Settings that make the tokens of before invalid at once.
#[async_test]
async fn a_changed_setting_leaves_signing_out_as_it_was() {
    let changes: [(&str, Value); 3] = [
        ("access_token_validity", "10m".into()),
        ("audience", "shop".into()),
        ("api_base_path", "/api".into()),
    ];
    for (setting, value) in changes {
        let server = start().await;
        let mut browser = server.browser();
        browser.log_in("ada").await.expect(200, OK);
        let jar = browser.jar();
        let restarted = server.restart().set(setting, value);
        let restarted = restarted.rocket(|rocket| rocket.mount("/", routes![log_out]));
        let server = restarted.start().await;
        let mut browser = server.browser().with_jar(jar);
        browser.post("/log-out").await.expect(200, "bye");
        assert_eq!(server.database().sessions(), 0, "{setting}");
        assert_eq!(browser.cookie(ACCESS), None, "{setting}");
    }
}

fn junk(kind: &str, count: usize) -> String {
    let pair = |number: usize| format!("{kind}.{number:08}=v1.junk{number}");
    (0..count).map(pair).collect::<Vec<_>>().join("; ")
}

async fn with_junk(browser: &Browser<'_>, path: &str, count: usize) -> u16 {
    let ours = browser.cookie_header(path).expect("cookies");
    for cookies in [
        format!(
            "{}; {}; {ours}",
            junk("sAccessToken", count),
            junk("sRefreshToken", count)
        ),
        format!(
            "{ours}; {}; {}",
            junk("sAccessToken", count),
            junk("sRefreshToken", count)
        ),
    ] {
        let method = if path == "/me" {
            Method::Get
        } else {
            Method::Post
        };
        let headers = vec![
            ("Cookie", cookies),
            ("Sec-Fetch-Site", "same-origin".to_owned()),
        ];
        let answer = browser.send_raw(method, path, headers, None).await;
        if answer.status != 200 {
            return answer.status;
        }
    }
    200
}

/// A browser keeps some 180 cookies of a site.
#[async_test]
async fn what_neighbours_plant_beside_a_session_pushes_nothing_out() {
    let server = start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    for count in [1, 31, 32, 33, 180, 400] {
        assert_eq!(with_junk(&browser, "/me", count).await, 200, "{count}");
        let refresh = with_junk(&browser, "/auth/session/refresh", count).await;
        assert_eq!(refresh, 200, "{count}");
    }
}

/// Nobody waits for one: each takes a moment, not minutes.
#[async_test]
async fn requests_full_of_cookies_are_answered() {
    let server = start().await;
    let name = names::name_for(ACCESS, "");
    let browser = server.browser();
    for cookies in [
        junk("sAccessToken", 12_000),
        junk("sRefreshToken", 12_000),
        format!("{name}=; ").repeat(20_000),
        junk("\u{2000}sAccessToken", 12_000),
    ] {
        for (method, path) in [
            (Method::Get, "/me"),
            (Method::Post, "/auth/session/refresh"),
        ] {
            let headers = vec![("Cookie", cookies.clone())];
            let answer = browser.send_raw(method, path, headers, None).await;
            assert_eq!(answer.status, 401);
            answer.expect_untouched();
        }
    }
}
