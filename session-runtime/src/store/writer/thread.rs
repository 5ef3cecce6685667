//! A writer thread, and the patient one that tries again what somebody's open transaction blocks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::result::{Error, QueryResult};
use tokio::sync::mpsc;

use super::MAX_WAIT;
use super::work::{Queued, Work};
use crate::clock::DatabaseClock;
use crate::panics::caught;
use crate::record::Record;
use crate::store::StoreError;
use crate::store::connection::{Connection, Link, query};
use crate::store::location::Location;

/// The most operations in one transaction: bounds the wait of the first.
const MAX_BATCH: usize = 1000;

/// How often a batch begins anew, on a new connection or without what blocks it.
const TRIES: usize = 3;

/// How often the patient thread tries an operation.
const PATIENT_TRIES: usize = 10;

pub(super) struct Thread {
    /// `None` until there is something to write, and after it broke.
    conn: Option<Connection>,
    location: Location,
    clock: Arc<DatabaseClock>,
    /// Where operations go that would hold up others; nowhere on SQLite, whose one lock they share.
    blocked: Option<mpsc::Sender<Queued>>,
}

/// How a transaction failed.
enum Failure {
    /// The database could not be opened or locked.
    NotBegun(StoreError),
    /// The connection broke before the commit, so nothing was done.
    Lost(StoreError),
    /// Something in it failed, or its commit did.
    RolledBack {
        error: StoreError,
        /// The operation that failed, if that is known.
        culprit: Option<usize>,
        /// Whether another try may succeed.
        may_pass: bool,
    },
    /// The connection broke during the commit, so nobody knows.
    Unknown(StoreError),
    /// Something in it panicked; nothing was done.
    Panicked {
        error: StoreError,
        /// The operation that panicked, if it was one.
        culprit: Option<usize>,
    },
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotBegun(error)
            | Failure::Lost(error)
            | Failure::RolledBack { error, .. }
            | Failure::Unknown(error)
            | Failure::Panicked { error, .. } => error,
        }
    }
}

/// How far a transaction came.
enum Stage {
    Begin,
    Insert,
    Step(usize),
    Commit,
}

impl Stage {
    /// The one operation that it is about.
    fn operation(&self) -> Option<usize> {
        match self {
            Self::Step(index) => Some(*index),
            Self::Begin | Self::Insert | Self::Commit => None,
        }
    }
}

impl Thread {
    pub(super) fn new(
        conn: Option<Connection>,
        location: Location,
        clock: Arc<DatabaseClock>,
        blocked: Option<mpsc::Sender<Queued>>,
    ) -> Self {
        Self {
            conn,
            location,
            clock,
            blocked,
        }
    }

    /// Works until every writer is gone and the queue is empty. After a panic it may be called again.
    pub(super) fn run(&mut self, waiting: &Mutex<mpsc::Receiver<Queued>>) {
        while let Some(batch) = next_batch(waiting) {
            self.serve(batch);
        }
    }

    fn serve(&mut self, mut batch: Vec<Queued>) {
        // Locks are taken in one order everywhere; what is of no single session comes last.
        batch.sort_by_key(|queued| (queued.row.is_none(), queued.row));
        for _ in 0..TRIES {
            match self.commit(&mut batch) {
                Ok(()) => return batch.into_iter().for_each(|queued| queued.answer(Ok(()))),
                Err(Failure::Lost(_)) => {}
                Err(Failure::RolledBack {
                    culprit: Some(culprit),
                    may_pass: true,
                    ..
                }) if self.blocked.is_some() => {
                    batch = self.without(culprit, batch);
                    if batch.is_empty() {
                        return;
                    }
                }
                Err(Failure::Panicked {
                    error,
                    culprit: Some(culprit),
                }) => {
                    // Not tried again: a panic is told once.
                    batch.remove(culprit).answer(Err(error));
                    if batch.is_empty() {
                        return;
                    }
                }
                Err(Failure::Panicked { culprit: None, .. }) if batch.len() > 1 => break,
                // Also one alone whose commit lost against another Galera node: it may pass the next time.
                Err(Failure::RolledBack { may_pass, .. })
                    if batch.len() > 1 || (may_pass && self.blocked.is_some()) =>
                {
                    break;
                }
                Err(failure) => return refuse(batch, failure),
            }
        }
        self.serve_alone(batch);
    }

    /// The batch without what would meet the same lock.
    fn without(&mut self, culprit: usize, batch: Vec<Queued>) -> Vec<Queued> {
        let row = batch[culprit].row;
        let mut rest = Vec::with_capacity(batch.len());
        for (index, queued) in batch.into_iter().enumerate() {
            if index == culprit || (row.is_some() && queued.row == row) {
                self.set_aside(queued);
            } else {
                rest.push(queued);
            }
        }
        rest
    }

    /// Hands an operation to the patient thread.
    fn set_aside(&self, queued: Queued) {
        let Some(blocked) = &self.blocked else {
            return;
        };
        if let Err(
            mpsc::error::TrySendError::Full(queued) | mpsc::error::TrySendError::Closed(queued),
        ) = blocked.try_send(queued)
        {
            queued.answer(Err(StoreError::QueueFull));
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
                Err(Failure::RolledBack { may_pass: true, .. }) if self.blocked.is_some() => {
                    self.set_aside(queued);
                }
                Err(failure @ (Failure::NotBegun(_) | Failure::Lost(_))) => {
                    return refuse([queued].into_iter().chain(batch), failure);
                }
                Err(failure) => queued.answer(Err(failure.into())),
            }
        }
    }

    /// One transaction; nothing of it stays if anything in it fails.
    fn commit(&mut self, batch: &mut [Queued]) -> Result<(), Failure> {
        // Kept only if nothing panics: a panic may have left it anywhere in its protocol.
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => self
                .location
                .writer()
                .map_err(|error| Failure::NotBegun(StoreError::Database(error.to_string())))?,
        };
        let (mut stage, mut panicked) = (Stage::Begin, None);
        let clock = &self.clock;
        let committed = conn.write(|conn| {
            // Caught within the transaction, so that it is rolled back.
            caught(|| run(batch, conn, clock, &mut stage)).unwrap_or_else(|cause| {
                panicked = Some(cause);
                Err(Error::RollbackTransaction)
            })
        });
        if let Some(cause) = panicked {
            return Err(Failure::Panicked {
                error: StoreError::Panicked(cause),
                culprit: stage.operation(),
            });
        }
        self.conn = Some(conn);
        committed.map_err(|error| self.failure(&error, &stage))
    }

    /// What an error means, and whether the connection is still good.
    fn failure(&mut self, error: &Error, stage: &Stage) -> Failure {
        let cause = StoreError::of(error);
        let (lost, may_pass) = self.conn.as_mut().map_or((true, false), |conn| {
            (conn.is_lost(error), conn.may_pass(error))
        });
        if lost {
            self.conn = None;
        }
        match stage {
            // A file needs no connection that could break.
            Stage::Commit if lost && self.location.locks_rows() => {
                Failure::Unknown(StoreError::Unknown(error.to_string()))
            }
            Stage::Begin if !lost => Failure::NotBegun(cause),
            Stage::Begin | Stage::Insert | Stage::Step(_) if lost => Failure::Lost(cause),
            stage => Failure::RolledBack {
                error: cause,
                culprit: stage.operation(),
                may_pass,
            },
        }
    }
}

/// Does what a batch asks for, in the order in which it is sorted.
fn run(
    batch: &mut [Queued],
    conn: &mut Link<'_>,
    clock: &DatabaseClock,
    stage: &mut Stage,
) -> QueryResult<()> {
    *stage = Stage::Insert;
    // Judged once the lock is held, for waiting for it counts.
    let now = clock.monotonic();
    for queued in batch.iter_mut() {
        queued.late = now.saturating_sub(queued.arrived) > MAX_WAIT;
    }
    let timely = batch.iter().filter(|queued| !queued.late);
    let records: Vec<&Record> = timely.filter_map(|queued| queued.work.record()).collect();
    if !records.is_empty() {
        query!(conn, insert(&records))?;
    }
    for (index, queued) in batch.iter_mut().enumerate() {
        if let Work::Step(step) = &mut queued.work
            && !queued.late
        {
            *stage = Stage::Step(index);
            step.run(conn)?;
        }
    }
    *stage = Stage::Commit;
    Ok(())
}

/// Everything that waits, up to the bound; `None` once nobody can send any more.
fn next_batch(waiting: &Mutex<mpsc::Receiver<Queued>>) -> Option<Vec<Queued>> {
    // Held while waiting for the first: the other threads wait behind this one, or write.
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut batch = vec![waiting.blocking_recv()?];
    while batch.len() < MAX_BATCH
        && let Ok(next) = waiting.try_recv()
    {
        batch.push(next);
    }
    Some(batch)
}

fn refuse(batch: impl IntoIterator<Item = Queued>, failure: Failure) {
    let error = StoreError::from(failure);
    batch
        .into_iter()
        .for_each(|queued| queued.answer(Err(error.clone())));
}

/// Tries blocked operations, one at a time and in turn, until they pass or have waited too long.
pub(super) struct Patient {
    thread: Thread,
    /// The longest an operation may have waited in all.
    timeout: Duration,
    /// What waits for its next try, and how often it was tried.
    blocked: VecDeque<(usize, Queued)>,
}

impl Patient {
    pub(super) fn new(thread: Thread, timeout: Duration) -> Self {
        Self {
            thread,
            timeout,
            blocked: VecDeque::new(),
        }
    }

    /// Works until every writer is gone and nothing waits. After a panic it may be called again.
    pub(super) fn run(&mut self, arriving: &mut mpsc::Receiver<Queued>) {
        loop {
            let arrived = if self.blocked.is_empty() {
                arriving.blocking_recv()
            } else {
                arriving.try_recv().ok()
            };
            self.blocked.extend(arrived.map(|queued| (1, queued)));
            let Some((tries, mut queued)) = self.blocked.pop_front() else {
                return;
            };
            match self.thread.commit(std::slice::from_mut(&mut queued)) {
                Ok(()) => queued.answer(Ok(())),
                Err(Failure::RolledBack { may_pass: true, .. } | Failure::Lost(_))
                    if tries < PATIENT_TRIES && self.has_time(&queued) =>
                {
                    self.blocked.push_back((tries + 1, queued));
                }
                Err(failure) => queued.answer(Err(failure.into())),
            }
        }
    }

    fn has_time(&self, queued: &Queued) -> bool {
        let waited = self.thread.clock.monotonic().saturating_sub(queued.arrived);
        waited < self.timeout
    }
}
