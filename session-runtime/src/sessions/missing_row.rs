//! A session whose row is not found: has it ended, or does this replica of the database not have it
//! yet?

use chrono::TimeDelta;

use super::Sessions;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;

/// A session that started less than this ago may not have reached every replica.
const YOUNG: TimeDelta = TimeDelta::seconds(10);

impl Sessions {
    /// What a missing row means: the session has ended, unless it is so young that another node of
    /// the database may have it, and nobody is known to have ended it. In that case the client
    /// should try again, and keeps its tokens.
    ///
    /// Ending a session is recorded in the feed in the same commit, or replaces all keys, so the
    /// feed tells an ended session from a missing one. In a file every commit is visible at once,
    /// so nothing is ever missing there.
    pub(crate) async fn missing_row(&self, handle: SessionHandle) -> Error {
        let inner = &self.inner;
        let began = handle.began_at();
        let young = began.is_some_and(|began| (self.now() - began).abs() < YOUNG);
        if !young || inner.store.requests.is_file() || inner.feed.revocations.contains(handle) {
            return Error::Unauthorised;
        }
        // It may have ended elsewhere since the last read.
        if let Err(cause) = self.read_revocations().await {
            return cause.into();
        }
        let keys = self.keys();
        let replaced =
            keys.is_stored() && keys.verifying().all(|key| Some(key.created_at) >= began);
        if replaced || inner.feed.revocations.contains(handle) {
            return Error::Unauthorised;
        }
        self.emit(&Event::SessionMissing { handle });
        Error::Unavailable
    }
}
