//! The connections that read, each with a thread of its own. What waits for them waits in a bounded
//! queue and takes nothing of the application's, such as a thread of Tokio's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::result::QueryResult;
use tokio::sync::oneshot;

use super::post::{Job, Post};
use super::step::{Pending, Step, answer};
use super::workers::Workers;
use crate::clock::DatabaseClock;
use crate::event::{Event, EventSink};
use crate::panics::caught;
use crate::rules::breaker::Breaker;
use crate::store::location::Location;
use crate::store::options::Options;
use crate::store::sql::Link;
use crate::store::{OpenError, StoreError};

/// What a busy machine may take on top of the waits for the database.
const ALLOWANCE: Duration = Duration::from_secs(1);

/// How often a read begins anew: after a restart of the server all its connections are dead.
const TRIES: usize = 3;

/// Hands reads to the threads that have the connections.
#[derive(Debug, Clone)]
pub(in crate::store) struct Readers {
    shared: Arc<Shared>,
    clock: Arc<DatabaseClock>,
    /// Whether no request waits for what is read, so that a failure is not told.
    quiet: bool,
    /// Beyond this a read is given up, however the connection hangs.
    longest: Duration,
}

#[derive(Debug)]
struct Shared {
    workers: Workers<Query>,
    health: Arc<Health>,
}

/// Whether the database answers.
#[derive(Debug)]
struct Health {
    breaker: Mutex<Breaker>,
    events: EventSink,
}

/// A read that waits for its turn.
#[derive(Debug)]
struct Query(Box<dyn Step>);

impl Job for Query {
    fn refuse(self, error: StoreError) {
        answer(self.0, Err(error));
    }
}

impl Readers {
    /// Starts the threads: the first on a connection that is opened now, the others open theirs
    /// when there is something to read.
    pub(in crate::store) fn open(
        location: &Location,
        options: Options,
        clock: &Arc<DatabaseClock>,
        events: &EventSink,
    ) -> Result<Self, OpenError> {
        let longest = 2 * options.timeout + ALLOWANCE;
        let workers = Workers::new(options.queue, longest, "read_connections", events);
        let health = Arc::new(Health {
            breaker: Mutex::default(),
            events: events.clone(),
        });
        let mut conn = Some(location.reader().map_err(OpenError::further)?);
        for _ in 0..options.readers {
            let location = location.clone();
            let mut reader = Reader {
                post: workers.post(conn.take(), move || location.reader()),
                health: Arc::clone(&health),
            };
            workers.spawn("session-reader", move || reader.run())?;
        }
        Ok(Self {
            shared: Arc::new(Shared { workers, health }),
            clock: Arc::clone(clock),
            quiet: false,
            longest,
        })
    }

    /// The same for what no request waits for.
    pub(in crate::store) fn quiet(&self) -> Self {
        Self {
            quiet: true,
            ..self.clone()
        }
    }

    /// Runs `query`, maybe more than once.
    ///
    /// If the database hangs, one waits until it is given up; then all that wait are refused, and
    /// so is what comes until the database answers again.
    pub(in crate::store) async fn read<T: Send + 'static>(
        &self,
        query: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let read = self.attempt(query).await;
        read.inspect_err(|cause| {
            if !self.quiet {
                cause.report(&self.shared.health.events);
            }
        })
    }

    async fn attempt<T: Send + 'static>(
        &self,
        query: impl FnMut(&mut Link<'_>) -> QueryResult<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Shared { workers, health } = &*self.shared;
        if !health.admits(self.clock.monotonic(), self.longest) {
            return Err(StoreError::NoAnswer);
        }
        let (reply, answer) = oneshot::channel();
        workers.push(Query(Box::new(Pending::new(query, reply))))?;
        match tokio::time::timeout(self.longest, answer).await {
            // Given up, and so is what waits; or nobody got a connection in time.
            Err(_) | Ok(Ok(Err(StoreError::NoAnswer))) => {}
            Ok(answer) => {
                health.answered();
                return answer.unwrap_or(Err(StoreError::Stopped));
            }
        }
        health.timed_out(self.clock.monotonic());
        for query in workers.queue().take_all() {
            query.refuse(StoreError::NoAnswer);
        }
        Err(StoreError::NoAnswer)
    }
}

impl Health {
    fn admits(&self, now: Duration, longest: Duration) -> bool {
        self.breaker().admits(now, longest)
    }

    fn timed_out(&self, now: Duration) {
        if self.breaker().timed_out(now) {
            self.events.emit(&Event::DatabaseHangs);
        }
    }

    fn answered(&self) {
        if self.breaker().answered() {
            self.events.emit(&Event::DatabaseAnswers);
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A thread that reads.
struct Reader {
    post: Post<Query>,
    health: Arc<Health>,
}

impl Reader {
    /// Works until the queue is closed and empty. After a panic it may be called again.
    fn run(&mut self) {
        while let Some(queries) = self.post.next(1) {
            for query in queries {
                if query.0.is_awaited() {
                    self.serve(query);
                }
            }
        }
    }

    fn serve(&mut self, mut query: Query) {
        let mut tries = 0..TRIES;
        let ended = loop {
            let mut held = match self.post.take() {
                Ok(held) => held,
                Err(error) => return self.post.give_back(vec![query], &error),
            };
            let read = caught(|| held.conn.read(|conn| query.0.run(conn)));
            let error = match read {
                Ok(Ok(())) => {
                    self.post.put(held);
                    break Ok(());
                }
                Ok(Err(error)) => error,
                // Its connection goes as well.
                Err(cause) => break Err(StoreError::Panicked(cause)),
            };
            let lost = held.conn.is_lost(&error);
            if !lost {
                self.post.put(held);
            }
            if !lost || tries.next().is_none() {
                break Err(StoreError::of(&error));
            }
        };
        self.health.answered();
        answer(query.0, ended);
    }
}
