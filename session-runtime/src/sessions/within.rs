//! Changing sessions inside the application's own transaction, with which the changes commit or
//! roll back.

use serde_json::{Map, Value};

use super::Sessions;
use super::change::{change_payload, merge, write_data};
use super::login_context::LoginContext;
use super::payload_types::Refused;
use super::start::accept;
use crate::device::Device;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::new_session::{NewSession, SessionKind};
use crate::panics::contained;
use crate::payload::JwtPayload;
use crate::payload::claims_set::Mismatch;
use crate::payload::types::PayloadType;
use crate::record::Record;
use crate::store::{Lent, SessionConnection};
use crate::token::{SessionTokens, Transport};
use crate::user_id::UserId;

/// Changes sessions over the application's connection, inside its transaction: see
/// [`Sessions::within`].
///
/// The changes take effect when the application commits. From then on every process, including this
/// one, refuses revoked sessions within `revocation_bound`.
#[doc(alias = "transaction")]
#[derive(Debug)]
pub struct Within<'c> {
    pub(super) sessions: Sessions,
    conn: Lent<'c>,
    /// Whether the connection was found to lead to the sessions' database.
    is_checked: bool,
}

/// A session that was created in a transaction which is not yet committed; it does not give out its
/// tokens before.
///
/// After the commit, [`Login::attach`](crate::Login::attach) sets the cookies, or
/// [`Session::attach`](crate::Session::attach) for a session that was replaced. After a rollback,
/// drop it.
#[derive(Debug)]
#[must_use = "after the commit, give it to `Login::attach`; without that the browser has no session"]
pub struct Uncommitted {
    pub(super) tokens: SessionTokens,
    pub(super) kind: SessionKind,
    pub(super) sessions: Sessions,
}

impl Uncommitted {
    /// The kind of session, which decides what it replaces.
    pub(crate) fn kind(&self) -> SessionKind {
        self.kind
    }

    /// The session's handle, for rows of the application in the same transaction.
    pub fn handle(&self) -> SessionHandle {
        self.tokens.handle()
    }

    /// Returns the tokens. Call it only after the commit.
    ///
    /// After a rollback the tokens would look valid, but belong to no session.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the SQLite file was deleted or replaced, so that the commit is
    /// lost.
    pub fn after_commit(self) -> Result<SessionTokens, Error> {
        let inner = &self.sessions.inner;
        let checked = inner.store.requests.check_files();
        checked.inspect_err(|cause| cause.report(&inner.reports.events))?;
        Ok(self.tokens)
    }
}

impl Sessions {
    #[doc = include_str!("../../docs/within.md")]
    pub fn within<'c>(&self, conn: &'c mut impl SessionConnection) -> Within<'c> {
        Within {
            sessions: self.clone(),
            conn: conn.lend(),
            is_checked: false,
        }
    }
}

impl<'c> Within<'c> {
    /// The connection, after checking that it leads to the sessions' database.
    pub(super) fn conn(&mut self) -> Result<&mut Lent<'c>, Error> {
        if !self.is_checked {
            if let Some(found) = self
                .conn
                .other_database(self.sessions.inner.store.requests.identity())?
            {
                let told = found.clone();
                self.sessions.emit(&Event::WrongDatabase { found: told });
                return Err(Error::WrongDatabase { found });
            }
            self.is_checked = true;
        }
        Ok(&mut self.conn)
    }
}

/// Each method returns [`Error::WrongDatabase`] if the connection does not lead to
/// `sessions.database`.
impl Within<'_> {
    /// Starts a session for a client that did not send this request;
    /// [`create_for`](Self::create_for) is for the one that did.
    ///
    /// # Errors
    /// Those of [`Sessions::create`]; with `max_sessions_per_user` also [`Error::IsolationLevel`]
    /// on PostgreSQL unless the transaction is `READ COMMITTED`.
    #[doc(alias = "createNewSession")]
    pub fn create(
        &mut self,
        session: NewSession,
        transport: Transport,
    ) -> Result<Uncommitted, Error> {
        self.sessions.require_transport(transport)?;
        self.start(&session, &LoginContext::new(transport, Device::default()))
    }

    /// Starts a session for a login that comes from `context`.
    pub(crate) fn start(
        &mut self,
        session: &NewSession,
        context: &LoginContext,
    ) -> Result<Uncommitted, Error> {
        let (creation, tokens) = self.sessions.prepare(session, context)?;
        if creation.limit.is_some() {
            self.conn()?.require_current_reads()?;
        }
        let now = self.sessions.now();
        accept(self.conn()?.run(|link| link.create(&creation, now))?)?;
        Ok(Uncommitted {
            tokens,
            kind: session.kind(),
            sessions: self.sessions.clone(),
        })
    }

    /// Ends a session of any user; returns whether it existed.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    #[doc(alias = "revokeSession")]
    pub fn revoke(&mut self, handle: SessionHandle) -> Result<bool, Error> {
        let ended = self.conn()?.run(|link| link.revoke(&[handle], false))?;
        Ok(!ended.is_empty())
    }

    /// Ends all sessions of a user; returns their handles.
    ///
    /// # Errors
    /// [`Error::IsolationLevel`] on PostgreSQL unless the transaction is `READ COMMITTED`;
    /// [`Error::Unavailable`] if the database refuses; roll back then.
    #[doc(alias = "sign out everywhere")]
    #[doc(alias = "revokeAllSessionsForUser")]
    pub fn revoke_all<U: UserId + ?Sized>(
        &mut self,
        user_id: &U,
    ) -> Result<Vec<SessionHandle>, Error> {
        self.revoke_user(&user_id.to_claim(), None)
    }

    /// Ends all sessions of a user except `keep`; returns their handles.
    ///
    /// # Errors
    /// Those of [`revoke_all`](Self::revoke_all).
    pub fn revoke_others<U: UserId + ?Sized>(
        &mut self,
        user_id: &U,
        keep: SessionHandle,
    ) -> Result<Vec<SessionHandle>, Error> {
        self.revoke_user(&user_id.to_claim(), Some(keep))
    }

    /// Overwrites the data of a session; returns whether the session exists.
    ///
    /// Nobody else can change the data until the transaction ends.
    ///
    /// # Errors
    /// [`Error::DataTooLarge`], [`Error::Unstorable`], [`Error::Unavailable`] if the database
    /// refuses. The data is not changed.
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

    /// Changes the data of a session with `change`; returns whether the session exists.
    ///
    /// # Errors
    /// Those of [`Sessions::update_data`]. The data is not changed.
    #[doc(alias = "updateSessionDataInDatabase")]
    pub fn update_data<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        change: impl Fn(&mut P::Data),
    ) -> Result<bool, Error> {
        let sessions = self.sessions.clone();
        let updated =
            self.change::<P, _>(handle, |record| sessions.change_data::<P>(record, &change));
        Ok(updated?.is_some())
    }

    /// Changes the payload of a session with `change`; returns whether the session exists.
    ///
    /// The next access token contains the result.
    ///
    /// # Errors
    /// Those of [`Sessions::update_payload`]. The payload is not changed.
    #[doc(alias = "updateAccessTokenPayload")]
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

    /// Merges keys into the payload of a session; `null` removes a key. Returns whether the session
    /// exists.
    ///
    /// The next access token contains the result.
    ///
    /// # Errors
    /// Those of [`Sessions::merge_payload`]. The payload is not changed.
    #[doc(alias = "mergeIntoAccessTokenPayload")]
    pub fn merge_payload<P: JwtPayload>(
        &mut self,
        handle: SessionHandle,
        changes: Map<String, Value>,
    ) -> Result<bool, Error> {
        let sessions = self.sessions.clone();
        let merged = self.change::<P, _>(handle, |record| {
            merge::<P>(&mut record.payload, &changes)?;
            Ok(sessions.require_fit(record)?)
        });
        Ok(merged?.is_some())
    }

    fn revoke_user(
        &mut self,
        user_id: &str,
        except: Option<SessionHandle>,
    ) -> Result<Vec<SessionHandle>, Error> {
        self.conn()?.require_current_reads()?;
        let now = self.sessions.now();
        Ok(self
            .conn()?
            .run(|link| link.revoke_user(user_id, except, now))?)
    }

    fn change<P: JwtPayload, T>(
        &mut self,
        handle: SessionHandle,
        change: impl Fn(&mut Record) -> Result<T, Refused>,
    ) -> Result<Option<T>, Error> {
        self.sessions.enter(PayloadType::of::<P>())?;
        // An error lets the application roll back; a panic might leave its connection in the
        // transaction.
        let typed = |record: &mut Record| {
            contained(|| {
                Mismatch::check_name::<P>(&record.payload_type)?;
                change(record)
            })
        };
        let now = self.sessions.now();
        let changed = self.conn()?.run(|link| link.change(handle, now, typed))?;
        changed
            .transpose()
            .map_err(|refused| self.sessions.explain(handle, refused))
    }
}
