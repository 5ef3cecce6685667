//! Ending sessions: in the database and in the feed with one commit, in this process at once.

use chrono::{DateTime, Utc};

use super::Sessions;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::handle::SessionHandle;
use crate::user_id::UserId;

impl Sessions {
    /// Ends a session everywhere; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    #[doc(alias = "revokeSession")]
    #[doc(alias = "revokeSessionUsingSessionHandle")]
    pub async fn revoke(&self, handle: SessionHandle) -> Result<bool, Error> {
        let ended = self.end(vec![handle], RevokedBy::Handle).await?;
        Ok(!ended.is_empty())
    }

    /// Ends these sessions everywhere; returns those that were there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; all of them go on then.
    #[doc(alias = "revokeMultipleSessions")]
    pub async fn revoke_many(
        &self,
        handles: impl IntoIterator<Item = SessionHandle>,
    ) -> Result<Vec<SessionHandle>, Error> {
        let handles = handles.into_iter().collect();
        self.end(handles, RevokedBy::Handle).await
    }

    /// Ends all sessions of a user everywhere; returns them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the sessions go on then.
    #[doc(alias = "revokeAllSessionsForUser")]
    pub async fn revoke_all<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let until = self.revoked_until(self.now());
        let user_id = user_id.to_claim().into_owned();
        let ended = self.inner.store.revoke_user(user_id, None, until).await?;
        Ok(self.note_revoked(ended, until, RevokedBy::User))
    }

    /// Ends all sessions of a user but one; returns those it ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the sessions go on then.
    pub async fn revoke_others<U: UserId + ?Sized>(
        &self,
        user_id: &U,
        kept: SessionHandle,
    ) -> Result<Vec<SessionHandle>, Error> {
        let until = self.revoked_until(self.now());
        let user_id = user_id.to_claim().into_owned();
        let store = &self.inner.store;
        let ended = store.revoke_user(user_id, Some(kept), until).await?;
        Ok(self.note_revoked(ended, until, RevokedBy::Others))
    }

    /// Ends all sessions of all users, with one commit, and returns how many there were.
    ///
    /// All signing keys go with them, so that no access token is left, those of
    /// [`create_jwt`](Self::create_jwt) included; every process refuses them within `revocation_bound`. For
    /// keys of the application's own, each session is named in the feed instead.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; everything goes on then.
    pub async fn revoke_everything(&self) -> Result<usize, Error> {
        let until = self.revoked_until(self.now());
        let candidate = match self.inner.keys.source.supplier {
            Some(_) => None,
            None => Some(self.candidate()?),
        };
        let sessions = self.inner.store.revoke_everything(candidate, until).await?;
        self.reload_keys().await?;
        self.read_revocations().await?;
        self.emit(&Event::RevokedEverything { sessions });
        Ok(sessions)
    }

    /// Ends sessions, for a reason that the event names.
    pub(crate) async fn end(
        &self,
        handles: Vec<SessionHandle>,
        by: RevokedBy,
    ) -> Result<Vec<SessionHandle>, Error> {
        let until = self.revoked_until(self.now());
        let replaced = by == RevokedBy::Login;
        let ended = self.inner.store.revoke(handles, until, replaced).await?;
        Ok(self.note_revoked(ended, until, by))
    }

    /// Refuses these sessions in this process at once.
    pub(super) fn remember(&self, ended: &[SessionHandle], until: DateTime<Utc>, replaced: bool) {
        let now = self.inner.clock.monotonic();
        let revocations = &self.inner.feed.revocations;
        revocations.insert(ended, until, replaced, now);
    }

    /// What was ended counts in this process at once, and is an event.
    pub(super) fn note_revoked(
        &self,
        ended: Vec<SessionHandle>,
        until: DateTime<Utc>,
        by: RevokedBy,
    ) -> Vec<SessionHandle> {
        let replaced = by == RevokedBy::Login;
        self.remember(&ended, until, replaced);
        if !ended.is_empty() {
            let handles = ended.clone();
            self.emit(&Event::Revoked { handles, by });
        }
        ended
    }
}
