//! What a login function may return.

use std::fmt;

use rocket::http::{ContentType, Status};
use rocket::response::content::RawHtml;
use rocket::response::status::{Accepted, Custom};
use rocket::response::{Flash, Redirect};
use rocket::serde::json::Json;
use rocket::{Either, Responder, Route, post, routes};
use session_runtime::{NewSession, login};

use super::{Claims, LoggedIn, Prefs, ada};

pub(super) fn all() -> Vec<Route> {
    routes![
        triple,
        with_text,
        with_status,
        with_json,
        with_redirect,
        with_flash,
        with_nothing,
        with_custom,
        with_option,
        with_tuple,
        result,
        result_of_answer,
        option,
        option_of_result,
        result_of_option,
        unit_error,
        status_error,
        either_error,
        own_error,
        new_session,
        new_session_with_answer,
        result_of_new,
        asynchronous,
        aliased,
        early_return,
        question_mark,
        diverging_branch,
        html,
        accepted,
        result_alias
    ]
}

#[login]
#[post("/outcome/triple")]
fn triple() -> (String, Claims, Prefs) {
    ada()
}

#[login]
#[post("/outcome/with-text")]
fn with_text() -> (String, Claims, Prefs, &'static str) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, "welcome")
}

#[login]
#[post("/outcome/with-status")]
fn with_status() -> (String, Claims, Prefs, Status) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, Status::Created)
}

#[login]
#[post("/outcome/with-json")]
fn with_json() -> (String, Claims, Prefs, Json<Prefs>) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs.clone(), Json(prefs))
}

#[login]
#[post("/outcome/with-redirect")]
fn with_redirect() -> (String, Claims, Prefs, Redirect) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, Redirect::to("/"))
}

#[login]
#[post("/outcome/with-flash")]
fn with_flash() -> (String, Claims, Prefs, Flash<Redirect>) {
    let (user, claims, prefs) = ada();
    (
        user,
        claims,
        prefs,
        Flash::success(Redirect::to("/"), "welcome"),
    )
}

#[login]
#[post("/outcome/with-nothing")]
fn with_nothing() -> (String, Claims, Prefs, ()) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, ())
}

#[login]
#[post("/outcome/with-custom")]
fn with_custom() -> (String, Claims, Prefs, Custom<String>) {
    let (user, claims, prefs) = ada();
    let text = format!("hello {user}");
    (user, claims, prefs, Custom(Status::Accepted, text))
}

#[login]
#[post("/outcome/with-option")]
fn with_option() -> (String, Claims, Prefs, Option<&'static str>) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, Some("welcome"))
}

#[login]
#[post("/outcome/with-tuple")]
fn with_tuple() -> (String, Claims, Prefs, (Status, (ContentType, Vec<u8>))) {
    let (user, claims, prefs) = ada();
    (
        user,
        claims,
        prefs,
        (Status::Ok, (ContentType::Binary, vec![1])),
    )
}

#[login]
#[post("/outcome/result")]
fn result() -> Result<LoggedIn, (Status, String)> {
    Ok(ada())
}

#[login]
#[post("/outcome/result-of-answer")]
fn result_of_answer() -> Result<(String, Claims, Prefs, Redirect), RawHtml<String>> {
    Err(RawHtml("<p>no".into()))
}

#[login]
#[post("/outcome/option")]
fn option() -> Option<LoggedIn> {
    Some(ada())
}

#[login]
#[post("/outcome/option-of-result")]
fn option_of_result() -> Option<Result<LoggedIn, Status>> {
    Some(Ok(ada()))
}

#[login]
#[post("/outcome/result-of-option")]
fn result_of_option() -> Result<Option<LoggedIn>, Status> {
    Ok(Some(ada()))
}

#[login]
#[post("/outcome/unit-error")]
fn unit_error() -> Result<LoggedIn, ()> {
    Ok(ada())
}

#[login]
#[post("/outcome/status-error")]
fn status_error() -> Result<LoggedIn, Status> {
    Err(Status::TooManyRequests)
}

#[login]
#[post("/outcome/either-error")]
fn either_error() -> Result<LoggedIn, Either<Status, &'static str>> {
    Err(Either::Right("no"))
}

/// An error of the application.
#[derive(Debug, Responder)]
enum Refused {
    #[response(status = 401)]
    Wrong(&'static str),
    #[response(status = 503)]
    Down(()),
}

impl From<fmt::Error> for Refused {
    fn from(_: fmt::Error) -> Self {
        Self::Down(())
    }
}

#[login]
#[post("/outcome/own-error")]
fn own_error() -> Result<LoggedIn, Refused> {
    Err(Refused::Wrong("no"))
}

#[login]
#[post("/outcome/new-session")]
fn new_session() -> NewSession {
    let (user, claims, prefs) = ada();
    NewSession::new(user, claims, prefs)
}

#[login]
#[post("/outcome/new-session-with-answer")]
fn new_session_with_answer() -> NewSession<&'static str> {
    let (user, claims, prefs) = ada();
    NewSession::new(user, claims, prefs).answer("welcome")
}

#[login]
#[post("/outcome/result-of-new")]
fn result_of_new() -> Result<NewSession, Refused> {
    let (user, claims, prefs) = ada();
    Ok(NewSession::new(user, claims, prefs))
}

#[login]
#[post("/outcome/asynchronous")]
async fn asynchronous() -> Result<LoggedIn, Refused> {
    rocket::tokio::task::yield_now().await;
    Ok(ada())
}

/// A name for what a login returns.
type Outcome = Result<Option<LoggedIn>, Refused>;

#[login]
#[post("/outcome/aliased")]
fn aliased() -> Outcome {
    Ok(None)
}

#[login]
#[post("/outcome/early-return?<go>")]
fn early_return(go: bool) -> Option<LoggedIn> {
    if !go {
        return None;
    }
    Some(ada())
}

#[login]
#[post("/outcome/question-mark")]
fn question_mark() -> Result<LoggedIn, Refused> {
    use std::fmt::Write;
    let mut name = String::new();
    write!(name, "Ada")?;
    Ok((name.to_lowercase(), Claims { name }, Prefs::default()))
}

#[login]
#[post("/outcome/diverging-branch?<user>")]
fn diverging_branch(user: &str) -> Result<LoggedIn, Status> {
    let "ada" = user else {
        return Err(Status::Unauthorized);
    };
    Ok(ada())
}

#[login]
#[post("/outcome/html")]
fn html() -> (String, Claims, Prefs, RawHtml<&'static str>) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs, RawHtml("<p>welcome"))
}

#[login]
#[post("/outcome/accepted")]
fn accepted() -> (String, Claims, Prefs, Accepted<Json<Prefs>>) {
    let (user, claims, prefs) = ada();
    (user, claims, prefs.clone(), Accepted(Json(prefs)))
}

type Fallible<T, E = Refused> = Result<T, E>;

#[login]
#[post("/outcome/result-alias")]
fn result_alias() -> Fallible<LoggedIn> {
    Ok(ada())
}
