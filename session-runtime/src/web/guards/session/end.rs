//! `Session`: ending it, and the other sessions of its user.

use super::Session;
use crate::error::Error;
use crate::event::RevokedBy;
use crate::handle::SessionHandle;
use crate::sessions::SessionInfo;
use crate::token::Transport;

impl<P, R> Session<P, R> {
    /// Ends this session and removes its cookies with the response, even if it had already ended.
    ///
    /// Other sessions of this user in the same browser end with it, as they do with
    /// [`#[logout]`](crate::logout): two logins at once leave two, and the next request would
    /// continue with the other one.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::post("/leave")]
    /// async fn leave(session: Session<Claims>) -> Result<(), Error> {
    ///     session.revoke().await
    /// }
    /// # let _ = rocket::routes![leave];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; the session continues then.
    #[doc(alias = "sign out")]
    #[doc(alias = "logout")]
    #[doc(alias = "revokeSession")]
    pub async fn revoke(self) -> Result<(), Error> {
        let mut ended = self.beside();
        ended.push(self.handle());
        self.sessions.end(ended, RevokedBy::Handle).await?;
        self.sign_out_here();
        Ok(())
    }

    /// The other sessions of this user in this browser.
    fn beside(&self) -> Vec<SessionHandle> {
        match self.verified.transport {
            Transport::Cookie => self.local.beside(),
            Transport::Header => Vec::new(),
        }
    }

    /// Removes the tokens of this browser, with the response.
    fn sign_out_here(&self) {
        for beside in self.beside() {
            self.local.remove(beside, Transport::Cookie);
        }
        self.local.remove(self.handle(), self.verified.transport);
        self.local.forget();
    }

    /// Lists this user's live sessions, newest first, in pages of [`SessionInfo::PAGE`].
    ///
    /// `after` is the last session of the previous page, and `None` for the first page, as for
    /// [`Sessions::list`](crate::Sessions::list). This session is marked as current. Session data
    /// is not read.
    ///
    /// ```
    /// # use rocket::serde::json::Json;
    /// # use session_runtime::{Error, JwtPayload, Session, SessionInfo};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)] struct Claims {}
    /// #[rocket::get("/devices")]
    /// async fn devices(session: Session<Claims>) -> Result<Json<Vec<SessionInfo>>, Error> {
    ///     session.devices(None).await.map(Json)
    /// }
    /// # let _ = rocket::routes![devices];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    #[doc(alias = "list sessions")]
    pub async fn devices(&self, after: Option<SessionHandle>) -> Result<Vec<SessionInfo>, Error> {
        let user_id = self.verified.claims.user_id();
        let mut page = self.sessions.list(user_id, after).await?;
        for info in &mut page {
            info.current = info.handle == self.handle();
        }
        Ok(page)
    }

    /// Ends another session of this user, by a handle from [`devices`](Self::devices); returns
    /// whether it existed.
    ///
    /// The handle of somebody else's session changes nothing: ownership is checked in the
    /// transaction that ends the session.
    ///
    /// ```
    /// # use rocket::{delete, http::Status};
    /// # use session_runtime::{Error, JwtPayload, Session, SessionHandle};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)] struct Claims {}
    /// #[delete("/devices/<handle>")]
    /// async fn end(session: Session<Claims>, handle: SessionHandle) -> Result<Status, Error> {
    ///     let ended = session.revoke_device(handle).await?;
    ///     Ok(if ended { Status::NoContent } else { Status::NotFound })
    /// }
    /// # let _ = rocket::routes![end];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer; the session goes on then.
    #[doc(alias = "revokeSession")]
    #[doc(alias = "sign out a device")]
    pub async fn revoke_device(&self, handle: SessionHandle) -> Result<bool, Error> {
        let user_id = self.verified.claims.user_id();
        let ended = self.sessions.revoke_owned(handle, user_id).await?;
        if handle == self.handle() {
            let beside = self.beside();
            if !beside.is_empty() {
                self.sessions.end(beside, RevokedBy::Handle).await?;
            }
            self.sign_out_here();
        }
        Ok(ended)
    }

    /// Ends all other sessions of this user; returns their handles.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, Session};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(auth_time, data = Vec<String>)]
    /// # struct Claims { name: String }
    /// #[rocket::post("/elsewhere")]
    /// async fn elsewhere(session: Session<Claims>) -> Result<String, Error> {
    ///     let ended = session.revoke_others().await?;
    ///     Ok(format!("{} other sessions ended", ended.len()))
    /// }
    /// # let _ = rocket::routes![elsewhere];
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer; the sessions continue then.
    #[doc(alias = "sign out other devices")]
    pub async fn revoke_others(&self) -> Result<Vec<SessionHandle>, Error> {
        self.sessions
            .revoke_others(self.verified.claims.user_id(), self.handle())
            .await
    }
}
