//! The life of a bound session: login, registration, refreshes, sign-out.

use rocket::async_test;
use rocket::http::Method;
use serde_json::json;
use session_tests::{Browser, Server};

use super::{
    CHALLENGE, Chromium, M, MARKER, REGISTRATION, SECOND, VALIDITY, challenge_of, cookies_of,
    server,
};

/// The names of all cookies of a bound session.
const ALL_COOKIES: [&str; 4] = [
    "__Host-sAccessToken",
    "__Host-sBound",
    "__Host-sRefreshHash",
    "__Secure-sRefreshToken",
];

#[async_test]
async fn a_login_asks_the_browser_to_register() {
    let server = server().await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let challenge = challenge_of(&login);
    let expected = format!(
        r#"(ES256 RS256);path="/auth/session/refresh/device/register";challenge="{challenge}""#
    );
    assert_eq!(login.header(REGISTRATION), Some(&*expected));
    assert_eq!(challenge.len(), 30);
    browser.get("/bound").await.expect(200, "false");
    assert_eq!(browser.get("/me").await.header(REGISTRATION), None);
}

#[async_test]
async fn a_registration_is_answered_with_the_configuration_and_an_access_token() {
    let server = server().await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let handle = browser.handle().await;
    let mut chromium = Chromium::new(browser, &login);
    let answer = chromium.register().await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let names = chromium.browser.cookie_names();
    let marker = names.iter().find(|name| name.starts_with(MARKER));
    assert_eq!(
        answer.json(),
        json!({
            "session_identifier": handle.to_string(),
            "refresh_url": "/auth/session/refresh/device",
            "scope": { "include_site": false },
            "credentials": [{
                "type": "cookie",
                "name": marker.expect("a marker"),
                "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax",
            }],
        })
    );
    let next = answer.header(CHALLENGE).expect("a challenge");
    assert!(next.ends_with(&format!(r#"";id="{handle}""#)), "{next}");
    assert_eq!(
        cookies_of(&answer),
        ["__Host-sAccessToken", "__Host-sBound"]
    );
    let line = answer
        .all("set-cookie")
        .find(|line| line.starts_with(MARKER));
    let attributes = line
        .expect("a marker")
        .split_once("; ")
        .expect("attributes")
        .1;
    let mut attributes: Vec<&str> = attributes.split("; ").collect();
    attributes.sort_unstable();
    assert_eq!(
        attributes,
        ["HttpOnly", "Max-Age=60", "Path=/", "SameSite=Lax", "Secure"]
    );
    chromium.browser.get("/bound").await.expect(200, "true");
    chromium.browser.get("/vault").await.expect(200, "gold");
}

#[async_test]
async fn a_bound_session_goes_on_for_as_long_as_its_device_proves_itself() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    let handle = chromium.browser.handle().await;
    for _ in 0..5 {
        server.clock.advance(VALIDITY - 9 * SECOND);
        assert!(!chromium.has_marker());
        let answer = chromium.refresh().await;
        answer.expect(200, "");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(cookies_of(&answer), ALL_COOKIES);
        assert!(chromium.has_marker());
        let mut cookies = answer.all("set-cookie");
        let lives = cookies.any(|line| line.starts_with(MARKER) && line.contains("Max-Age=590"));
        assert!(lives, "nothing is signed for almost ten minutes");
        assert_eq!(chromium.browser.handle().await, handle);
        chromium.browser.get("/bound").await.expect(200, "true");
    }
    let state = "SELECT device_state AS value FROM session_info";
    assert_eq!(server.database().number(state), 1);
}

/// After hours, or a restart of the browser, its challenge is gone or old.
#[async_test]
async fn a_browser_without_a_young_challenge_is_given_one() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY + M + SECOND);
    let statements = server.statements();
    let answer = chromium.prove().await;
    answer.expect(403, "").expect_untouched();
    let next = answer.header(CHALLENGE).expect("a challenge");
    assert!(
        next.ends_with(&format!(r#"";id="{}""#, chromium.session)),
        "{next}"
    );
    assert_eq!(statements.take(), [""; 0]);
    chromium.refresh().await.expect(200, "");
}

/// The browser sends the same proof again when the connection was cut.
#[async_test]
async fn r9_the_same_proof_twice_is_no_theft() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    chromium.prove().await.expect(200, "");
    let again = chromium.refresh().await;
    again.expect(200, "");
    chromium.browser.get("/bound").await.expect(200, "true");
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
}

#[async_test]
async fn r2_a_key_is_written_once_and_a_lost_answer_is_given_again() {
    let server = server().await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let mut chromium = Chromium::new(browser, &login);
    let challenge = chromium.challenge.clone();
    chromium.register().await;
    chromium.challenge.clone_from(&challenge);
    assert_eq!(chromium.register().await.status, 200);

    let mut thief = Chromium::new(chromium.thief(), &login);
    thief.register().await.expect(401, "").expect_untouched();
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
}

#[async_test]
async fn a_sign_out_removes_the_marker_and_ends_the_session_of_the_browser() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    let answer = chromium.browser.sign_out().await;
    assert_eq!(answer.status, 200);
    assert!(!chromium.has_marker());
    let answer = chromium.prove().await;
    answer.expect(401, "").expect_untouched();
}

#[async_test]
async fn r8_a_revoked_session_is_refused_and_its_cookies_are_removed_by_name() {
    let server = server().await;
    let mut old = Chromium::bound(&server).await;
    server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    // A login on the same browser, whose cookies lie beside those of the old session.
    let mut new = server.browser();
    new.log_in("bob").await;
    old.browser.add(&new);

    let answer = old.refresh().await;
    answer.expect(401, "");
    assert_eq!(cookies_of(&answer), ALL_COOKIES);
    assert_eq!(old.browser.get("/me").await.json()["user"], "bob");
}

#[async_test]
async fn a_new_login_is_another_session_and_the_old_one_is_forgotten() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    let old = chromium.session.clone();
    let login = chromium.browser.log_in("ada").await;
    assert!(login.header(REGISTRATION).is_some());
    chromium.browser.get("/bound").await.expect(200, "false");
    let answer = chromium.prove().await;
    answer.expect(401, "").expect_untouched();

    chromium.challenge = challenge_of(&login);
    assert_eq!(chromium.register().await.status, 200);
    assert_ne!(chromium.session, old);
    chromium.browser.get("/bound").await.expect(200, "true");
}

#[async_test]
async fn the_list_of_a_users_sessions_says_which_are_bound() {
    let server = server().await;
    let _chromium = Chromium::bound(&server).await;
    server.clock.advance(SECOND);
    server.browser().log_in("ada").await;
    let listed = server.sessions().list("ada", None).await.expect("a list");
    let bound: Vec<bool> = listed.iter().map(|session| session.device_bound).collect();
    assert_eq!(bound, [false, true]);
}

#[async_test]
async fn a_change_of_the_payload_leaves_the_binding_alone() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    let body = json!({ "text": "second" });
    let answer = chromium
        .browser
        .send(Method::Put, "/notes", Some(body))
        .await;
    assert_eq!(answer.status, 200);
    chromium.browser.get("/bound").await.expect(200, "true");
}

async fn unbound(server: &Server) -> Browser<'_> {
    let mut browser = server.browser();
    browser.log_in("ada").await;
    browser
}

#[async_test]
async fn a_browser_that_cannot_do_it_goes_on_as_ever() {
    let server = server().await;
    let mut browser = unbound(&server).await;
    server.clock.advance(60 * M);
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    assert_eq!(answer.header(REGISTRATION), None);
    browser.get("/bound").await.expect(200, "false");
    let refused = browser.get("/vault").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json()["claimValidationErrors"][0]["id"],
        json!("device_bound")
    );
}
