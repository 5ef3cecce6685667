//! The writers: threads that take everything that waits and commit it as one batch. No delay is added
//! when idle.

mod thread;
mod work;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::result::QueryResult;
use tokio::sync::{mpsc, oneshot};

use self::thread::{Patient, Thread};
use self::work::{Pending, Queued, Work};
use super::StoreError;
use super::connection::{Connection, Link};
use super::location::Location;
use crate::clock::DatabaseClock;
use crate::event::{Event, Events};
use crate::handle::SessionHandle;
use crate::panics::caught;
use crate::record::Record;

/// A write that was not begun this long after it arrived is refused, so that a client's round trip
/// is bounded.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The sending side of the queue. When the last clone goes, the threads finish what waits and close
/// their connections.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    clock: Arc<DatabaseClock>,
    /// Beyond this a write is given up, however the connection hangs.
    longest: Duration,
}

#[derive(Debug)]
struct Shared {
    /// `None` only while being dropped.
    queue: Option<mpsc::Sender<Queued>>,
    /// Closed once all threads have ended.
    ended: Mutex<Receiver<()>>,
    longest: Duration,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue = None;
        // Waits, so that a process that ends after this has left nothing half done.
        if let Ok(ended) = self.ended.get_mut() {
            let _all_ended = ended.recv_timeout(self.longest);
        }
    }
}

impl Writer {
    /// Starts the threads: the first on a connection that was just opened, the others open theirs
    /// when there is something to write.
    pub(super) fn start(
        conn: Connection,
        location: &Location,
        timeout: Duration,
        capacity: usize,
        clock: Arc<DatabaseClock>,
        events: Events,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(capacity);
        let waiting = Arc::new(Mutex::new(waiting));
        let (alive, ended) = channel();
        let spawn = |name, mut body: Box<dyn FnMut() + Send>| {
            let events = events.clone();
            spawn(name, &alive, move || outlive(&events, &mut body))
        };
        let blocked = if location.locks_rows() {
            let (blocked, mut waiting) = mpsc::channel(capacity);
            let thread = Thread::new(None, location.clone(), Arc::clone(&clock), None);
            let mut patient = Patient::new(thread, timeout);
            spawn(
                "session-patient",
                Box::new(move || patient.run(&mut waiting)),
            )?;
            Some(blocked)
        } else {
            None
        };
        let mut conn = Some(conn);
        for _ in 0..location.writers() {
            let mut thread = Thread::new(
                conn.take(),
                location.clone(),
                Arc::clone(&clock),
                blocked.clone(),
            );
            let waiting = Arc::clone(&waiting);
            spawn("session-writer", Box::new(move || thread.run(&waiting)))?;
        }
        let longest = MAX_WAIT + 2 * timeout;
        Ok(Self {
            shared: Arc::new(Shared {
                queue: Some(queue),
                ended: Mutex::new(ended),
                longest,
            }),
            clock,
            longest,
        })
    }

    /// Stores a new session; it is durable when this returns.
    pub(super) async fn insert(&self, record: Record) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let row = record.handle;
        let work = Work::Insert {
            record: Box::new(record),
            reply,
        };
        self.do_it(Some(row), work, answer).await
    }

    /// Runs `step` in the next transaction; it is durable when this returns.
    ///
    /// `step` may run more than once: after a neighbour failed, the batch is rolled back and each
    /// step is tried alone.
    pub(super) async fn step<T: Send + 'static>(
        &self,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.pend(None, step).await
    }

    /// The same for a step that changes this one session: a batch takes its locks in their order.
    pub(super) async fn step_on<T: Send + 'static>(
        &self,
        row: SessionHandle,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.pend(Some(row), step).await
    }

    async fn pend<T: Send + 'static>(
        &self,
        row: Option<SessionHandle>,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work = Work::Step(Box::new(Pending::new(step, reply)));
        self.do_it(row, work, answer).await
    }

    async fn do_it<T>(
        &self,
        row: Option<SessionHandle>,
        work: Work,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let queue = self.shared.queue.as_ref().ok_or(StoreError::Stopped)?;
        let queued = Queued::new(self.clock.monotonic(), row, work);
        queue.try_send(queued).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })?;
        match tokio::time::timeout(self.longest, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_dropped| {
                Err(StoreError::Unknown("the writer thread panicked".into()))
            }),
            Err(_elapsed) => Err(StoreError::NoAnswer),
        }
    }
}

/// Runs `body` until it ends; after a panic, once more.
fn outlive(events: &Events, body: &mut dyn FnMut()) {
    while let Err(cause) = caught(&mut *body) {
        events.emit(&Event::WriterRestarted { cause });
    }
}

/// Starts a thread that holds `alive` until it has closed its connection.
fn spawn(
    name: &str,
    alive: &Sender<()>,
    body: impl FnOnce() + Send + 'static,
) -> std::io::Result<()> {
    let alive = alive.clone();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            body();
            drop(alive);
        })
        .map(drop)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_thread_outlives_its_panics_and_tells_of_each() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tells = Arc::clone(&told);
        let events = Events::to(move |event| {
            tells.lock().expect("no panic").push(event.clone());
        });
        let mut panics = vec!["second", "first"];
        outlive(&events, &mut || {
            if let Some(cause) = panics.pop() {
                std::panic::panic_any(cause);
            }
        });
        let expected = ["first", "second"].map(|cause| Event::WriterRestarted {
            cause: cause.into(),
        });
        assert_eq!(*told.lock().expect("no panic"), expected);
    }
}
