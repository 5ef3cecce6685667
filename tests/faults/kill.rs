//! The server is killed under load, again and again: every acknowledged login, refresh and
//! revocation is still there.
//!
//! `KILLS=100 cargo test -p session-tests --test faults kill -- --nocapture` does it at length: 100
//! kills, 10,000 logins.

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use session_tests::Database;

use session_tests::process::{Answer, Place, Tokens};

const CLIENTS: usize = 8;

/// A session as its client knows it.
#[derive(Debug, Clone)]
struct Known {
    tokens: Tokens,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nobody ended it.
    Alive,
    /// The sign-out was acknowledged.
    Ended,
    /// The sign-out was sent and its answer lost.
    Unknown,
}

/// What the clients were told.
#[derive(Debug, Default)]
struct Load {
    stop: AtomicBool,
    logins: AtomicUsize,
    refreshes: AtomicUsize,
    revocations: AtomicUsize,
    lost: AtomicUsize,
    sessions: Mutex<Vec<Known>>,
    /// An answer that no honest client may get; it stops the test.
    wrong: Mutex<Option<String>>,
}

impl Load {
    /// One client: logs in, refreshes a few times, sometimes signs out; then the next user.
    fn run(&self, place: &Place, client: usize) {
        for n in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            let (answer, tokens) = place.log_in(&format!("user {client} {n}"));
            if !self.acknowledged(&answer, &self.logins) {
                continue;
            }
            let mut known = Known {
                tokens,
                end: End::Alive,
            };
            for _ in 0..n % 4 {
                // A client whose answer was lost still has its old token, and comes again with it.
                let answer = place.refresh(&mut known.tokens);
                self.acknowledged(&answer, &self.refreshes);
            }
            if n % 3 == 0 {
                known.end = match place.sign_out(&known.tokens) {
                    Answer::Lost => End::Unknown,
                    answer => {
                        self.acknowledged(&answer, &self.revocations);
                        End::Ended
                    }
                };
            }
            self.sessions
                .lock()
                .expect("no panic elsewhere")
                .push(known);
        }
    }

    /// Counts what was acknowledged. The only other thing that may happen to an honest client is
    /// that nothing comes back.
    fn acknowledged(&self, answer: &Answer, count: &AtomicUsize) -> bool {
        match answer {
            Answer::Came(200, _) => count.fetch_add(1, Ordering::Relaxed),
            Answer::Lost => {
                // The server is down; trying again at once would only burn the processor it needs
                // to come up.
                thread::sleep(Duration::from_millis(2));
                self.lost.fetch_add(1, Ordering::Relaxed)
            }
            Answer::Came(status, body) => {
                *self.wrong.lock().expect("no panic elsewhere") = Some(format!("{status} {body}"));
                self.stop.store(true, Ordering::Relaxed);
                0
            }
        };
        answer.status() == Some(200)
    }
}

#[test]
fn what_was_acknowledged_survives_every_kill() {
    let kills: usize = env::var("KILLS")
        .ok()
        .and_then(|kills| kills.parse().ok())
        .unwrap_or(10);
    let enough = kills * 100;
    let began = Instant::now();
    let folder = tempfile::tempdir().expect("a folder");
    // Every second refresh advances the rotation, which is what must not break.
    let place = crate::place(folder.path(), r#", rotation_min_age="1ms""#);
    let load = Load::default();

    let mut killed = 0;
    thread::scope(|scope| {
        let mut server = place.start();
        for client in 0..CLIENTS {
            let (load, place) = (&load, &place);
            scope.spawn(move || load.run(place, client));
        }
        while !load.stop.load(Ordering::Relaxed)
            && (killed < kills || load.logins.load(Ordering::Relaxed) < enough)
        {
            // Never at the same place of what it does: 30 to 230 ms after it came up.
            thread::sleep(Duration::from_millis(30 + (killed as u64 * 7919) % 200));
            server.kill();
            killed += 1;
            server = place.start();
        }
        load.stop.store(true, Ordering::Relaxed);
        // The clients finish against a server that lives, which is then killed once more.
        while !scope_is_idle(&load) {
            thread::sleep(Duration::from_millis(10));
        }
        server.kill();
        killed += 1;
    });

    assert_eq!(
        load.wrong.into_inner().expect("no panic elsewhere"),
        None,
        "an honest client was refused"
    );

    let server = place.start();
    let sessions = load.sessions.into_inner().expect("no panic elsewhere");
    let (mut usable, mut in_force) = (0, 0);
    for known in &sessions {
        let mut tokens = known.tokens.clone();
        let live = place.get("/live", &tokens).status();
        let refreshed = place.refresh(&mut tokens).status();
        match known.end {
            End::Alive => {
                assert_eq!(
                    (live, refreshed),
                    (Some(200), Some(200)),
                    "an acknowledged session is gone"
                );
                usable += 1;
            }
            End::Ended => {
                assert_eq!(
                    place.get("/me", &known.tokens).status(),
                    Some(401),
                    "a revocation was forgotten"
                );
                assert_eq!((live, refreshed), (Some(401), Some(401)));
                in_force += 1;
            }
            End::Unknown => assert!(matches!(
                (live, refreshed),
                (Some(200), Some(200)) | (Some(401), Some(401))
            )),
        }
    }
    drop(server);
    let sound = Database::open(&folder.path().join("test.db"))
        .text("SELECT integrity_check AS value FROM pragma_integrity_check");
    assert_eq!(sound, "ok");

    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "{killed} kills, {} logins, {} refreshes and {} revocations acknowledged, {} answers lost; {usable} sessions usable, \
         {in_force} revocations in force, {} s",
        count(&load.logins),
        count(&load.refreshes),
        count(&load.revocations),
        count(&load.lost),
        began.elapsed().as_secs()
    );
    assert!(
        killed >= kills
            && count(&load.logins) >= enough
            && usable > 0
            && in_force > 0
            && count(&load.lost) > 0
    );
}

/// Whether every client saw the stop: each of them logs in no more.
fn scope_is_idle(load: &Load) -> bool {
    let before = load.logins.load(Ordering::Relaxed) + load.refreshes.load(Ordering::Relaxed);
    thread::sleep(Duration::from_millis(100));
    before == load.logins.load(Ordering::Relaxed) + load.refreshes.load(Ordering::Relaxed)
}
