//! Tries again what somebody's open transaction blocks, so that it holds up nobody else.

use std::collections::VecDeque;
use std::time::Duration;

use super::commit::{Committer, Failure};
use super::work::Queued;

/// How often an operation is tried.
const TRIES: usize = 10;

/// Tries blocked operations, one at a time and in turn, until they pass or have waited too long.
pub(super) struct Patient {
    committer: Committer,
    /// The longest an operation may have waited in all.
    timeout: Duration,
    /// What waits for its next try, and how often it was tried.
    blocked: VecDeque<(usize, Queued)>,
}

impl Patient {
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
            self.blocked.extend(arrived.map(|queued| (1, queued)));
            let Some((tries, queued)) = self.blocked.pop_front() else {
                return;
            };
            self.attempt(tries, queued);
        }
    }

    fn attempt(&mut self, tries: usize, mut queued: Queued) {
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
        if !may_pass || tries >= TRIES || !self.committer.is_within(self.timeout, &queued) {
            return queued.answer(Err(failure.into()));
        }
        self.blocked.push_back((tries + 1, queued));
        if no_connection {
            self.committer.post.rest();
        }
    }
}
