//! One of several processes behind a load balancer, all on one PostgreSQL: `examples/replicas/run`
//! starts three.
//!
//! Its login is none to copy: whoever names the demo user is that user. `src/users.rs` shows
//! passwords.

use std::time::Duration;

use rocket::response::stream::{Event, EventStream};
use rocket::serde::json::{Value, json};
use rocket::tokio::select;
use rocket::tokio::time::interval;
use rocket::{Config, get, launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::{JwtPayload, Session, Sessions, login};

/// The one user, whose name is the whole credential.
const DEMO_USER: &str = "ada";

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {}

/// Opens a session for the demo user, named in the body; 401 for anybody else.
#[login]
#[post("/login", data = "<user>")]
fn log_in(user: String) -> Option<(String, Claims, ())> {
    (user == DEMO_USER).then_some((user, Claims {}, ()))
}

/// Who is logged in, and which process says so.
#[get("/me")]
fn me(session: Session<Claims>, config: &Config) -> Value {
    json!({ "user": session.user_id(), "process": config.port })
}

/// Counts the tenths of a second, until the session has ended.
#[get("/events")]
fn events(session: Session<Claims>) -> EventStream![] {
    let mut ended = session.ended();
    EventStream! {
        let mut turns = interval(Duration::from_millis(100));
        for count in 0.. {
            select! {
                () = &mut ended => break,
                _ = turns.tick() => yield Event::data(count.to_string()),
            }
        }
    }
}

/// All else comes from the environment: `ROCKET_PORT`, and `ROCKET_SESSIONS` with what the
/// processes share.
#[launch]
fn rocket() -> _ {
    rocket::build()
        .attach(Sessions::fairing())
        .mount("/", routes![log_in, me, events])
}
