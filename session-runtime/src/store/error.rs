//! `StoreError`: why an operation was not done.

use super::advice::advice;
use super::{OpenError, error_text};
use crate::error::Error;
use crate::event::{Event, EventSink};

/// Why an operation was not done. Nothing of it stays in the database, unless that is said.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Database(String),
    /// There are as many connections as the database allows.
    #[error("{0}")]
    ConnectionLimit(String),
    #[error(
        "the database's queue is full: the database is slower than the requests, or `sessions.database_queue` is too small"
    )]
    QueueFull,
    #[error("{0}")]
    Keys(String),
    #[error("the writer has stopped")]
    Stopped,
    #[error("the write waited too long for the database")]
    TooLate,
    #[error(
        "the database did not answer in time; what was asked of it may be done all the same (`sessions.database_timeout`)"
    )]
    NoAnswer,
    /// The connection broke while it committed: the operation is done, or will be, or is not.
    #[error("nobody knows whether it was committed: {0}")]
    Unknown(String),
    /// What was to be done is at fault; the database is not.
    #[error("a write panicked: {0}")]
    Panicked(String),
}

impl StoreError {
    /// For an error of the database.
    pub(super) fn of(error: &diesel::result::Error) -> Self {
        Self::Database(advice(error).unwrap_or_else(|| error_text::without_values(error)))
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            OpenError::NoAnswer { .. } => Self::NoAnswer,
            error if error.is_limit() => Self::ConnectionLimit(error.to_string()),
            error => Self::Database(error.to_string()),
        }
    }
}

impl StoreError {
    /// Reports why an operation of a request failed, if the store is the cause.
    pub(crate) fn report(&self, events: &EventSink) {
        if !matches!(self, Self::Panicked(_)) {
            let cause = self.to_string();
            events.emit(&Event::StoreUnavailable { cause });
        }
    }
}

impl From<StoreError> for Error {
    /// The caller only learns that it may try again; the cause was reported.
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Panicked(_) => Self::General(cause.to_string()),
            _ => Self::Unavailable,
        }
    }
}
