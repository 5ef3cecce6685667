//! A thread that serves a queue, and its connection.

use std::sync::Arc;
use std::time::Duration;

use super::bounded::{Queue, Seat};
use crate::event::{Event, EventSink};
use crate::store::connection::AnyConnection;
use crate::store::{OpenError, StoreError};

/// The pause before a thread that got no connection tries again.
const RETRY: Duration = Duration::from_millis(500);

/// What waits in a queue.
pub(in crate::store) trait Job {
    /// Answers the caller that the job was not done.
    fn refuse(self, error: StoreError);
}

/// A thread that serves a queue. Its connection is opened when a job waits that no other thread is
/// free to take.
pub(in crate::store) struct Post<J> {
    queue: Arc<Queue<J>>,
    /// `None` as long as it is not needed, while it is in use, and after it broke.
    held: Option<Held<J>>,
    opener: Opener,
    told: Told,
}

/// Where a refused connection is reported, and the setting that asked for it.
pub(super) struct Told {
    pub(super) setting: &'static str,
    pub(super) events: EventSink,
}

/// A connection, and the seat at the queue that goes with it.
pub(in crate::store) struct Held<J> {
    pub(in crate::store) conn: AnyConnection,
    _seat: Seat<J>,
}

/// Opens a connection.
type Opener = Box<dyn Fn() -> Result<AnyConnection, OpenError> + Send>;

impl<J> Post<J> {
    pub(super) fn new(
        queue: &Arc<Queue<J>>,
        conn: Option<AnyConnection>,
        open: impl Fn() -> Result<AnyConnection, OpenError> + Send + 'static,
        told: Told,
    ) -> Self {
        let mut post = Self {
            queue: Arc::clone(queue),
            held: None,
            opener: Box::new(open),
            told,
        };
        post.held = conn.map(|conn| post.seated(conn));
        post
    }

    fn seated(&self, conn: AnyConnection) -> Held<J> {
        Held {
            conn,
            _seat: self.queue.seat(),
        }
    }
}

impl<J: Job> Post<J> {
    /// Waits for jobs that it has a connection for, and takes up to `most`; `None` once all is
    /// done.
    pub(in crate::store) fn next(&mut self, most: usize) -> Option<Vec<J>> {
        while self.held.is_none() {
            if !self.queue.needs_another() {
                return None;
            }
            match self.take() {
                Ok(held) => self.put(held),
                Err(error) => self.leave_to_others(&error),
            }
        }
        self.queue.next(most)
    }

    /// Takes the connection, which is opened if it is not; to be [`put`](Self::put) back if it is
    /// still good.
    pub(in crate::store) fn take(&mut self) -> Result<Held<J>, StoreError> {
        if let Some(held) = self.held.take() {
            return Ok(held);
        }
        let conn = (self.opener)()?;
        Ok(self.seated(conn))
    }

    pub(in crate::store) fn put(&mut self, held: Held<J>) {
        self.held = Some(held);
    }

    /// Hands jobs, for which it got no connection, to those that have one.
    pub(in crate::store) fn give_back(&self, jobs: Vec<J>, error: &StoreError) {
        match self.queue.give_back(jobs) {
            Ok(()) => self.report(error),
            Err(jobs) => refuse(jobs, error),
        }
    }

    /// Pauses after it got no connection.
    pub(in crate::store) fn rest(&self) {
        self.queue.rest(RETRY);
    }

    pub(in crate::store) fn queue(&self) -> &Queue<J> {
        &self.queue
    }

    /// It got no connection. If no thread has one, the waiting jobs are refused.
    fn leave_to_others(&self, error: &StoreError) {
        match self.queue.orphans() {
            Some(jobs) => refuse(jobs, error),
            None => {
                self.report(error);
                self.rest();
            }
        }
    }

    /// Says once that others have a connection and this thread gets none: how many to ask for, if
    /// there is a limit, else only why.
    fn report(&self, error: &StoreError) {
        let Some(open) = self.queue.note_refusal() else {
            return;
        };
        match error {
            StoreError::ConnectionLimit(cause) if open > 0 => {
                self.told.events.emit(&Event::ConnectionRefused {
                    cause: cause.clone(),
                    setting: self.told.setting,
                    open,
                });
            }
            error => self.told.events.emit(&Event::TaskFailed {
                task: "open another connection to the database",
                cause: error.to_string(),
            }),
        }
    }
}

fn refuse<J: Job>(jobs: Vec<J>, error: &StoreError) {
    jobs.into_iter().for_each(|job| job.refuse(error.clone()));
}
