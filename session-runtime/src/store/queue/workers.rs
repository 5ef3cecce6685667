//! Threads that each own a connection and take jobs from one bounded queue: some write, some read.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::bounded::Queue;
use super::post::{Post, Told};
use crate::event::{Event, EventSink};
use crate::panics::caught;
use crate::store::connection::AnyConnection;
use crate::store::{OpenError, StoreError};

/// Hands jobs to its threads. When it goes, they finish what waits and close their connections.
#[derive(Debug)]
pub(super) struct Workers<J> {
    queue: Arc<Queue<J>>,
    /// Closed once all threads have ended.
    ended: Mutex<Receiver<()>>,
    /// Held until the last thread was started.
    alive: Option<Sender<()>>,
    longest: Duration,
    /// The setting that says how many threads there are.
    setting: &'static str,
    events: EventSink,
}

impl<J> Workers<J> {
    /// No threads yet. At most `capacity` jobs wait; whoever drops it waits at most `longest` for
    /// its threads to end. `setting` says how many there are.
    pub(super) fn new(
        capacity: usize,
        longest: Duration,
        setting: &'static str,
        events: &EventSink,
    ) -> Self {
        let (alive, ended) = channel();
        Self {
            queue: Arc::new(Queue::new(capacity)),
            ended: Mutex::new(ended),
            alive: Some(alive),
            longest,
            setting,
            events: events.clone(),
        }
    }

    /// A place at the queue for a thread, with the connection that it has already, if any.
    pub(super) fn post(
        &self,
        conn: Option<AnyConnection>,
        open: impl Fn() -> Result<AnyConnection, OpenError> + Send + 'static,
    ) -> Post<J> {
        let told = Told {
            setting: self.setting,
            events: self.events.clone(),
        };
        Post::new(&self.queue, conn, open, told)
    }

    /// Starts a thread. `body` returns once the queue is closed and empty; after a panic it is
    /// called again.
    pub(super) fn spawn(
        &self,
        name: &str,
        mut body: impl FnMut() + Send + 'static,
    ) -> std::io::Result<()> {
        let (alive, events) = (self.alive.clone(), self.events.clone());
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                outlive(&events, &mut body);
                // Closes the connection before anybody hears that the thread has ended.
                drop(body);
                drop(alive);
            })
            .map(drop)
    }

    pub(super) fn queue(&self) -> &Arc<Queue<J>> {
        &self.queue
    }

    /// Hands over a job.
    pub(super) fn push(&self, job: J) -> Result<(), StoreError> {
        self.queue.push(job)
    }
}

impl<J> Drop for Workers<J> {
    fn drop(&mut self) {
        self.queue.close();
        self.alive = None;
        // Waits, so that a process that ends after this has left nothing half done.
        if let Ok(ended) = self.ended.get_mut() {
            let _all_ended = ended.recv_timeout(self.longest);
        }
    }
}

/// Runs `body` until it ends; after a panic, once more.
fn outlive(events: &EventSink, body: &mut dyn FnMut()) {
    while let Err(cause) = caught(&mut *body) {
        events.emit(&Event::WorkerRestarted { cause });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_outlives_its_panics_and_tells_of_each() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&told);
        let events = EventSink::to(move |event| {
            events.lock().expect("no panic").push(event.clone());
        });
        let mut panics = vec!["second", "first"];
        outlive(&events, &mut || {
            if let Some(cause) = panics.pop() {
                std::panic::panic_any(cause);
            }
        });
        let expected = ["first", "second"].map(|cause| Event::WorkerRestarted {
            cause: cause.into(),
        });
        assert_eq!(*told.lock().expect("no panic"), expected);
    }
}
