//! `Session`: replacing it after the user has logged in again or changed a credential.

use super::Session;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::payload::HasAuthTime;
use crate::record::Others;
use crate::sessions::{Uncommitted, Within};

impl<P, R> Session<P, R> {
    /// Replaces this session and ends all others of the user in one commit; returns the new handle.
    ///
    /// Call it when a credential has changed, such as a password (OWASP ASVS 7.4.3). The new
    /// session has other tokens, so a copy of the old ones is useless.
    ///
    /// ```
    /// # use rocket::{form::Form, post, FromForm};
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)] struct Claims {}
    /// # #[derive(FromForm)] struct Change { new: String }
    /// # async fn store_password(_: &str, _: &str) -> Result<(), Error> { Ok(()) }
    /// #[post("/password", data = "<change>")]
    /// async fn change_password(
    ///     session: Session<Claims>,
    ///     change: Form<Change>,
    /// ) -> Result<(), Error> {
    ///     store_password(session.user_id(), &change.new).await?;
    ///     session.replace_and_revoke_others().await.map(drop)
    /// }
    /// # let _ = rocket::routes![change_password];
    /// ```
    ///
    /// To commit it together with the change itself, use
    /// [`replace_and_revoke_others_within`](Self::replace_and_revoke_others_within).
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the database
    /// does not answer; nothing is changed then.
    #[doc(alias = "change password")]
    #[doc(alias = "credential_changed")]
    #[doc(alias = "password change")]
    pub async fn replace_and_revoke_others(self) -> Result<SessionHandle, Error> {
        let replaced = self
            .sessions
            .replace_session(&self.verified, Others::End)
            .await;
        let tokens = self.or_removed(replaced).await?;
        let handle = tokens.handle();
        self.local.remove(self.handle(), self.verified.transport);
        self.local.attach(tokens);
        Ok(handle)
    }

    /// [`replace_and_revoke_others`](Self::replace_and_revoke_others) inside the application's
    /// transaction.
    ///
    /// The change of the credential and the end of the other sessions commit together. After the
    /// commit, give the result to [`attach`](Self::attach).
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the database
    /// refuses; roll back then.
    pub fn replace_and_revoke_others_within(
        &self,
        within: &mut Within<'_>,
    ) -> Result<Uncommitted, Error> {
        within.replace_session(&self.verified, Others::End)
    }

    /// Sends the tokens of the session that replaced this one in the application's transaction;
    /// call it after the commit.
    ///
    /// `committed` comes from
    /// [`replace_and_revoke_others_within`](Self::replace_and_revoke_others_within) or
    /// [`step_up_within`](Self::step_up_within).
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the SQLite file was deleted or replaced, so that the commit is
    /// lost.
    pub fn attach(&self, committed: Uncommitted) -> Result<SessionHandle, Error> {
        let tokens = committed.after_commit()?;
        let handle = tokens.handle();
        self.local.remove(self.handle(), self.verified.transport);
        self.local.attach(tokens);
        Ok(handle)
    }
}

impl<P: HasAuthTime, R> Session<P, R> {
    /// Replaces the session by one whose user has just logged in again (step-up authentication).
    ///
    /// Call it after the user has entered the password or another credential again:
    /// [`Fresh`](crate::requirement::Fresh) is met from then on. The new session has the same
    /// payload and data, and a copy of the old tokens is useless (OWASP ASVS 7.2.4).
    /// [`handle`](Self::handle) returns the new session's handle from then on. To do it in the
    /// application's transaction, use [`step_up_within`](Self::step_up_within).
    ///
    /// ```
    /// # use rocket::{form::Form, post, FromForm};
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time)]
    /// # struct Claims {}
    /// # #[derive(FromForm)] struct Again { password: String }
    /// # fn is_password(_: &str, _: &str) -> bool { true }
    /// #[post("/confirm", data = "<again>")]
    /// async fn confirm(
    ///     mut session: Session<Claims>,
    ///     again: Form<Again>,
    /// ) -> Result<&'static str, Error> {
    ///     if !is_password(session.user_id(), &again.password) {
    ///         return Ok("wrong password");
    ///     }
    ///     session.step_up().await?;
    ///     Ok("confirmed")
    /// }
    /// # let _ = rocket::routes![confirm];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the store does
    /// not answer; nothing is changed then.
    #[doc(alias = "sudo mode")]
    #[doc(alias = "reauthenticate")]
    pub async fn step_up(&mut self) -> Result<(), Error> {
        let (old, transport) = (self.handle(), self.verified.transport);
        let replaced = self
            .sessions
            .replace_session(&self.verified, Others::Keep)
            .await;
        self.replace(replaced).await?;
        self.local.remove(old, transport);
        Ok(())
    }

    /// [`step_up`](Self::step_up) inside the application's transaction.
    ///
    /// It commits together with other changes, such as a second factor that the user has just
    /// enrolled. After the commit, give the result to [`attach`](Self::attach).
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if the session has ended, [`Error::Unavailable`] if the database
    /// refuses; roll back then.
    pub fn step_up_within(&self, within: &mut Within<'_>) -> Result<Uncommitted, Error> {
        within.replace_session(&self.verified, Others::Keep)
    }
}
