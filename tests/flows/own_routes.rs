//! Routes of the application's own in the place of those that the fairing mounts.

use std::time::Duration;

use rocket::serde::json::{Value, json};
use rocket::{Build, Rocket, State, async_test, get, post, routes};
use session_runtime::testing::ManualClock;
use session_runtime::{Error, Refresh, Session};
use session_tests::Server;
use session_tests::app::Claims;
use session_tests::body::{UNAUTHORISED, UNAVAILABLE};
use session_tests::browser::{ACCESS, ACCESS_HEADER, REFRESH, REFRESH_PATH, SIGN_OUT_PATH};

/// Does what its name says with a refresh that worked.
#[post("/auth/session/refresh?<then>")]
async fn refresh(
    refresh: Refresh,
    then: Option<&str>,
) -> Result<Value, (rocket::http::Status, Error)> {
    let own = |error: Error| (rocket::http::Status::Unauthorized, error);
    let handle = match refresh.exchange().await {
        Err(Error::TokenTheft {
            handle, user_id, ..
        }) => {
            return Ok(json!({ "stolen": handle, "from": user_id }));
        }
        refreshed => refreshed.map_err(own)?,
    };
    match then {
        Some("refuse") => Err(own(Error::Unauthorised)),
        Some("revoke") => {
            refresh.revoke(handle).await.map_err(own)?;
            Ok(json!({ "revoked": handle }))
        }
        _ => Ok(json!({ "session": handle })),
    }
}

#[get("/own-401")]
fn own_401(_session: Session<Claims>) -> rocket::http::Status {
    rocket::http::Status::Unauthorized
}

#[get("/thrown")]
fn thrown(_session: Session<Claims>) -> Result<(), Error> {
    Err(Error::General("the application broke".into()))
}

async fn server(change: impl FnOnce(Rocket<Build>) -> Rocket<Build> + Send + 'static) -> Server {
    Server::builder()
        .set("refresh_route", false)
        .set("csrf", "via-token")
        .set("access_token_jitter", 0)
        .rocket(change)
        .start()
        .await
}

#[async_test]
async fn routes_that_are_switched_off_are_404() {
    let settings = [
        ("refresh_route", false.into()),
        ("sign_out_route", false.into()),
    ];
    let server = Server::builder().settings(&settings).start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for path in [REFRESH_PATH, SIGN_OUT_PATH] {
        let answer = browser.post(path).await;
        assert_eq!(answer.status, 404);
        answer.expect_untouched();
    }
    assert_eq!(browser.get("/live").await.status, 200);
}

#[async_test]
async fn a_route_of_the_applications_own_refreshes() {
    let server = server(|rocket| rocket.mount("/", routes![refresh])).await;
    let mut browser = server.browser();
    let mut token = browser
        .log_in("ada")
        .await
        .header("anti-csrf")
        .map(str::to_owned);
    let mut send = async |browser: &mut session_tests::Browser<'_>, query: &str| {
        let cookie = |name| format!("{name}={}", browser.cookie(name).expect("a token"));
        let headers = vec![
            ("Cookie", format!("{}; {}", cookie(ACCESS), cookie(REFRESH))),
            ("anti-csrf", token.clone().expect("a token")),
        ];
        let path = format!("{REFRESH_PATH}{query}");
        let answer = browser
            .send_raw(rocket::http::Method::Post, &path, headers, None)
            .await;
        browser.keep(&answer);
        if let Some(newer) = answer.header("anti-csrf") {
            token = Some(newer.to_owned());
        }
        answer
    };

    let before = browser.clone();
    let answer = send(&mut browser, "").await;
    assert!(answer.status == 200 && answer.json()["session"].is_string());
    assert_ne!(before.cookie(REFRESH), browser.cookie(REFRESH));

    // Refused after a refresh that worked: the new tokens do not go out.
    let answer = send(&mut browser.clone(), "?then=refuse").await;
    answer.expect(401, UNAUTHORISED).expect_cleared();
    assert_eq!(answer.header("anti-csrf"), None);

    server.clock.advance(Duration::from_secs(120));
    send(&mut browser, "").await;
    let answer = send(&mut before.clone(), "").await;
    assert_eq!(
        (answer.status, answer.json()["from"].as_str()),
        (200, Some("ada"))
    );

    let mut browser = server.browser();
    browser.log_in("eve").await;
    let mut app = server.browser().in_header_mode();
    app.log_in("eve").await;
    let answer = app.post(REFRESH_PATH).await;
    assert_eq!(answer.status, 200);
}

#[async_test]
async fn a_refresh_that_the_application_takes_back_clears_everything() {
    let server = Server::builder()
        .set("refresh_route", false)
        .rocket(|rocket| rocket.mount("/", routes![refresh]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.post(&format!("{REFRESH_PATH}?then=revoke")).await;
    assert!(answer.json()["revoked"].is_string());
    answer.expect_cleared();
    assert_eq!(server.database().sessions(), 0);
}

/// Only an error of ours that says so clears.
#[async_test]
async fn answers_of_the_application_clear_nothing_by_themselves() {
    let server = server(|rocket| rocket.mount("/", routes![own_401, thrown])).await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.get("/own-401").await;
    assert_eq!(answer.status, 401);
    answer.expect_untouched();
    let answer = browser.get("/thrown").await;
    assert_eq!(answer.status, 500);
    answer.expect_untouched();
    assert_eq!(browser.get("/live").await.status, 200);
}

/// A row that another program wrote ends in a login, and not in refreshes without end.
#[async_test]
async fn a_stored_payload_with_a_key_of_the_protocol_is_at_an_end() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server
        .database()
        .execute(r#"UPDATE session_info SET payload = '{"name":"Ada","sub":"eve"}'"#);
    browser
        .refresh()
        .await
        .expect(401, UNAUTHORISED)
        .expect_cleared();
}

/// Browsers keep no cookie for more than 400 days, and the access cookie outlives the other.
#[async_test]
async fn the_access_cookie_expires_no_earlier_than_the_refresh_cookie() {
    for (validity, both) in [("100d", false), ("380d", true), ("1000d", true)] {
        let server = Server::builder()
            .set("refresh_token_validity", validity)
            .start()
            .await;
        let answer = server.browser().log_in("ada").await;
        let expires = |name| {
            let line = answer.set_cookie(name).expect("a cookie").to_owned();
            rocket::http::Cookie::parse(line)
                .expect("a cookie")
                .expires_datetime()
                .expect("an expiry")
        };
        let (access, refresh) = (expires(ACCESS), expires(REFRESH));
        assert!(
            if both {
                access == refresh
            } else {
                access > refresh
            },
            "{validity}"
        );
        let now = session_runtime::clock::Clock::now(&server.clock).timestamp();
        let ahead = access.unix_timestamp() - now;
        assert!(
            (365 * 86_400..=400 * 86_400).contains(&ahead),
            "{validity}: {ahead}"
        );
        assert_eq!(answer.header(ACCESS_HEADER), None);
    }
}

/// Takes as long as a person needs to think.
#[post("/auth/session/refresh")]
async fn slow(refresh: Refresh, clock: &State<ManualClock>) -> Result<(), Error> {
    clock.advance(Duration::from_secs(11));
    refresh.exchange().await.map(drop)
}

/// The ten seconds begin when the request arrives, not when the route gets to it.
#[async_test]
async fn sqlite_a_refresh_that_comes_late_to_its_exchange_is_not_done_any_more() {
    let clock = session_tests::server::clock();
    let server = Server::builder()
        .set("refresh_route", false)
        .clock(clock.clone())
        .rocket(|rocket| rocket.manage(clock).mount("/", routes![slow]))
        .start()
        .await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let answer = browser.refresh().await;
    answer.expect(503, UNAVAILABLE).expect_untouched();
    let children = "SELECT length(children) AS value FROM session_info";
    assert_eq!(server.database().number(children), 0);
}
