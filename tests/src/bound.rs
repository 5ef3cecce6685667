//! What scenarios with bound sessions ask for beyond [`site`](crate::site): a clock that goes ahead when told
//! to, what happened, and routes that show the binding.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rocket::fairing::{AdHoc, Fairing};
use rocket::serde::json::{Json, Value, json};
use rocket::{Route, Shutdown, State, get, post, routes};
use session_runtime::clock::{Clock, SystemClock};
use session_runtime::requirement::DeviceBound;
use session_runtime::{Error, Event, Session, Sessions};

use crate::app::{self, Claims, Notes};

/// By how many seconds the clock is ahead; it stays so for a server that takes the place of another one.
static AHEAD: AtomicU64 = AtomicU64::new(0);

/// The clock of the machine, set ahead.
#[derive(Debug, Default)]
struct EarlyClock(SystemClock);

fn ahead() -> Duration {
    Duration::from_secs(AHEAD.load(Ordering::SeqCst))
}

impl Clock for EarlyClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.now() + ahead()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic() + ahead()
    }

    fn is_time_of_day(&self) -> bool {
        false
    }
}

/// The names of the events since the last look.
#[derive(Debug, Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, event: &Event) {
        let text = format!("{event:?}");
        let name = text.split([' ', '(']).next().unwrap_or_default();
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.push(name.to_owned());
    }
}

/// The headers of the last proof that a browser sent, for a thief who has the network log.
#[derive(Debug, Default)]
struct LastProof(Mutex<BTreeMap<&'static str, String>>);

const PROOF: [&str; 2] = ["Sec-Secure-Session-Id", "Secure-Session-Response"];

/// Keeps the proofs.
pub fn network_log() -> impl Fairing {
    AdHoc::on_request("Network log", |request, _| {
        let found = PROOF.map(|name| Some((name, request.headers().get_one(name)?.to_owned())));
        let last = request.rocket().state::<LastProof>();
        if let ([Some(session), Some(proof)], Some(last)) = (found, last) {
            let mut last = last.0.lock().unwrap_or_else(PoisonError::into_inner);
            *last = BTreeMap::from([session, proof]);
        }
        Box::pin(async {})
    })
}

#[get("/last-proof")]
fn last_proof(last: &State<LastProof>) -> Json<BTreeMap<&'static str, String>> {
    let last = last.0.lock().unwrap_or_else(PoisonError::into_inner);
    Json(last.clone())
}

/// Sessions, with the clock and an ear for what happens.
pub fn fairings() -> (impl Fairing, impl Fairing) {
    let told = Told::default();
    let heard = told.clone();
    let sessions = Sessions::fairing()
        .any_min_age()
        .clock(EarlyClock::default())
        .on_event(move |event| heard.add(event));
    let managed = AdHoc::on_ignite("Events", |rocket| async {
        rocket.manage(told).manage(LastProof::default())
    });
    (sessions, managed)
}

/// Sets the clock ahead.
#[post("/later/<seconds>")]
fn later(seconds: u64) {
    AHEAD.fetch_add(seconds, Ordering::SeqCst);
}

#[get("/told")]
fn told(told: &State<Told>) -> Json<Vec<String>> {
    Json(told.take())
}

/// Ends the server, for another one to take its place.
#[post("/stop")]
fn stop(shutdown: Shutdown) {
    shutdown.notify();
}

#[get("/bound")]
fn bound(session: Session<Claims>) -> Json<bool> {
    Json(session.is_device_bound())
}

#[get("/vault")]
fn vault(_session: Session<Claims, DeviceBound>) -> &'static str {
    "gold"
}

/// How many sessions each user of this name has, and how many of them are bound.
#[get("/sessions-of/<user>")]
async fn sessions_of(user: &str, sessions: Sessions) -> Result<Value, Error> {
    let infos = sessions.list(user, None).await?;
    let bound = infos.iter().filter(|info| info.device_bound).count();
    Ok(json!({ "all": infos.len(), "bound": bound }))
}

/// Keeps what is sent and sends it back.
#[post("/notes", data = "<text>")]
async fn keep(session: Session<Claims>, text: String) -> Result<String, Error> {
    session.set_data(&Notes { text: text.clone() }).await?;
    Ok(text)
}

/// All of the above.
pub fn routes() -> Vec<Route> {
    routes![
        later,
        told,
        last_proof,
        stop,
        bound,
        vault,
        sessions_of,
        keep,
        app::socket
    ]
}
