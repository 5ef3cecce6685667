//! Retries operations that another transaction blocks, so that they do not hold up a batch.

use std::collections::VecDeque;
use std::time::Duration;

use super::commit::{Committer, Failure};
use super::work::Queued;

/// How often an operation may fail at once: a deadlock passes with the next try, and what fails
/// every time is no lock. A try that waited for a lock does not count, and is bounded by
/// time alone.
const TRIES: usize = 10;

/// A try that took this long has waited for a lock: less than any backend waits for one.
const WAITED: Duration = Duration::from_millis(100);

/// Tries blocked operations, one at a time and in turn, until they pass or have waited too long.
pub(super) struct Retries {
    committer: Committer,
    /// The longest an operation may have waited in all.
    timeout: Duration,
    /// What waits for its next try, and how often it failed at once.
    blocked: VecDeque<(usize, Queued)>,
}

impl Retries {
    pub(super) fn new(committer: Committer, timeout: Duration) -> Self {
        Self {
            committer,
            timeout,
            blocked: VecDeque::new(),
        }
    }

    /// Works until its queue is closed and nothing waits. After a panic it may be called again.
    pub(super) fn run(&mut self) {
        loop {
            let queue = self.committer.post.queue();
            let arrived = if self.blocked.is_empty() {
                queue.next(usize::MAX)
            } else {
                Some(queue.take_all())
            };
            let arrived = arrived.into_iter().flatten();
            self.blocked.extend(arrived.map(|queued| (0, queued)));
            let Some((failures, queued)) = self.blocked.pop_front() else {
                return;
            };
            self.attempt(failures, queued);
        }
    }

    fn attempt(&mut self, failures: usize, mut queued: Queued) {
        let began = self.committer.now();
        let failure = match self.committer.commit(std::slice::from_mut(&mut queued)) {
            Ok(()) => return queued.answer(Ok(())),
            Err(failure) => failure,
        };
        let no_connection = matches!(failure, Failure::NoConnection(_));
        let may_pass = match failure {
            Failure::RolledBack { may_pass, .. } => may_pass,
            Failure::Lost(_) | Failure::NoConnection(_) => true,
            Failure::NotBegun(_) | Failure::Unknown(_) | Failure::Panicked { .. } => false,
        };
        let now = self.committer.now();
        let failures = failures + usize::from(now.saturating_sub(began) < WAITED);
        let is_over = now.saturating_sub(queued.arrived) >= self.timeout;
        if !may_pass || failures >= TRIES || is_over {
            return queued.answer(Err(failure.into()));
        }
        self.blocked.push_back((failures, queued));
        if no_connection {
            self.committer.post.rest();
        }
    }
}
