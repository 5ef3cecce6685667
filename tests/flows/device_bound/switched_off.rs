//! With the setting off, or a browser that cannot do it.

use rocket::async_test;
use session_tests::Server;
use session_tests::browser::Answer;

use super::{Chromium, ORIGIN, REGISTRATION, VALIDITY, server};

/// The parts of an answer that do not differ by chance.
fn shape(answer: &Answer) -> (u16, Vec<(String, usize)>, String) {
    let headers = answer.headers.iter();
    let headers = headers
        .filter(|(name, _)| name != REGISTRATION)
        .map(|(name, value)| (name.clone(), value.len()));
    let mut headers: Vec<_> = headers.collect();
    // Those of Rocket's shield come in any order.
    headers.sort_by(|(one, _), (other, _)| one.cmp(other));
    (answer.status, headers, answer.body.clone())
}

async fn answers(server: &Server) -> Vec<Answer> {
    let mut browser = server.browser();
    let mut answers = vec![browser.log_in("ada").await];
    server.clock.advance(6 * VALIDITY);
    answers.push(browser.get("/maybe").await);
    answers.push(browser.refresh().await);
    answers.push(browser.log_in("bob").await);
    answers.push(browser.sign_out().await);
    answers.push(browser.refresh().await);
    answers
}

#[async_test]
async fn other_browsers_see_the_same_answers_but_for_one_header() {
    let on = server().await;
    let off = Server::builder().set("api_origin", ORIGIN).start().await;
    let (on, off) = (answers(&on).await, answers(&off).await);
    let shapes = |answers: &[Answer]| answers.iter().map(shape).collect::<Vec<_>>();
    assert_eq!(shapes(&on), shapes(&off));
    let asked = |answers: &[Answer]| {
        let asks = answers.iter().map(|it| it.all(REGISTRATION).count());
        asks.collect::<Vec<_>>()
    };
    assert_eq!(asked(&on), [1, 0, 0, 1, 0, 0]);
    assert_eq!(asked(&off), [0; 6]);
}

#[async_test]
async fn r12_bound_sessions_stay_bound_when_it_is_switched_off() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    chromium.refresh().await.expect(200, "");
    let off = server.beside().set("api_origin", ORIGIN).start().await;
    let browser = off.browser().with_jar(chromium.browser.jar());
    let mut chromium = Chromium {
        browser,
        ..chromium
    };
    server.clock.advance(VALIDITY);
    assert_eq!(chromium.browser.clone().refresh().await.status, 307);
    chromium.refresh().await.expect(200, "");
    assert_eq!(
        chromium.browser.log_in("ada").await.header(REGISTRATION),
        None
    );
}

#[async_test]
async fn over_http_there_are_no_such_routes() {
    let server = Server::start().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    for path in [super::REFRESH, super::REGISTER] {
        assert_eq!(browser.post(path).await.status, 404);
    }
}

/// Restored backups: the row is older than the key.
#[async_test]
async fn r10_a_row_that_has_lost_its_key_ends_the_binding_and_not_the_session() {
    let server = server().await;
    let mut chromium = Chromium::bound(&server).await;
    server.clock.advance(VALIDITY);
    server.database().execute(
        "UPDATE session_info SET device_key = NULL, device_bound_at = NULL, device_state = NULL",
    );
    chromium.refresh().await.expect(401, "").expect_untouched();
    chromium.browser.refresh().await.expect(200, "{}");
    chromium.browser.get("/bound").await.expect(200, "false");
}

/// A marker proves nothing.
#[async_test]
async fn r10_a_planted_marker_makes_no_session_bound() {
    let server = server().await;
    let mut browser = server.browser();
    browser.log_in("ada").await;
    let names = browser.cookie_names();
    let tag = names[0].rsplit('.').next().expect("letters").to_owned();
    browser.plant(&format!("__Host-sBound.{tag}"), "1", "/");
    browser.get("/bound").await.expect(200, "false");
    browser.refresh().await.expect(200, "{}");
}
