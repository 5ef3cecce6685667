//! A writer thread: takes everything that waits and commits it as one batch.

use std::sync::Arc;

use super::commit::{Committer, Failure};
use super::work::Queued;
use crate::store::StoreError;
use crate::store::queue::bounded::Queue;

/// The most operations in one transaction: bounds the wait of the first.
const MAX_BATCH: usize = 1000;

/// How often a batch begins anew, on a new connection or without what blocks it.
const TRIES: usize = 3;

pub(super) struct Thread {
    committer: Committer,
    /// The queue for operations that would hold up others; `None` on SQLite, which has one lock.
    blocked: Option<Arc<Queue<Queued>>>,
}

impl Thread {
    pub(super) fn new(committer: Committer, blocked: Option<Arc<Queue<Queued>>>) -> Self {
        Self { committer, blocked }
    }

    /// Works until the queue is closed and empty. After a panic it may be called again.
    pub(super) fn run(&mut self) {
        while let Some(batch) = self.committer.post.next(MAX_BATCH) {
            self.serve(batch);
        }
    }

    fn serve(&mut self, mut batch: Vec<Queued>) {
        // Locks are taken in one order everywhere; what is of no single session comes last.
        batch.sort_by_key(|queued| (queued.row.is_none(), queued.row));
        for _ in 0..TRIES {
            match self.committer.commit(&mut batch) {
                Ok(()) => return batch.into_iter().for_each(|queued| queued.answer(Ok(()))),
                Err(Failure::Lost(_)) => {}
                Err(Failure::NoConnection(error)) => {
                    return self.committer.post.give_back(batch, &error);
                }
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
                    // Not tried again: a panic is reported once.
                    batch.remove(culprit).answer(Err(error));
                    if batch.is_empty() {
                        return;
                    }
                }
                Err(Failure::Panicked { culprit: None, .. }) if batch.len() > 1 => break,
                // Also one alone whose commit lost against another Galera node: it may pass the
                // next time.
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

    /// The batch without the operations that need the same lock.
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

    /// Hands an operation to the thread for retries.
    fn set_aside(&self, queued: Queued) {
        let Some(blocked) = &self.blocked else {
            return;
        };
        if let Err((error, queued)) = blocked.offer(queued) {
            queued.answer(Err(error));
        }
    }

    /// Tries each operation alone, so that one failure does not affect the others. If the database
    /// cannot even be locked, the rest is refused, because each would wait as long again.
    fn serve_alone(&mut self, batch: Vec<Queued>) {
        let mut batch = batch.into_iter();
        while let Some(queued) = batch.next() {
            let mut alone = [queued];
            let committed = self.committer.commit(&mut alone);
            let [queued] = alone;
            match committed {
                Ok(()) => queued.answer(Ok(())),
                Err(Failure::RolledBack { may_pass: true, .. }) if self.blocked.is_some() => {
                    self.set_aside(queued);
                }
                Err(Failure::NoConnection(error)) => {
                    let rest = [queued].into_iter().chain(batch).collect();
                    return self.committer.post.give_back(rest, &error);
                }
                Err(failure @ (Failure::NotBegun(_) | Failure::Lost(_))) => {
                    return refuse([queued].into_iter().chain(batch), failure);
                }
                Err(failure) => queued.answer(Err(failure.into())),
            }
        }
    }
}

fn refuse(batch: impl IntoIterator<Item = Queued>, failure: Failure) {
    let error = StoreError::from(failure);
    batch
        .into_iter()
        .for_each(|queued| queued.answer(Err(error.clone())));
}
