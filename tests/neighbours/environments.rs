//! Other environments and applications beside ours, whose cookies the same browser sends.

use std::sync::Arc;
use std::time::Duration;

use rocket::async_test;
use rocket::figment::value::Value;
use session_runtime::testing::ManualClock;
use session_tests::browser::{REFRESH_PATH, SIGN_OUT_PATH};
use session_tests::{Database, Log, Server, server};

use session_tests::jar::{Person, Place};

const OK: &str = r#"{"status":"OK"}"#;
const UNAUTHORISED: &str = r#"{"message":"unauthorised"}"#;
const PRODUCTION: &str = "https://example.test";
const STAGING: &str = "https://staging.example.test";

async fn start(clock: &ManualClock, origin: &str, settings: &[(&str, Value)]) -> Server {
    let builder = Server::builder().clock(clock.clone());
    builder
        .set("api_origin", origin)
        .settings(settings)
        .start()
        .await
}

/// Neither place notices that the other one is there, whatever happens in which order.
async fn do_not_mind_each_other(clock: &ManualClock, places: [Place<'_>; 2]) {
    let [one, two] = &places;
    let mut person = Person::new(clock);
    person.log_in(one, "ada").await.expect(200, OK);
    assert_eq!(person.name_at(two).await, None);
    person.log_in(two, "bob").await.expect(200, OK);
    for hour in 0..30 {
        // Whichever is asked first.
        let [one, two] = if hour % 2 == 0 {
            [(one, "ada"), (two, "bob")]
        } else {
            [(two, "bob"), (one, "ada")]
        };
        for (place, user) in [one, two] {
            assert_eq!(
                person.name_at(place).await.as_deref(),
                Some(user),
                "hour {hour}"
            );
        }
        clock.advance(Duration::from_secs(3600));
        for (place, user) in [one, two] {
            assert_eq!(person.name_at(place).await, None, "hour {hour}");
            let answer = person.post(place, REFRESH_PATH).await;
            answer.expect(200, "{}");
            assert_eq!(
                person.name_at(place).await.as_deref(),
                Some(user),
                "hour {hour}"
            );
        }
    }
    // A login here ends what was here, and nothing there.
    person.log_in(one, "eve").await.expect(200, OK);
    assert_eq!(person.name_at(one).await.as_deref(), Some("eve"));
    assert_eq!(person.name_at(two).await.as_deref(), Some("bob"));
    person.post(two, SIGN_OUT_PATH).await.expect(200, OK);
    assert_eq!(person.name_at(two).await, None);
    person
        .post(two, REFRESH_PATH)
        .await
        .expect(401, UNAUTHORISED);
    assert_eq!(person.name_at(one).await.as_deref(), Some("eve"));
    clock.advance(Duration::from_secs(3600));
    person.post(one, REFRESH_PATH).await.expect(200, "{}");
    assert_eq!(person.name_at(one).await.as_deref(), Some("eve"));
    for place in [one, two] {
        let rows = place.server.database().sessions();
        assert!(rows <= 1, "{rows} sessions at {}", place.origin);
    }
}

#[async_test]
async fn a_staging_below_production_and_production_do_not_mind_each_other() {
    let wide: (&str, Value) = ("cookie_domain", "example.test".into());
    let below: (&str, Value) = ("cookie_domain", "staging.example.test".into());
    for (production, staging) in [
        // Staging for its host only.
        (vec![wide.clone()], vec![]),
        // Each with its domain.
        (vec![wide.clone()], vec![below]),
        // Both for all of the domain.
        (vec![wide.clone()], vec![wide.clone()]),
        // Each for its host only.
        (vec![], vec![]),
        // The same names.
        (
            vec![wide.clone(), ("cookie_prefix", "secure".into())],
            vec![("cookie_prefix", "secure".into())],
        ),
        // The same master key.
        (
            vec![wide.clone(), ("master_key", server::MASTER_KEY.into())],
            vec![wide.clone(), ("master_key", server::MASTER_KEY.into())],
        ),
    ] {
        let clock = server::clock();
        let production = start(&clock, PRODUCTION, &production).await;
        let staging = start(&clock, STAGING, &staging).await;
        let places = [
            Place::new(&production, PRODUCTION),
            Place::new(&staging, STAGING),
        ];
        do_not_mind_each_other(&clock, places.clone()).await;
        let [one, two] = places;
        do_not_mind_each_other(&clock, [two, one]).await;
    }
}

#[async_test]
async fn applications_on_one_host_with_other_ports_do_not_mind_each_other() {
    for [first, second] in [
        ["http://localhost:8000", "http://localhost:8001"],
        ["https://example.test", "https://example.test:8443"],
    ] {
        let clock = server::clock();
        let one = start(&clock, first, &[]).await;
        let two = start(&clock, second, &[]).await;
        do_not_mind_each_other(&clock, [Place::new(&one, first), Place::new(&two, second)]).await;
    }
}

/// A staging that was made of a backup knows production's keys and sessions, unless those tables
/// were left out.
#[async_test]
async fn a_copy_of_the_database_without_the_tables_of_sessions_is_an_environment_of_its_own() {
    let clock = server::clock();
    let wide: [(&str, Value); 1] = [("cookie_domain", "example.test".into())];
    let production = start(&clock, PRODUCTION, &wide).await;
    let one = Place::new(&production, PRODUCTION);
    let mut person = Person::new(&clock);
    person.log_in(&one, "ada").await.expect(200, OK);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("test.db");
    let copy = format!("VACUUM INTO '{}'", file.display());
    production.database().execute(&copy);
    let key = production.folder().join("test.db.key");
    std::fs::copy(key, folder.path().join("test.db.key")).expect("a copy of the key");
    let mut database = Database::open(&file);
    for table in ["info", "key", "revocation", "counter", "schema"] {
        database.execute(&format!("DROP TABLE session_{table}"));
    }
    let staging = Server::builder().clock(clock.clone()).on(Arc::new(folder));
    let staging = staging.set("api_origin", STAGING).settings(&wide);
    let staging = staging.start().await;
    let two = Place::new(&staging, STAGING);
    person
        .post(&two, REFRESH_PATH)
        .await
        .expect(401, UNAUTHORISED);
    person.post(&one, REFRESH_PATH).await.expect(200, "{}");
    assert_eq!(person.name_at(&one).await.as_deref(), Some("ada"));
    person.post(&one, SIGN_OUT_PATH).await.expect(200, OK);
    do_not_mind_each_other(&clock, [one, two]).await;
}

/// A cookie of earlier front ends on a parent domain cannot be removed from here, and stands in
/// nobody's way.
#[async_test]
async fn a_planted_cookie_of_earlier_front_ends_refuses_nobody() {
    let clock = server::clock();
    let server = start(&clock, "https://app.example.test", &[]).await;
    let app = Place::new(&server, "https://app.example.test");
    let sibling = Place::new(&server, "https://evil.example.test");
    let mut person = Person::new(&clock);
    for path in ["/", "/auth/session/refresh"] {
        let line = format!("sIdRefreshToken=x; Domain=example.test; Path={path}");
        person.store(&sibling, &line);
    }
    let visit = person.get(&app, "/maybe").await;
    visit.expect(200, r#"{"user":null}"#).expect_untouched();
    person
        .post(&app, REFRESH_PATH)
        .await
        .expect(401, UNAUTHORISED);
    person.log_in(&app, "ada").await.expect(200, OK);
    for _ in 0..5 {
        assert_eq!(person.name_at(&app).await.as_deref(), Some("ada"));
        clock.advance(Duration::from_secs(3600));
        person.post(&app, REFRESH_PATH).await.expect(200, "{}");
    }
    person.post(&app, SIGN_OUT_PATH).await.expect(200, OK);
    let visit = person.get(&app, "/maybe").await;
    visit.expect(200, r#"{"user":null}"#);
    let planted = person.cookie_header(&app, REFRESH_PATH);
    assert_eq!(planted, "sIdRefreshToken=x; sIdRefreshToken=x");
}

/// As the guide says of databases: what shares the tables is one application, with one set of
/// users.
#[async_test]
async fn applications_that_share_a_database_share_users_and_sessions() {
    let clock = server::clock();
    let one = start(&clock, "http://localhost:8000", &[]).await;
    let log = Log::start();
    let replica = one.beside().set("api_origin", "http://localhost:8000");
    drop(replica.start().await);
    assert!(!log.text().contains("database_shared"));
    let two = one.beside().set("api_origin", "http://localhost:8001");
    let two = two.start().await;
    let told = "http://localhost:8000/auth uses the same tables as this application, http://localhost:8001/auth.";
    log.expect(&["database_shared", told, "a database or a schema of its own"]);
    drop(log);
    let first = Place::new(&one, "http://localhost:8000");
    let second = Place::new(&two, "http://localhost:8001");
    let mut person = Person::new(&clock);
    person.log_in(&first, "ada").await.expect(200, OK);
    assert_eq!(person.name_at(&second).await, None);
    person.post(&second, REFRESH_PATH).await.expect(200, "{}");
    assert_eq!(person.name_at(&second).await.as_deref(), Some("ada"));
    // A user who is banned at one is banned at the other.
    person.post(&first, "/ban/ada").await;
    two.sessions().read_revocations_now().await.expect("a feed");
    assert_eq!(person.name_at(&second).await, None);
    person
        .post(&second, REFRESH_PATH)
        .await
        .expect(401, UNAUTHORISED);
}

/// A staging made from a copy of production's database, long after production announced itself in
/// it.
#[async_test]
async fn a_copy_of_another_application_s_database_is_told_once() {
    let clock = server::clock();
    let production = start(&clock, PRODUCTION, &[]).await;
    let mut person = Person::new(&clock);
    let place = Place::new(&production, PRODUCTION);
    person.log_in(&place, "ada").await.expect(200, OK);
    clock.advance(Duration::from_secs(60 * 60));
    let staging = || {
        let builder = Server::builder().clock(clock.clone());
        builder.set("api_origin", STAGING)
    };
    let folder = production.stop();
    let told = |log: &Log| log.text().matches("database_shared").count();
    let log = Log::start();
    let first = staging().on(Arc::clone(&folder)).start().await;
    let holds = "holds sessions of https://example.test/auth, which used it last, and this application is \
                 https://staging.example.test/auth";
    log.expect(&[
        "database_shared",
        holds,
        "drop the tables `session_*`",
        "`api_origin`",
    ]);
    assert_eq!(told(&log), 1);
    drop(first);
    drop(staging().on(Arc::clone(&folder)).start().await);
    assert_eq!(told(&log), 1, "said once");

    // Without sessions there is nothing to say.
    clock.advance(Duration::from_secs(400 * 24 * 60 * 60));
    let back = Server::builder()
        .clock(clock.clone())
        .set("api_origin", PRODUCTION);
    drop(back.on(folder).start().await);
    assert_eq!(told(&log), 1);
}

/// The version of yesterday beside that of today.
#[async_test]
async fn processes_with_other_settings_are_told() {
    let clock = server::clock();
    for (setting, value) in [
        ("audience", "https://api.example.test"),
        ("access_cookie_name", "sOther"),
        ("refresh_cookie_name", "sOther"),
        ("cookie_domain", "example.test"),
        ("access_token_path", "/app"),
        ("cookie_prefix", "secure"),
        ("revocation", "none"),
    ] {
        let yesterday = start(&clock, PRODUCTION, &[]).await;
        let today = || yesterday.beside().set("api_origin", PRODUCTION);
        let log = Log::start();
        drop(today().start().await);
        assert!(!log.text().contains("settings_differ"), "{}", log.text());
        drop(today().set(setting, value).start().await);
        let named = format!("`{setting}`");
        log.expect(&[
            "WARN",
            "event=\"settings_differ\"",
            &named,
            "https://example.test/auth",
        ]);
        assert!(!log.text().contains("database_shared"));
        let others = log.text().matches("another value of `").count();
        let listed = log.text().contains("`, `");
        assert!(others == 1 && !listed, "{setting}: {}", log.text());
    }
}

/// Each is announced before it looks.
#[async_test]
async fn of_two_that_start_at_once_one_sees_the_other() {
    for _ in 0..5 {
        let clock = server::clock();
        let folder = start(&clock, PRODUCTION, &[]).await.stop();
        clock.advance(Duration::from_secs(60 * 60));
        let log = Log::start();
        let starting = |origin: &str| {
            let builder = Server::builder().clock(clock.clone());
            builder
                .on(Arc::clone(&folder))
                .set("api_origin", origin)
                .start()
        };
        rocket::tokio::join!(starting(PRODUCTION), starting(STAGING));
        log.expect(&[
            "database_shared",
            "uses the same tables as this application",
        ]);
    }
}
