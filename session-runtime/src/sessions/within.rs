//! Changing sessions inside the application's own transaction, with which the changes commit or
//! roll back.

use serde_json::{Map, Value};

use super::Sessions;
use super::edits::{change_payload, merge, write_data};
use super::login_context::LoginContext;
use super::payload_types::Refused;
use super::start::accept;
use super::uncommitted::Uncommitted;
use crate::device::Device;
use crate::error::Error;
use crate::event::Event;
use crate::handle::SessionHandle;
use crate::new_session::NewSession;
use crate::panics::contained;
use crate::payload::JwtPayload;
use crate::payload::claims_set::Mismatch;
use crate::payload::types::PayloadType;
use crate::record::Record;
use crate::store::{Lent, SessionConnection};
use crate::token::Transport;
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn for_the_command_line(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     user: &str,
    /// ) -> Result<Uncommitted, Error> {
    ///     let session = NewSession::new(user.to_owned(), Claims { role: "bot".into() }, vec![]);
    ///     sessions.within(conn).create(session, Transport::Header)
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn end(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     who: SessionHandle,
    /// ) -> Result<bool, Error> {
    ///     sessions.within(conn).revoke(who)
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn block(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     user: &str,
    /// ) -> Result<usize, Error> {
    ///     // Beside the statement that blocks the user.
    ///     Ok(sessions.within(conn).revoke_all(user)?.len())
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn change_password(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     user: &str,
    ///     who: SessionHandle,
    /// ) -> Result<usize, Error> {
    ///     // Beside the statement that stores the password.
    ///     Ok(sessions.within(conn).revoke_others(user, who)?.len())
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn empty(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     who: SessionHandle,
    /// ) -> Result<bool, Error> {
    ///     sessions.within(conn).set_data::<Claims>(who, &vec![])
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn add(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     who: SessionHandle,
    /// ) -> Result<bool, Error> {
    ///     sessions.within(conn).update_data::<Claims>(who, |basket| basket.push("pear".into()))
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn demote(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     who: SessionHandle,
    /// ) -> Result<bool, Error> {
    ///     let demote = |claims: &mut Claims| claims.role = "reader".into();
    ///     sessions.within(conn).update_payload::<Claims>(who, demote)
    /// }
    /// ```
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
    /// ```
    /// # use session_runtime::{Error, JwtPayload, NewSession, SessionHandle, Sessions};
    /// # use session_runtime::sessions::{SessionConnection, Uncommitted};
    /// # use session_runtime::token::Transport;
    /// # #[derive(serde::Serialize, serde::Deserialize, JwtPayload)]
    /// # #[session(data = Vec<String>)]
    /// # struct Claims { role: String }
    /// fn demote(
    ///     sessions: &Sessions,
    ///     conn: &mut impl SessionConnection, // in a transaction
    ///     who: SessionHandle,
    /// ) -> Result<bool, Error> {
    ///     let mut role = serde_json::Map::new();
    ///     role.insert("role".into(), "reader".into());
    ///     sessions.within(conn).merge_payload::<Claims>(who, role)
    /// }
    /// ```
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
