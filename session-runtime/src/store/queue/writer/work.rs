//! What waits in the queue: a write, since when it waits, and who wants to know.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::handle::SessionHandle;
use crate::record::Record;
use crate::store::StoreError;
use crate::store::queue::post::Job;
use crate::store::queue::step::{Step, answer};

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

impl Queued {
    pub(super) fn new(arrived: Duration, row: Option<SessionHandle>, work: Work) -> Self {
        Self {
            arrived,
            row,
            late: false,
            work,
        }
    }

    /// Tells the caller how the transaction ended.
    pub(super) fn answer(self, committed: Result<(), StoreError>) {
        let committed = if self.late {
            Err(StoreError::TooLate)
        } else {
            committed
        };
        match self.work {
            Work::Insert { reply, .. } => {
                let _dropped = reply.send(committed);
            }
            Work::Step(step) => answer(step, committed),
        }
    }
}

impl Job for Queued {
    fn refuse(self, error: StoreError) {
        self.answer(Err(error));
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
