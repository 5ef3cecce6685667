//! Writes down what was answered to attacks.

use std::sync::{Arc, Mutex, PoisonError};

use rocket::fairing::{Fairing, Info, Kind};
use rocket::{Build, Request, Response, Rocket, fairing};
use serde::Serialize;

/// An answer to a request whose query names an `attack`.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    attack: String,
    status: u16,
    set_cookie: Vec<String>,
    location: Option<String>,
}

#[derive(Clone, Default)]
pub(super) struct Answers(Arc<Mutex<Vec<Answer>>>);

impl Answers {
    pub(super) fn take(&self) -> Vec<Answer> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[rocket::async_trait]
impl Fairing for Answers {
    fn info(&self) -> Info {
        Info {
            name: "Answers",
            kind: Kind::Ignite | Kind::Response,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(rocket.manage(self.clone()))
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, response: &mut Response<'r>) {
        let Some(Ok(attack)) = request.query_value("attack") else {
            return;
        };
        let headers = response.headers();
        let answer = Answer {
            attack,
            status: response.status().code,
            set_cookie: headers.get("set-cookie").map(str::to_owned).collect(),
            location: headers.get_one("location").map(str::to_owned),
        };
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        answers.push(answer);
    }
}

/// Remembers the answers to requests such as `POST /login?attack=form`; attached after the
/// sessions.
pub fn answers() -> impl Fairing {
    Answers::default()
}
