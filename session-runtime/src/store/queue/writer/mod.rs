//! The writers: threads that take everything that waits and commit it as one batch. No delay is
//! added when idle.

mod commit;
mod retries;
mod thread;
mod work;

use std::sync::Arc;
use std::time::Duration;

use diesel::result::QueryResult;
use tokio::sync::oneshot;

use self::commit::Committer;
use self::retries::Retries;
use self::thread::Thread;
use self::work::{Queued, Work};
use super::step::Pending;
use super::workers::Workers;
use crate::clock::DatabaseClock;
use crate::event::EventSink;
use crate::handle::SessionHandle;
use crate::record::Record;
use crate::rules::lifetimes::MAX_WAIT;
use crate::store::connection::AnyConnection;
use crate::store::location::Location;
use crate::store::options::Options;
use crate::store::sql::Link;
use crate::store::{OpenError, StoreError};

/// The sending side of the queue. When the last clone goes, the threads finish what waits and close
/// their connections.
#[derive(Debug, Clone)]
pub(in crate::store) struct Writer {
    shared: Arc<Shared>,
    clock: Arc<DatabaseClock>,
    /// Where failures are reported; nowhere if no request waits for the operation.
    events: Option<EventSink>,
    /// Beyond this a write is given up, however the connection hangs.
    longest: Duration,
}

/// The threads, in the order in which they end.
#[derive(Debug)]
struct Shared {
    writers: Workers<Queued>,
    _patient: Option<Workers<Queued>>,
}

impl Writer {
    /// Starts the threads: the first on a connection that was just opened, the others open theirs
    /// when there is something to write.
    pub(in crate::store) fn start(
        conn: AnyConnection,
        location: &Location,
        options: Options,
        clock: &Arc<DatabaseClock>,
        events: &EventSink,
    ) -> Result<Self, OpenError> {
        let longest = MAX_WAIT + 2 * options.timeout;
        let remote = location.locks_rows();
        let committer = |workers: &Workers<Queued>, conn| {
            let location = location.clone();
            let post = workers.post(conn, move || location.writer());
            Committer::new(post, Arc::clone(clock), remote)
        };
        let workers = || Workers::new(options.queue, longest, "write_connections", events);

        let retries = if remote {
            let workers = workers();
            // At once, for later there may be no connection left for it.
            let conn = location.writer().map_err(OpenError::further)?;
            let mut retries = Retries::new(committer(&workers, Some(conn)), options.timeout);
            workers.spawn("session-retries", move || retries.run())?;
            Some(workers)
        } else {
            None
        };
        let writers = workers();
        let mut conn = Some(conn);
        for _ in 0..if remote { options.writers } else { 1 } {
            let blocked = retries.as_ref().map(|retries| Arc::clone(retries.queue()));
            let mut thread = Thread::new(committer(&writers, conn.take()), blocked);
            writers.spawn("session-writer", move || thread.run())?;
        }
        Ok(Self {
            shared: Arc::new(Shared {
                writers,
                _patient: retries,
            }),
            clock: Arc::clone(clock),
            events: Some(events.clone()),
            longest,
        })
    }

    /// The same for what no request waits for.
    pub(in crate::store) fn quiet(&self) -> Self {
        Self {
            events: None,
            ..self.clone()
        }
    }

    /// Stores a new session; it is durable when this returns.
    pub(in crate::store) async fn insert(&self, record: Record) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let row = record.handle;
        let work = Work::Insert {
            record: Box::new(record),
            reply,
        };
        self.submit(self.clock.monotonic(), Some(row), work, answer)
            .await
    }

    /// Runs `step` in the next transaction; it is durable when this returns.
    ///
    /// `step` may run more than once: after a neighbour failed, the batch is rolled back and each
    /// step is tried alone.
    pub(in crate::store) async fn step<T: Send + 'static>(
        &self,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.enqueue(self.clock.monotonic(), None, step).await
    }

    /// The same for a step that changes one session, if it is one: a batch takes its locks in their
    /// order.
    pub(in crate::store) async fn step_on<T: Send + 'static>(
        &self,
        row: impl Into<Option<SessionHandle>> + Send,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let arrived = self.clock.monotonic();
        self.enqueue(arrived, row.into(), step).await
    }

    /// The same for a request that arrived earlier (monotonic), which counts as waiting.
    pub(in crate::store) async fn step_since<T: Send + 'static>(
        &self,
        arrived: Duration,
        row: SessionHandle,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.enqueue(arrived, Some(row), step).await
    }

    async fn enqueue<T: Send + 'static>(
        &self,
        arrived: Duration,
        row: Option<SessionHandle>,
        step: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let work = Work::Step(Box::new(Pending::new(step, reply)));
        self.submit(arrived, row, work, answer).await
    }

    async fn submit<T>(
        &self,
        arrived: Duration,
        row: Option<SessionHandle>,
        work: Work,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let done = self.attempt(arrived, row, work, answer).await;
        done.inspect_err(|cause| {
            if let Some(events) = &self.events {
                cause.report(events);
            }
        })
    }

    async fn attempt<T>(
        &self,
        arrived: Duration,
        row: Option<SessionHandle>,
        work: Work,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let queued = Queued::new(arrived, row, work);
        self.shared.writers.push(queued)?;
        let waited = self.clock.monotonic().saturating_sub(arrived);
        let left = self.longest.saturating_sub(waited);
        match tokio::time::timeout(left, answer).await {
            Ok(answer) => answer.unwrap_or_else(|_dropped| {
                Err(StoreError::Unknown("the writer thread panicked".into()))
            }),
            Err(_elapsed) => Err(StoreError::NoAnswer),
        }
    }
}
