//! An application beside others: what a page of another site may try on it, every way to replace a
//! session, and answers that come late.

mod answers;
mod gate;

use rocket::response::content::RawText;
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, State, get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{
    Error, JwtPayload, LiveSession, MaybeSession, NewSession, Session, login, logout,
};

use crate::Database;

pub use answers::answers;
pub use gate::gate;

/// Somebody whose session says when they last proved who they are.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
#[session(auth_time)]
struct Member {
    name: String,
}

/// Logs in whoever asks.
#[login]
#[post("/enter/<user>")]
fn enter(user: &str) -> (String, Member, ()) {
    let name = user.to_owned();
    (user.to_owned(), Member { name }, ())
}

/// Begins a session for a visitor.
#[login]
#[post("/visit")]
fn visit() -> NewSession {
    let name = "nobody".to_owned();
    NewSession::anonymous(Member { name }, ())
}

/// The user proves again who they are.
#[post("/prove")]
async fn prove(mut session: Session<Member>) -> Result<Value, Error> {
    session.step_up().await?;
    Ok(json!({}))
}

/// The user changes the password.
#[post("/change")]
async fn change(session: Session<Member>) -> Result<Value, Error> {
    session.replace_and_revoke_others().await?;
    Ok(json!({}))
}

/// Says who is logged in.
#[get("/who")]
fn who(session: Session<Member>) -> Value {
    json!({ "name": session.payload().name, "handle": session.handle() })
}

/// The same, with the database asked.
#[get("/who/live")]
fn who_live(session: LiveSession<Member>) -> Value {
    json!({ "name": session.payload().name })
}

/// For members and visitors.
#[get("/who/maybe")]
fn who_maybe(session: MaybeSession<Member>) -> Value {
    json!({ "name": session.as_ref().map(|session| session.payload().name.clone()) })
}

/// Changes something, for members only.
#[post("/act")]
fn act(session: Session<Member>) -> Value {
    json!({ "name": session.payload().name })
}

/// Logs out.
#[logout]
#[post("/log-out")]
fn log_out() -> &'static str {
    "logged out"
}

/// Every session, with all that is stored of it.
#[get("/rows")]
fn rows(url: &State<Url>) -> RawText<String> {
    RawText(Database::connect(&url.0).dump("session_info", "*"))
}

/// Where the sessions are.
struct Url(String);

/// Lets `rows` find the database.
pub fn database() -> impl rocket::fairing::Fairing {
    rocket::fairing::AdHoc::on_ignite("Database", |rocket| async {
        let url: String = rocket
            .figment()
            .extract_inner("sessions.database")
            .expect("a database");
        rocket.manage(Url(url))
    })
}

/// Lets requests and answers go on that the gate holds, in this order.
#[post("/release", data = "<keys>")]
fn release(keys: Json<Vec<String>>, gate: &State<gate::Gate>) {
    keys.iter().for_each(|key| gate.release(key));
}

/// Answers once the gate holds that many.
#[get("/held/<count>")]
async fn held(count: usize, gate: &State<gate::Gate>) {
    gate.wait_for(count).await;
}

/// What was answered since the last look to the requests that name an attack.
#[get("/answers")]
fn taken(answers: &State<answers::Answers>) -> Json<Vec<answers::Answer>> {
    Json(answers.take())
}

/// All of the above.
pub fn routes() -> Vec<Route> {
    routes![
        enter, visit, prove, change, who, who_live, who_maybe, act, log_out, rows, release, held,
        taken
    ]
}
