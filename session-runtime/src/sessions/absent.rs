//! A session whose row is not there: is it over, or has this replica of the database not got it yet?

use chrono::TimeDelta;

use super::Sessions;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;

/// A session that began less than this ago may not be everywhere yet.
const YOUNG: TimeDelta = TimeDelta::seconds(10);

impl Sessions {
    /// What the absence of a row means: the session is over, unless it is so young that another node of the
    /// database may have it and nobody is known to have ended it. Then it is to be asked for again, with the
    /// tokens kept.
    ///
    /// Whoever ends a session says so in the feed, with the same commit, or replaces all keys; so the
    /// feed tells a session that was ended from one that is missing. Within a file every commit is seen at
    /// once, so there nothing is ever missing.
    pub(crate) async fn absent(&self, handle: SessionHandle) -> Error {
        let inner = &self.inner;
        let began = handle.began_at();
        let young = began.is_some_and(|began| (self.now() - began).abs() < YOUNG);
        if !young || inner.store.is_file() || inner.feed.revocations.contains(handle) {
            return Error::GONE;
        }
        // Ended elsewhere since the last turn, perhaps.
        if let Err(cause) = self.read_revocations().await {
            return cause.into();
        }
        let keys = self.keys();
        let replaced =
            keys.is_stored() && keys.verifying().all(|key| Some(key.created_at) >= began);
        if replaced || inner.feed.revocations.contains(handle) {
            return Error::GONE;
        }
        self.emit(&Event::SessionMissing { handle });
        Error::Unavailable
    }
}
