//! The background tasks: what each of them does.

use super::Sessions;
use super::task_failures::Task;
use crate::panics::caught_async;
use crate::store::StoreError;

impl Sessions {
    /// Runs a task once; returns whether there is more to do. A panic is treated like any failure,
    /// because code that the application supplies, such as a clock, runs here too.
    pub(crate) async fn perform(&self, task: Task) -> bool {
        let done = caught_async(|| self.attempt(task)).await;
        let done = match done {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(cause) => Err(format!("it panicked: {cause}")),
        };
        let more = *done.as_ref().unwrap_or(&false);
        self.note(task, done.err());
        more
    }

    async fn attempt(&self, task: Task) -> Result<bool, StoreError> {
        match task {
            Task::FollowRevocations => self.read_revocations().await.map(|()| false),
            Task::RotateKeys => self.rotate_keys().await.map(|()| false),
            Task::CleanUp => self.clean_up().await,
            Task::ReportSilence => {
                self.report_silent_requests();
                Ok(false)
            }
            Task::EndStreams => self.end_streams().await.map(|()| false),
        }
    }

    fn note(&self, task: Task, failure: Option<String>) {
        if let Some(event) = self.inner.reports.task_failures.note(task, failure) {
            self.emit(&event);
        }
    }
}

#[cfg(feature = "internals")]
impl Sessions {
    /// Reads the revocation feed now instead of at its next turn, for tests.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the database does not answer.
    pub async fn read_revocations_now(&self) -> Result<(), crate::Error> {
        let read = self.read_revocations().await;
        self.reported(Task::FollowRevocations, read)
    }

    /// Rotates the signing keys now instead of at their next turn, for tests.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the database does not answer.
    pub async fn rotate_keys_now(&self) -> Result<(), crate::Error> {
        let rotated = self.rotate_keys().await;
        self.reported(Task::RotateKeys, rotated)
    }

    /// Deletes expired rows now instead of at the next turn, for tests; returns how many batches it
    /// took.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::Error::Unavailable) if the database does not answer.
    pub async fn clean_up_now(&self) -> Result<usize, crate::Error> {
        let mut batches = 1;
        loop {
            let cleaned = self.clean_up().await;
            if !self.reported(Task::CleanUp, cleaned)? {
                return Ok(batches);
            }
            batches += 1;
        }
    }

    fn reported<T>(&self, task: Task, done: Result<T, StoreError>) -> Result<T, crate::Error> {
        self.note(task, done.as_ref().err().map(ToString::to_string));
        Ok(done?)
    }
}
