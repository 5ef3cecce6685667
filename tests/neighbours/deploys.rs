//! Settings that change while people are logged in: yesterday's browser works today.

use std::time::Duration;

use rocket::async_test;
use rocket::figment::value::Value;
use session_tests::browser::SIGN_OUT_PATH;
use session_tests::{Server, app};

use session_tests::jar::{Person, Place};

type Settings = Vec<(&'static str, Value)>;

const OK: &str = r#"{"status":"OK"}"#;
const LOCAL: &str = "http://localhost:8000";
const PUBLIC: &str = "https://app.example.test";
const HOUR: Duration = Duration::from_secs(3600);

/// What a change does to somebody who is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing.
    GoesOn,
    /// The front end refreshes, and goes on with the same session.
    Refreshes,
    /// The session is not found any more: one login.
    LogsIn,
}

use Effect::{GoesOn, LogsIn, Refreshes};

struct Change {
    origin: &'static str,
    /// What a proxy strips.
    outer_path: &'static str,
    before: Settings,
    after: Settings,
    /// The effect of the deploy, and of taking it back.
    effects: [Effect; 2],
}

fn change(origin: &'static str, before: Settings, after: Settings, effects: [Effect; 2]) -> Change {
    Change {
        origin,
        outer_path: "",
        before,
        after,
        effects,
    }
}

fn set(key: &'static str, value: &str) -> Settings {
    vec![(key, value.into())]
}

fn refresh_path(settings: &Settings) -> String {
    let base = settings.iter().find(|(key, _)| *key == "api_base_path");
    let base = base
        .and_then(|(_, value)| value.as_str())
        .unwrap_or("/auth");
    format!("{base}/session/refresh")
}

/// Asks as a front end does: refreshes at 401, and logs in if that is 401 too.
async fn come_back(person: &mut Person, place: &Place<'_>, refresh: &str) -> Effect {
    // For two minutes after a login, a session that it replaced is answered 409: the login may be under way.
    place.server.clock.advance(Duration::from_secs(3 * 60));
    if person.get(place, "/app/me").await.status == 200 {
        return GoesOn;
    }
    let answer = person.post(place, refresh).await;
    if answer.status == 200 {
        assert_eq!(person.get(place, "/app/me").await.status, 200);
        return Refreshes;
    }
    assert_eq!(answer.status, 401, "{answer:?}");
    log_in(person, place).await;
    LogsIn
}

async fn log_in(person: &mut Person, place: &Place<'_>) {
    person.log_in(place, "ada").await.expect(200, OK);
    person.get(place, "/app/me").await;
    let me = person.get(place, "/app/me").await;
    assert_eq!(me.status, 200, "a login does not help: {me:?}");
}

/// Goes through some hours with the server as it is now.
async fn live_on(person: &mut Person, place: &Place<'_>, refresh: &str) {
    for _ in 0..4 {
        place.server.clock.advance(HOUR);
        assert_eq!(person.get(place, "/app/me").await.status, 401);
        person.post(place, refresh).await.expect(200, "{}");
        assert_eq!(person.get(place, "/app/me").await.status, 200);
    }
    log_in(person, place).await;
}

#[async_test]
async fn yesterdays_browser_works_after_each_change_of_a_setting() {
    let app = || set("access_token_path", "/app");
    let changes = [
        change(LOCAL, vec![], app(), [GoesOn, GoesOn]),
        change(PUBLIC, vec![], app(), [Refreshes, Refreshes]),
        change(
            LOCAL,
            vec![],
            set("refresh_token_path", "/"),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            vec![],
            set("refresh_token_path", "/auth"),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            set("refresh_token_path", "/"),
            set("refresh_token_path", "/auth"),
            [GoesOn, GoesOn],
        ),
        change(
            LOCAL,
            vec![],
            set("access_cookie_name", "shopAccess"),
            [Refreshes, Refreshes],
        ),
        change(
            LOCAL,
            vec![],
            set("refresh_cookie_name", "shopRefresh"),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            vec![],
            set("cookie_prefix", "none"),
            [LogsIn, Refreshes],
        ),
        change(
            PUBLIC,
            vec![],
            set("cookie_prefix", "secure"),
            [Refreshes, Refreshes],
        ),
        change(
            PUBLIC,
            vec![],
            set("cookie_prefix", "host-http"),
            [LogsIn, Refreshes],
        ),
        change(
            PUBLIC,
            vec![],
            set("cookie_domain", "example.test"),
            [LogsIn, Refreshes],
        ),
        change(
            PUBLIC,
            set("cookie_prefix", "secure"),
            [
                set("cookie_prefix", "secure"),
                set("cookie_domain", "example.test"),
            ]
            .concat(),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            set("cookie_domain", "app.example.test"),
            set("cookie_domain", "example.test"),
            [GoesOn, GoesOn],
        ),
        change(
            LOCAL,
            vec![],
            set("api_base_path", "/api"),
            [LogsIn, LogsIn],
        ),
        change(
            PUBLIC,
            vec![],
            set("api_base_path", "/api"),
            [LogsIn, LogsIn],
        ),
        change(
            PUBLIC,
            vec![],
            set("cookie_same_site", "strict"),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            vec![],
            set("cookie_same_site", "none"),
            [GoesOn, GoesOn],
        ),
        change(
            LOCAL,
            vec![],
            set("cookie_secure", "yes"),
            [LogsIn, Refreshes],
        ),
        change(
            LOCAL,
            set("cookie_prefix", "none"),
            [set("cookie_prefix", "none"), set("cookie_secure", "yes")].concat(),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            vec![],
            set("signing_algorithm", "EdDSA"),
            [GoesOn, GoesOn],
        ),
        change(
            PUBLIC,
            vec![],
            set("audience", "shop"),
            [Refreshes, Refreshes],
        ),
        Change {
            outer_path: "/shop",
            ..change(
                PUBLIC,
                set("refresh_token_path", "/shop/auth/session/refresh"),
                set("outer_path", "/shop"),
                [Refreshes, Refreshes],
            )
        },
    ];
    let mut seen = Vec::new();
    for Change {
        origin,
        outer_path,
        before,
        after,
        effects,
    } in changes
    {
        let start = |builder: session_tests::Builder, settings: &Settings| {
            builder
                .set("api_origin", origin)
                .settings(settings)
                .rocket(|rocket| rocket.mount("/app", app::routes()))
                .start()
        };
        let name = format!("{origin}: {before:?} to {after:?}");
        let mut server = start(Server::builder(), &before).await;
        let mut person = Person::new(&server.clock);
        log_in(&mut person, &Place::below(&server, origin, outer_path)).await;
        live_on(
            &mut person,
            &Place::below(&server, origin, outer_path),
            &refresh_path(&before),
        )
        .await;
        let mut found = Vec::new();
        for settings in [&after, &before] {
            server = start(server.restart(), settings).await;
            found.push(
                come_back(
                    &mut person,
                    &Place::below(&server, origin, outer_path),
                    &refresh_path(settings),
                )
                .await,
            );
            live_on_or_log_in(
                &mut person,
                &Place::below(&server, origin, outer_path),
                &refresh_path(settings),
            )
            .await;
        }
        if found != effects {
            seen.push(format!("{name}: {found:?}"));
        }
        let out = refresh_path(&before).replace("/session/refresh", "/signout");
        assert!(SIGN_OUT_PATH.ends_with("/signout"));
        person
            .post(&Place::below(&server, origin, outer_path), &out)
            .await
            .expect(200, OK);
        assert_eq!(
            person
                .get(&Place::below(&server, origin, outer_path), "/app/me")
                .await
                .status,
            401,
            "{name}"
        );
        log_in(&mut person, &Place::below(&server, origin, outer_path)).await;
    }
    assert!(seen.is_empty(), "{seen:#?}");
}

async fn live_on_or_log_in(person: &mut Person, place: &Place<'_>, refresh: &str) {
    place.server.clock.advance(HOUR);
    come_back(person, place, refresh).await;
    live_on(person, place, refresh).await;
}

/// A page of the site as somebody opens it who has no script: where it leads.
async fn opened(person: &mut Person, place: &Place<'_>) -> String {
    let answer = person.get(place, "/app/member").await;
    match answer.status {
        200 => "the page".to_owned(),
        401 if answer.body.contains("/session/refresh/page") => "the refresh".to_owned(),
        303 => answer.header("location").unwrap_or_default().to_owned(),
        _ => panic!("{answer:?}"),
    }
}

/// A front end refreshes whenever it is answered 401; a page only where it sees a token, or over TLS
/// the hash that stands beside one.
#[async_test]
async fn pages_go_on_or_lead_to_the_login_after_a_change() {
    let login = "/sign-in?next=%2Fapp%2Fmember";
    for (before, after, leads_to) in [
        (vec![], set("audience", "shop"), "the refresh"),
        (vec![], set("access_token_path", "/app"), login),
        (set("access_token_path", "/app"), vec![], "the refresh"),
        (
            vec![],
            set("access_cookie_name", "shopAccess"),
            "the refresh",
        ),
        (vec![], set("refresh_token_path", "/auth"), "the page"),
    ] {
        let start = |builder: session_tests::Builder, settings: &Settings| {
            builder
                .set("api_origin", PUBLIC)
                .settings(settings)
                .rocket(|rocket| {
                    rocket
                        .mount(
                            "/app",
                            [app::routes(), session_tests::site::pages()].concat(),
                        )
                        .register("/", session_runtime::catchers::pages("/sign-in"))
                })
                .start()
        };
        let server = start(Server::builder(), &before).await;
        let mut person = Person::new(&server.clock);
        person.say("Accept", "text/html");
        let place = Place::new(&server, PUBLIC);
        person.log_in(&place, "ada").await.expect(200, OK);
        assert_eq!(opened(&mut person, &place).await, "the page");
        let server = start(server.restart(), &after).await;
        let place = Place::new(&server, PUBLIC);
        assert_eq!(opened(&mut person, &place).await, leads_to, "{after:?}");
    }
}
