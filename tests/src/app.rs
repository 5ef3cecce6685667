//! The application under test.

use std::time::Duration;

use rocket::response::stream::{Event, EventStream};
use rocket::serde::json::{Json, Value, json};
use rocket::tokio::select;
use rocket::tokio::time::interval;
use rocket::{Route, get, post, put, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{Error, JwtPayload, LiveSession, MaybeSession, Session, Sessions, login};

/// What the tests' tokens carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JwtPayload)]
#[session(data = Notes)]
pub struct Claims {
    /// A name to greet.
    pub name: String,
}

/// What the tests' sessions keep.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notes {
    /// Free text.
    pub text: String,
}

/// A payload that [`Claims`] tokens do not fit.
#[derive(Debug, Serialize, Deserialize, JwtPayload)]
pub struct OtherClaims {
    /// A field that no token has.
    pub role: String,
}

/// What `/login` asks for.
#[derive(Debug, Deserialize)]
pub struct Credentials {
    user: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    text: String,
}

/// Logs in whoever asks; an empty user is refused.
#[login]
#[post("/login", data = "<credentials>")]
pub async fn log_in(credentials: Json<Credentials>) -> Option<(String, Claims, Notes)> {
    let Credentials { user, name, text } = credentials.into_inner();
    if user.is_empty() {
        return None;
    }
    Some((user, Claims { name }, Notes { text }))
}

/// Says who is logged in.
#[get("/me")]
pub fn me(session: Session<Claims>) -> Value {
    json!({ "user": session.user_id(), "name": session.payload().name, "handle": session.handle() })
}

/// The same, with the database asked.
#[get("/live")]
pub fn live(session: LiveSession<Claims>) -> Value {
    json!({ "user": session.user_id() })
}

/// For members and visitors.
#[get("/maybe")]
pub fn maybe(session: MaybeSession<Claims>) -> Value {
    json!({ "user": session.as_ref().map(|session| session.user_id().clone()) })
}

/// Rocket's own way to make a guard optional.
#[get("/optional")]
pub fn optional(session: Option<Session<Claims>>) -> Value {
    json!({ "user": session.map(|session| session.user_id().clone()) })
}

/// Asks for a payload that the token does not have.
#[get("/other")]
pub fn other(session: Session<OtherClaims>) -> String {
    session.payload().role.clone()
}

/// Reads the session data.
#[get("/notes")]
pub async fn notes(session: Session<Claims>) -> Result<Json<Notes>, Error> {
    session.data().await.map(Json)
}

/// Overwrites the session data.
#[put("/notes", data = "<notes>")]
pub async fn set_notes(session: Session<Claims>, notes: Json<Notes>) -> Result<(), Error> {
    session.set_data(&notes).await
}

/// Ends the session of this request.
#[post("/leave")]
pub async fn leave(session: Session<Claims>) -> Result<&'static str, Error> {
    session.revoke().await?;
    Ok("left")
}

/// Ends all sessions of a user.
#[post("/ban/<user>")]
pub async fn ban(user: &str, sessions: Sessions) -> Result<Value, Error> {
    Ok(json!(sessions.revoke_all(&user.to_owned()).await?))
}

/// Answers when the session has ended.
#[get("/until")]
pub async fn until(session: Session<Claims>) -> &'static str {
    session.ended().await;
    "over"
}

/// Says something now and then, until the session has ended.
#[get("/events")]
pub fn events(session: Session<Claims>) -> EventStream![] {
    let mut ended = session.ended();
    let user = session.user_id().clone();
    EventStream! {
        let mut turns = interval(Duration::from_millis(100));
        loop {
            select! {
                () = &mut ended => break,
                _ = turns.tick() => yield Event::data(user.clone()),
            }
        }
    }
}

/// A stand-alone JWT.
#[get("/jwt")]
pub fn jwt(sessions: Sessions) -> Result<String, Error> {
    sessions.create_jwt(&json!({ "service": "reports" }), Duration::from_secs(60))
}

/// Needs no session.
#[get("/open")]
pub fn open() -> &'static str {
    "open"
}

/// Says who is at the other end, and repeats what comes.
#[get("/socket")]
pub fn socket(
    session: Session<Claims>,
    socket: rocket_ws::WebSocket,
) -> rocket_ws::Stream!['static] {
    let user = session.user_id().clone();
    rocket_ws::Stream! { socket =>
        yield user.into();
        for await message in socket {
            yield message?;
        }
    }
}

/// All of the above but the socket.
pub fn routes() -> Vec<Route> {
    routes![
        log_in, me, live, maybe, optional, other, notes, set_notes, leave, ban, jwt, open, until,
        events
    ]
}
