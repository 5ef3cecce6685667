//! Changing sessions inside the application's own transaction, so that they commit or roll back with it.

use serde_json::{Map, Value};

use super::Sessions;
use super::change::{change_payload, merge, write_data};
use super::payload_types::Refused;
use super::start::accept;
use crate::arrival::Arrival;
use crate::config::Transfer;
use crate::device::Device;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::NewSession;
use crate::panics::contained;
use crate::payload::JwtPayload;
use crate::payload::claims_set::Mismatch;
use crate::payload::types::PayloadType;
use crate::record::Record;
use crate::store::{Lent, SessionConnection};
use crate::token::{SessionTokens, Transport};
use crate::user_id::UserId;

/// Changes sessions over the application's connection; made by [`Sessions::within`].
///
/// Nothing of it counts before the application commits. From then on every process, this one
/// included, refuses what was revoked within `revocation_bound`.
#[derive(Debug)]
pub struct Within<'c> {
    pub(super) sessions: Sessions,
    pub(super) conn: Lent<'c>,
}

/// A session that exists once the application has committed: its tokens cannot be sent before they
/// are taken out.
///
/// [`Login::hand_on`](crate::Login::hand_on) takes it after the commit and sets the cookies. After a
/// rollback, drop it.
#[derive(Debug)]
#[must_use = "after the commit, give it to `Login::hand_on`; without that the browser has no session"]
pub struct Uncommitted {
    pub(super) tokens: SessionTokens,
}

impl Uncommitted {
    /// The session's name, for rows of the application in the same transaction.
    pub fn handle(&self) -> SessionHandle {
        self.tokens.handle()
    }

    /// The tokens, for a look.
    pub(crate) fn tokens(&self) -> &SessionTokens {
        &self.tokens
    }

    /// The tokens. Call it after the commit: the tokens of a transaction that was rolled back look
    /// good and are worth nothing.
    pub fn after_commit(self) -> SessionTokens {
        self.tokens
    }
}

impl Sessions {
    #[doc = include_str!("../../docs/within.md")]
    pub fn within<'c>(&self, conn: &'c mut impl SessionConnection) -> Within<'c> {
        Within {
            sessions: self.clone(),
            conn: conn.lend(),
        }
    }
}

impl Within<'_> {
    /// Starts a session.
    ///
    /// # Errors
    /// Those of [`Sessions::create`]; with `max_sessions_per_user` also [`Error::IsolationLevel`] on
    /// PostgreSQL unless the transaction is `READ COMMITTED`.
    #[doc(alias = "createNewSession")]
    pub fn create(&mut self, session: NewSession) -> Result<Uncommitted, Error> {
        let arrival = session.mark.clone().unwrap_or_else(|| {
            let transport = match self.sessions.config().transfer {
                Transfer::Header => Transport::Header,
                Transfer::Any | Transfer::Cookie => Transport::Cookie,
            };
            Arrival::new(transport, Device::default())
        });
        let (creation, tokens) = self.sessions.prepare(&session, &arrival)?;
        accept(self.conn.create(&creation, self.sessions.now())?)?;
        Ok(Uncommitted { tokens })
    }

    /// Ends a session; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    #[doc(alias = "revokeSession")]
    pub fn revoke(&mut self, handle: SessionHandle) -> Result<bool, Error> {
        Ok(!self.conn.revoke(&[handle])?.is_empty())
    }

    /// Ends all sessions of a user; returns them.
    ///
    /// # Errors
    /// [`Error::IsolationLevel`] on PostgreSQL unless the transaction is `READ COMMITTED`;
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    #[doc(alias = "revokeAllSessionsForUser")]
    pub fn revoke_all<U: UserId + ?Sized>(
        &mut self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let now = self.sessions.now();
        self.conn.revoke_user(&user_id.to_claim(), None, now)
    }

    /// Ends all sessions of a user but one, the one that asks for it; returns those that ended.
    ///
    /// # Errors
    /// Those of [`revoke_all`](Self::revoke_all).
    pub fn revoke_others<U: UserId + ?Sized>(
        &mut self,
        user_id: &U,
        keep: SessionHandle,
    ) -> Result<Vec<SessionHandle>, Error> {
        let now = self.sessions.now();
        self.conn.revoke_user(&user_id.to_claim(), Some(keep), now)
    }

    /// Overwrites the data of a session; says whether there was such a session. Within the transaction
    /// nobody else changes it.
    ///
    /// # Errors
    /// [`Error::DataTooLarge`], [`Error::Unstorable`], [`Error::Unavailable`] if the database refuses. The
    /// data stays as it was.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub fn set_data<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        data: &P::Data,
    ) -> Result<bool, Error> {
        let data = self.sessions.data_text(data)?;
        let set = self.change::<P, _>(handle, |record| {
            write_data(record, data.clone());
            Ok(())
        });
        Ok(set?.is_some())
    }

    /// Lets `change` alter the data of a session; returns what it has become, `None` if there is no such
    /// session.
    ///
    /// # Errors
    /// Those of [`Sessions::update_data`]. The data stays as it was.
    pub fn update_data<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        change: impl Fn(&mut P::Data),
    ) -> Result<Option<P::Data>, Error> {
        let sessions = self.sessions.clone();
        self.change::<P, _>(handle, |record| sessions.change_data::<P>(record, &change))
    }

    /// Lets `change` alter the payload of a session; says whether there was such a session. The next access
    /// token carries the result.
    ///
    /// # Errors
    /// Those of [`Sessions::update_payload`]. The payload stays as it was.
    pub fn update_payload<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        change: impl Fn(&mut P),
    ) -> Result<bool, Error> {
        let sessions = self.sessions.clone();
        let updated = self.change::<P, _>(handle, |record| {
            change_payload(record, &change)?;
            Ok(sessions.require_fit(record)?)
        });
        Ok(updated?.is_some())
    }

    /// Merges keys into the payload of a session; `null` removes a key. Says whether there was such a
    /// session. The next access token carries the result.
    ///
    /// # Errors
    /// Those of [`Sessions::merge_payload`]. The payload stays as it was.
    #[doc(alias = "mergeIntoAccessTokenPayload")]
    pub fn merge_payload<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        changes: &Map<String, Value>,
    ) -> Result<bool, Error> {
        let sessions = self.sessions.clone();
        let merged = self.change::<P, _>(handle, |record| {
            merge::<P>(&mut record.payload, changes)?;
            Ok(sessions.require_fit(record)?)
        });
        Ok(merged?.is_some())
    }

    fn change<P: JwtPayload, T>(
        &mut self,
        handle: SessionHandle,
        change: impl Fn(&mut Record) -> Result<T, Refused>,
    ) -> Result<Option<T>, Error> {
        self.sessions.enter(PayloadType::of::<P>())?;
        // An error lets the application roll back; a panic might leave its connection in the transaction.
        let typed = |record: &mut Record| {
            contained(|| {
                Mismatch::check_name::<P>(&record.payload_type)?;
                change(record)
            })
        };
        let changed = self.conn.change(handle, self.sessions.now(), typed)?;
        changed
            .transpose()
            .map_err(|refused| self.sessions.explain(handle, refused))
    }
}
