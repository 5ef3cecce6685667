//! Changing sessions inside the application's own transaction, so that they commit or roll back with it.

use serde_json::{Map, Value};

use super::Sessions;
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::NewSession;
use crate::payload::{self, JwtPayload};
use crate::store::{Lent, SessionConnection};
use crate::token::SessionTokens;
use crate::user_id::UserId;

/// Changes sessions over the application's connection; made by [`Sessions::within`].
///
/// Nothing of it counts before the application commits. From then on every process, this one
/// included, refuses what was revoked within `revocation_bound`.
#[derive(Debug)]
pub struct Within<'c> {
    sessions: Sessions,
    conn: Lent<'c>,
}

/// A session that exists once the application has committed: its tokens cannot be sent before they
/// are taken out.
///
/// [`Login::hand_on`](crate::Login::hand_on) takes it after the commit and sets the cookies. After a
/// rollback, drop it.
#[derive(Debug)]
#[must_use = "after the commit, give it to `Login::hand_on`; without that the browser has no session"]
pub struct Uncommitted {
    tokens: SessionTokens,
}

impl Uncommitted {
    /// The session's name, for rows of the application in the same transaction.
    pub fn handle(&self) -> SessionHandle {
        self.tokens.handle()
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
    /// Those of [`Sessions::create`].
    #[doc(alias = "createNewSession")]
    pub fn create(&mut self, session: NewSession) -> Result<Uncommitted, Error> {
        let (record, tokens) = self.sessions.prepare(&session)?;
        self.conn.create(&record)?;
        Ok(Uncommitted { tokens })
    }

    /// Ends a session; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    #[doc(alias = "revokeSession")]
    pub fn revoke(&mut self, handle: SessionHandle) -> Result<bool, Error> {
        let until = self.sessions.revoked_until(self.now());
        Ok(!self.conn.revoke(&[handle], until)?.is_empty())
    }

    /// Ends all sessions of a user; returns them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    #[doc(alias = "revokeAllSessionsForUser")]
    pub fn revoke_all<U: UserId + ?Sized>(
        &mut self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        let until = self.sessions.revoked_until(self.now());
        Ok(self.conn.revoke_user(&user_id.to_claim(), None, until)?)
    }

    /// Ends all sessions of a user but one, the one that asks for it; returns those that ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    pub fn revoke_others<U: UserId + ?Sized>(
        &mut self,
        user_id: &U,
        keep: SessionHandle,
    ) -> Result<Vec<SessionHandle>, Error> {
        let until = self.sessions.revoked_until(self.now());
        Ok(self
            .conn
            .revoke_user(&user_id.to_claim(), Some(keep), until)?)
    }

    /// Overwrites the data of a session.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if there is no such session, [`Error::Unavailable`] if the database
    /// refuses.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub fn update_data<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        data: &P::Data,
    ) -> Result<(), Error> {
        let now = self.now();
        if self.conn.set_data(handle, &payload::to_json(data)?, now)? {
            Ok(())
        } else {
            Err(Error::GONE)
        }
    }

    /// Writes `changes` over the payload, key by key; `null` removes a key. The next access token
    /// carries the result.
    ///
    /// # Errors
    /// [`Error::Unauthorised`] if there is no such session, [`Error::ReservedClaim`] for a key of the
    /// protocol, [`Error::General`] if the result no longer fits `P`, [`Error::Unavailable`] if the
    /// database refuses. The payload stays as it was.
    #[doc(alias = "mergeIntoAccessTokenPayload")]
    pub fn merge_payload<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        changes: &Map<String, Value>,
    ) -> Result<(), Error> {
        let now = self.now();
        let found = self.conn.find(handle)?;
        let record = found
            .filter(|record| now < record.lineage.ends_at)
            .ok_or(Error::GONE)?;
        let merged = payload::merge::<P>(record.payload, changes)?;
        self.conn
            .set_payload(handle, &Value::Object(merged).to_string())?;
        Ok(())
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.sessions.inner.clock.now()
    }
}
