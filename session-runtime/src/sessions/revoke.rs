//! Ending sessions: in the database and in the revocation feed with one commit, in this process at
//! once.

use super::Sessions;
use crate::error::Error;
use crate::event::{Event, RevokedBy};
use crate::handle::SessionHandle;
use crate::record::{CHUNK, ROUNDS};
use crate::user_id::UserId;

impl Sessions {
    /// Ends a session of any user; returns whether it existed.
    ///
    /// This is for operators: a handle that came from a form could end anybody's session. For a
    /// user's own sessions, use [`Session::revoke_device`](crate::Session::revoke_device).
    ///
    /// ```
    /// # use session_runtime::{Error, SessionHandle, Sessions};
    /// #[rocket::delete("/admin/sessions/<handle>")]
    /// async fn end(handle: SessionHandle, sessions: Sessions) -> Result<(), Error> {
    ///     sessions.revoke(handle).await.map(drop)
    /// }
    /// # let _ = rocket::routes![end];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; the session continues then.
    #[doc(alias = "revokeSession")]
    #[doc(alias = "revokeSessionUsingSessionHandle")]
    pub async fn revoke(&self, handle: SessionHandle) -> Result<bool, Error> {
        let ended = self.end(vec![handle], RevokedBy::Handle).await?;
        Ok(!ended.is_empty())
    }

    /// Ends several sessions of any users; returns those that existed.
    ///
    /// A hundred are ended per commit.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn end(sessions: &Sessions, chosen: Vec<SessionHandle>) -> Result<usize, Error> {
    ///     Ok(sessions.revoke_many(chosen).await?.len())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; some of the sessions may continue
    /// then.
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

    /// Ends a session if it belongs to this user; returns whether it did.
    pub(crate) async fn revoke_owned(
        &self,
        handle: SessionHandle,
        user_id: &str,
    ) -> Result<bool, Error> {
        let owned = self
            .inner
            .store
            .requests
            .revoke_owned(handle, user_id.to_owned());
        let is_ended = owned.await?;
        if is_ended {
            self.note_revoked(vec![handle], RevokedBy::Handle);
        }
        Ok(is_ended)
    }

    /// Ends all sessions of a user, on all devices; returns their handles.
    ///
    /// A hundred are ended per commit, so that other users do not wait. A session that replaces one
    /// of them meanwhile is ended as well; one of a login that commits later continues.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn block(sessions: &Sessions, user: &str) -> Result<usize, Error> {
    ///     Ok(sessions.revoke_all(user).await?.len())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; some of the sessions may continue,
    /// so call it again.
    #[doc(alias = "sign out everywhere")]
    #[doc(alias = "log out everywhere")]
    #[doc(alias = "revokeAllSessionsForUser")]
    pub async fn revoke_all<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let user_id = user_id.to_claim().into_owned();
        self.end_all(Some(user_id), None, RevokedBy::User).await
    }

    /// Ends all sessions of a user except `kept`, like [`revoke_all`](Self::revoke_all); returns
    /// their handles.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn keep(sessions: &Sessions, user: &str, one: SessionHandle) -> Result<usize, Error> {
    ///     Ok(sessions.revoke_others(user, one).await?.len())
    /// }
    /// ```
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

    /// Ends all sessions of all users; returns how many there were.
    ///
    /// All keys are replaced in the same commit, so no earlier token is valid, including those of
    /// [`create_jwt`](Self::create_jwt) and those that somebody minted with a stolen key; every
    /// process refuses them within `revocation_bound`. Signing keys that the application supplies
    /// are not replaced: in that case each session is ended by its entry in the revocation feed.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn after_a_break_in(sessions: &Sessions) -> Result<String, Error> {
    ///     let ended = sessions.revoke_everything().await?;
    ///     Ok(format!("{ended} sessions ended"))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer. All sessions continue then, or some
    /// of them if the application supplies its keys.
    pub async fn revoke_everything(&self) -> Result<usize, Error> {
        let sessions = match self.inner.keys.source.supplier {
            Some(_) => {
                let ended = self.end_all(None, None, RevokedBy::Everything).await?;
                let candidate = self.refresh_candidate()?;
                self.inner
                    .store
                    .requests
                    .replace_refresh_key(candidate)
                    .await?;
                ended.len()
            }
            None => {
                let candidates = vec![self.candidate()?, self.refresh_candidate()?];
                self.inner
                    .store
                    .requests
                    .revoke_everything(candidates)
                    .await?
            }
        };
        self.reload_keys().await?;
        self.read_revocations().await?;
        self.emit(&Event::RevokedEverything { sessions });
        Ok(sessions)
    }

    /// Ends all sessions of a user, or of all users, except `except`.
    ///
    /// A session that is gone when its turn comes may have been replaced by one that was created
    /// meanwhile, so the search is repeated until every session that was found was ended here.
    pub(super) async fn end_all(
        &self,
        user_id: Option<String>,
        except: Option<SessionHandle>,
        by: RevokedBy,
    ) -> Result<Vec<SessionHandle>, Error> {
        let mut ended = Vec::new();
        for _ in 0..ROUNDS {
            let mut found = self
                .inner
                .store
                .requests
                .all_handles(user_id.clone())
                .await?;
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

    /// Ends sessions, for the reason `by` in the event.
    pub(crate) async fn end(
        &self,
        handles: Vec<SessionHandle>,
        by: RevokedBy,
    ) -> Result<Vec<SessionHandle>, Error> {
        let replaced = by == RevokedBy::Login;
        let ended = self.inner.store.requests.revoke(handles, replaced).await?;
        Ok(self.note_revoked(ended, by))
    }

    /// Refuses these sessions in this process at once. The feed later says for how long, because
    /// another process may mint tokens that live longer.
    pub(super) fn remember(&self, ended: &[SessionHandle], replaced: bool) {
        let inner = &self.inner;
        let until = self.now() + inner.settings.lifetimes.access_token;
        let revocations = &inner.feed.revocations;
        revocations.insert(ended, until, replaced, inner.feed.clock.monotonic());
        self.close_streams(ended.iter().copied());
    }

    /// Refuses ended sessions in this process at once, and emits the event.
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
