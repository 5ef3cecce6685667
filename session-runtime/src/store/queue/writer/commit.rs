//! One transaction: what it does, and what its failure means.

use std::sync::Arc;
use std::time::Duration;

use diesel::result::{Error, QueryResult};

use super::work::{Queued, Work};
use crate::clock::DatabaseClock;
use crate::panics::caught;
use crate::record::Record;
use crate::rules::lifetimes::MAX_WAIT;
use crate::store::StoreError;
use crate::store::affected_rows;
use crate::store::error_text;
use crate::store::queue::post::Post;
use crate::store::sql::Link;

/// A writer's connection.
pub(super) struct Committer {
    pub(super) post: Post<Queued>,
    clock: Arc<DatabaseClock>,
    /// Whether a connection can break: a file needs none.
    remote: bool,
}

/// How a transaction failed.
pub(super) enum Failure {
    /// There is no connection, and none could be opened.
    NoConnection(StoreError),
    /// The database could not be locked.
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
    /// The connection broke during the commit, so the outcome is unknown.
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
            Failure::NoConnection(error)
            | Failure::NotBegun(error)
            | Failure::Lost(error)
            | Failure::RolledBack { error, .. }
            | Failure::Unknown(error)
            | Failure::Panicked { error, .. } => error,
        }
    }
}

impl Failure {
    fn rolled_back(error: &Error, stage: &Stage, may_pass: bool) -> Self {
        Self::RolledBack {
            error: StoreError::of(error),
            culprit: stage.operation(),
            may_pass,
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

impl Committer {
    pub(super) fn new(post: Post<Queued>, clock: Arc<DatabaseClock>, remote: bool) -> Self {
        Self {
            post,
            clock,
            remote,
        }
    }

    /// The time, to measure waiting.
    pub(super) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// One transaction; nothing of it stays if anything in it fails.
    pub(super) fn commit(&mut self, batch: &mut [Queued]) -> Result<(), Failure> {
        let mut held = self.post.take().map_err(Failure::NoConnection)?;
        let (mut stage, mut panicked) = (Stage::Begin, None);
        let clock = &self.clock;
        let committed = held.conn.write(|conn| {
            // Caught within the transaction, so that it is rolled back.
            caught(|| run(batch, conn, clock, &mut stage)).unwrap_or_else(|cause| {
                panicked = Some(cause);
                Err(Error::RollbackTransaction)
            })
        });
        if let Some(cause) = panicked {
            // The connection is dropped as well, because the state of its protocol is unknown.
            return Err(Failure::Panicked {
                error: StoreError::Panicked(cause),
                culprit: stage.operation(),
            });
        }
        let Err(error) = committed else {
            self.post.put(held);
            return Ok(());
        };
        let may_pass = held.conn.may_pass(&error);
        if held.conn.is_lost(&error) {
            return Err(self.lost(&error, &stage, may_pass));
        }
        // Its prepared statements stay what a rule of PostgreSQL made of them, when that has gone too.
        if !affected_rows::is_taken(&error) {
            self.post.put(held);
        }
        Err(match stage {
            Stage::Begin => Failure::NotBegun(StoreError::of(&error)),
            stage => Failure::rolled_back(&error, &stage, may_pass),
        })
    }

    /// What it means that the connection broke.
    fn lost(&self, error: &Error, stage: &Stage, may_pass: bool) -> Failure {
        match stage {
            Stage::Commit if self.remote => {
                Failure::Unknown(StoreError::Unknown(error_text::without_values(error)))
            }
            Stage::Commit => Failure::rolled_back(error, stage, may_pass),
            Stage::Begin | Stage::Insert | Stage::Step(_) => Failure::Lost(StoreError::of(error)),
        }
    }
}

/// Whether what arrived then must not be done any more.
fn is_late(arrived: Duration, now: Duration) -> bool {
    now.saturating_sub(arrived) > MAX_WAIT
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
        queued.late = is_late(queued.arrived, now);
    }
    let timely = batch.iter().filter(|queued| !queued.late);
    let records: Vec<&Record> = timely.filter_map(|queued| queued.work.record()).collect();
    if !records.is_empty() {
        conn.insert(&records)?;
    }
    for (index, queued) in batch.iter_mut().enumerate() {
        if let Work::Step(step) = &mut queued.work {
            // Those before it may have taken long.
            queued.late = queued.late || is_late(queued.arrived, clock.monotonic());
            if !queued.late {
                *stage = Stage::Step(index);
                step.run(conn)?;
            }
        }
    }
    *stage = Stage::Commit;
    Ok(())
}
