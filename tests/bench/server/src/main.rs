//! The library under measurement: a login without password hashing, the same text behind a guard and
//! without one, and a bare JSON route to compare with.
//!
//! Settings come from the environment, as Rocket's do; what is not set is filled in: a throw-away
//! SQLite file, a random master key, an origin. The log is off.

use std::time::Instant;

use base64::Engine;
use rocket::figment::Figment;
use rocket::futures::future::join_all;
use rocket::serde::json::Json;
use rocket::tokio::task::spawn_blocking;
use rocket::{get, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::token::Transport;
use session_runtime::{Error, JwtPayload, LiveSession, NewSession, Session, Sessions, login};
use tempfile::TempDir;

/// The example's payload.
#[derive(Serialize, Deserialize, JwtPayload)]
#[session(data = Things)]
struct Claims {
    name: String,
}

/// The example's session data.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Things {
    awesome_things: Vec<String>,
}

#[derive(Deserialize)]
struct Credentials {
    user: String,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
}

#[login]
#[post("/login", data = "<credentials>")]
fn log_in(credentials: Json<Credentials>) -> (String, Claims, Things) {
    let Credentials { user } = credentials.into_inner();
    let claims = Claims { name: user.clone() };
    let things = Things {
        awesome_things: ["programming", "javascript", "supertokens"]
            .map(String::from)
            .into(),
    };
    (user, claims, things)
}

/// A JSON route that does nothing: what a login costs at least.
#[post("/echo", data = "<credentials>")]
fn echo(credentials: Json<Credentials>) -> Json<Answer> {
    drop(credentials);
    Json(Answer { status: "OK" })
}

#[get("/me")]
fn me(_session: Session<Claims>) -> &'static str {
    "hello"
}

#[get("/live")]
fn live(_session: LiveSession<Claims>) -> &'static str {
    "hello"
}

/// Makes `count` sessions of one user, as fast as logins can.
#[post("/fill/<user>/<count>")]
async fn fill(user: &str, count: usize, sessions: Sessions) -> Result<(), Error> {
    let session = || {
        let awesome_things = Vec::new();
        NewSession::new(
            user.to_owned(),
            Claims { name: user.into() },
            Things { awesome_things },
        )
    };
    let mut left = count;
    while left > 0 {
        let together = left.min(500);
        let made = (0..together).map(|_| sessions.create(session(), Transport::Header));
        for made in join_all(made).await {
            made?;
        }
        left -= together;
    }
    Ok(())
}

/// Ends all sessions of a user; says how many there were.
#[post("/ban/<user>")]
async fn ban(user: &str, sessions: Sessions) -> Result<String, Error> {
    Ok(sessions.revoke_all(user).await?.len().to_string())
}

/// How long work of the application's own waits for a thread, in microseconds.
#[get("/blocking")]
async fn blocking() -> String {
    let asked = Instant::now();
    let waited = spawn_blocking(move || asked.elapsed()).await;
    waited.expect("nothing panics").as_micros().to_string()
}

#[get("/open")]
fn open() -> &'static str {
    "hello"
}

/// The settings, and the folder of the database if it is a throw-away one.
fn settings() -> Result<(Figment, Option<TempDir>), Box<dyn std::error::Error>> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key)?;
    let key = base64::engine::general_purpose::STANDARD.encode(key);
    let figment = rocket::Config::figment().merge(("log_level", "off"));
    let port: u16 = figment.extract_inner("port")?;
    let figment = figment
        .join(("sessions.master_key", key))
        .join(("sessions.api_origin", format!("http://127.0.0.1:{port}")));
    if figment.contains("sessions.database") {
        return Ok((figment, None));
    }
    let folder = tempfile::Builder::new()
        .prefix("session-bench-")
        .tempdir()?;
    let file = folder.path().join("sessions.db");
    let database = ("sessions.database", format!("sqlite://{}", file.display()));
    Ok((figment.join(database), Some(folder)))
}

#[rocket::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (figment, _folder) = settings()?;
    let rocket = rocket::custom(figment).attach(Sessions::fairing()).mount(
        "/",
        routes![log_in, echo, fill, ban, blocking, me, live, open],
    );
    // The log is off, so the reason of a failed launch is told here.
    rocket
        .launch()
        .await
        .map(drop)
        .map_err(|error| error.to_string().into())
}
