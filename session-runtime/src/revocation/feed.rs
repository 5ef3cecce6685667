//! The revocation feed as this process reads it: entries in the order of their numbers.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::handle::SessionHandle;

/// An entry of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its number, which is assigned after its transaction has committed, so that no entry is
    /// missed.
    pub(crate) number: i64,
    pub(crate) handle: SessionHandle,
    /// The last instant at which an access token of this session may be valid.
    pub(crate) until: DateTime<Utc>,
    /// Whether a later login of the same browser replaced it.
    pub(crate) replaced: bool,
}

/// How far the feed has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) number: i64,
    pub(crate) handle: SessionHandle,
}

/// Some entries of the feed, and what was read together with them.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Entry>,
    /// Whether the feed is read from its start, because the last position no longer exists.
    pub(crate) from_start: bool,
    /// Whether there is nothing after them yet.
    pub(crate) is_last: bool,
    pub(crate) key_version: i64,
    /// The longest validity of an access token that any process has announced.
    pub(crate) longest_validity: Option<TimeDelta>,
}

/// A read of the feed in progress.
#[derive(Debug)]
pub(crate) struct Reading {
    /// When it began (monotonic).
    pub(super) began: Duration,
    pub(super) position: Option<Position>,
    /// The handles it has read, if it began at the start.
    pub(super) met: Option<HashSet<SessionHandle>>,
}

impl Reading {
    pub(crate) fn position(&self) -> Option<Position> {
        self.position
    }
}
