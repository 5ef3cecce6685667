//! Algorithms, mistakes in the settings, and databases of the version before.

use std::time::Duration;

use rocket::async_test;
use rocket::figment::value::Value;
use session_tests::{Log, Server, launches};

use super::{count, follow, fresh_token, kid, present, rotate, signed_like, signer, token};

const HOUR: Duration = Duration::from_secs(60 * 60);

#[async_test]
async fn eddsa_by_configuration() {
    let settings = [("signing_algorithm", "EdDSA".into())];
    let server = Server::builder().settings(&settings).start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    assert_eq!(browser.get("/me").await.status, 200);
    assert_eq!(token::header(&token(&browser))["alg"], "EdDSA");
    assert_eq!((count(&server, "EdDSA"), count(&server, "ES256")), (1, 0));
    let published = server.browser().get("/auth/jwt/jwks.json").await.json();
    assert_eq!(published["keys"][0]["crv"], "Ed25519");

    let (old, old_token) = (signer(&server), token(&browser));
    server.clock.advance(168 * HOUR);
    rotate(&server).await;
    assert_ne!(signer(&server), old);
    assert_ne!(kid(&fresh_token(&server).await), kid(&old_token));
}

/// In the model system old tokens need a refresh; here they are good until they expire.
#[async_test]
async fn a_change_of_algorithm_leaves_old_tokens_good() {
    let eddsa = [("signing_algorithm", "EdDSA".into())];
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let (jar, old) = (browser.jar(), token(&browser));

    let server = server.restart().settings(&eddsa).start().await;
    let mut browser = server.browser().with_jar(jar);
    assert_eq!(browser.get("/me").await.status, 200);
    server.clock.advance(Duration::from_secs(1));
    browser.refresh().await.expect(200, "{}");
    let new = token(&browser);
    assert_eq!(token::header(&new)["alg"], "EdDSA");
    assert_eq!(present(&server, &old).await.status, 200);

    // A process that still has the old setting knows both, and its tokens are good here.
    let behind = server.beside().start().await;
    for token in [&old, &new] {
        assert_eq!(present(&behind, token).await.status, 200);
    }
    assert_eq!(
        present(&server, &fresh_token(&behind).await).await.status,
        200
    );

    // And back; in the end the other algorithm's key is over.
    let server = server.restart().start().await;
    assert_eq!(present(&server, &new).await.status, 200);
    assert_eq!((signer(&server), kid(&old)), (kid(&old), signer(&server)));
    server.clock.advance(170 * HOUR);
    rotate(&server).await;
    let keys = server.sessions().signing_keys();
    assert!(keys.iter().all(|key| key.algorithm == "ES256"), "{keys:?}");
}

#[async_test]
async fn a_token_whose_algorithm_is_not_its_keys_is_refused() {
    let server = Server::start().await;
    let es256 = fresh_token(&server).await;
    let server = server
        .restart()
        .set("signing_algorithm", "EdDSA")
        .start()
        .await;
    let eddsa = fresh_token(&server).await;
    for (token, other) in [(&es256, &eddsa), (&eddsa, &es256)] {
        let (good, payload) = (token::header(token), token::payload(token));
        let signed = signed_like(&server, token, &good, &payload).await;
        assert_eq!(present(&server, &signed).await.status, 200);
        for member in ["alg", "kid"] {
            let mut header = good.clone();
            header[member] = token::header(other)[member].clone();
            let signed = signed_like(&server, token, &header, &payload).await;
            assert_eq!(present(&server, &signed).await.status, 401, "{header}");
        }
    }
}

#[async_test]
async fn mistakes_stop_the_launch_with_a_sentence() {
    let mistakes: [(&str, Value, &[&str]); 7] = [
        (
            "signing_algorithm",
            "RS256".into(),
            &["RS256", "ES256", "EdDSA"],
        ),
        ("signing_algorithm", "es256".into(), &["es256", "ES256"]),
        (
            "signing_key_overlap",
            "85h".into(),
            &["`signing_key_overlap`", "half of `signing_key_interval`"],
        ),
        (
            "signing_key_overlap",
            "0s".into(),
            &["`signing_key_overlap`"],
        ),
        (
            "signing_key_interval",
            "1999ms".into(),
            &["`signing_key_interval`"],
        ),
        (
            "signing_key_interval",
            "soon".into(),
            &["signing_key_interval"],
        ),
        ("audience", "".into(), &["`audience` must not be empty"]),
    ];
    for (key, value, words) in mistakes {
        let folder = tempfile::tempdir().expect("a folder");
        let log = Log::start();
        let file = folder.path().join("test.db");
        let rocket = Server::builder().on_file(file).set(key, value).build();
        assert!(!launches(rocket).await, "{key}");
        log.expect(words);
    }
}

/// A restored backup: the version of the keys goes back with it.
#[async_test]
async fn keys_that_went_back_are_read_again() {
    let server = Server::start().await;
    let first = signer(&server);
    server.database().execute(
        "CREATE TABLE backup AS SELECT * FROM session_key; UPDATE session_counter SET value = 7 WHERE name = 'key'",
    );
    server.clock.advance(168 * HOUR);
    rotate(&server).await;
    assert_ne!(signer(&server), first);
    server.database().execute(
        "DELETE FROM session_key; INSERT INTO session_key SELECT * FROM backup; \
         UPDATE session_counter SET value = 7 WHERE name = 'key'",
    );
    follow(&server).await;
    assert_eq!(signer(&server), first);
}

/// Older: migrated. What a database of version 1 lacks is taken away from one of today.
#[async_test]
async fn a_database_of_version_1_is_migrated_with_its_sessions_and_keys() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let jar = browser.jar();
    let (clock, folder) = (server.clock.clone(), server.folder());
    let kept = server.stop();
    let file = folder.join("test.db");
    let mut database = session_tests::Database::open(&file);
    database.execute(
        "ALTER TABLE session_info DROP COLUMN ends_for_good;
         ALTER TABLE session_info DROP COLUMN auth_time;
         ALTER TABLE session_info DROP COLUMN anonymous;
         ALTER TABLE session_info DROP COLUMN data_version;
         ALTER TABLE session_info DROP COLUMN device;
         ALTER TABLE session_info DROP COLUMN payload_type;
         ALTER TABLE session_revocation DROP COLUMN replaced;
         ALTER TABLE session_info DROP COLUMN capped_since;
         ALTER TABLE session_info DROP COLUMN pending_attempts;
         ALTER TABLE session_info DROP COLUMN device_key;
         ALTER TABLE session_info DROP COLUMN device_bound_at;
         ALTER TABLE session_info DROP COLUMN device_state;
         DELETE FROM session_counter WHERE name = 'key';
         UPDATE session_schema SET version = 1",
    );
    drop(database);

    let server = Server::builder().on(kept).clock(clock).start().await;
    assert_eq!(
        server
            .database()
            .number("SELECT version AS value FROM session_schema"),
        4
    );
    let mut browser = server.browser().with_jar(jar);
    assert_eq!(browser.get("/me").await.status, 200);
    // Nobody knows of which type that session is.
    assert_eq!(browser.refresh().await.status, 401);
    browser.log_in("ada").await;
    browser.refresh().await.expect(200, "{}");
    server.clock.advance(168 * HOUR);
    rotate(&server).await;
    assert_eq!(count(&server, "ES256"), 2);
}
