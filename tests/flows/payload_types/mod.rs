//! The payload type is in the token: a session of one type passes no guard that asks for another, whatever
//! their fields are.

mod deploys;
mod shared;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rocket::http::Method;
use rocket::serde::json::{Value, json};
use rocket::{Build, Rocket, async_test, catch, catchers as rocket_catchers, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{
    CrossSite, Error, Event, JwtPayload, LiveSession, MaybeSession, SameOrigin, Session,
    SessionHandle, catchers, login,
};
use session_tests::app::{Claims, Notes, OtherClaims};
use session_tests::body::{BROKEN, OK, SIGN_IN_AGAIN, UNAUTHORISED};
use session_tests::browser::ACCESS;
use session_tests::{Log, Server};

/// The fields of `Claims`, and one more.
#[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
#[session(data = Notes)]
struct Staff {
    name: String,
    level: u8,
}

/// The fields of `Claims`.
#[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
#[session(data = Notes)]
struct Admin {
    name: String,
}

#[login]
#[post("/staff-login")]
fn staff_login() -> (String, Staff, Notes) {
    let name = "Grace".to_owned();
    ("grace".into(), Staff { name, level: 3 }, Notes::default())
}

#[get("/admin")]
fn admin(session: Session<Admin>) -> String {
    session.payload().name.clone()
}

#[get("/admin-live")]
fn admin_live(session: LiveSession<Admin>) -> String {
    session.payload().name.clone()
}

#[get("/admin-from-anywhere")]
fn admin_from_anywhere(session: CrossSite<Session<Admin>>) -> String {
    session.payload().name.clone()
}

#[get("/admin-from-here")]
fn admin_from_here(session: SameOrigin<Session<Admin>>) -> String {
    session.payload().name.clone()
}

#[get("/admin-maybe")]
fn admin_maybe(session: MaybeSession<Admin>) -> &'static str {
    session.as_ref().map_or("visitor", |_| "admin")
}

#[get("/staff")]
fn staff(session: Session<Staff>) -> String {
    format!("{} {}", session.payload().name, session.payload().level)
}

fn all(rocket: Rocket<Build>) -> Rocket<Build> {
    let routes = routes![
        staff_login,
        admin,
        admin_live,
        admin_from_anywhere,
        admin_from_here,
        admin_maybe,
        staff
    ];
    rocket.mount("/", routes)
}

fn header(token: &str) -> Value {
    let encoded = token.split('.').next().expect("a header");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).expect("base64url")).expect("JSON")
}

fn stored_type(server: &Server, handle: SessionHandle) -> String {
    let mut database = server.database();
    let handle = database.handle(handle);
    database.text(&format!(
        "SELECT payload_type AS value FROM session_info WHERE handle = {handle}"
    ))
}

/// Any page can make a browser send it.
#[async_test]
async fn a_link_to_a_route_of_another_type_removes_nothing() {
    let server = Server::builder().rocket(all).start().await;
    for mut browser in [server.browser(), server.browser().in_header_mode()] {
        browser.log_in("ada").await;
        for path in [
            "/other",
            "/admin",
            "/admin-live",
            "/admin-from-anywhere",
            "/staff",
        ] {
            let answer = browser
                .get_with(path, &[("Sec-Fetch-Site", "cross-site")])
                .await;
            answer.expect(403, SIGN_IN_AGAIN).expect_untouched();
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        assert_eq!(browser.get("/me").await.status, 200);
        browser.refresh().await.expect(200, "{}");
    }
}

#[async_test]
async fn types_of_one_shape_do_not_pass_for_each_other() {
    let server = Server::builder().rocket(all).start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    for path in ["/admin", "/admin-live", "/admin-from-anywhere", "/staff"] {
        ada.get(path).await.expect(403, SIGN_IN_AGAIN);
    }
    let same_origin = [("Sec-Fetch-Site", "same-origin")];
    let answer = ada.get_with("/admin-from-here", &same_origin).await;
    answer.expect(403, SIGN_IN_AGAIN);
    // Whoever is somebody else elsewhere is a visitor here.
    let answer = ada.get("/admin-maybe").await;
    answer.expect(200, "visitor").expect_untouched();
    assert_eq!(answer.header("vary"), Some("Cookie, Authorization"));

    let mut grace = server.browser();
    grace.post("/staff-login").await.expect(200, OK);
    grace.get("/staff").await.expect(200, "Grace 3");
    // Each field of `Claims` is there.
    for path in ["/me", "/live", "/admin"] {
        grace
            .get(path)
            .await
            .expect(403, SIGN_IN_AGAIN)
            .expect_untouched();
    }
    grace.get("/maybe").await.expect(200, r#"{"user":null}"#);
    assert_eq!(grace.sign_out().await.status, 200);
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn the_token_and_the_row_name_the_type_and_a_refresh_keeps_it() {
    let server = Server::builder().rocket(all).start().await;
    let mut grace = server.browser();
    grace.post("/staff-login").await;
    let handle = server.sessions().handles("grace").await.expect("handles")[0];
    for _ in 0..3 {
        let token = grace.cookie(ACCESS).expect("a token");
        assert_eq!(header(&token)["payload_type"], "Staff");
        assert_eq!(stored_type(&server, handle), "Staff");
        grace.refresh().await.expect(200, "{}");
    }
    let info = server.sessions().info(handle).await.expect("an answer");
    assert_eq!(info.map(|info| info.payload_type), Some("Staff".into()));
}

#[async_test]
async fn sqlite_whatever_is_done_by_handle_asks_for_the_type() {
    let server = Server::builder().rocket(all).start().await;
    let mut ada = server.browser().in_header_mode();
    ada.log_in("ada").await;
    let handle = ada.handle().await;
    let sessions = server.sessions();
    let before = server
        .database()
        .dump("session_info", "payload, data, data_version");
    let update = || {
        json!({ "name": "Eve" })
            .as_object()
            .expect("an object")
            .clone()
    };
    let notes = Notes { text: "no".into() };

    let again = Error::SignInAgain;
    assert_eq!(sessions.data::<Admin>(handle).await, Err(again.clone()));
    let set = sessions.set_data::<Admin>(handle, &notes).await;
    assert_eq!(set.map(drop), Err(again.clone()));
    let changed = sessions
        .update_data::<Admin>(handle, |notes| notes.text.clear())
        .await;
    assert_eq!(changed.map(drop), Err(again.clone()));
    let merged = sessions.merge_payload::<Admin>(handle, update()).await;
    assert_eq!(merged.map(drop), Err(again.clone()));
    let unmet = sessions.unmet::<Admin, ()>(handle).await;
    assert_eq!(unmet.map(drop), Err(again.clone()));
    let (access, _) = ada.bearer_tokens().expect("tokens");
    let verified = sessions.verify::<Admin>(access).await;
    assert_eq!(verified.err(), Some(again.clone()));

    let set = server
        .database()
        .within(sessions, |within| within.set_data::<Admin>(handle, &notes));
    assert_eq!(set, Err(again.clone()));
    let merged = server.database().within(sessions, |within| {
        within.merge_payload::<Admin>(handle, update())
    });
    assert_eq!(merged, Err(again));
    let after = server
        .database()
        .dump("session_info", "payload, data, data_version");
    assert_eq!(after, before);
}

#[async_test]
async fn a_mismatch_is_an_event_with_both_names_and_no_value() {
    let log = Log::start();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let on_event = {
        let seen = std::sync::Arc::clone(&seen);
        move |event: &Event| seen.lock().expect("a list").push(event.clone())
    };
    let server = Server::builder()
        .fairing(|fairing| fairing.on_event(on_event))
        .rocket(all)
        .start()
        .await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    seen.lock().expect("a list").clear();
    ada.get("/admin").await;
    log.expect(&["payload_mismatch", "expected=\"Admin\"", "found=\"Claims\""]);
    let seen = seen.lock().expect("a list");
    let [
        Event::PayloadMismatch {
            expected, found, ..
        },
    ] = &seen[..]
    else {
        panic!("{seen:?}")
    };
    assert_eq!((*expected, found.as_str()), ("Admin", "Claims"));
}

/// Rows of a version that did not name the type: nobody knows which guards they may pass.
#[async_test]
async fn a_session_of_before_ends_with_one_login() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    server
        .database()
        .execute("UPDATE session_info SET payload_type = ''");
    let answer = browser.refresh().await;
    answer.expect(401, UNAUTHORISED).expect_cleared();
    assert_eq!(server.database().sessions(), 0);
    browser.log_in("ada").await;
    assert_eq!(browser.get("/me").await.status, 200);
}

#[catch(403)]
fn forbidden(request: &rocket::Request<'_>) -> String {
    format!("{:?}", Error::from_request(request))
}

#[async_test]
async fn pages_lead_to_the_login_and_programs_get_the_body() {
    let server = Server::builder()
        .rocket(|rocket| all(rocket).register("/", catchers::pages("/admin-maybe")))
        .start()
        .await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let html = [("Accept", "text/html")];
    let answer = ada.get_with("/admin?tab=1", &html).await;
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some("/admin-maybe?next=%2Fadmin%3Ftab%3D1")
    );
    answer.expect_untouched();
    // The login page itself takes whoever cannot go on otherwise for a visitor.
    let answer = ada.get_with("/admin-maybe", &html).await;
    answer.expect(200, "visitor");
    ada.get("/admin").await.expect(403, SIGN_IN_AGAIN);

    let own = Server::builder()
        .rocket(|rocket| all(rocket).register("/", rocket_catchers![forbidden]))
        .start()
        .await;
    let mut ada = own.browser();
    ada.log_in("ada").await;
    ada.get("/admin").await.expect(403, "Some(SignInAgain)");
}

/// `OtherClaims` is a type that no session here has.
#[async_test]
async fn a_type_that_is_only_asked_for_is_another_type_too() {
    let server = Server::start().await;
    let mut ada = server.browser();
    ada.log_in("ada").await;
    let handle = ada.handle().await;
    let unmet = server.sessions().unmet::<OtherClaims, ()>(handle).await;
    assert_eq!(unmet.map(drop), Err(Error::SignInAgain));
    let unmet = server.sessions().unmet::<Claims, ()>(handle).await;
    assert_eq!(unmet, Ok(Some(Vec::new())));
}
