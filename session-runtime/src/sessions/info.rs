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

/// A session as its row has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionInfo {
    /// The session.
    pub handle: SessionHandle,
    /// Whose it is, as in the token's `sub`.
    pub user_id: String,
    /// Whether nobody has logged in.
    pub anonymous: bool,
    /// Whether it awaits a second factor, and so is no session of the user yet.
    pub pending: bool,
    /// When the user last proved who it is, if the payload carries that.
    pub auth_time: Option<DateTime<Utc>>,
    /// The name of its payload type.
    pub payload_type: String,
    /// What the next access token will carry.
    pub payload: Map<String, Value>,
    /// When it began.
    #[doc(alias = "getTimeCreated")]
    pub created_at: DateTime<Utc>,
    /// When tokens of it were last handed out.
    pub refreshed_at: DateTime<Utc>,
    /// When it ends unless it is refreshed.
    #[doc(alias = "getExpiry")]
    pub expires_at: DateTime<Utc>,
    /// Where it was begun.
    pub device: Device,
    /// Whether it is the one that asks; set by [`Session::devices`](crate::Session::devices) only.
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
            current: false,
        }
    }
}

impl SessionInfo {
    /// How many sessions a page of a list has at most.
    pub const PAGE: usize = PAGE as usize;
}

impl Sessions {
    /// The sessions of a user that are not over, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    #[doc(alias = "getAllSessionHandlesForUser")]
    pub async fn handles<U: UserId + ?Sized>(
        &self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let user_id = user_id.to_claim().into_owned();
        Ok(self.inner.store.handles_of(user_id).await?)
    }

    /// A page of a user's live sessions, newest first: at most [`SessionInfo::PAGE`].
    ///
    /// `after` is the last session of the page before, and `None` for the first page; an empty page ends
    /// the list. Session data is not read.
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
    /// [`Error::Unavailable`] if the store does not answer.
    pub async fn list<U: UserId + ?Sized>(
        &self,
        user_id: &U,
        after: Option<SessionHandle>,
    ) -> Result<Vec<SessionInfo>, Error> {
        let user_id = user_id.to_claim().into_owned();
        let page = self.inner.store.list(user_id, after).await?;
        Ok(page.into_iter().map(SessionInfo::from).collect())
    }

    /// What the database knows of a session, but for its [data](Self::data); `None` if it is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    #[doc(alias = "getSessionInformation")]
    pub async fn info(&self, handle: SessionHandle) -> Result<Option<SessionInfo>, Error> {
        let summary = self.inner.store.summary(handle).await?;
        Ok(summary.map(SessionInfo::from))
    }
}
