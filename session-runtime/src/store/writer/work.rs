//! What waits in the queue: a write, since when it waits, and who wants to know.

use std::time::Duration;

use diesel::result::QueryResult;
use tokio::sync::oneshot;

use crate::handle::SessionHandle;
use crate::panics::caught;
use crate::record::Record;
use crate::store::StoreError;
use crate::store::connection::Link;

/// A write that waits for its turn.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) arrived: Duration,
    /// The one session that it changes, if that is known before.
    pub(super) row: Option<SessionHandle>,
    /// Whether it waited too long, and is left out of the transaction.
    pub(super) late: bool,
    pub(super) work: Work,
}

/// A write. Inserts are named, because all that wait become one statement.
#[derive(Debug)]
pub(super) enum Work {
    Insert {
        record: Box<Record>,
        reply: oneshot::Sender<Result<(), StoreError>>,
    },
    Step(Box<dyn Step>),
}

/// A step whose type of answer only its caller knows.
pub(super) trait Step: Send {
    fn run(&mut self, conn: &mut Link<'_>) -> QueryResult<()>;
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

pub(super) struct Pending<F, T> {
    step: F,
    outcome: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl Queued {
    pub(super) fn new(arrived: Duration, row: Option<SessionHandle>, work: Work) -> Self {
        Self {
            arrived,
            row,
            late: false,
            work,
        }
    }

    /// Tells whoever waits how the transaction ended.
    pub(super) fn answer(self, committed: Result<(), StoreError>) {
        let committed = if self.late {
            Err(StoreError::TooLate)
        } else {
            committed
        };
        let answered = match self.work {
            Work::Insert { reply, .. } => {
                let _dropped = reply.send(committed);
                Ok(())
            }
            // Drops what is the application's: a closure, and an answer that nobody waits for.
            Work::Step(step) => caught(|| step.answer(committed)),
        };
        if let Err(cause) = answered {
            tracing::error!(
                cause,
                "a value of the application panicked when it was dropped"
            );
        }
    }
}

impl Work {
    pub(super) fn record(&self) -> Option<&Record> {
        match self {
            Self::Insert { record, .. } => Some(record),
            Self::Step(_) => None,
        }
    }
}

impl std::fmt::Debug for dyn Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Step")
    }
}

impl<F, T> Pending<F, T> {
    pub(super) fn new(step: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
        Self {
            step,
            outcome: None,
            reply,
        }
    }
}

impl<F, T: Send> Step for Pending<F, T>
where
    F: FnMut(&mut Link<'_>) -> QueryResult<T> + Send,
{
    fn run(&mut self, conn: &mut Link<'_>) -> QueryResult<()> {
        self.outcome = Some((self.step)(conn)?);
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        // Nobody waits any more if the request was dropped; the work is done all the same.
        let _dropped = reply.send(committed.and_then(|()| outcome.ok_or(StoreError::Stopped)));
    }
}
