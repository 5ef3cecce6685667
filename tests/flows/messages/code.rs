//! Mistakes in the code of an application.

use rocket::figment::value::Value;
use rocket::{Build, Rocket, async_test, post, routes};
use session_runtime::config::SigningAlgorithm;
use session_runtime::keys::OwnKey;
use session_runtime::{Logout, Sessions, catchers};
use session_tests::app;

use super::{block, compare, figment, launch};

type Mistake = (&'static str, fn(Rocket<Build>) -> Rocket<Build>);

#[post("/logout")]
async fn log_out(logout: Logout) -> Result<(), session_runtime::Error> {
    logout.revoke_presented().await
}

#[post("/session/refresh")]
fn own_refresh() {}

fn with_keys(rocket: Rocket<Build>, keys: fn() -> Vec<OwnKey>) -> Rocket<Build> {
    let keys = move || async move { Ok::<_, std::io::Error>(keys()) };
    rocket.attach(Sessions::fairing().signing_keys(keys))
}

/// With `catchers::pages`, and a setting of the sessions.
fn with_pages(rocket: Rocket<Build>, setting: &str, value: impl Into<Value>) -> Rocket<Build> {
    let setting = (format!("sessions.{setting}"), value.into());
    let figment = rocket.figment().clone().merge(setting);
    rocket
        .configure(figment)
        .attach(Sessions::fairing())
        .register("/", catchers::pages("/login"))
}

const MISTAKES: [Mistake; 13] = [
    ("`catchers::pages`, and tokens in headers only", |rocket| {
        with_pages(rocket, "transfer", "header")
    }),
    ("`catchers::pages`, and another status for 401", |rocket| {
        with_pages(rocket, "session_expired_status", 440)
    }),
    ("`catchers::pages`, and another status for 403", |rocket| {
        with_pages(rocket, "invalid_claim_status", 422)
    }),
    ("a guard and no fairing", |rocket| {
        rocket.mount("/", routes![app::me])
    }),
    ("`#[login]` and no fairing", |rocket| {
        rocket.mount("/", routes![app::log_in])
    }),
    ("`Logout` and no fairing", |rocket| {
        rocket.mount("/", routes![log_out])
    }),
    ("two fairings", |rocket| {
        rocket
            .attach(Sessions::fairing())
            .attach(Sessions::fairing())
    }),
    ("a route on one of our paths", |rocket| {
        rocket
            .attach(Sessions::fairing())
            .mount("/auth", routes![own_refresh])
    }),
    ("`Sessions::cors()` and no `website_origins`", |rocket| {
        rocket.attach(Sessions::fairing()).attach(Sessions::cors())
    }),
    ("`signing_keys` that supply none", |rocket| {
        with_keys(rocket, Vec::new)
    }),
    ("`signing_keys` that supply no PEM", |rocket| {
        with_keys(rocket, || {
            vec![OwnKey::from_pem("2026-11", SigningAlgorithm::Es256, "hush")]
        })
    }),
    ("`signing_keys` without a name", |rocket| {
        with_keys(rocket, || {
            vec![OwnKey::from_pem("", SigningAlgorithm::Es256, "hush")]
        })
    }),
    ("`signing_keys` that fail", |rocket| {
        rocket.attach(
            Sessions::fairing()
                .signing_keys(|| async { Err(std::io::Error::other("no such vault")) }),
        )
    }),
];

#[async_test]
async fn sqlite_every_mistake_in_the_code_is_answered_as_it_was_read_aloud() {
    let mut blocks = Vec::new();
    for (what, mistake) in MISTAKES {
        let folder = tempfile::tempdir().expect("a folder");
        let build = || mistake(session_tests::rocket(figment(&folder)));
        let lines = launch(build, &folder).await;
        assert!(!lines.is_empty(), "no answer to {what}");
        blocks.push(block(what, &lines));
    }
    compare("code", &blocks.join("\n"));
}

/// A catcher of the application's own for the status is what the warning asks for.
#[async_test]
async fn sqlite_pages_with_a_catcher_for_each_status_are_no_mistake() {
    #[rocket::catch(440)]
    fn expired() {}

    let folder = tempfile::tempdir().expect("a folder");
    let build = || {
        with_pages(
            session_tests::rocket(figment(&folder)),
            "session_expired_status",
            440,
        )
        .register("/", rocket::catchers![expired])
    };
    assert_eq!(launch(build, &folder).await, "");
    let build = || {
        with_pages(
            session_tests::rocket(figment(&folder)),
            "transfer",
            "cookie",
        )
    };
    assert_eq!(launch(build, &folder).await, "");
}
