//! What a logout function may take and return.

use rocket::http::Status;
use rocket::response::{Flash, Redirect};
use rocket::{Route, State, post, routes};
use session_runtime::{Session, logout};

use super::Claims;
use super::arguments::Greeting;

pub(super) fn all() -> Vec<Route> {
    routes![
        nothing,
        text,
        redirect,
        flash,
        result,
        option,
        deep,
        asynchronous,
        of_a_session,
        with_state
    ]
}

#[logout]
#[post("/logout/nothing")]
fn nothing() {}

#[logout]
#[post("/logout/text")]
fn text() -> &'static str {
    "bye"
}

#[logout]
#[post("/logout/redirect")]
fn redirect() -> Redirect {
    Redirect::to("/")
}

#[logout]
#[post("/logout/flash")]
fn flash() -> Flash<Redirect> {
    Flash::success(Redirect::to("/"), "bye")
}

#[logout]
#[post("/logout/result")]
fn result() -> Result<&'static str, Status> {
    Err(Status::Conflict)
}

#[logout]
#[post("/logout/option")]
fn option() -> Option<&'static str> {
    Some("bye")
}

#[logout]
#[post("/logout/deep")]
fn deep() -> Result<Option<Result<&'static str, Status>>, Status> {
    Ok(Some(Err(Status::Conflict)))
}

#[logout]
#[post("/logout/asynchronous")]
async fn asynchronous() -> Status {
    rocket::tokio::task::yield_now().await;
    Status::NoContent
}

#[logout]
#[post("/logout/of-a-session")]
fn of_a_session(session: Option<Session<Claims>>) -> String {
    session.map_or_else(String::new, |session| session.payload().name.clone())
}

#[logout]
#[post("/logout/with-state")]
fn with_state(greeting: &State<Greeting>) -> String {
    greeting.0.clone()
}
