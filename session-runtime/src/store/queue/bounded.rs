//! A bounded queue whose threads may be without a connection: those leave the jobs to the others.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::StoreError;

/// The jobs that wait, and who there is to do them.
#[derive(Debug)]
pub(in crate::store) struct Queue<J> {
    state: Mutex<State<J>>,
    /// Wakes a thread that has a connection.
    ready: Condvar,
    /// Wakes a thread that has none.
    spare: Condvar,
    /// Wakes those that rest.
    closed: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State<J> {
    waiting: VecDeque<J>,
    open: bool,
    /// Threads that have a connection, and those of them that wait for a job.
    connected: usize,
    idle: usize,
    /// Whether one got no connection since the last that did.
    refused: bool,
}

/// Counts a thread among those that have a connection.
#[derive(Debug)]
pub(super) struct Seat<J>(Arc<Queue<J>>);

impl<J> Queue<J> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                open: true,
                connected: 0,
                idle: 0,
                refused: false,
            }),
            ready: Condvar::new(),
            spare: Condvar::new(),
            closed: Condvar::new(),
            capacity,
        }
    }

    /// Adds a job at the end.
    pub(in crate::store) fn push(&self, job: J) -> Result<(), StoreError> {
        self.offer(job).map_err(|(error, _job)| error)
    }

    /// The same; returns the job if there is no room for it.
    pub(in crate::store) fn offer(&self, job: J) -> Result<(), (StoreError, J)> {
        let mut state = self.state();
        if !state.open {
            return Err((StoreError::Stopped, job));
        }
        if state.waiting.len() >= self.capacity {
            return Err((StoreError::QueueFull, job));
        }
        state.waiting.push_back(job);
        self.wake(&state);
        Ok(())
    }

    /// Puts jobs back where they were taken, for a thread that has a connection; returns them if
    /// none has.
    pub(super) fn give_back(&self, jobs: Vec<J>) -> Result<(), Vec<J>> {
        let mut state = self.state();
        if state.connected == 0 {
            return Err(jobs);
        }
        for job in jobs.into_iter().rev() {
            state.waiting.push_front(job);
        }
        self.wake(&state);
        Ok(())
    }

    /// Waits for jobs and takes up to `most`; `None` once the queue is closed and empty.
    pub(in crate::store) fn next(&self, most: usize) -> Option<Vec<J>> {
        let mut state = self.state();
        state.idle += 1;
        let mut state = self
            .ready
            .wait_while(state, |state| state.waiting.is_empty() && state.open)
            .unwrap_or_else(PoisonError::into_inner);
        state.idle -= 1;
        let jobs = state.take(most);
        if !state.waiting.is_empty() {
            self.wake(&state);
        }
        (!jobs.is_empty()).then_some(jobs)
    }

    /// What waits now.
    pub(in crate::store) fn take_all(&self) -> Vec<J> {
        self.state().take(usize::MAX)
    }

    /// The waiting jobs, if no thread has a connection.
    pub(super) fn orphans(&self) -> Option<Vec<J>> {
        let mut state = self.state();
        (state.connected == 0).then(|| state.take(usize::MAX))
    }

    /// Notes that a thread got no connection; if that is news, says how many have one.
    pub(super) fn note_refusal(&self) -> Option<usize> {
        let mut state = self.state();
        (!std::mem::replace(&mut state.refused, true)).then_some(state.connected)
    }

    /// Waits until a job finds no thread with a connection idle; says whether there is one, for the
    /// queue may be closed.
    pub(super) fn needs_another(&self) -> bool {
        let state = self.state();
        let state = self
            .spare
            .wait_while(state, |state| {
                state.open && (state.waiting.is_empty() || state.idle > 0)
            })
            .unwrap_or_else(PoisonError::into_inner);
        state.open || (state.connected == 0 && !state.waiting.is_empty())
    }

    /// Waits, though not beyond the end of the queue.
    pub(in crate::store) fn rest(&self, pause: Duration) {
        let state = self.state();
        let _rested = self
            .closed
            .wait_timeout_while(state, pause, |state| state.open);
    }

    pub(super) fn close(&self) {
        self.state().open = false;
        for waiting in [&self.ready, &self.spare, &self.closed] {
            waiting.notify_all();
        }
    }

    /// Takes a seat.
    pub(super) fn seat(self: &Arc<Self>) -> Seat<J> {
        let mut state = self.state();
        state.connected += 1;
        state.refused = false;
        drop(state);
        Seat(Arc::clone(self))
    }

    /// Wakes one thread for what waits, one that has a connection if such a one is idle.
    fn wake(&self, state: &State<J>) {
        if state.idle > 0 {
            self.ready.notify_one();
        } else {
            self.spare.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J> State<J> {
    fn take(&mut self, most: usize) -> Vec<J> {
        let count = self.waiting.len().min(most);
        self.waiting.drain(..count).collect()
    }
}

impl<J> Drop for Seat<J> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.connected -= 1;
        if !state.waiting.is_empty() {
            self.0.wake(&state);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(jobs: &[u8]) -> Arc<Queue<u8>> {
        let queue = Arc::new(Queue::new(3));
        for job in jobs {
            queue.push(*job).expect("room");
        }
        queue
    }

    #[test]
    fn it_is_bounded_and_ends_empty() {
        let queue = filled(&[1, 2, 3]);
        assert!(matches!(queue.offer(4), Err((StoreError::QueueFull, 4))));
        queue.close();
        assert!(matches!(queue.push(5), Err(StoreError::Stopped)));
        assert_eq!(queue.next(2), Some(vec![1, 2]));
        assert_eq!(queue.next(2), Some(vec![3]));
        assert_eq!(queue.next(2), None);
    }

    #[test]
    fn whoever_has_no_connection_leaves_the_jobs_to_those_that_have() {
        let queue = filled(&[1, 2]);
        // Nobody has one: they are refused, or another thread tries to open one.
        assert!(queue.needs_another());
        assert_eq!(queue.give_back(vec![0]), Err(vec![0]));
        assert_eq!(queue.orphans(), Some(vec![1, 2]));

        let seat = queue.seat();
        assert_eq!(queue.orphans(), None);
        assert_eq!(queue.give_back(vec![0, 1]), Ok(()));
        assert_eq!(queue.next(9), Some(vec![0, 1]));
        // Reported once, until a thread gets a connection.
        assert_eq!(queue.note_refusal(), Some(1));
        assert_eq!(queue.note_refusal(), None);
        let another = queue.seat();
        assert_eq!(queue.note_refusal(), Some(2));
        drop(another);
        queue.push(3).expect("room");
        drop(seat);
        assert_eq!(queue.orphans(), Some(vec![3]));
    }

    #[test]
    fn a_closed_queue_is_left_to_those_that_have_a_connection() {
        let queue = filled(&[1]);
        let seat = queue.seat();
        queue.close();
        assert!(!queue.needs_another());
        drop(seat);
        assert!(queue.needs_another(), "somebody must answer");
        queue.take_all();
        assert!(!queue.needs_another());
    }

    #[test]
    fn a_thread_with_a_connection_is_woken_before_one_without() {
        let queue = filled(&[]);
        let (idle, spare) = (Arc::clone(&queue), Arc::clone(&queue));
        let _seat = queue.seat();
        let idle = std::thread::spawn(move || idle.next(1));
        let spare = std::thread::spawn(move || spare.needs_another());
        while queue.state().idle == 0 {
            std::thread::yield_now();
        }
        queue.push(1).expect("room");
        assert_eq!(idle.join().expect("no panic"), Some(vec![1]));
        // Now none is idle.
        queue.push(2).expect("room");
        assert!(spare.join().expect("no panic"));
    }
}
