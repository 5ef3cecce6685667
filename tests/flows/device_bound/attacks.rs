//! Copied jars, forged proofs and foreign challenges: what they must not get.

use rocket::async_test;
use rocket::http::Method;
use serde_json::json;
use session_tests::Server;
use session_tests::browser::Answer;
use session_tests::device::Device;

use super::{
    CHALLENGE, Chromium, M, REFRESH, REGISTER, SECOND, VALIDITY, call, challenge_of, server,
};

/// What a refresh may change.
fn row(server: &Server) -> ([Vec<u8>; 3], [i64; 2]) {
    let mut database = server.database();
    let of = |column| format!("SELECT {column} AS value FROM session_info");
    let texts = ["parent_hash", "children", "device_key"];
    let texts = texts.map(|column| database.bytes(&of(column)));
    let numbers = ["expires_at", "device_state"];
    (texts, numbers.map(|column| database.number(&of(column))))
}

#[async_test]
async fn r1_a_copied_jar_gets_no_new_tokens_and_the_owner_goes_on() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    let mut thief = chromium.thief();
    thief.get("/me").await;
    server.clock.advance(VALIDITY);

    let before = row(&server);
    assert_eq!(thief.get("/me").await.status, 401);
    let sent_back = thief.clone().refresh().await;
    assert_eq!(sent_back.status, 307);
    let again = sent_back.header("location").expect("a location").to_owned();
    let answer = thief.send_only(Method::Post, &again, None).await;
    answer.expect(401, r#"{"message":"unauthorised"}"#);
    let bearer = thief.cookie("__Secure-sRefreshToken").expect("a token");
    let by_hand = server.sessions().refresh(&bearer).await;
    assert_eq!(by_hand, Err(session_runtime::Error::Unauthorised));
    assert_eq!(row(&server), before);
    chromium.refresh().await.expect(200, "");
}

#[async_test]
async fn r7_a_session_that_was_not_bound_at_its_login_is_never_bound_by_cookies() {
    let server = server().await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let mut thief = Chromium::new(browser.clone(), &login);
    // Of another session, of a refresh, old, and made up.
    let other = Chromium::bound(&server).await;
    let mut another = server.browser();
    let of_another = challenge_of(&another.log_in("bob").await);
    for challenge in [
        other.challenge.clone(),
        of_another,
        String::new(),
        "A".repeat(30),
    ] {
        thief.challenge = challenge;
        thief.register().await.expect(401, "").expect_untouched();
    }
    thief.challenge = challenge_of(&login);
    server.clock.advance(M + SECOND);
    thief.register().await.expect(401, "").expect_untouched();
    browser.get("/bound").await.expect(200, "false");
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
}

#[async_test]
async fn r3_a_registration_needs_the_cookie_of_its_session() {
    let server = server().await;
    let login = server.browser().log_in("ada").await;
    let mut without = Chromium::new(server.browser(), &login);
    without.register().await.expect(401, "").expect_untouched();
    let mut other = server.browser();
    other.log_in("bob").await;
    let mut other = Chromium::new(other, &login);
    other.register().await.expect(401, "").expect_untouched();
}

#[async_test]
async fn r5_a_challenge_is_for_one_purpose_and_one_session() {
    let server = server().await;
    let mut browser = server.browser();
    let login = browser.log_in("ada").await;
    let mut chromium = Chromium::new(browser, &login);
    chromium.register().await;
    let other = Chromium::bound(&server).await;
    let statements = server.statements();
    for challenge in [
        challenge_of(&login),
        other.challenge.clone(),
        "A".repeat(30),
    ] {
        let answer = chromium.send(&chromium.device.proof(&challenge)).await;
        answer.expect(403, "").expect_untouched();
        assert!(answer.header(CHALLENGE).is_some());
    }
    assert_eq!(statements.take(), [""; 0]);
}

#[async_test]
async fn r4_and_r6_a_bad_proof_is_refused_and_nothing_is_written() {
    let server = server().await;
    let chromium = Chromium::bound(&server).await;
    let (device, challenge) = (&chromium.device, &chromium.challenge);
    let payload = json!({ "jti": challenge });
    let other = Device::new();
    let header = |alg: &str| json!({ "alg": alg, "typ": "dbsc+jwt" });
    let with_key = json!({ "alg": "ES256", "typ": "dbsc+jwt", "jwk": other.jwk() });
    let elsewhere = json!({ "jti": challenge, "aud": "https://other.test/refresh" });
    let before = row(&server);
    for proof in [
        other.proof(challenge),
        Device::rsa(aws_lc_rs::rsa::KeySize::Rsa2048).proof(challenge),
        device.jws(&header("none"), &payload),
        device.jws(&header("HS256"), &payload),
        device.jws(&header("RS256"), &payload),
        device.jws(&json!({ "alg": "ES256", "typ": "at+jwt" }), &payload),
        other.jws(&with_key, &payload),
        device.jws(&header("ES256"), &elsewhere),
        format!("{}A", device.proof(challenge)),
        device.registration(challenge),
        "x".repeat(5000),
        "é".to_owned(),
    ] {
        let answer = chromium.send(&proof).await;
        answer.expect(401, "").expect_untouched();
    }
    let twice = [
        ("Sec-Secure-Session-Id", &*chromium.session),
        ("Secure-Session-Response", &device.proof(challenge)),
        ("Secure-Session-Response", &device.proof(challenge)),
    ];
    call(&chromium.browser, REFRESH, &twice)
        .await
        .expect(401, "");
    assert_eq!(row(&server), before);
}

#[async_test]
async fn r6_who_has_no_refresh_token_of_the_session_costs_no_query() {
    let server = server().await;
    let chromium = Chromium::bound(&server).await;
    let other = Chromium::bound(&server).await;
    let proof = chromium.device.proof(&chromium.challenge);
    let session = ("Sec-Secure-Session-Id", &*chromium.session);
    let proof = ("Secure-Session-Response", &*proof);
    let mut planted = server.browser();
    planted.plant("__Secure-sRefreshToken", "v1.AAAA", "/");
    let statements = server.statements();
    for browser in [&server.browser(), &other.browser, &planted] {
        let answer = call(browser, REFRESH, &[session, proof]).await;
        answer.expect(401, "").expect_untouched();
    }
    for headers in [
        &[proof][..],
        &[("Sec-Secure-Session-Id", "nonsense"), proof],
    ] {
        let answer = call(&chromium.browser, REFRESH, headers).await;
        answer.expect(401, "").expect_untouched();
    }
    assert_eq!(statements.take(), [""; 0]);
}

async fn from_another_site(chromium: &Chromium<'_>, path: &str, proof: &str) -> Answer {
    let cookies = chromium.browser.cookie_header(path).expect("cookies");
    let headers = vec![
        ("Sec-Fetch-Site", "cross-site".to_owned()),
        ("Origin", "https://other.test".to_owned()),
        ("Cookie", cookies),
        ("Sec-Secure-Session-Id", chromium.session.clone()),
        ("Secure-Session-Response", proof.to_owned()),
    ];
    let browser = &chromium.browser;
    browser.send_raw(Method::Post, path, headers, None).await
}

#[async_test]
async fn another_site_that_posts_to_both_routes_changes_nothing() {
    let server = server().await;
    let chromium = Chromium::bound(&server).await;
    let before = row(&server);
    let proof = chromium.device.proof(&chromium.challenge);
    let registration = chromium.device.registration(&chromium.challenge);
    for (path, proof) in [(REFRESH, proof), (REGISTER, registration)] {
        let answer = from_another_site(&chromium, path, &proof).await;
        answer.expect(401, "").expect_untouched();
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert_eq!(row(&server), before);
}

/// The thief has the jar and a proof that was still under way.
#[async_test]
async fn r9_a_replayed_proof_is_good_for_its_challenges_age_only() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    let thief = chromium.thief();
    let proof = chromium.device.proof(&chromium.challenge);
    chromium.refresh().await.expect(200, "");
    let headers = [
        ("Sec-Secure-Session-Id", &*chromium.session),
        ("Secure-Session-Response", &*proof),
    ];
    assert_eq!(call(&thief, REFRESH, &headers).await.status, 200);
    server.clock.advance(M + SECOND);
    call(&thief, REFRESH, &headers).await.expect(403, "");
}

/// With a proof, a superseded refresh token says that there is a copy.
#[async_test]
async fn a_superseded_token_with_a_proof_is_theft() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    let old = chromium.browser.jar();
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    chromium.browser = chromium.browser.with_jar(old);
    let answer = chromium.refresh().await;
    answer.expect(401, "");
    assert_eq!(server.database().sessions(), 0);
}
