//! What a `#[login]` function may return, and what becomes of it.

#![allow(
    clippy::result_large_err,
    reason = "Redirects are that large, and users return them"
)]

use std::num::ParseIntError;

use rocket::http::Status;
use rocket::response::{Redirect, Responder};
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, async_test, post, routes};
use session_runtime::{NewSession, login};
use session_tests::app::{Claims, Notes};
use session_tests::body::{BROKEN, OK, UNAUTHORISED};
use session_tests::{Answer, Server};

type LoggedIn = (String, Claims, Notes);
type Answered<R> = (String, Claims, Notes, R);
type LoginResult<T = LoggedIn> = Result<T, Refusal>;

#[derive(Debug, Responder)]
enum Refusal {
    #[response(status = 403)]
    Banned(&'static str),
    #[response(status = 422)]
    NoNumber(Value),
}

impl From<ParseIntError> for Refusal {
    fn from(error: ParseIntError) -> Self {
        Self::NoNumber(json!({ "error": error.to_string() }))
    }
}

fn ada() -> LoggedIn {
    let claims = Claims { name: "Ada".into() };
    ("ada".into(), claims, Notes::default())
}

fn ada_and<R>(answer: R) -> Answered<R> {
    let (user, claims, notes) = ada();
    (user, claims, notes, answer)
}

fn new_session() -> NewSession {
    let (user, claims, notes) = ada();
    NewSession::new(user, claims, notes)
}

async fn server(routes: Vec<Route>) -> Server {
    Server::builder()
        .rocket(|rocket| rocket.mount("/m", routes))
        .start()
        .await
}

/// Posts to a route that must start a session which works.
async fn started(server: &Server, path: &str) -> Answer {
    let mut browser = server.browser();
    let answer = browser.post(path).await;
    assert_eq!(answer.all("set-cookie").count(), 3, "{path}: {answer:?}");
    assert!(answer.header("front-token").is_some());
    assert_eq!(browser.get("/me").await.json()["user"], "ada");
    answer
}

/// Posts to a route that must start none, as a visitor and as somebody who is logged in and has to stay so.
async fn refused(server: &Server, path: &str) -> Answer {
    let answer = server.browser().post(path).await;
    answer.expect_untouched();
    assert_eq!(server.database().sessions(), 0, "{path} left a row");

    let mut member = server.browser();
    member.log_in("grace").await;
    member.post(path).await.expect_untouched();
    assert_eq!(member.get("/live").await.json()["user"], "grace");
    member.refresh().await.expect(200, "{}");
    member.sign_out().await;
    assert_eq!(server.database().sessions(), 0, "{path} left a row");
    answer
}

#[async_test]
async fn three_values_start_a_session_and_answer_ok() {
    #[login]
    #[post("/login")]
    fn log_in() -> (String, Claims, Notes) {
        ada()
    }

    let server = server(routes![log_in]).await;
    let answer = started(&server, "/m/login").await;
    answer.expect(200, OK);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[async_test]
async fn a_fourth_value_is_the_answer() {
    #[login]
    #[post("/redirect")]
    fn redirect() -> (String, Claims, Notes, Redirect) {
        ada_and(Redirect::to("/home"))
    }
    #[login]
    #[post("/json")]
    async fn in_json() -> Answered<Json<Vec<u8>>> {
        ada_and(Json(vec![1, 2]))
    }
    #[login]
    #[post("/status")]
    fn with_status() -> Answered<(Status, &'static str)> {
        ada_and((Status::Accepted, "welcome"))
    }
    #[login]
    #[post("/derived")]
    fn derived() -> Answered<Refusal> {
        ada_and(Refusal::Banned("not really"))
    }

    let server = server(routes![redirect, in_json, with_status, derived]).await;
    let expected = [
        ("/m/redirect", 303, "", None),
        ("/m/json", 200, "[1,2]", Some("application/json")),
        (
            "/m/status",
            202,
            "welcome",
            Some("text/plain; charset=utf-8"),
        ),
        (
            "/m/derived",
            403,
            "not really",
            Some("text/plain; charset=utf-8"),
        ),
    ];
    for (path, status, body, content_type) in expected {
        let answer = started(&server, path).await;
        answer.expect(status, body);
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        let location = answer.header("location");
        assert_eq!(location, (status == 303).then_some("/home"));
    }
}

#[async_test]
async fn an_answer_that_fails_does_not_take_the_session_back() {
    #[login]
    #[post("/login")]
    fn log_in() -> Answered<Status> {
        ada_and(Status::InternalServerError)
    }

    let server = server(routes![log_in]).await;
    // The session is durable before the answer is rendered, so the browser is told of it: its page
    // is an error, and it is logged in.
    let answer = started(&server, "/m/login").await;
    assert_eq!(answer.status, 500);
    assert_ne!(answer.body, BROKEN, "the answer failed, not the session");
    assert_eq!(server.database().sessions(), 1);
}

#[async_test]
async fn what_refuses_answers_for_itself_and_changes_nothing() {
    #[login]
    #[post("/result/<number>")]
    async fn result(number: &str) -> Result<(String, Claims, Notes), Refusal> {
        if number == "0" {
            return Err(Refusal::Banned("banned"));
        }
        let _: u8 = number.parse()?;
        Ok(ada())
    }
    #[login]
    #[post("/option/<known>")]
    fn option(known: bool) -> Option<(String, Claims, Notes)> {
        known.then(ada)
    }
    // The same behind aliases, with an answer, and inside each other.
    #[login]
    #[post("/alias/<number>")]
    fn alias(number: &str) -> LoginResult {
        let _: u8 = number.parse()?;
        Ok(ada())
    }
    #[login]
    #[post("/answered/<known>")]
    fn answered(known: bool) -> Result<Answered<Redirect>, Redirect> {
        let login = known.then(|| ada_and(Redirect::to("/home")));
        login.ok_or_else(|| Redirect::to("/login?wrong"))
    }
    #[login]
    #[post("/nested/<number>")]
    async fn nested(number: &str) -> LoginResult<Option<NewSession<&'static str>>> {
        let number: u8 = number.parse()?;
        Ok((number > 0).then(|| new_session().answer("hello")))
    }
    #[login]
    #[post("/inverse/<known>/<number>")]
    fn inverse(known: bool, number: &str) -> Option<LoginResult> {
        known.then(|| Ok(number.parse::<u8>().map(|_| ada())?))
    }

    #[login]
    #[post("/deep/<known>/<number>")]
    fn deep(known: bool, number: &str) -> Option<Option<LoginResult<LoginResult<NewSession>>>> {
        let parsed =
            || -> LoginResult<NewSession> { Ok(number.parse::<u8>().map(|_| new_session())?) };
        match number {
            "none" => Some(None),
            _ => known.then(|| Some(Ok(parsed()))),
        }
    }

    let no_number = r#"{"error":"invalid digit found in string"}"#;
    let server = server(routes![
        result, option, alias, answered, nested, inverse, deep
    ])
    .await;
    let refusals = [
        ("/m/result/0", 403, "banned"),
        ("/m/result/x", 422, no_number),
        ("/m/option/false", 401, UNAUTHORISED),
        ("/m/alias/x", 422, no_number),
        ("/m/answered/false", 303, ""),
        ("/m/nested/x", 422, no_number),
        ("/m/nested/0", 401, UNAUTHORISED),
        ("/m/inverse/false/1", 401, UNAUTHORISED),
        ("/m/inverse/true/x", 422, no_number),
        ("/m/deep/false/1", 401, UNAUTHORISED),
        ("/m/deep/true/none", 401, UNAUTHORISED),
        ("/m/deep/true/x", 422, no_number),
    ];
    for (path, status, body) in refusals {
        refused(&server, path).await.expect(status, body);
    }
    let logins = [
        ("/m/result/7", 200, OK),
        ("/m/option/true", 200, OK),
        ("/m/alias/7", 200, OK),
        ("/m/answered/true", 303, ""),
        ("/m/nested/7", 200, "hello"),
        ("/m/inverse/true/7", 200, OK),
        ("/m/deep/true/7", 200, OK),
    ];
    for (path, status, body) in logins {
        started(&server, path).await.expect(status, body);
    }
}
