//! Panics that tests cause on purpose.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rocket::futures::future::join_all;
use rocket::tokio::join;
use session_runtime::clock::Clock;
use session_runtime::testing::ManualClock;
use session_runtime::token::Transport;
use session_runtime::{Error, Event, NewSession, SessionHandle, Sessions};

use crate::app::{Claims, Notes};
use crate::{Database, Server, server};

/// Keeps the panics of the library's threads out of the output of the tests.
pub fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !is_on("session-") {
                before(info);
            }
        }));
    });
}

/// Whether this thread's name begins with `name`.
pub fn is_on(name: &str) -> bool {
    let thread = std::thread::current();
    thread.name().is_some_and(|found| found.starts_with(name))
}

/// A clock that panics when it is told to.
#[derive(Clone)]
pub struct PanickingClock {
    inner: ManualClock,
    plan: Arc<Mutex<Option<Plan>>>,
}

/// On which threads, and after how many looks that go well.
type Plan = (&'static str, usize);

impl PanickingClock {
    /// Shows the time of `inner`.
    pub fn new(inner: ManualClock) -> Self {
        hush();
        Self {
            inner,
            plan: Arc::default(),
        }
    }

    /// Panics once, on a thread whose name begins with `thread`, after this many looks that go well.
    pub fn panic_after(&self, thread: &'static str, good: usize) {
        *self.plan() = Some((thread, good));
    }

    /// How many more looks go well; `None` once it has panicked.
    pub fn left(&self) -> Option<usize> {
        self.plan().map(|(_, left)| left)
    }

    fn plan(&self) -> MutexGuard<'_, Option<Plan>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) {
        let mut plan = self.plan();
        match &mut *plan {
            Some((thread, left)) if is_on(thread) && *left > 0 => *left -= 1,
            Some((thread, _)) if is_on(thread) => {
                *plan = None;
                drop(plan);
                panic!("the clock of the application");
            }
            _ => {}
        }
    }
}

impl fmt::Debug for PanickingClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PanickingClock")
    }
}

impl Clock for PanickingClock {
    fn now(&self) -> DateTime<Utc> {
        self.look();
        self.inner.now()
    }

    fn monotonic(&self) -> Duration {
        self.look();
        self.inner.monotonic()
    }

    fn is_time_of_day(&self) -> bool {
        false
    }
}

/// An application whose clock panics in the library's threads when it is told to.
pub struct Application {
    server: Server,
    url: String,
    /// Its clock.
    pub clock: PanickingClock,
    restarts: Arc<AtomicUsize>,
}

impl Application {
    /// Starts it on the database of a URL.
    pub async fn on(url: String) -> Self {
        let clock = PanickingClock::new(server::clock());
        let restarts = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&restarts);
        let server = Server::builder().on_url(&url).fairing(|fairing| {
            fairing.clock(clock.clone()).on_event(move |event| {
                if matches!(event, Event::WorkerRestarted { .. }) {
                    counts.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        Self {
            server: server.start().await,
            url,
            clock,
            restarts,
        }
    }

    /// The handle on its sessions.
    pub fn sessions(&self) -> &Sessions {
        self.server.sessions()
    }

    /// How many threads were replaced.
    pub fn restarts(&self) -> usize {
        self.restarts.load(Ordering::SeqCst)
    }

    /// Waits until so many threads were replaced: whoever waited for one may hear of it earlier.
    pub async fn has_restarted(&self, times: usize) {
        while self.restarts() < times {
            rocket::tokio::task::yield_now().await;
        }
        assert_eq!(self.restarts(), times);
    }
}

impl fmt::Debug for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Application")
    }
}

/// Runs so many operations at once, half of them logins and the others changes of which one in fifty
/// panics, and checks that none of the others is lost.
pub async fn lose_nothing(sessions: &Sessions, operations: usize) {
    hush();
    let counted: Vec<SessionHandle> = join_all((0..97).map(|_| create(sessions, "counted")))
        .await
        .into_iter()
        .map(|created| created.expect("a session"))
        .collect();
    let outcomes = join_all((0..operations).map(async |n| {
        if n % 2 == 0 {
            return create(sessions, "other").await.map(drop);
        }
        let count = move |notes: &mut Notes| {
            assert!(n % 100 != 37, "one percent");
            let before: usize = notes.text.parse().unwrap_or(0);
            notes.text = (before + 1).to_string();
        };
        sessions
            .update_data::<Claims>(counted[n % counted.len()], count)
            .await
            .map(drop)
    }))
    .await;
    let panics = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(Error::General(_))))
        .count();
    assert_eq!(panics, operations / 100);
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(done, operations - panics);

    let others = sessions.handles("other").await.expect("an answer");
    assert_eq!(others.len(), operations / 2);
    let mut counts = 0;
    for handle in counted {
        let data = sessions.data::<Claims>(handle).await.expect("an answer");
        counts += data.expect("a session").text.parse().unwrap_or(0);
    }
    assert_eq!(counts, operations / 2 - panics);
}

/// Lets the clock panic in writers at each stage of a batch: before it, within it, and when one that is
/// refused has its neighbours tried alone. At most the one that met the panic fails.
pub async fn survive(application: &Application) {
    let (sessions, clock) = (application.sessions(), &application.clock);
    let session = create(sessions, "ada").await.expect("a session");
    let mut database = Database::connect(&application.url);
    database.refuse_inserts("session_info", "NEW.user_id = 'eve'");
    for good in 0..7 {
        for neighbour in ["bob", "eve"] {
            let user = format!("user {good} of {neighbour}");
            clock.panic_after("session-writer", good);
            let logins = join_all((0..6).map(|_| create(sessions, &user)));
            let rename = |notes: &mut Notes| notes.text.push('x');
            let changes = join_all((0..6).map(|_| sessions.update_data::<Claims>(session, rename)));
            let (created, changed, _) = join!(logins, changes, create(sessions, neighbour));
            assert_eq!(clock.left(), None, "at stage {good}");

            let panics = |error: &Error| {
                assert!(matches!(error, Error::General(cause) if cause.contains("the clock")));
            };
            let created = created
                .into_iter()
                .filter_map(|created| created.inspect_err(panics).ok());
            let mut created: Vec<SessionHandle> = created.collect();
            let changed = changed
                .into_iter()
                .filter_map(|changed| changed.inspect_err(panics).ok());
            assert!(
                created.len() + changed.count() >= 11,
                "at stage {good} of {neighbour}"
            );
            let mut stored = sessions.handles(&user).await.expect("an answer");
            stored.sort();
            created.sort();
            assert_eq!(stored, created);
        }
    }
}

/// Starts a session of a user.
///
/// # Errors
/// Those of [`Sessions::create`].
pub async fn create(sessions: &Sessions, user: &str) -> Result<SessionHandle, Error> {
    let claims = Claims {
        name: String::new(),
    };
    let (user, notes) = (user.to_owned(), Notes::default());
    let created = sessions
        .create(NewSession::new(user, claims, notes), Transport::Header)
        .await;
    created.map(|tokens| tokens.handle())
}
