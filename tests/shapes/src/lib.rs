//! Right programs of unusual shape: what plain Rocket takes, the macros take, in the editions 2021
//! and 2024, without a warning of rustc or of clippy pedantic.
//!
//! Each route is one shape. The two packages beside this folder compile the same files, each in its
//! edition; a test of each has Rocket take all routes.

#![deny(warnings)]
#![deny(clippy::pedantic)]
// Of these three the shapes are the reason, and plain routes of Rocket would get them as well.
#![allow(
    clippy::needless_pass_by_value,
    clippy::type_complexity,
    clippy::unnecessary_wraps
)]
#![deny(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    single_use_lifetimes
)]
#![deny(unused_qualifications)]

mod arguments;
mod built;
mod guards;
mod logouts;
mod outcomes;
mod payloads;

use rocket::Route;
use serde::{Deserialize, Serialize};
use session_runtime::JwtPayload;

/// What most of them return.
#[derive(Debug, Clone, Serialize, Deserialize, JwtPayload)]
#[session(data = Prefs)]
pub struct Claims {
    /// A name.
    pub name: String,
}

/// Data of a session.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Prefs {
    /// A list.
    pub things: Vec<String>,
}

type LoggedIn = (String, Claims, Prefs);

fn ada() -> LoggedIn {
    let name = "Ada".to_owned();
    ("ada".to_owned(), Claims { name }, Prefs::default())
}

/// All routes.
#[must_use]
pub fn all() -> Vec<Route> {
    [
        arguments::all(),
        built::all(),
        guards::all(),
        logouts::all(),
        outcomes::all(),
        payloads::all(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use rocket::Config;
    use rocket::figment::Figment;
    use rocket::local::blocking::Client;
    use session_runtime::Sessions;

    #[test]
    fn rocket_takes_them_all() {
        let routes = super::all();
        assert!(routes.len() >= 60, "{} shapes", routes.len());
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("app.db");
        let figment = Figment::from(Config::debug_default())
            .merge(("log_level", "off"))
            .merge(("sessions.database", format!("sqlite://{}", file.display())));
        let rocket = rocket::custom(figment)
            .attach(Sessions::fairing())
            .manage(super::arguments::Greeting("hello".into()))
            .mount("/", routes);
        let client = Client::tracked(rocket).expect("a launch");
        let answer = client.post("/outcome/triple").dispatch();
        assert_eq!(answer.status().code, 200);
    }
}
