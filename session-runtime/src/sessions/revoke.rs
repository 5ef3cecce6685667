//! Ending sessions: in the database and in the feed with one commit, in this process at once.

use super::Sessions;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::handle::SessionHandle;
use crate::record::{CHUNK, ROUNDS};
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

    /// Ends these sessions everywhere, a hundred with a commit; returns those that were there.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; some may go on then.
    #[doc(alias = "revokeMultipleSessions")]
    pub async fn revoke_many(
        &self,
        handles: impl IntoIterator<Item = SessionHandle>,
    ) -> Result<Vec<SessionHandle>, Error> {
        let handles: Vec<SessionHandle> = handles.into_iter().collect();
        let mut ended = Vec::new();
        for chunk in handles.chunks(CHUNK) {
            ended.extend(self.end(chunk.to_vec(), RevokedBy::Handle).await?);
        }
        Ok(ended)
    }

    /// Ends all sessions of a user everywhere; returns them.
    ///
    /// A hundred end with a commit, so that other users do not wait. A session that takes the place
    /// of one of them meanwhile ends as well; a login that was committed later goes on.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; some may go on then, so call it again.
    #[doc(alias = "revokeAllSessionsForUser")]
    pub async fn revoke_all<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let user_id = user_id.to_claim().into_owned();
        self.end_all(Some(user_id), None, RevokedBy::User).await
    }

    /// Ends all sessions of a user but one, as [`revoke_all`](Self::revoke_all) does; returns those it
    /// ended.
    ///
    /// # Errors
    /// Those of [`revoke_all`](Self::revoke_all).
    pub async fn revoke_others<U: UserId + ?Sized>(
        &self,
        user_id: &U,
        kept: SessionHandle,
    ) -> Result<Vec<SessionHandle>, Error> {
        let user_id = user_id.to_claim().into_owned();
        self.end_all(Some(user_id), Some(kept), RevokedBy::Others)
            .await
    }

    /// Ends all sessions of all users and returns how many there were.
    ///
    /// All signing keys go with them in one commit, so that no access token is left, those of
    /// [`create_jwt`](Self::create_jwt) included; every process refuses them within `revocation_bound`. For
    /// keys of the application's own, the sessions end as those of one user do, each named in the feed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; everything goes on then, or some with keys
    /// of the application's own.
    pub async fn revoke_everything(&self) -> Result<usize, Error> {
        let sessions = match self.inner.keys.source.supplier {
            Some(_) => self.end_all(None, None, RevokedBy::Everything).await?.len(),
            None => {
                let candidate = self.candidate()?;
                self.inner.store.revoke_everything(candidate).await?
            }
        };
        self.reload_keys().await?;
        self.read_revocations().await?;
        self.emit(&Event::RevokedEverything { sessions });
        Ok(sessions)
    }

    /// Ends all sessions of a user, or of everybody, but `except`.
    ///
    /// One that is gone when its turn comes may have been replaced by another that was not there at the
    /// first look, so it is looked again until all that were found were ended here.
    pub(super) async fn end_all(
        &self,
        user_id: Option<String>,
        except: Option<SessionHandle>,
        by: RevokedBy,
    ) -> Result<Vec<SessionHandle>, Error> {
        let mut ended = Vec::new();
        for _ in 0..ROUNDS {
            let mut found = self.inner.store.all_handles(user_id.clone()).await?;
            found.retain(|handle| Some(*handle) != except);
            let before = ended.len();
            for chunk in found.chunks(CHUNK) {
                ended.extend(self.end(chunk.to_vec(), by).await?);
            }
            if ended.len() - before == found.len() {
                return Ok(ended);
            }
        }
        tracing::error!("sessions are replaced as fast as they are ended");
        Err(Error::Unavailable)
    }

    /// Ends sessions, for a reason that the event names.
    pub(crate) async fn end(
        &self,
        handles: Vec<SessionHandle>,
        by: RevokedBy,
    ) -> Result<Vec<SessionHandle>, Error> {
        let replaced = by == RevokedBy::Login;
        let ended = self.inner.store.revoke(handles, replaced).await?;
        Ok(self.note_revoked(ended, by))
    }

    /// Refuses these sessions in this process at once. How long, the feed says better: another process
    /// may mint tokens that live longer.
    pub(super) fn remember(&self, ended: &[SessionHandle], replaced: bool) {
        let inner = &self.inner;
        let until = self.now() + inner.lifetimes.access_token;
        let revocations = &inner.feed.revocations;
        revocations.insert(ended, until, replaced, inner.clock.monotonic());
    }

    /// What was ended counts in this process at once, and is an event.
    pub(super) fn note_revoked(
        &self,
        ended: Vec<SessionHandle>,
        by: RevokedBy,
    ) -> Vec<SessionHandle> {
        self.remember(&ended, by == RevokedBy::Login);
        if !ended.is_empty() {
            let handles = ended.clone();
            self.emit(&Event::Revoked { handles, by });
        }
        ended
    }
}
