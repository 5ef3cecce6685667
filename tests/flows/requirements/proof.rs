//! A proof of who somebody is, in the application's own transaction.

use rocket::http::Method;
use rocket::serde::json::{Value, json};
use rocket::{State, async_test, post, routes};
use session_runtime::{Error, Session, Sessions};
use session_tests::{OwnDatabase, Server};

use super::{Claims, handle, log_in, logged_in, plain, sensitive, things};

#[post("/prove-within?<commit>")]
async fn prove_within(
    session: Session<Claims>,
    sessions: Sessions,
    own: &State<OwnDatabase>,
    commit: bool,
) -> Result<Value, Error> {
    let proved = own.open().within(&sessions, |within| {
        let proved = session.step_up_within(within)?;
        commit.then_some(proved).ok_or(Error::Unavailable)
    })?;
    Ok(json!(session.attach(proved)?))
}

async fn start() -> Server {
    let routes = routes![log_in, plain, sensitive, things, prove_within];
    let server = Server::builder().rocket(|rocket| rocket.mount("/r", routes));
    server.start().await
}

#[async_test]
async fn a_proof_counts_once_the_application_has_committed() {
    let server = start().await;
    let mut browser = logged_in(&server, "ada", "user").await;
    let mut elsewhere = logged_in(&server, "ada", "user").await;
    server.clock.advance(std::time::Duration::from_secs(301));
    let before = handle(&browser).await;
    assert_eq!(browser.get("/r/sensitive").await.status, 403);

    // Rolled back: nothing has happened.
    let answer = browser.post("/r/prove-within?commit=false").await;
    assert_eq!(answer.status, 503);
    answer.expect_untouched();
    assert_eq!(browser.get("/r/sensitive").await.status, 403);
    assert_eq!(handle(&browser).await, before);

    let copy = browser.clone();
    let answer = browser.post("/r/prove-within?commit=true").await;
    assert_eq!((answer.status, answer.all("set-cookie").count()), (200, 6));
    assert_eq!(browser.get("/r/sensitive").await.status, 200);
    assert_eq!(browser.get("/r/things").await.json(), json!(["own"]));
    assert_ne!(handle(&browser).await, before);
    // A copy of the tokens from before gains nothing, within the bound; other devices go on.
    let follow = server.sessions().read_revocations_now();
    follow.await.expect("an answer");
    let copied = copy.send_only(Method::Get, "/r/plain", None).await;
    assert_eq!(copied.status, 401);
    assert_eq!(elsewhere.get("/r/plain").await.status, 200);
    assert_eq!(server.database().sessions(), 2);
}
