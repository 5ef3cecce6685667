//! The feed of revocations as this process reads it: entries in the order of their numbers.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::handle::SessionHandle;

/// A line of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its place; given after its transaction committed, so none is ever missed.
    pub(crate) number: i64,
    pub(crate) handle: SessionHandle,
    /// The last instant an access token of this session may be good.
    pub(crate) until: DateTime<Utc>,
    /// Whether a later session of the same browser took its place.
    pub(crate) replaced: bool,
}

/// How far the feed was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) number: i64,
    pub(crate) handle: SessionHandle,
}

/// Some entries of the feed, and what was read beside them.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Whether these are the first of all: the place from which to go on is not what it was.
    pub(crate) from_start: bool,
    /// Whether there is nothing after them yet.
    pub(crate) is_last: bool,
    pub(crate) key_version: i64,
    /// The longest validity of an access token that any process has announced.
    pub(crate) longest_validity: Option<TimeDelta>,
}

/// A read of the feed that goes on.
#[derive(Debug)]
pub(crate) struct Reading {
    /// When it began (monotonic).
    pub(super) began: Duration,
    pub(super) position: Option<Position>,
    /// What it has met, if it began at the start.
    pub(super) met: Option<HashSet<SessionHandle>>,
}

impl Reading {
    pub(crate) fn position(&self) -> Option<Position> {
        self.position
    }
}
