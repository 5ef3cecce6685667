//! Honest clients behind a load balancer: an answer that does not come, or a 503, makes a client go
//! to the next process. They keep account of what they were told.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use session_tests::process::{Answer, Place, Tokens};

/// What the clients were told.
#[derive(Debug, Default)]
pub(crate) struct Load {
    pub(crate) stop: AtomicBool,
    pub(crate) logins: AtomicUsize,
    pub(crate) refreshes: AtomicUsize,
    pub(crate) revocations: AtomicUsize,
    /// 503 or no answer, by process.
    pub(crate) refused: Mutex<HashMap<usize, usize>>,
    /// Sessions that nobody ended, and those whose sign-out was acknowledged.
    pub(crate) alive: Mutex<Vec<Tokens>>,
    pub(crate) ended: Mutex<Vec<Tokens>>,
    /// Answers that no honest client may get.
    pub(crate) wrong: Mutex<Vec<String>>,
}

/// Ends the load, also when a test fails in the middle of it.
pub(crate) struct Stop<'l>(pub(crate) &'l Load);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

impl Load {
    /// One client: logs in, refreshes, sometimes signs out; then the next user. Each request goes
    /// to another process than the one before.
    pub(crate) fn run(&self, places: &[Place], client: usize) {
        let mut turn = client;
        for n in 0.. {
            let mut tokens = Tokens::default();
            let user = format!("user {client} {n}");
            let logged_in = self.ask(places, &mut turn, &self.logins, |place| {
                let (answer, new) = place.log_in(&user);
                tokens = new;
                answer
            });
            if !logged_in {
                return;
            }
            for _ in 0..n % 4 {
                self.ask(places, &mut turn, &self.refreshes, |place| {
                    place.refresh(&mut tokens)
                });
            }
            if n % 3 == 0 {
                // Asked again after a lost answer, it is done already: 401 is as good.
                let mut lost = false;
                let ended = self.ask(places, &mut turn, &self.revocations, |place| {
                    match place.sign_out(&tokens) {
                        Answer::Came(401, _) if lost => Answer::Came(200, String::new()),
                        answer => {
                            lost |= answer.status() != Some(200);
                            answer
                        }
                    }
                });
                if ended {
                    self.ended.lock().expect("no panic").push(tokens);
                }
                continue;
            }
            self.alive.lock().expect("no panic").push(tokens);
        }
    }

    /// Asks one process after the other until one does it; false once the load is over.
    fn ask(
        &self,
        places: &[Place],
        turn: &mut usize,
        count: &AtomicUsize,
        mut request: impl FnMut(&Place) -> Answer,
    ) -> bool {
        while !self.stop.load(Ordering::Relaxed) {
            *turn += 1;
            let process = *turn % places.len();
            match request(&places[process]) {
                Answer::Came(200, _) => {
                    count.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                Answer::Came(503, _) | Answer::Lost => {
                    *self
                        .refused
                        .lock()
                        .expect("no panic")
                        .entry(process)
                        .or_default() += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                Answer::Came(status, body) => {
                    self.wrong
                        .lock()
                        .expect("no panic")
                        .push(format!("process {process}: {status} {body}"));
                    return true;
                }
            }
        }
        false
    }

    /// Asks every process about everything that was acknowledged; (lost logins, lost revocations).
    pub(crate) fn check(&self, places: &[Place]) -> (usize, usize) {
        let (mut gone, mut back) = (0, 0);
        let alive = self.alive.lock().expect("no panic");
        for (n, tokens) in alive.iter().enumerate() {
            let place = &places[n % places.len()];
            let live = place.get("/live", tokens).status() == Some(200);
            let refreshed = place.refresh(&mut tokens.clone()).status() == Some(200);
            gone += usize::from(!(live && refreshed));
        }
        let ended = self.ended.lock().expect("no panic");
        for (n, tokens) in ended.iter().enumerate() {
            let place = &places[n % places.len()];
            let refused = place.get("/me", tokens).status() == Some(401)
                && place.refresh(&mut tokens.clone()).status() == Some(401);
            back += usize::from(!refused);
        }
        (gone, back)
    }
}
