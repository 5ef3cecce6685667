//! Mistakes in the code of an application.

use rocket::{Build, Rocket, async_test, post, routes};
use session_runtime::{Logout, OwnKey, Sessions, SigningAlgorithm};
use session_tests::app;

use super::{block, compare, figment, launch};

type Mistake = (&'static str, fn(Rocket<Build>) -> Rocket<Build>);

#[post("/logout")]
async fn log_out(logout: Logout) -> Result<(), session_runtime::Error> {
    logout.end().await
}

#[post("/session/refresh")]
fn own_refresh() {}

fn with_keys(rocket: Rocket<Build>, keys: fn() -> Vec<OwnKey>) -> Rocket<Build> {
    let keys = move || async move { Ok::<_, std::io::Error>(keys()) };
    rocket.attach(Sessions::fairing().signing_keys(keys))
}

const MISTAKES: [Mistake; 10] = [
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
        let build = || mistake(rocket::custom(figment(&folder)));
        let lines = launch(build, &folder).await;
        assert!(!lines.is_empty(), "no answer to {what}");
        blocks.push(block(what, &lines));
    }
    compare("code", &blocks.join("\n"));
}
