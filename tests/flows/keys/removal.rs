//! Emergency removal: the key's tokens are refused in every process, and a refresh helps.

use std::time::Duration;

use rocket::async_test;
use session_runtime::Error;
use session_tests::body::TRY_REFRESH;
use session_tests::{Log, Server};

use super::{count, follow, fresh_token, kid, present, signer, token};

/// The ids of the keys that make refresh tokens.
pub(super) const REFRESH_KEYS: &str = "SELECT max(id) AS value FROM session_key WHERE kind = 'refresh-mac' GROUP BY kind HAVING count(*) = 1";

/// Nothing of any session is left, in this process and, once it has read the feed, in another.
#[async_test]
async fn everything_ends_at_once() {
    let server = Server::start().await;
    let beside = server.beside().start().await;
    let (mut ada, mut eve) = (server.browser(), server.browser().in_header_mode());
    ada.log_in("ada").await;
    eve.log_in("eve").await;
    let there = beside.browser().with_jar(ada.jar());
    assert_eq!(there.clone().get("/me").await.status, 200);
    let kid = server.sessions().signing_keys()[0].kid.clone();
    let refresh_keys = || server.database().text(REFRESH_KEYS);
    assert_eq!(refresh_keys(), "1");

    assert_eq!(server.sessions().revoke_everything().await, Ok(2));
    assert_eq!(refresh_keys(), "2");
    for browser in [&mut ada, &mut eve] {
        assert_eq!(browser.get("/me").await.status, 401);
        assert_eq!(browser.refresh().await.status, 401);
    }
    follow(&beside).await;
    let mut there = there;
    assert_eq!(there.get("/me").await.status, 401);
    let keys = server.sessions().signing_keys();
    assert!(keys.len() == 1 && keys[0].kid != kid, "{keys:?}");
    assert_eq!(server.database().sessions(), 0);
    ada.log_in("ada").await;
    assert_eq!(ada.get("/live").await.status, 200);
    let mut there = beside.browser().with_jar(ada.jar());
    there.refresh().await.expect(200, "{}");
    assert_eq!(server.sessions().revoke_everything().await, Ok(1));
    assert_eq!(server.sessions().revoke_everything().await, Ok(0));
}

#[async_test]
async fn a_removed_keys_tokens_are_refused_everywhere_and_a_refresh_helps() {
    let log = Log::start();
    let here = Server::start().await;
    let there = here.beside().start().await;
    let mut browser = there.browser();
    browser.log_in("ada").await;
    let old = token(&browser);
    // Both remember the token.
    for server in [&here, &there] {
        assert_eq!(present(server, &old).await.status, 200);
    }
    let stolen = signer(&here);
    assert_eq!(here.sessions().remove_signing_key(&stolen).await, Ok(true));
    present(&here, &old)
        .await
        .expect(401, TRY_REFRESH)
        .expect_untouched();

    follow(&there).await;
    browser
        .get("/me")
        .await
        .expect(401, TRY_REFRESH)
        .expect_untouched();
    browser.refresh().await.expect(200, "{}");
    assert_eq!(browser.get("/me").await.status, 200);
    assert_eq!(kid(&token(&browser)), signer(&here));
    assert_ne!(signer(&here), stolen);
    assert_eq!((signer(&there), count(&here, "ES256")), (signer(&here), 1));
    assert_eq!(here.sessions().remove_signing_key(&stolen).await, Ok(false));
    log.expect(&["event=\"key_removed\"", &stolen]);
    let published = here.browser().get("/auth/jwt/jwks.json").await.body;
    assert!(!published.contains(&stolen) && published.contains(&signer(&here)));

    // It stays removed.
    let here = here.restart().start().await;
    present(&here, &old).await.expect(401, TRY_REFRESH);
}

#[async_test]
async fn a_process_whose_feed_stalls_asks_for_removed_keys() {
    let here = Server::start().await;
    let there = here.beside().set("revocation_bound", "1m").start().await;
    let token = fresh_token(&there).await;
    here.clock.advance(Duration::from_secs(59));
    assert_eq!(present(&there, &token).await.status, 200);
    let removed = here.sessions().remove_signing_key(&kid(&token)).await;
    assert_eq!(removed, Ok(true));
    here.clock.advance(Duration::from_secs(2));
    present(&there, &token).await.expect(401, TRY_REFRESH);
}

#[async_test]
async fn only_signing_keys_can_be_removed() {
    let server = Server::start().await;
    for kid in ["", "1", "refresh-mac", "d-1", "%"] {
        assert_eq!(server.sessions().remove_signing_key(kid).await, Ok(false));
    }
    assert_eq!(
        (count(&server, "ES256"), count(&server, "refresh-mac")),
        (1, 1)
    );
}

#[async_test]
async fn sqlite_a_removal_that_cannot_be_stored_changes_nothing() {
    let server = Server::builder()
        .set("database_timeout", "10ms")
        .start()
        .await;
    let token = fresh_token(&server).await;
    let mut lock = server.database();
    lock.execute("BEGIN IMMEDIATE");
    assert_eq!(
        server.sessions().remove_signing_key(&kid(&token)).await,
        Err(Error::Unavailable)
    );
    assert_eq!(present(&server, &token).await.status, 200);
    lock.execute("ROLLBACK");
    assert_eq!(
        server.sessions().remove_signing_key(&kid(&token)).await,
        Ok(true)
    );
    present(&server, &token).await.expect(401, TRY_REFRESH);
}
