//! Machines whose clocks are wrong: all processes go by the clock of the database server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rocket::http::{ContentType, Header};
use rocket::local::asynchronous::Client;
use session_runtime::clock::{Clock, SystemClock};
use session_runtime::testing::ManualClock;
use session_runtime::{Event, Sessions};
use session_tests::Server;
use session_tests::browser::ACCESS;
use session_tests::names;
use session_tests::servers::Backend;

use super::Shared;

super::on! {
    Postgres: all_go_by_the_clock_of_the_database a_clock_that_jumps_is_told_and_followed;
    Mariadb: all_go_by_the_clock_of_the_database a_clock_that_jumps_is_told_and_followed;
}

/// How long access tokens are good for here.
const VALIDITY: TimeDelta = TimeDelta::minutes(10);

/// A clock that is wrong by so many seconds.
#[derive(Debug, Clone)]
struct Wrong {
    machine: SystemClock,
    by: Arc<Mutex<i64>>,
}

impl Wrong {
    fn by(seconds: i64) -> Self {
        Self {
            machine: SystemClock::default(),
            by: Arc::new(Mutex::new(seconds)),
        }
    }

    fn set(&self, seconds: i64) {
        *self.by.lock().expect("no panic") = seconds;
    }
}

impl Clock for Wrong {
    fn now(&self) -> DateTime<Utc> {
        self.machine.now() + TimeDelta::seconds(*self.by.lock().expect("no panic"))
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }
}

/// An application with a clock of its own.
struct Machine {
    client: Client,
    /// By how many seconds it said its clock differs.
    told: Arc<Mutex<Vec<i64>>>,
}

impl Machine {
    async fn with(shared: &Shared, clock: impl Clock) -> Self {
        let told = Arc::new(Mutex::new(Vec::new()));
        let telling = Arc::clone(&told);
        let rocket = Server::builder()
            .on_url(&shared.url)
            .set("access_token_validity", "10m")
            .set("access_token_jitter", 0.0)
            .fairing(|fairing| {
                fairing.clock(clock).on_event(move |event| {
                    let seconds = match event {
                        Event::ClockSkew { difference, .. } => difference.as_seconds_f64().round(),
                        Event::ClocksAgree => 0.0,
                        _ => return,
                    };
                    telling.lock().expect("no panic").push(seconds as i64);
                })
            })
            .build();
        let client = Client::untracked(rocket).await.expect("a launch");
        Self { client, told }
    }

    fn told(&self) -> Vec<i64> {
        std::mem::take(&mut self.told.lock().expect("no panic"))
    }

    async fn log_in(&self) -> String {
        let login = self
            .client
            .post("/login")
            .header(ContentType::JSON)
            .body(r#"{"user":"ada","name":"Ada","text":""}"#);
        let answer = login.dispatch().await;
        assert_eq!(answer.status().code, 200);
        let cookies = answer.headers().get("set-cookie");
        let access = cookies.filter_map(|line| Some(line.strip_prefix(ACCESS)?.split_once('=')?.1));
        let line = access.last().expect("an access token");
        line.split(';').next().expect("a value").to_owned()
    }

    async fn get(&self, path: &str, access: &str) -> u16 {
        let cookie = Header::new(
            "Cookie",
            names::cookie_header(&format!("{ACCESS}={access}")),
        );
        let answer = self.client.get(path).header(cookie).dispatch().await;
        answer.status().code
    }

    async fn read_the_feed(&self) {
        let sessions: &Sessions = self.client.rocket().state().expect("sessions");
        sessions.read_revocations_now().await.expect("an answer");
    }
}

/// A token that was minted so long ago, by the true time.
async fn minted(shared: &Shared, ago: TimeDelta) -> String {
    let then = ManualClock::at(Utc::now() - ago);
    Machine::with(shared, then).await.log_in().await
}

async fn all_go_by_the_clock_of_the_database(backend: Backend) {
    let shared = Shared::new(backend, "wrong");
    let off = [90, -90, 3_600];
    let mut machines = Vec::new();
    for seconds in off {
        let machine = Machine::with(&shared, Wrong::by(seconds)).await;
        assert_eq!(machine.told(), [-seconds], "told at the start");
        machines.push(machine);
    }
    let over = minted(&shared, VALIDITY + TimeDelta::seconds(1)).await;
    let good = minted(&shared, VALIDITY - TimeDelta::seconds(30)).await;
    for machine in &machines {
        assert_eq!(machine.get("/me", &over).await, 401, "over for a second");
        assert_eq!(
            machine.get("/me", &good).await,
            200,
            "half a minute is left"
        );
        let fresh = machine.log_in().await;
        for other in &machines {
            assert_eq!(other.get("/me", &fresh).await, 200);
            assert_eq!(other.get("/live", &fresh).await, 200);
        }
    }
    for machine in &machines {
        machine.read_the_feed().await;
        assert_eq!(machine.told(), [0; 0], "told once");
    }
}

async fn a_clock_that_jumps_is_told_and_followed(backend: Backend) {
    let shared = Shared::new(backend, "jumps");
    let clock = Wrong::by(4);
    let machine = Machine::with(&shared, clock.clone()).await;
    let access = machine.log_in().await;
    let steps: [(i64, &[i64]); 5] = [
        (4, &[]),
        (2 * 3_600, &[-2 * 3_600]),
        (2 * 3_600 + 3, &[]),
        (-25, &[25]),
        (0, &[0]),
    ];
    for (seconds, told) in steps {
        clock.set(seconds);
        machine.read_the_feed().await;
        assert_eq!(machine.told(), told, "{seconds}");
        assert_eq!(machine.get("/me", &access).await, 200, "{seconds}");
    }
}
