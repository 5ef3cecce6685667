//! Looking sessions up, and listing those of a user.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Sessions;
use crate::device::Device;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::record::Record;
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
    /// What stays in the database.
    pub data: Value,
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

impl From<Record> for SessionInfo {
    fn from(record: Record) -> Self {
        Self {
            handle: record.handle,
            pending: record.is_pending(),
            refreshed_at: record.refreshed_at(),
            data: serde_json::from_str(&record.data).unwrap_or_default(),
            user_id: record.user_id,
            anonymous: record.anonymous,
            auth_time: record.auth_time,
            payload_type: record.payload_type,
            payload: record.payload,
            created_at: record.created_at,
            expires_at: record.lineage.ends_at,
            device: record.device,
            current: false,
        }
    }
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

    /// The sessions of a user that are not over, with where they were begun, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub async fn list<U: UserId + ?Sized>(&self, user_id: &U) -> Result<Vec<SessionInfo>, Error> {
        let user_id = user_id.to_claim().into_owned();
        let records = self.inner.store.list(user_id).await?;
        Ok(records.into_iter().map(SessionInfo::from).collect())
    }

    /// What the database knows of a session; `None` if it is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    #[doc(alias = "getSessionInformation")]
    pub async fn info(&self, handle: SessionHandle) -> Result<Option<SessionInfo>, Error> {
        let record = self.inner.store.find(handle).await?;
        Ok(record.map(SessionInfo::from))
    }
}
