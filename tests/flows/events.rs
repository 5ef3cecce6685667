//! What the application is told, and how it answers errors itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use rocket::http::{ContentType, Status};
use rocket::{Request, async_test, get, routes};
use session_runtime::event::RevokedBy;
use session_runtime::fairing::ErrorAnswer;
use session_runtime::requirement::{Facts, Requirement, Unmet};
use session_runtime::{Error, Event, Session, catchers};
use session_tests::app::Claims;
use session_tests::body::{OK, UNAUTHORISED};
use session_tests::{Log, Server};

struct Never;

impl Requirement<Claims> for Never {
    fn check(_: &Facts<'_, Claims>) -> Result<(), Unmet> {
        Err(Unmet::wrong_value("never", true, false))
    }
}

#[get("/never")]
fn never(_session: Session<Claims, Never>) {}

/// The events of a server, as they come.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Event>>>);

impl Seen {
    async fn server(&self) -> Server {
        let seen = self.clone();
        Server::builder()
            .fairing(|fairing| {
                fairing.on_event(move |event| seen.0.lock().expect("no panic").push(event.clone()))
            })
            .start()
            .await
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().expect("no panic"))
    }
}

#[async_test]
async fn every_turn_of_a_session_is_an_event() {
    let seen = Seen::default();
    let server = seen.server().await;
    let (mut browser, mut copy) = (server.browser(), server.browser());
    browser.log_in("ada").await;
    let [Event::Created { handle, user_id }] = &seen.take()[..] else {
        panic!("one event")
    };
    let handle = *handle;
    assert_eq!(user_id, "ada");

    copy = copy.with_jar(browser.jar());
    browser.refresh().await;
    assert_eq!(seen.take(), [Event::Refreshed { handle }]);
    server.clock.advance(Duration::from_secs(120));
    copy.clone().refresh().await;
    assert_eq!(
        seen.take(),
        [Event::LateParentUse { handle }, Event::Refreshed { handle }]
    );
    browser.refresh().await;
    seen.take();
    assert_eq!(copy.refresh().await.status, 401);
    assert_eq!(
        seen.take(),
        [Event::TokenTheft {
            handle,
            user_id: "ada".into()
        }]
    );

    browser.log_in("ada").await;
    let [Event::Created { handle, .. }] = seen.take()[..] else {
        panic!("one event")
    };
    // The clock went on, and the feed is to be fresh: that it is not would be an event.
    server
        .sessions()
        .read_revocations_now()
        .await
        .expect("an answer");
    browser.get("/other").await;
    let [Event::PayloadMismatch { expected, .. }] = &seen.take()[..] else {
        panic!("one event")
    };
    assert_eq!(*expected, "OtherClaims");

    let update = rocket::serde::json::json!({ "name": "Bea" });
    let update = update.as_object().expect("an object").clone();
    browser.log_in("ada").await;
    let created = seen.take();
    let [Event::Created { handle: second, .. }, ..] = created[..] else {
        panic!("{created:?}")
    };
    assert!(handle != second);
    server
        .sessions()
        .merge_payload::<Claims>(second, update)
        .await
        .expect("an answer");
    assert_eq!(seen.take(), [Event::Updated { handle: second }]);
    browser.sign_out().await;
    let by = RevokedBy::SignOut;
    assert_eq!(
        seen.take(),
        [Event::Revoked {
            handles: vec![second],
            by
        }]
    );

    browser.log_in("ada").await;
    browser.log_in("ada").await;
    let events = seen.take();
    assert!(
        matches!(
            events[..],
            [
                Event::Created { .. },
                Event::Created { .. },
                Event::Revoked {
                    by: RevokedBy::Login,
                    ..
                }
            ]
        ),
        "{events:?}"
    );
    server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    assert!(matches!(
        seen.take()[..],
        [
            Event::Revoked {
                by: RevokedBy::User,
                ..
            },
            ..
        ]
    ));
    let foreign = vec![("Sec-Fetch-Site", "cross-site".to_owned())];
    browser
        .send_raw(
            rocket::http::Method::Post,
            "/login",
            foreign,
            Some(r#"{"user":"x"}"#.into()),
        )
        .await;
    assert!(
        matches!(&seen.take()[..], [Event::CrossSiteRefused { path, origin, sec_fetch_site, remedy }]
            if path == "/login" && origin == "absent" && sec_fetch_site == "\"cross-site\"" && remedy.contains("`sessions.website_origins`"))
    );
}

#[async_test]
async fn what_happens_beside_the_requests_is_an_event_too() {
    let seen = Seen::default();
    let server = seen.server().await;
    let sessions = server.sessions();
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let [Event::Created { handle, .. }] = seen.take()[..] else {
        panic!("one event")
    };
    server.clock.advance(Duration::from_secs(120));
    browser.refresh().await;
    server.clock.advance(Duration::from_secs(120));
    browser.refresh().await;
    seen.take();
    // As if a backup of the hour before were restored.
    let nothing = server.database().blob(&"00".repeat(32));
    let none = server.database().blob("");
    server.database().execute(&format!(
        "UPDATE session_info SET generation = 0, parent_hash = {nothing}, children = {none}"
    ));
    let answer = browser.refresh().await;
    answer.expect(200, "{}");
    assert_eq!(
        seen.take(),
        [
            Event::StoreRollbackSuspected { handle },
            Event::Refreshed { handle }
        ]
    );

    server.clock.advance(Duration::from_secs(168 * 60 * 60));
    sessions.rotate_keys_now().await.expect("an answer");
    let rotated = seen.take();
    let [Event::KeyRotated { kid }] = &rotated[..] else {
        panic!("{rotated:?}")
    };
    assert_eq!(sessions.remove_signing_key(kid).await, Ok(true));
    assert_eq!(seen.take(), [Event::KeyRemoved { kid: kid.clone() }]);

    sessions.clean_up_now().await.expect("an answer");
    server.clock.jump(TimeDelta::hours(1));
    sessions.clean_up_now().await.expect("an answer");
    assert!(matches!(seen.take()[..], [Event::ClockSkew { .. }]));
    let sessions_left = sessions.revoke_everything().await.expect("an answer");
    assert_eq!(
        seen.take(),
        [Event::RevokedEverything {
            sessions: sessions_left
        }]
    );
}

#[async_test]
async fn a_handler_that_fails_fails_no_request() {
    let log = Log::start();
    let server = Server::builder()
        .fairing(|fairing| {
            fairing
                .on_event(|_| panic!("the application's handler"))
                .on_error(|_, _| panic!("the application's answer"))
        })
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await.expect(200, OK);
    browser.refresh().await.expect(200, "{}");
    server.browser().get("/me").await.expect(401, UNAUTHORISED);
    log.expect(&["the event handler panicked"]);
    log.expect(&["the error handler panicked"]);
}

/// The handler of the application learns whose session it was, and clears nothing less.
#[async_test]
async fn the_application_answers_errors_itself() {
    let answer = |error: &Error, request: &Request<'_>| {
        let body = match error {
            Error::Unauthorised | Error::NoToken => {
                format!("log in to see {}", request.uri().path())
            }
            Error::TryRefreshToken => "refresh".into(),
            Error::TokenTheft { user_id, .. } => format!("{user_id}, change your password"),
            Error::InvalidClaims(unmet) => format!("not met: {}", unmet[0].id),
            _ => return None,
        };
        let status = error.status(request);
        Some(ErrorAnswer::new(status, ContentType::Text, body))
    };
    let server = Server::builder()
        .fairing(|fairing| fairing.on_error(answer))
        .rocket(|rocket| rocket.mount("/", routes![never]))
        .start()
        .await;
    let mut browser = server.browser();
    browser
        .get("/me")
        .await
        .expect(401, "log in to see /me")
        .expect_untouched();
    browser.log_in("ada").await;
    browser
        .get("/never")
        .await
        .expect(403, "not met: never")
        .expect_untouched();
    let mut copy = browser.clone();
    browser.refresh().await;
    server.clock.advance(Duration::from_secs(120));
    browser.refresh().await;
    let answer = copy.refresh().await;
    answer
        .expect(401, "ada, change your password")
        .expect_cleared();
    assert_eq!(
        answer.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server.clock.advance(Duration::from_secs(3600));
    browser
        .get("/me")
        .await
        .expect(401, "refresh")
        .expect_untouched();
}

#[async_test]
async fn the_statuses_are_settings() {
    let server = Server::builder()
        .set("session_expired_status", 440)
        .set("invalid_claim_status", 418)
        .rocket(|rocket| rocket.mount("/", routes![never]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.get("/me").await.expect(440, UNAUTHORISED);
    browser.refresh().await.expect(440, UNAUTHORISED);
    browser.log_in("ada").await;
    let answer = browser.get("/never").await;
    assert_eq!(
        (answer.status, answer.json()["message"].as_str()),
        (418, Some("invalid claim"))
    );
}

#[async_test]
async fn ready_catchers_answer_people_and_programs() {
    #[get("/busy")]
    fn busy(_session: Session<Claims>) -> Status {
        Status::ServiceUnavailable
    }

    let server = Server::builder()
        .rocket(|rocket| {
            rocket
                .register("/", catchers::html("/login?next=\"<"))
                .register("/api", catchers::json())
                .mount("/api", session_tests::app::routes())
                .mount("/", routes![busy, never])
        })
        .start()
        .await;
    let mut browser = server.browser();
    let answer = browser.get("/me").await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (401, Some("text/html; charset=utf-8"))
    );
    assert!(
        answer.body.contains("<h1>Please log in</h1>")
            && answer.body.contains("href=\"/login?next=&quot;&lt;\"")
    );
    let policy = answer.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    answer.expect_untouched();
    browser
        .get("/api/me")
        .await
        .expect(401, UNAUTHORISED)
        .expect_untouched();
    browser.log_in("ada").await;
    let answer = browser.get("/never").await;
    assert!(answer.status == 403 && answer.body.contains("<h1>Not allowed</h1>"));
    let answer = browser.get("/busy").await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (503, Some("1"))
    );
    // A session that is over leaves the browser, whichever catcher answers.
    server
        .sessions()
        .revoke_all("ada")
        .await
        .expect("an answer");
    browser.clone().get("/me").await.expect_removed();
    browser
        .clone()
        .get("/api/me")
        .await
        .expect(401, UNAUTHORISED)
        .expect_removed();
}
