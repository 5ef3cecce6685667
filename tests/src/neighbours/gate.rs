//! Holds requests and answers, so that they come late and in an order of the test's choice.

use std::collections::BTreeMap;

use rocket::fairing::{Fairing, Info, Kind};
use rocket::tokio::sync::watch;
use rocket::{Build, Data, Request, Response, Rocket, fairing};

/// All keys, and whether something is held by them.
#[derive(Clone)]
pub(super) struct Gate(watch::Sender<BTreeMap<String, bool>>);

impl Gate {
    pub(super) fn release(&self, key: &str) {
        self.0.send_modify(|held| {
            held.insert(key.to_owned(), false);
        });
    }

    pub(super) async fn wait_for(&self, count: usize) {
        let mut held = self.0.subscribe();
        let enough =
            |held: &BTreeMap<_, bool>| held.values().filter(|held| **held).count() >= count;
        let _gate_lives = held.wait_for(enough).await;
    }

    /// Returns when the key is released, if the header `x-hold` asks to be held here. What is asked
    /// again, as a front end does after a refresh, is not held again.
    async fn pass(&self, request: &Request<'_>, side: &str) {
        let asked = request.headers().get_one("x-hold").and_then(|how| {
            let (wanted, key) = how.split_once(' ')?;
            (wanted == side).then_some(key)
        });
        let Some(key) = asked else { return };
        let mut held = self.0.subscribe();
        self.0.send_modify(|held| {
            held.entry(key.to_owned()).or_insert(true);
        });
        let _gate_lives = held.wait_for(|held| held.get(key) == Some(&false)).await;
    }
}

#[rocket::async_trait]
impl Fairing for Gate {
    fn info(&self) -> Info {
        Info {
            name: "Gate",
            kind: Kind::Ignite | Kind::Request | Kind::Response,
        }
    }

    async fn on_ignite(&self, rocket: Rocket<Build>) -> fairing::Result {
        Ok(rocket.manage(self.clone()))
    }

    async fn on_request(&self, request: &mut Request<'_>, _: &mut Data<'_>) {
        self.pass(request, "before").await;
    }

    async fn on_response<'r>(&self, request: &'r Request<'_>, _: &mut Response<'r>) {
        self.pass(request, "after").await;
    }
}

/// `x-hold: before KEY` holds a request before a guard sees it, `x-hold: after KEY` the finished
/// answer; attached after the sessions.
pub fn gate() -> impl Fairing {
    Gate(watch::Sender::new(BTreeMap::new()))
}
