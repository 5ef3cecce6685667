//! Looking sessions up, and listing those of a user.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Sessions;
use crate::device::Device;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::record::{PAGE, Summary};
use crate::user_id::UserId;

/// A session as it is stored in the database, without its data.
#[doc(alias = "SessionInformation")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session.
    pub handle: SessionHandle,
    /// The user, as in the claim `sub`.
    pub user_id: String,
    /// Whether it is a visitor's session, without a login.
    pub anonymous: bool,
    /// Whether it awaits a second factor and does not yet count as a session of the user.
    pub pending: bool,
    /// When the user last logged in, if the payload has `#[session(auth_time)]`.
    pub auth_time: Option<DateTime<Utc>>,
    /// The name of its payload type.
    pub payload_type: String,
    /// The payload that the next access token will contain.
    pub payload: Map<String, Value>,
    /// When it started.
    #[doc(alias = "getTimeCreated")]
    pub created_at: DateTime<Utc>,
    /// When it last got new tokens.
    pub refreshed_at: DateTime<Utc>,
    /// When it ends unless it is refreshed.
    #[doc(alias = "getExpiry")]
    pub expires_at: DateTime<Utc>,
    /// The device on which it started.
    pub device: Device,
    /// Whether it is bound to a key of its device, so that its cookies get no new tokens elsewhere.
    pub device_bound: bool,
    /// Whether it is the session of this request; only
    /// [`Session::devices`](crate::Session::devices) sets it.
    pub current: bool,
}

impl From<Summary> for SessionInfo {
    fn from(summary: Summary) -> Self {
        Self {
            handle: summary.handle,
            pending: summary.pending,
            user_id: summary.user_id,
            anonymous: summary.anonymous,
            auth_time: summary.auth_time,
            payload_type: summary.payload_type,
            payload: summary.payload,
            created_at: summary.created_at,
            refreshed_at: summary.refreshed_at,
            expires_at: summary.ends_at,
            device: summary.device,
            device_bound: summary.device_bound,
            current: false,
        }
    }
}

impl SessionInfo {
    /// How many sessions a page of a list has at most.
    pub const PAGE: usize = PAGE as usize;
}

impl Sessions {
    /// Lists the handles of a user's live sessions, oldest first.
    ///
    /// ```
    /// # use session_runtime::{Error, Sessions};
    /// async fn count(sessions: &Sessions) -> Result<usize, Error> {
    ///     Ok(sessions.handles("ada").await?.len())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    #[doc(alias = "getAllSessionHandlesForUser")]
    pub async fn handles<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let user_id = user_id.to_claim().into_owned();
        Ok(self.inner.store.requests.handles_of(user_id).await?)
    }

    /// Lists a user's live sessions, newest first, in pages of [`SessionInfo::PAGE`].
    ///
    /// `after` is the last session of the previous page, and `None` for the first page; an empty
    /// page is the end of the list. Session data is not read.
    ///
    /// ```
    /// # use session_runtime::{Error, SessionInfo, Sessions};
    /// # async fn second_page(sessions: &Sessions) -> Result<Vec<SessionInfo>, Error> {
    /// let newest = sessions.list("ada", None).await?;
    /// let older = match newest.last() {
    ///     Some(last) => sessions.list("ada", Some(last.handle)).await?,
    ///     None => Vec::new(),
    /// };
    /// # Ok(older)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    #[doc(alias = "devices")]
    pub async fn list<U: UserId + ?Sized>(
        &self,
        user_id: &U,
        after: Option<SessionHandle>,
    ) -> Result<Vec<SessionInfo>, Error> {
        let user_id = user_id.to_claim().into_owned();
        let page = self.inner.store.requests.list(user_id, after).await?;
        Ok(page.into_iter().map(SessionInfo::from).collect())
    }

    /// Looks a session up by its handle, without its [data](Self::data); `None` if it has ended.
    ///
    /// ```
    /// # use session_runtime::{Error, JwtPayload, SessionHandle, Sessions};
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// async fn user_of(sessions: &Sessions, who: SessionHandle) -> Result<Option<String>, Error> {
    ///     Ok(sessions.info(who).await?.map(|info| info.user_id))
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database does not answer.
    #[doc(alias = "getSessionInformation")]
    pub async fn info(&self, handle: SessionHandle) -> Result<Option<SessionInfo>, Error> {
        let summary = self.inner.store.requests.summary(handle).await?;
        Ok(summary.map(SessionInfo::from))
    }
}
