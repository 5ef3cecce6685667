//! TaskFailures of background tasks, and when they are reported.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::event::Event;

/// A background task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Task {
    FollowRevocations,
    RotateKeys,
    CleanUp,
    ReportSilence,
    EndStreams,
}

impl Task {
    /// What it does, for the log.
    fn name(self) -> &'static str {
        match self {
            Self::FollowRevocations => "read the revocations",
            Self::RotateKeys => "renew the signing keys",
            Self::CleanUp => "delete expired sessions",
            Self::ReportSilence => "report requests without evidence",
            Self::EndStreams => "end the streams of ended sessions",
        }
    }
}

/// The cause of the last failure of each task that has not succeeded since.
#[derive(Debug, Default)]
pub(super) struct TaskFailures(Mutex<HashMap<Task, String>>);

impl TaskFailures {
    /// Records how a task ended; returns an event if something changed. A cause is reported once,
    /// however often it occurs.
    pub(super) fn note(&self, task: Task, failure: Option<String>) -> Option<Event> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match &failure {
            Some(cause) => failures.insert(task, cause.clone()),
            None => failures.remove(&task),
        };
        let task = task.name();
        match (before, failure) {
            (before, Some(cause)) if before.as_ref() != Some(&cause) => {
                Some(Event::TaskFailed { task, cause })
            }
            (Some(_), None) => Some(Event::TaskRecovered { task }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_when_its_cause_changes_and_when_it_is_over() {
        let failures = TaskFailures::default();
        let task = Task::FollowRevocations.name();
        let failed = |cause: &str| {
            let cause = cause.to_owned();
            Some(Event::TaskFailed { task, cause })
        };
        for (failure, told) in [
            (None, None),
            (Some("away"), failed("away")),
            (Some("away"), None),
            (Some("full"), failed("full")),
            (Some("full"), None),
            (Some("away"), failed("away")),
            (None, Some(Event::TaskRecovered { task })),
            (None, None),
            (Some("away"), failed("away")),
        ] {
            let noted = failures.note(Task::FollowRevocations, failure.map(str::to_owned));
            assert_eq!(noted, told, "{failure:?}");
        }
        let other = failures.note(Task::CleanUp, None);
        assert_eq!(other, None, "each task fails by itself");
    }
}
