//! What the application has answered stays, whatever a guard of the request found; the protocol's
//! body stands where Rocket's own page would.

use rocket::http::{ContentType, Status};
use rocket::response::content::RawJson;
use rocket::{Build, Request, Rocket, async_test, catch, catchers, get, post, routes};
use session_runtime::{Error, Session, login};
use session_tests::app::{Claims, Notes};
use session_tests::body::{TRY_REFRESH, UNAUTHORISED};
use session_tests::site::IsRoot;
use session_tests::{Browser, Server};

type Own = (Status, RawJson<&'static str>);

const OWN: &str = r#"{"error":"log in first"}"#;

fn own(status: Status) -> Own {
    (status, RawJson(OWN))
}

#[get("/optional")]
fn optional(session: Option<Session<Claims>>) -> Result<&'static str, Own> {
    session.map(|_| "member").ok_or(own(Status::Unauthorized))
}

#[get("/fallible")]
fn fallible(session: Result<Session<Claims>, Error>) -> Result<&'static str, Own> {
    session
        .map(|_| "member")
        .map_err(|_| own(Status::Unauthorized))
}

#[get("/root-or-own")]
fn root_or_own(session: Option<Session<Claims, IsRoot>>) -> Result<&'static str, Own> {
    session.map(|_| "root").ok_or(own(Status::Forbidden))
}

#[get("/status")]
fn status(session: Option<Session<Claims>>) -> Result<&'static str, Status> {
    session.map(|_| "member").ok_or(Status::Unauthorized)
}

#[get("/conflict")]
fn conflict() -> Status {
    Status::Conflict
}

#[get("/guarded")]
fn guarded(_session: Session<Claims>) -> &'static str {
    "member"
}

#[login]
#[post("/login")]
fn log_in(session: Option<Session<Claims>>) -> Result<(String, Claims, Notes), Own> {
    let _ = session;
    Err(own(Status::Unauthorized))
}

async fn server(change: impl FnOnce(Rocket<Build>) -> Rocket<Build> + Send + 'static) -> Server {
    Server::builder()
        .rocket(|rocket| {
            let routes = routes![
                optional,
                fallible,
                root_or_own,
                status,
                conflict,
                guarded,
                log_in
            ];
            change(rocket.mount("/m", routes))
        })
        .start()
        .await
}

/// Nobody, and somebody whose access token has expired.
async fn without_session(server: &Server) -> [Browser<'_>; 2] {
    let mut expired = server.browser();
    expired.log_in("ada").await;
    server.clock.advance(std::time::Duration::from_secs(3600));
    [server.browser(), expired]
}

#[async_test]
async fn an_answer_of_a_route_stays() {
    let server = server(|rocket| rocket).await;
    for mut browser in without_session(&server).await {
        for path in ["/m/optional", "/m/fallible"] {
            let answer = browser.get(path).await;
            answer.expect(401, OWN).expect_untouched();
            assert_eq!(answer.header("content-type"), Some("application/json"));
        }
        browser.get("/m/root-or-own").await.expect(403, OWN);
        browser.post("/m/login").await.expect(401, OWN);
    }
    let mut member = server.browser();
    member.log_in("ada").await;
    member.get("/m/optional").await.expect(200, "member");
    member.get("/m/root-or-own").await.expect(403, OWN);
}

#[async_test]
async fn the_protocol_answers_where_rocket_would() {
    let server = server(|rocket| rocket).await;
    let bodies = [UNAUTHORISED, TRY_REFRESH];
    for (mut browser, body) in without_session(&server).await.into_iter().zip(bodies) {
        browser.get("/m/guarded").await.expect(401, body);
        // A bare status has no answer yet either.
        browser.get("/m/status").await.expect(401, body);
    }
}

#[async_test]
async fn rocket_s_own_pages_stay_where_no_guard_failed() {
    let server = server(|rocket| rocket).await;
    let mut browser = server.browser();
    let html = [("Accept", "text/html")];
    let answer = browser.get_with("/m/conflict", &html).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("<h1>409: Conflict</h1>"), "{answer:?}");
    let json = [("Accept", "application/json")];
    let answer = browser.get_with("/m/conflict", &json).await;
    assert_eq!(answer.json()["error"]["code"], 409);
}

#[catch(default)]
fn any(status: Status, _: &Request<'_>) -> (Status, (ContentType, String)) {
    (status, (ContentType::Text, format!("own {}", status.code)))
}

#[catch(401)]
fn own_401(request: &Request<'_>) -> String {
    format!("own {:?}", Error::from_request(request))
}

#[async_test]
async fn catchers_of_the_application_come_first_wherever_they_are() {
    let whole = server(|rocket| rocket.register("/", catchers![any])).await;
    let mut browser = whole.browser();
    browser.get("/m/guarded").await.expect(401, "own 401");
    browser.get("/m/optional").await.expect(401, OWN);
    browser.get("/m/conflict").await.expect(409, "own 409");

    let part = server(|rocket| rocket.register("/m", catchers![any])).await;
    let mut browser = part.browser();
    browser.get("/m/guarded").await.expect(401, "own 401");
    browser.get("/me").await.expect(401, UNAUTHORISED);

    let one = server(|rocket| rocket.register("/", catchers![own_401])).await;
    let mut browser = one.browser();
    browser
        .get("/m/guarded")
        .await
        .expect(401, "own Some(NoToken)");
    browser.get("/m/optional").await.expect(401, OWN);
}
