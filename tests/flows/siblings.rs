//! What a neighbour on a sibling domain can plant beside a session: tokens of its own, of a copy, and forged ones.
//! Browsers send them all, in an order that nobody knows.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::async_test;
use rocket::http::Method;
use session_tests::body::{OK, SIGN_IN_AGAIN, THEFT, UNAUTHORISED};
use session_tests::browser::{ACCESS, HASH, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Answer, Browser, Server, names};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Sends what was planted, then the browser's own cookies.
async fn send(browser: &mut Browser<'_>, method: Method, path: &str, planted: &str) -> Answer {
    let own = browser.cookie_header(path).unwrap_or_default();
    let body = (path == "/login").then(|| r#"{"user":"ada"}"#.to_owned());
    let headers = vec![
        ("Cookie", format!("{planted}; {own}")),
        ("Sec-Fetch-Site", "same-origin".to_owned()),
    ];
    let kind = rocket::http::ContentType::JSON;
    let answer = browser.send_as(method, path, headers, body, kind).await;
    browser.keep(&answer);
    answer
}

/// A refresh cookie, without the one with its hash: no sibling can plant that.
fn refresh_cookie(base: &str, of: &Browser<'_>) -> String {
    let token = of.cookie(base).expect("a token");
    format!("{}={token}", names::name_for(base, &token))
}

async fn exchange(thief: &mut Browser<'_>) {
    thief.refresh().await.expect(200, "{}");
}

/// The owner would otherwise follow the copy, refresh by refresh, and nobody would find out.
#[async_test]
async fn a_copy_is_found_out_although_its_newest_token_is_planted() {
    for rounds in [2, 5] {
        let server = Server::start().await;
        let mut owner = server.browser();
        owner.log_in("ada").await.expect(200, OK);
        let mut thief = owner.clone();
        for _ in 0..rounds {
            server.clock.advance(HOUR);
            exchange(&mut thief).await;
        }
        let planted = refresh_cookie(REFRESH, &thief);
        let answer = send(&mut owner, Method::Post, REFRESH_PATH, &planted).await;
        answer.expect(401, THEFT);
        assert_eq!(thief.refresh().await.status, 401, "for both");
    }
}

/// A sibling that fills the browser's jar until ours is dropped.
#[async_test]
async fn a_copy_is_found_out_although_the_own_token_was_dropped() {
    let on_tls = ("api_origin", "https://app.example.com");
    for (settings, base) in [
        (vec![on_tls], "__Secure-sRefreshToken"),
        (
            vec![on_tls, ("access_token_path", "/me")],
            "__Secure-sRefreshToken",
        ),
        (
            vec![on_tls, ("refresh_token_path", "/")],
            "__Secure-sRefreshToken",
        ),
    ] {
        for rounds in [0, 1, 3] {
            let settings: Vec<_> = settings
                .iter()
                .map(|(key, value)| (*key, (*value).into()))
                .collect();
            let server = Server::builder().settings(&settings).start().await;
            let mut owner = server.browser();
            owner.log_in("ada").await.expect(200, OK);
            server.clock.advance(HOUR);
            let mut thief = owner.clone();
            owner.refresh().await.expect(200, "{}");
            for _ in 0..rounds {
                exchange(&mut thief).await;
            }
            owner.forget(base);
            let planted = refresh_cookie(base, &thief);
            let answer = send(&mut owner, Method::Post, REFRESH_PATH, &planted).await;
            answer.expect(401, THEFT);
            assert_eq!(server.database().sessions(), 0, "{settings:?}");
            assert_eq!(thief.refresh().await.status, 401, "for both");
        }
    }
}

/// Nobody knows then whose the refresh token is: the browser forgets the session, which goes on.
#[async_test]
async fn a_refresh_token_without_its_hash_counts_for_nothing() {
    let on_tls = [("api_origin", "https://app.example.com".into())];
    let server = Server::builder().settings(&on_tls).start().await;
    let mut owner = server.browser();
    owner.log_in("ada").await.expect(200, OK);
    let kept = owner.clone();
    owner.forget("__Host-sRefreshHash");
    let answer = owner.refresh().await;
    answer.expect(401, UNAUTHORISED);
    assert!(owner.cookie_names().is_empty());
    kept.clone().refresh().await.expect(200, "{}");

    // Without any other cookie of its session it is as if it were not there.
    let planted = refresh_cookie("__Secure-sRefreshToken", &kept);
    let mut visitor = server.browser();
    let answer = send(&mut visitor, Method::Post, REFRESH_PATH, &planted).await;
    answer.expect(401, UNAUTHORISED).expect_untouched();
    kept.clone().refresh().await.expect(200, "{}");
}

/// Where a sibling can plant all cookies of a session, one that has ended does not stand in the way.
#[async_test]
async fn a_planted_session_that_has_ended_hides_no_good_one() {
    let server = Server::start().await;
    let mut owner = server.browser();
    owner.log_in("ada").await.expect(200, OK);
    server.clock.advance(Duration::from_secs(1));
    let mut mallory = server.browser();
    mallory.log_in("mallory").await.expect(200, OK);
    let planted = names::pair(REFRESH, &mallory.cookie(REFRESH).expect("a token"));
    mallory.post(SIGN_OUT_PATH).await.expect(200, OK);
    for _ in 0..2 {
        server.clock.advance(HOUR);
        let answer = send(&mut owner, Method::Post, REFRESH_PATH, &planted).await;
        answer.expect(200, "{}");
        assert_eq!(owner.get("/me").await.json()["user"], "ada");
    }
}

/// Without TLS anybody can plant the hash too, so that its absence proves nothing.
#[async_test]
async fn without_tls_an_access_cookie_is_enough_beside_a_refresh_token() {
    let server = Server::start().await;
    let mut owner = server.browser();
    owner.log_in("ada").await.expect(200, OK);
    let mut other = owner.clone();
    other.forget(HASH);
    other.refresh().await.expect(200, "{}");
    owner.refresh().await.expect(200, "{}");
    // Of several tokens the one counts that the hash names.
    let planted = refresh_cookie(REFRESH, &other);
    let answer = send(&mut owner, Method::Post, REFRESH_PATH, &planted).await;
    answer.expect(200, "{}");
}

/// The answer to a change of the payload comes late, and brings an older access token than the refresh did.
#[async_test]
async fn an_older_access_token_makes_nobody_a_thief() {
    let server = Server::start().await;
    let mut owner = server.browser();
    owner.log_in("ada").await.expect(200, OK);
    for _ in 0..4 {
        let late = owner.clone();
        server.clock.advance(HOUR);
        owner.refresh().await.expect(200, "{}");
        let access = late.cookie(ACCESS).expect("a token");
        owner.plant(ACCESS, &access, "/");
    }
    server.clock.advance(HOUR);
    owner.refresh().await.expect(200, "{}");
    assert_eq!(owner.get("/me").await.status, 200);
}

/// A refresh that was answered moves the pair on: what was planted before is older then.
#[async_test]
async fn an_older_token_that_is_planted_makes_nobody_a_thief() {
    let server = Server::start().await;
    let mut owner = server.browser();
    owner.log_in("ada").await.expect(200, OK);
    let planted = refresh_cookie(REFRESH, &owner);
    for _ in 0..4 {
        server.clock.advance(HOUR);
        let answer = send(&mut owner, Method::Post, REFRESH_PATH, &planted).await;
        answer.expect(200, "{}");
        assert_eq!(owner.get("/me").await.status, 200);
    }
}

async fn two_users(server: &Server) -> (Browser<'_>, String) {
    let (mut victim, mut mallory) = (server.browser(), server.browser());
    victim.log_in("ada").await.expect(200, OK);
    server.clock.advance(HOUR / 2);
    mallory.log_in("mallory").await.expect(200, OK);
    let cookie = |name| mallory.cookie(name).expect("a token");
    let planted = format!("{ACCESS}={}; {REFRESH}={}", cookie(ACCESS), cookie(REFRESH));
    (victim, planted)
}

#[async_test]
async fn a_planted_session_does_not_take_over_when_the_own_one_expires() {
    let server = Server::start().await;
    let (mut victim, planted) = two_users(&server).await;
    for (after, path) in [
        (Duration::ZERO, "/me"),
        (HOUR / 2 + Duration::from_secs(60), "/me"),
        (Duration::ZERO, "/maybe"),
        (Duration::ZERO, "/live"),
    ] {
        server.clock.advance(after);
        let answer = send(&mut victim, Method::Get, path, &planted).await;
        answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
    }
    // The next login ends both.
    send(&mut victim, Method::Post, "/login", &planted)
        .await
        .expect(200, OK);
    let answer = send(&mut victim, Method::Get, "/me", &planted).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("ada"), "{}", answer.body);
    let sessions = server.sessions();
    assert_eq!(sessions.handles("mallory").await, Ok(vec![]));
    assert_eq!(sessions.handles("ada").await.map(|all| all.len()), Ok(1));
}

/// Where a neighbour plants it at a path that no login sees: guards below that path met both.
#[async_test]
async fn a_login_and_a_sign_out_end_what_was_met_elsewhere() {
    for leaves in [false, true] {
        let server = Server::start().await;
        let (mut victim, planted) = two_users(&server).await;
        let answer = send(&mut victim, Method::Get, "/me", &planted).await;
        answer.expect(403, SIGN_IN_AGAIN);
        if leaves {
            victim.sign_out().await.expect(200, OK);
        } else {
            victim.log_in("ada").await.expect(200, OK);
        }
        let sessions = server.sessions();
        assert_eq!(sessions.handles("mallory").await, Ok(vec![]));
        let answer = send(&mut victim, Method::Get, "/me", &planted).await;
        assert_eq!(answer.status, if leaves { 401 } else { 200 });
        // Also when nobody remembers that it has ended.
        server.clock.advance(3 * HOUR);
        if !leaves {
            victim.refresh().await.expect(200, "{}");
            let answer = send(&mut victim, Method::Get, "/me", &planted).await;
            assert_eq!(answer.status, 200);
        }
    }
}

/// Two people share a browser, and the answer of the second login was lost: the expired session of the first
/// one has ended, and is in nobody's way.
#[async_test]
async fn an_expired_session_that_has_ended_is_removed() {
    let server = Server::start().await;
    let (mut victim, planted) = two_users(&server).await;
    let ended = server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    assert_eq!(ended.len(), 1);
    // Until nobody remembers that it was revoked.
    server.clock.advance(3 * HOUR);
    let refreshed = send(&mut victim, Method::Post, REFRESH_PATH, &planted).await;
    refreshed.expect(200, "{}");
    let answer = victim.get("/me").await;
    assert!(answer.body.contains("mallory"), "{answer:?}");
    assert_eq!(
        victim.cookie_names().len(),
        3,
        "{:?}",
        victim.cookie_names()
    );
}

/// Short texts that look like tokens, each under the name that it asks for: as many as a browser keeps.
fn forged(count: u32) -> String {
    let cookie = |number: u32| {
        let handle = format!("01a20dd2-de9d-7c05-8f72-{number:012x}");
        let tag = URL_SAFE_NO_PAD.encode(&u64::from(number).to_be_bytes()[2..]);
        let token = URL_SAFE_NO_PAD.encode(format!(r#"["","{handle}",null]"#));
        format!("{ACCESS}.{tag}=.{token}")
    };
    (0..count).map(cookie).collect::<Vec<_>>().join("; ")
}

/// Live ones, and others whose access tokens have expired.
#[async_test]
async fn a_login_ends_all_that_was_met_however_many_were_planted() {
    for expired in [false, true] {
        let server = Server::start().await;
        let mut planted = Vec::new();
        for _ in 0..20 {
            let mut mallory = server.browser();
            mallory.log_in("mallory").await.expect(200, OK);
            planted.push(format!(
                "{ACCESS}={}",
                mallory.cookie(ACCESS).expect("a token")
            ));
        }
        planted.truncate(if expired { 6 } else { 20 });
        if expired {
            server.clock.advance(2 * HOUR);
        }
        let planted = planted.join("; ");
        let mut victim = server.browser();
        victim.log_in("ada").await.expect(200, OK);
        let answer = send(&mut victim, Method::Get, "/me", &planted).await;
        answer.expect(403, SIGN_IN_AGAIN);
        victim.log_in("ada").await.expect(200, OK);
        let answer = send(&mut victim, Method::Get, "/me", &planted).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[async_test]
async fn forged_tokens_hide_no_session() {
    // Where nothing is remembered each token is checked anew.
    for remembered in [1000, 0] {
        let settings = [("verified_token_cache", remembered.into())];
        let server = Server::builder().settings(&settings).start().await;
        let planted = forged(900);
        let mut browser = server.browser();
        send(&mut browser, Method::Post, "/login", &planted)
            .await
            .expect(200, OK);
        let answer = send(&mut browser, Method::Get, "/me", &planted).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut copy = browser.clone();
        send(&mut browser, Method::Post, SIGN_OUT_PATH, &planted)
            .await
            .expect(200, OK);
        assert_eq!(server.database().sessions(), 0);
        assert_eq!(copy.refresh().await.status, 401);
    }
}

/// Each kind of token is read once, however many of the other kind stand beside it under one name.
#[async_test]
async fn many_tokens_of_one_name_are_answered() {
    let server = Server::start().await;
    let token = |number: u32| URL_SAFE_NO_PAD.encode(format!(r#"["x","{number}",null]"#));
    let own = {
        let mut browser = server.browser();
        browser.log_in("ada").await.expect(200, OK);
        browser.cookie(REFRESH).expect("a token")
    };
    for refresh in ["v2.", &own[..own.len() - 8]] {
        let pairs = |number: u32| {
            let access = format!("{ACCESS}.AAAAAAAA={number}.{}", token(number));
            format!("{access}; {REFRESH}.AAAAAAAA={refresh}{number:08}")
        };
        let cookies: Vec<String> = (0..1000).map(pairs).collect();
        let mut browser = server.browser();
        for path in [REFRESH_PATH, SIGN_OUT_PATH] {
            let answer = send(&mut browser, Method::Post, path, &cookies.join("; ")).await;
            assert_eq!(answer.status, 401);
        }
    }
}
