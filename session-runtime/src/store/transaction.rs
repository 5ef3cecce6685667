//! The application's own connection: what sessions do inside a transaction that the application
//! commits or rolls back.

use chrono::{DateTime, Utc};
use diesel::result::{Error as DatabaseError, QueryResult};

use super::StoreError;
use super::connection::{Link, query};
use super::models::Record;
use crate::error::Error;
use crate::handle::SessionHandle;

/// A Diesel connection over which an application can change sessions in its own transaction:
/// `SqliteConnection`, `PgConnection` or `MysqlConnection`, each under the feature of its database.
///
/// It must lead to the database that `sessions.database` names. Nobody else can implement it.
#[diagnostic::on_unimplemented(
    message = "sessions cannot be changed over `{Self}`",
    label = "not a connection of a database that session-runtime was built for",
    note = "it takes `&mut diesel::SqliteConnection`, `PgConnection` or `MysqlConnection`, under the features `sqlite`, \
            `postgres` and `mysql`"
)]
pub trait SessionConnection: lend::Lend {}

impl<C: lend::Lend> SessionConnection for C {}

mod lend {
    /// Implemented for Diesel's connections and not nameable outside.
    pub trait Lend {
        #[doc(hidden)]
        fn lend(&mut self) -> super::Lent<'_>;
    }
}

/// A connection on loan.
pub struct Lent<'c>(Link<'c>);

#[cfg(feature = "sqlite")]
impl lend::Lend for diesel::SqliteConnection {
    fn lend(&mut self) -> Lent<'_> {
        Lent(Link::Sqlite(self))
    }
}

#[cfg(feature = "postgres")]
impl lend::Lend for diesel::PgConnection {
    fn lend(&mut self) -> Lent<'_> {
        Lent(Link::Postgres(self))
    }
}

#[cfg(feature = "mysql")]
impl lend::Lend for diesel::MysqlConnection {
    fn lend(&mut self) -> Lent<'_> {
        Lent(Link::Mysql(self))
    }
}

impl Lent<'_> {
    pub(crate) fn create(&mut self, record: &Record) -> Result<(), StoreError> {
        stored(query!(&mut self.0, insert(&[record])))
    }

    /// The session, locked until the transaction ends.
    pub(crate) fn find(&mut self, handle: SessionHandle) -> Result<Option<Record>, StoreError> {
        stored(query!(&mut self.0, find_locked(handle)))
    }

    pub(crate) fn revoke(
        &mut self,
        handles: &[SessionHandle],
        until: DateTime<Utc>,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        stored(query!(&mut self.0, revoke(handles, until)))
    }

    pub(crate) fn revoke_user(
        &mut self,
        user_id: &str,
        except: Option<SessionHandle>,
        until: DateTime<Utc>,
    ) -> Result<Vec<SessionHandle>, StoreError> {
        stored(query!(&mut self.0, revoke_user(user_id, except, until)))
    }

    pub(crate) fn set_data(
        &mut self,
        handle: SessionHandle,
        data: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        stored(query!(&mut self.0, set_data(handle, data, now)))
    }

    pub(crate) fn set_payload(
        &mut self,
        handle: SessionHandle,
        payload: &str,
    ) -> Result<(), StoreError> {
        stored(query!(&mut self.0, set_payload(handle, payload)))
    }
}

impl std::fmt::Debug for Lent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lent")
    }
}

fn stored<T>(result: QueryResult<T>) -> Result<T, StoreError> {
    result.map_err(|error| StoreError::Database(error.to_string()))
}

/// So that `conn.transaction(..)` can return this crate's error: begin and commit may fail as well.
impl From<DatabaseError> for Error {
    fn from(cause: DatabaseError) -> Self {
        StoreError::Database(cause.to_string()).into()
    }
}
