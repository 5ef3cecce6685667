//! A site whose cookies are worth stealing: `examples/device-bound/run` steals them.
//!
//! Its login is none to copy: whoever asks is the demo user. Its clock stands still until somebody
//! posts to `/eleven-minutes-later`, so that the story needs no eleven minutes.

use std::time::Duration;

use rocket::response::Redirect;
use rocket::response::content::RawHtml;
use rocket::{State, get, launch, post, routes};
use serde::{Deserialize, Serialize};
use session_runtime::clock::{Clock, SystemClock};
use session_runtime::testing::ManualClock;
use session_runtime::{JwtPayload, Session, Sessions, catchers, login};

#[derive(Serialize, Deserialize, JwtPayload)]
struct Claims {}

#[get("/login")]
fn login_page() -> RawHtml<&'static str> {
    RawHtml(
        r#"<!doctype html><title>Log in</title><form method="post"><button>Log in</button></form>"#,
    )
}

/// Opens a session for whoever asks.
#[login]
#[post("/login")]
fn log_in() -> (String, Claims, (), Redirect) {
    ("ada".to_owned(), Claims {}, (), Redirect::to("/account"))
}

/// Who is logged in, and whether a copy of the cookies is of use.
#[get("/account")]
fn account(session: Session<Claims>) -> String {
    let bound = if session.is_device_bound() {
        "bound to this device"
    } else {
        "not bound"
    };
    format!("{}, {bound}", session.user_id())
}

#[post("/eleven-minutes-later")]
fn eleven_minutes_later(clock: &State<ManualClock>) {
    clock.advance(Duration::from_secs(11 * 60));
}

/// All else comes from the environment: `ROCKET_PORT`, `ROCKET_TLS`, and `ROCKET_SESSIONS` with
/// `device_bound`.
#[launch]
fn rocket() -> _ {
    let clock = ManualClock::at(SystemClock::default().now());
    rocket::build()
        .attach(Sessions::fairing().clock(clock.clone()))
        .manage(clock)
        .mount(
            "/",
            routes![login_page, log_in, account, eleven_minutes_later],
        )
        .register("/", catchers::pages("/login"))
}
