//! Signing keys that the application supplies.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rocket::{async_test, tokio};
use session_runtime::Error;
use session_runtime::config::SigningAlgorithm;
use session_runtime::keys::OwnKey;
use session_tests::body::TRY_REFRESH;
use session_tests::token;
use session_tests::{Log, Server, launches};

use super::removal::REFRESH_KEYS;
use super::{count, fresh_token, kid, present, rotate, signer};

/// `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256`; for tests only.
const EC: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg557sZ/4UYFMJ+k+T
N2IPZPAxIxaPmQAvdntjUygwaO+hRANCAATEO/8qDsK7ETm7M6kIWL8waImnmHOA
1sdOXlhuxfB3SJ0lb+Oni94+OkEPX4ypnK9JlH9uEPoRQ4az36pBB6G4
-----END PRIVATE KEY-----
";

/// `openssl genpkey -algorithm ed25519`; for tests only.
const ED: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEILs/rgyDzXspnmhIKPysyYO52jAXBu7Hs8C2VCuc4ooo
-----END PRIVATE KEY-----
";

type Supplied = Result<Vec<OwnKey>, String>;

/// What the application supplies, to be changed by a test.
type Supply = Arc<Mutex<Supplied>>;

fn supply(keys: &[OwnKey]) -> Supply {
    Arc::new(Mutex::new(Ok(keys.to_vec())))
}

fn set(supply: &Supply, keys: Result<Vec<OwnKey>, String>) {
    *supply.lock().expect("a lock") = keys;
}

fn ec(kid: &str) -> OwnKey {
    OwnKey::from_pem(kid, SigningAlgorithm::Es256, EC)
}

fn ed(kid: &str) -> OwnKey {
    OwnKey::from_pem(kid, SigningAlgorithm::EdDsa, ED)
}

async fn start(supply: &Supply) -> Server {
    let supply = Arc::clone(supply);
    Server::builder()
        .fairing(move |fairing| {
            fairing.signing_keys(move || {
                let keys = supply.lock().expect("a lock").clone();
                async move { keys }
            })
        })
        .start()
        .await
}

#[async_test]
async fn the_first_key_signs_and_none_is_in_the_database() {
    let keys = supply(&[ec("first"), ed("second")]);
    let server = start(&keys).await;
    let token = fresh_token(&server).await;
    assert_eq!(
        (kid(&token), token::header(&token)["alg"].as_str()),
        ("first".into(), Some("ES256"))
    );
    assert_eq!(present(&server, &token).await.status, 200);
    for kind in ["ES256", "EdDSA"] {
        assert_eq!(count(&server, kind), 0);
    }
    assert_eq!(count(&server, "refresh-mac"), 1);
    let published = server.browser().get("/auth/jwt/jwks.json").await;
    assert_eq!(published.json()["keys"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        published.header("cache-control"),
        Some("max-age=60, must-revalidate")
    );

    // The second takes over, the first still verifies.
    set(&keys, Ok(vec![ed("second"), ec("first")]));
    server.clock.advance(Duration::from_secs(3 * 60));
    rotate(&server).await;
    assert_eq!(signer(&server), "second");
    assert_eq!(present(&server, &token).await.status, 200);
    let new = fresh_token(&server).await;
    assert_eq!(
        (kid(&new), token::header(&new)["alg"].as_str()),
        ("second".into(), Some("EdDSA"))
    );
    server.clock.advance(Duration::from_secs(200 * 60 * 60));
    rotate(&server).await;
    server.sessions().clean_up_now().await.expect("an answer");
    assert_eq!(signer(&server), "second");
}

#[async_test]
async fn an_unknown_key_is_asked_for() {
    let keys = supply(&[ec("first")]);
    let server = start(&keys).await;
    let other = start(&supply(&[ed("second")])).await;
    let token = fresh_token(&other).await;
    present(&server, &token).await.expect(401, TRY_REFRESH);
    set(&keys, Ok(vec![ec("first"), ed("second")]));
    server.clock.advance(Duration::from_secs(10));
    let followed = server.sessions().read_revocations_now().await;
    followed.expect("an answer");
    assert_eq!(present(&server, &token).await.status, 200);
}

#[async_test]
async fn a_removed_key_is_gone_once_the_application_dropped_it() {
    let keys = supply(&[ec("first"), ed("second")]);
    let server = start(&keys).await;
    let token = fresh_token(&server).await;
    let Err(Error::General(why)) = server.sessions().remove_signing_key("first").await else {
        panic!("a key that is still supplied was removed");
    };
    assert!(
        why.contains("still supplies the signing key `first`"),
        "{why}"
    );
    assert_eq!(present(&server, &token).await.status, 200);
    set(&keys, Ok(vec![ed("second")]));
    assert_eq!(
        server.sessions().remove_signing_key("first").await,
        Ok(true)
    );
    present(&server, &token).await.expect(401, TRY_REFRESH);
    assert_eq!(signer(&server), "second");
}

#[async_test]
async fn a_bad_key_later_leaves_those_before_it_in_use() {
    let keys = supply(&[ec("first")]);
    let server = start(&keys).await;
    for bad in [
        Err("no connection".to_owned()),
        Ok(vec![]),
        Ok(vec![ec("")]),
    ] {
        set(&keys, bad);
        assert!(server.sessions().rotate_keys_now().await.is_err());
        assert_eq!(
            present(&server, &fresh_token(&server).await).await.status,
            200
        );
    }
}

#[async_test]
async fn a_bad_key_stops_the_launch_with_its_name() {
    let es256 = SigningAlgorithm::Es256;
    let cases: [(Supplied, &[&str]); 8] = [
        (
            Err("the vault is sealed".into()),
            &["could not be loaded", "the vault is sealed"],
        ),
        (Ok(vec![]), &["supplies no signing key"]),
        (
            Ok(vec![ec("twice"), ed("twice")]),
            &["two supplied signing keys", "`twice`"],
        ),
        (Ok(vec![ec("good"), ec("")]), &["number 2", "`kid`"]),
        (
            Ok(vec![OwnKey::from_pem("text", es256, "secret words")]),
            &["`text`", "PKCS#8"],
        ),
        (
            Ok(vec![OwnKey::from_pem("other", es256, ED)]),
            &["`other` is no ES256 key"],
        ),
        (
            Ok(vec![OwnKey::from_pem("other", SigningAlgorithm::EdDsa, EC)]),
            &["`other` is no EdDSA key"],
        ),
        (
            Ok(vec![OwnKey::from_der("bytes", es256, b"secret words")]),
            &["`bytes` is no ES256 key"],
        ),
    ];
    for (keys, words) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let log = Log::start();
        let rocket = Server::builder()
            .on_file(folder.path().join("test.db"))
            .fairing(|fairing| {
                fairing.signing_keys(move || {
                    let keys = keys.clone();
                    async move { keys }
                })
            })
            .build();
        assert!(!launches(rocket).await, "{words:?}");
        log.expect(words);
        assert!(!log.text().contains("secret words"));
    }
    assert_eq!(format!("{:?}", ec("name")), "OwnKey { kid: \"name\", .. }");
}

/// Keys of the application's own stay, so each session is named in the feed.
#[async_test]
async fn everything_ends_although_the_keys_stay() {
    let server = start(&supply(&[ec("a")])).await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.browser().log_in("eve").await;
    assert_eq!(server.sessions().revoke_everything().await, Ok(2));
    assert_eq!(browser.get("/me").await.status, 401);
    assert_eq!(
        server
            .database()
            .number("SELECT count(*) AS value FROM session_revocation"),
        2
    );
    assert_eq!(server.sessions().signing_keys()[0].kid, "a");
    // The one that makes refresh tokens lay in the database: a backup may have given it away.
    assert_eq!(server.database().text(REFRESH_KEYS), "2");
    browser.log_in("ada").await;
    assert_eq!(browser.get("/live").await.status, 200);
    browser.refresh().await.expect(200, "{}");
}

/// In the call, in its future, and after a while: whoever follows revocations and keys goes on.
#[async_test]
async fn a_supplier_that_panics_ends_no_task() {
    let calls: [fn() -> Answer; 2] = [
        || panic!("the supplier"),
        || {
            Box::pin(async {
                tokio::task::yield_now().await;
                panic!("the supplier")
            })
        },
    ];
    for panics in calls {
        let (armed, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicUsize::new(0)),
        );
        let server = {
            let (armed, asked) = (Arc::clone(&armed), Arc::clone(&asked));
            Server::builder()
                .set("revocation_bound", "40ms")
                .set("signing_key_overlap", "20ms")
                .fairing(|fairing| {
                    fairing.signing_keys(move || -> Answer {
                        asked.fetch_add(1, Ordering::SeqCst);
                        if armed.load(Ordering::SeqCst) {
                            return panics();
                        }
                        Box::pin(async { Ok(vec![ec("first")]) })
                    })
                })
                .start()
                .await
        };
        let mut browser = server.browser();
        browser.log_in("ada").await;
        let session = browser.handle().await;
        let other = server.beside().start().await;

        armed.store(true, Ordering::SeqCst);
        // The task that follows revocations asks for keys once another process has changed them.
        let key = &other.sessions().signing_keys()[0].kid;
        assert_eq!(other.sessions().remove_signing_key(key).await, Ok(true));
        let before = asked.load(Ordering::SeqCst);
        until(|| asked.load(Ordering::SeqCst) > before + 5).await;
        // A request that names an unknown key asks as well.
        assert_eq!(
            present(&server, &fresh_token(&other).await).await.status,
            401
        );

        other.sessions().revoke(session).await.expect("an answer");
        let mut tries = 0;
        while browser.clone().get("/me").await.status != 401 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            tries += 1;
            assert!(tries < 1_000, "revocations are not followed any more");
        }
        armed.store(false, Ordering::SeqCst);
        let before = asked.load(Ordering::SeqCst);
        until(|| asked.load(Ordering::SeqCst) > before + 5).await;
    }
}

type Answer = Pin<Box<dyn Future<Output = Supplied> + Send>>;

/// Waits for what a task does in its own time.
async fn until(holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not happen");
}
