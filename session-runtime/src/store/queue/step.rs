//! A job for a connection, and how its caller gets the answer.

use diesel::result::QueryResult;
use tokio::sync::oneshot;

use crate::panics::caught;
use crate::store::StoreError;
use crate::store::sql::Link;

/// Something to do over a connection; only its caller knows the type of the answer.
pub(in crate::store) trait Step: Send {
    /// Runs the job, possibly again after a failure, and keeps the answer.
    fn run(&mut self, conn: &mut Link<'_>) -> QueryResult<()>;

    /// Hands out the answer, if all went well.
    fn answer(self: Box<Self>, ended: Result<(), StoreError>);

    /// Whether the caller still waits for the answer.
    fn is_awaited(&self) -> bool;
}

impl std::fmt::Debug for dyn Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Step")
    }
}

/// Answers a step. This drops values of the application, whose `Drop` may panic: a closure, and an
/// answer that is no longer awaited.
pub(in crate::store) fn answer(step: Box<dyn Step>, ended: Result<(), StoreError>) {
    if let Err(cause) = caught(|| step.answer(ended)) {
        tracing::error!(
            cause,
            "a value of the application panicked when it was dropped"
        );
    }
}

/// A closure, and who waits for what it returns.
pub(in crate::store) struct Pending<F, T> {
    step: F,
    outcome: Option<T>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Pending<F, T> {
    pub(in crate::store) fn new(step: F, reply: oneshot::Sender<Result<T, StoreError>>) -> Self {
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

    fn answer(self: Box<Self>, ended: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        // Nobody waits any more if the request was dropped; the work is done all the same.
        let _dropped = reply.send(ended.and_then(|()| outcome.ok_or(StoreError::Stopped)));
    }

    fn is_awaited(&self) -> bool {
        !self.reply.is_closed()
    }
}
