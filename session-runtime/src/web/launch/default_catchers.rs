//! The protocol's answers to requests whose guard failed, instead of Rocket's own pages.
//!
//! They are catchers, which Rocket calls only if no catcher of the application answers.

use std::collections::BTreeSet;

use rocket::catcher::{self, Handler};
use rocket::http::Status;
use rocket::{Build, Catcher, Request, Response, Rocket};

use crate::config::SessionConfig;
use crate::error::Error;
use crate::web::request_state::RequestState;
use crate::web::state::OWN_CATCHER;

/// Catchers for the statuses that guards fail with, where the application has none of its own.
pub(in crate::web) fn catchers(rocket: &Rocket<Build>, config: &SessionConfig) -> Vec<Catcher> {
    let taken: BTreeSet<Option<u16>> = rocket
        .catchers()
        .filter(|catcher| catcher.base.path() == "/")
        .map(|catcher| catcher.code)
        .collect();
    if taken.contains(&None) {
        return Vec::new();
    }
    Error::statuses(config)
        .into_iter()
        .filter(|code| !taken.contains(&Some(*code)))
        .map(|code| Catcher {
            name: Some(OWN_CATCHER.into()),
            ..Catcher::new(code, Answer)
        })
        .collect()
}

#[derive(Clone, Copy)]
struct Answer;

#[rocket::async_trait]
impl Handler for Answer {
    async fn handle<'r>(&self, status: Status, request: &'r Request<'_>) -> catcher::Result<'r> {
        match RequestState::of(request).failure() {
            Some(failure) if failure.status(request) == status => {
                let mut response = Response::new();
                failure.write(request, &mut response);
                Ok(response)
            }
            // The status has another cause, so Rocket answers as usual.
            _ => Catcher::default().handler.handle(status, request).await,
        }
    }
}
