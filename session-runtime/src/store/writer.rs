//! The writer thread: takes everything that waits and commits it as one batch. No delay is added when idle.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::r2d2::R2D2Connection;
use diesel::result::QueryResult;
use tokio::sync::{mpsc, oneshot};

use super::models::Record;
use super::sqlite::{self, Connection, Location};
use super::{StoreError, queries};
use crate::clock::Clock;

/// The most operations in one transaction: bounds the wait of the first, and the bind variables of
/// the insert.
const MAX_BATCH: usize = 1000;

/// A write that was not begun this long after it arrived is refused, so that a client's round trip
/// is bounded.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// The sending side of the queue. When the last clone goes, the thread finishes what waits and
/// closes its connection.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    shared: Arc<Shared>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Shared {
    /// `None` only while being dropped.
    queue: Option<mpsc::Sender<Queued>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.queue = None;
        // Waits, so that a process that ends after this has left nothing half done.
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

#[derive(Debug)]
struct Queued {
    arrived: Duration,
    /// Whether it waited too long, and is left out of the transaction.
    late: bool,
    work: Work,
}

impl Queued {
    fn answer(self, committed: Result<(), StoreError>) {
        let committed = if self.late {
            Err(StoreError::TooLate)
        } else {
            committed
        };
        self.work.answer(committed);
    }
}

/// A write. Inserts are named, because all that wait become one statement.
#[derive(Debug)]
enum Work {
    Insert {
        record: Box<Record>,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    Step(Box<dyn Step>),
}

impl Writer {
    /// Starts the thread on a connection that was just opened.
    pub(super) fn start(
        conn: Connection,
        location: Location,
        capacity: usize,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(capacity);
        let thread = Thread {
            conn,
            location,
            clock: Arc::clone(&clock),
        };
        let thread = std::thread::Builder::new()
            .name("session-writer".into())
            .spawn(move || thread.run(waiting))?;
        let shared = Shared {
            queue: Some(queue),
            thread: Some(thread),
        };
        Ok(Self {
            shared: Arc::new(shared),
            clock,
        })
    }

    /// Stores a new session; it is durable when this returns.
    pub(super) async fn insert(&self, record: Record) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Work::Insert {
            record: Box::new(record),
            reply,
        })?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// Runs `step` in the writer's next transaction; it is durable when this returns.
    ///
    /// `step` may run more than once: after a neighbour failed, the batch is rolled back and each
    /// step is tried alone.
    pub(super) async fn step<T: Send + 'static>(
        &self,
        step: impl FnMut(&mut Connection) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Work::Step(Box::new(Pending {
            step,
            outcome: None,
            reply,
        })))?;
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    fn enqueue(&self, work: Work) -> Result<(), StoreError> {
        let queued = Queued {
            arrived: self.clock.monotonic(),
            late: false,
            work,
        };
        let queue = self.shared.queue.as_ref().ok_or(StoreError::Stopped)?;
        queue.try_send(queued).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => StoreError::QueueFull,
            mpsc::error::TrySendError::Closed(_) => StoreError::Stopped,
        })
    }
}

/// A step whose type of answer only its caller knows.
trait Step: Send {
    fn run(&mut self, conn: &mut Connection) -> QueryResult<()>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

impl std::fmt::Debug for dyn Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Step")
    }
}

struct Pending<F, T> {
    step: F,
    outcome: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T: Send> Step for Pending<F, T>
where
    F: FnMut(&mut Connection) -> QueryResult<T> + Send,
{
    fn run(&mut self, conn: &mut Connection) -> QueryResult<()> {
        self.outcome = Some((self.step)(conn)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        // Nobody waits any more if the request was dropped; the work is done all the same.
        let _dropped = reply.send(committed.and_then(|()| outcome.ok_or(StoreError::Stopped)));
    }
}

impl Work {
    fn record(&self) -> Option<&Record> {
        match self {
            Self::Insert { record, .. } => Some(record),
            Self::Step(_) => None,
        }
    }

    fn answer(self, committed: Result<(), StoreError>) {
        match self {
            Self::Insert { reply, .. } => {
                let _dropped = reply.send(committed);
            }
            Self::Step(step) => step.answer(committed),
        }
    }
}

struct Thread {
    conn: Connection,
    location: Location,
    clock: Arc<dyn Clock>,
}

impl Thread {
    /// Works until every [`Writer`] is gone and the queue is empty.
    fn run(mut self, mut waiting: mpsc::Receiver<Queued>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH
                && let Ok(next) = waiting.try_recv()
            {
                batch.push(next);
            }
            self.serve(batch);
        }
    }

    fn serve(&mut self, mut batch: Vec<Queued>) {
        match self.commit(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|queued| queued.answer(Ok(()))),
            Err(Failure::RolledBack(_)) if batch.len() > 1 => self.serve_alone(batch),
            Err(failure) => refuse(batch, &failure),
        }
    }

    /// A failing neighbour takes nobody down: each is tried alone. But if the database cannot even
    /// be locked, the others would only wait as long again.
    fn serve_alone(&mut self, batch: Vec<Queued>) {
        let mut batch = batch.into_iter();
        while let Some(queued) = batch.next() {
            let mut alone = [queued];
            let committed = self.commit(&mut alone);
            let [queued] = alone;
            match committed {
                Ok(()) => queued.answer(Ok(())),
                Err(failure @ Failure::NotBegun(_)) => {
                    refuse([queued].into_iter().chain(batch), &failure);
                    return;
                }
                Err(Failure::RolledBack(error)) => queued.answer(Err(error)),
            }
        }
    }

    /// One transaction; nothing of it stays if anything in it fails.
    fn commit(&mut self, batch: &mut [Queued]) -> Result<(), Failure> {
        if self.conn.is_broken() {
            self.conn = self
                .location
                .writer()
                .map_err(|error| Failure::NotBegun(StoreError::Database(error.to_string())))?;
        }
        let mut begun = false;
        let clock = &self.clock;
        let committed = sqlite::write(&mut self.conn, |conn| {
            begun = true;
            // Judged once the lock is held, for waiting for it counts.
            let now = clock.monotonic();
            for queued in batch.iter_mut() {
                queued.late = now.saturating_sub(queued.arrived) > MAX_WAIT;
            }
            let timely = || batch.iter().filter(|queued| !queued.late);
            let records: Vec<&Record> =
                timely().filter_map(|queued| queued.work.record()).collect();
            if !records.is_empty() {
                queries::insert(conn, &records)?;
            }
            for queued in batch.iter_mut().filter(|queued| !queued.late) {
                if let Work::Step(step) = &mut queued.work {
                    step.run(conn)?;
                }
            }
            Ok(())
        });
        committed.map_err(|error: diesel::result::Error| {
            let error = StoreError::Database(error.to_string());
            if begun {
                Failure::RolledBack(error)
            } else {
                Failure::NotBegun(error)
            }
        })
    }
}

/// How a transaction failed.
enum Failure {
    /// The database could not be locked or opened.
    NotBegun(StoreError),
    /// Something in it failed, or its commit did.
    RolledBack(StoreError),
}

fn refuse(batch: impl IntoIterator<Item = Queued>, failure: &Failure) {
    let (Failure::NotBegun(error) | Failure::RolledBack(error)) = failure;
    batch
        .into_iter()
        .for_each(|queued| queued.answer(Err(error.clone())));
}
