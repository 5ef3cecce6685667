//! Rotation with overlap and retirement; done once when several processes share the database.

use std::time::Duration;

use rocket::async_test;
use rocket::futures::future::{join, join_all};
use serde_json::json;
use session_runtime::clock::Clock;
use session_tests::body::TRY_REFRESH;
use session_tests::{Log, Server};

use super::{count, fresh_token, kid, present, rotate, signer, token, with_header};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How old the newest key is.
fn age(server: &Server) -> Duration {
    let created = server.sessions().signing_keys()[0].created_at;
    (server.clock.now() - created.expect("a time"))
        .to_std()
        .expect("an age")
}

#[async_test]
async fn keys_change_and_old_tokens_keep_working_to_their_end() {
    let log = Log::start();
    let server = Server::builder()
        .set("access_token_jitter", 0)
        .start()
        .await;
    let rotate = async || {
        let turn = server.sessions().rotate_keys_now();
        turn.await.expect("an answer");
    };
    for _ in 0..4 {
        // Two minutes before the end of the interval: a token of the old key.
        server.clock.advance(168 * HOUR - 2 * MINUTE - age(&server));
        rotate().await;
        let old = fresh_token(&server).await;
        assert_eq!(kid(&old), server.sessions().signing_keys()[0].kid);

        // The next key is made and published, and does not sign yet.
        server.clock.advance(MINUTE);
        rotate().await;
        let next = server.sessions().signing_keys()[0].clone();
        assert!(!next.signs && next.kid != kid(&old), "{next:?}");
        log.expect(&["event=\"key_rotated\"", &next.kid]);
        assert_eq!(kid(&fresh_token(&server).await), kid(&old));
        server.clock.advance(MINUTE);
        let new = fresh_token(&server).await;
        assert_eq!(kid(&new), next.kid);

        // The old token is good to its last second; then the old key goes.
        server.clock.advance(58 * MINUTE - Duration::from_secs(1));
        rotate().await;
        server.sessions().clean_up_now().await.expect("an answer");
        assert_eq!(present(&server, &old).await.status, 200);
        assert_eq!(present(&server, &new).await.status, 200);
        server.clock.advance(Duration::from_secs(1));
        present(&server, &old).await.expect(401, TRY_REFRESH);
        server.clock.advance(13 * MINUTE);
        rotate().await;
        assert_eq!(server.sessions().signing_keys().len(), 1);
    }
}

#[async_test]
async fn old_keys_are_deleted_and_those_that_verify_are_not() {
    let server = Server::start().await;
    let first = signer(&server);
    server.clock.advance(168 * HOUR);
    rotate(&server).await;
    assert_eq!(count(&server, "ES256"), 2);
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(count(&server, "ES256"), 2);
    // A day after its end, and one that no clean-up saw a jump in.
    server.clock.advance(27 * HOUR);
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(count(&server, "ES256"), 1);
    assert_eq!(count(&server, "refresh-mac"), 1);
    assert_ne!(signer(&server), first);
    assert_eq!(
        present(&server, &fresh_token(&server).await).await.status,
        200
    );
}

#[async_test]
async fn several_processes_make_one_key() {
    let one = Server::start().await;
    let (two, three) = (one.beside().start().await, one.beside().start().await);
    for round in 2..6 {
        one.clock.advance(168 * HOUR);
        let turns = [&one, &two, &three].map(|server| server.sessions().rotate_keys_now());
        for turn in join_all(turns).await {
            turn.expect("an answer");
        }
        assert_eq!(count(&one, "ES256"), round);
        assert_eq!(signer(&one), signer(&two));
        assert_eq!(signer(&two), signer(&three));
        for (mint, verify) in [(&one, &two), (&two, &three), (&three, &one)] {
            let token = fresh_token(mint).await;
            assert_eq!(present(verify, &token).await.status, 200);
        }
    }
}

#[async_test]
async fn all_verifies_succeed_around_a_rotation() {
    let settings = [
        ("signing_key_interval", "10m".into()),
        ("access_token_jitter", 0.into()),
    ];
    let one = Server::builder().settings(&settings).start().await;
    let two = one.beside().settings(&settings).start().await;
    let mut browsers = Vec::new();
    for _ in 0..6 {
        let mut browser = one.browser();
        browser.log_in("ada").await;
        browsers.push(browser);
    }
    let mut kids = std::collections::BTreeSet::new();
    for round in 0..240 {
        one.clock.advance(Duration::from_secs(7));
        let relogin = round % browsers.len();
        browsers[relogin].log_in("ada").await;
        kids.insert(kid(&token(&browsers[relogin])));
        let tokens: Vec<_> = browsers.iter().map(token).collect();
        let checks = tokens
            .iter()
            .flat_map(|token| [present(&one, token), present(&two, token)]);
        let turns = join(
            one.sessions().rotate_keys_now(),
            two.sessions().rotate_keys_now(),
        );
        let (answers, turns) = join(join_all(checks), turns).await;
        turns.0.and(turns.1).expect("an answer");
        for answer in answers {
            assert_eq!(answer.status, 200, "round {round}: {}", answer.body);
        }
    }
    assert!(kids.len() >= 3, "{kids:?}");
}

#[async_test]
async fn an_unknown_key_is_looked_for_once_in_ten_seconds() {
    let log = Log::start();
    let server = Server::start().await;
    let good = fresh_token(&server).await;
    let mut header = token::header(&good);
    let looks = || log.text().matches("unknown_key").count();
    for round in 1..4 {
        let forged: Vec<_> = (0..20)
            .map(|number| {
                header["kid"] = json!(format!("d-{round}-{number}"));
                with_header(&good, &header)
            })
            .collect();
        for answer in join_all(forged.iter().map(|token| present(&server, token))).await {
            answer.expect(401, TRY_REFRESH).expect_untouched();
        }
        assert_eq!(looks(), round);
        server.clock.advance(Duration::from_millis(9_999));
        present(&server, &forged[0]).await.expect(401, TRY_REFRESH);
        assert_eq!(looks(), round);
        assert_eq!(present(&server, &good).await.status, 200);
        server.clock.advance(Duration::from_millis(1));
    }
}

/// A key that another process made is found.
#[async_test]
async fn a_token_of_a_new_key_makes_it_known() {
    // So slow a feed that only looking for the key can find it.
    let slow = [("revocation_bound", "10h".into())];
    let here = Server::builder().settings(&slow).start().await;
    let there = here.beside().settings(&slow).start().await;
    here.clock.advance(168 * HOUR);
    rotate(&there).await;
    let token = fresh_token(&there).await;
    assert_eq!(present(&here, &token).await.status, 200);
    assert_eq!(signer(&here), kid(&token));
}

#[async_test]
async fn a_start_after_a_long_pause_signs_with_a_new_key() {
    let server = Server::start().await;
    let old = signer(&server);
    server.clock.advance(1000 * HOUR);
    let server = server.restart().start().await;
    assert_ne!(signer(&server), old);
    assert_eq!(
        present(&server, &fresh_token(&server).await).await.status,
        200
    );
}

#[async_test]
async fn a_key_that_is_no_good_leaves_those_before_it_in_use() {
    let server = Server::start().await;
    let token = fresh_token(&server).await;
    server.clock.advance(168 * HOUR);
    server.database().execute(
        "INSERT INTO session_key SELECT 'x', kind, sealed, created_at FROM session_key WHERE kind = 'ES256'",
    );
    assert!(server.sessions().rotate_keys_now().await.is_err());
    assert_eq!(signer(&server), kid(&token));
    assert_eq!(
        present(&server, &fresh_token(&server).await).await.status,
        200
    );
}
