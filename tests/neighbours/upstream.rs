//! The application behind a proxy: the one that all tests use, and what shows how a request
//! arrived.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;

use chrono::Utc;
use rocket::fairing::AdHoc;
use rocket::figment::value::Value as Setting;
use rocket::request::{FromRequest, Outcome};
use rocket::response::stream::{Event as ServerSent, EventStream};
use rocket::serde::json::{Json, Value, json};
use rocket::tokio::time::{Duration, interval};
use rocket::{Request, Route, Shutdown, State, get, post, put, routes};
use session_runtime::testing::ManualClock;
use session_runtime::{Error, Event, LiveSession, Session, catchers};
use session_tests::app::{self, Claims};
use session_tests::{Server, site};
use tempfile::TempDir;

use crate::proxies::{SUB_PATH, Site, SubPath};

/// A running application; stopped when dropped.
#[derive(Debug)]
pub(crate) struct Upstream {
    events: Arc<Mutex<Vec<Event>>>,
    /// The time of the application; its clients' cookies live by the machine's.
    pub(crate) clock: ManualClock,
    shutdown: Shutdown,
    thread: Option<JoinHandle<()>>,
    _folder: TempDir,
}

impl Upstream {
    /// Starts it where a site expects it, in a release's manner: the origin is set, whatever the
    /// proxy says.
    pub(crate) fn start(site: &Site, settings: &[(&str, Setting)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        let clock = ManualClock::at(Utc::now());
        let managed = clock.clone();
        let (below, login) = match site.wanted.sub_path {
            Some(SubPath::Kept) => (SUB_PATH, "/app/sign-in"),
            Some(SubPath::Stripped) | None => ("/", "/sign-in"),
        };
        let rocket = Server::builder()
            .on_file(folder.path().join("test.db"))
            .clock(clock.clone())
            .set("api_origin", site.origin())
            .settings(settings)
            .fairing(move |fairing| fairing.on_event(move |event| lock(&heard).push(event.clone())))
            .rocket(move |rocket| {
                let mut routes = [site::pages(), routes()].concat();
                if below != "/" {
                    routes.extend(app::routes());
                }
                rocket
                    .manage(managed)
                    .mount(below, routes)
                    .attach(AdHoc::on_response("Unbuffered", |request, response| {
                        Box::pin(async move {
                            // What asks nginx to hold nothing back.
                            if request
                                .uri()
                                .query()
                                .is_some_and(|query| query == "unbuffered")
                            {
                                response.set_raw_header("X-Accel-Buffering", "no");
                            }
                        })
                    }))
                    .register("/", catchers::pages(login))
            })
            .build();
        let figment = rocket
            .figment()
            .clone()
            .merge(("port", site.upstream))
            .merge(("shutdown.ctrlc", false))
            .merge(("shutdown.grace", 0))
            .merge(("shutdown.mercy", 0))
            .merge(("workers", 2));
        let (tell, told) = mpsc::channel();
        let rocket =
            rocket
                .configure(figment)
                .attach(AdHoc::on_liftoff("launched", move |rocket| {
                    let _heard = tell.send(rocket.shutdown());
                    Box::pin(async {})
                }));
        let thread = std::thread::spawn(move || {
            let launched = rocket::execute(rocket.launch());
            launched
                .map(drop)
                .expect("a rocket that launches and lands");
        });
        Self {
            events,
            clock,
            shutdown: told.recv().expect("a launch"),
            thread: Some(thread),
            _folder: folder,
        }
    }

    /// What happened to sessions since the last look.
    pub(crate) fn events(&self) -> Vec<Event> {
        std::mem::take(&mut lock(&self.events))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shutdown.clone().notify();
        if let Some(thread) = self.thread.take() {
            let _landed = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Replaces the payload by one with a name of this many letters.
#[put("/letters/<letters>")]
async fn set_letters(mut session: Session<Claims>, letters: usize) -> Result<(), Error> {
    session
        .update_payload(move |claims| claims.name = "n".repeat(letters))
        .await
}

/// The addresses that the user's sessions were begun at.
#[get("/addresses")]
async fn addresses(session: LiveSession<Claims>) -> Result<Value, Error> {
    let devices = session.devices(None).await?;
    let addresses: Vec<String> = devices.into_iter().map(|info| info.device.ip).collect();
    Ok(json!(addresses))
}

/// The headers in which proxies say who asks, as they arrived.
struct Said(Vec<(String, String)>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Said {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let headers = request.headers().iter();
        let said = headers.filter(|header| {
            let name = header.name().as_str().to_ascii_lowercase();
            name.starts_with("x-") || ["forwarded", "host", "via"].contains(&&*name)
        });
        Outcome::Success(Self(
            said.map(|header| {
                (
                    header.name().as_str().to_ascii_lowercase(),
                    header.value().to_owned(),
                )
            })
            .collect(),
        ))
    }
}

#[get("/said")]
fn said(said: Said) -> Json<Vec<(String, String)>> {
    Json(said.0)
}

/// One event at once, and then none for as long as anybody waits: what a proxy holds back shows.
#[get("/ticks")]
fn ticks(session: Session<Claims>) -> EventStream![] {
    let user = session.user_id().clone();
    EventStream! {
        yield ServerSent::data(user);
        let mut pause = interval(Duration::from_secs(3600));
        pause.tick().await;
        pause.tick().await;
    }
}

/// Lets two hours go by.
#[post("/later")]
fn later(clock: &State<ManualClock>) {
    clock.advance(Duration::from_secs(7200));
}

fn routes() -> Vec<Route> {
    routes![set_letters, addresses, said, ticks, later, app::socket]
}
