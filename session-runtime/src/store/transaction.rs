//! The application's own connection: what sessions do inside a transaction that the application
//! commits or rolls back.

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;

use super::StoreError;
use super::connection::{Link, query};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::record::{Created, Creation, Others, Record};

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
    pub(crate) fn create(
        &mut self,
        creation: &Creation,
        now: DateTime<Utc>,
    ) -> Result<Created, Error> {
        if creation.limit.is_some() {
            self.require_current_reads()?;
        }
        Ok(stored(query!(&mut self.0, create(creation, now)))?)
    }

    /// Replaces a session by what `succeed` makes of it; `None` if there is none.
    pub(crate) fn succeed(
        &mut self,
        handle: SessionHandle,
        user_id: &str,
        now: DateTime<Utc>,
        others: Others,
        succeed: impl Fn(Record) -> Record,
    ) -> Result<Option<(Record, Vec<SessionHandle>)>, Error> {
        if others == Others::End {
            self.require_current_reads()?;
        }
        Ok(stored(query!(
            &mut self.0,
            succeed(handle, user_id, now, others, &succeed)
        ))?)
    }

    /// Lets `change` alter a session; `None` if there is none.
    pub(crate) fn change<T, E>(
        &mut self,
        handle: SessionHandle,
        now: DateTime<Utc>,
        change: impl Fn(&mut Record) -> Result<T, E>,
    ) -> Result<Option<Result<T, E>>, StoreError> {
        stored(query!(&mut self.0, change(handle, now, &change)))
    }

    pub(crate) fn revoke(
        &mut self,
        handles: &[SessionHandle],
    ) -> Result<Vec<SessionHandle>, StoreError> {
        stored(query!(&mut self.0, revoke(handles, false)))
    }

    pub(crate) fn revoke_user(
        &mut self,
        user_id: &str,
        except: Option<SessionHandle>,
        now: DateTime<Utc>,
    ) -> Result<Vec<SessionHandle>, Error> {
        self.require_current_reads()?;
        Ok(stored(query!(
            &mut self.0,
            revoke_user(user_id, except, now)
        ))?)
    }

    /// What must see every session of a user cannot be done by an old snapshot.
    fn require_current_reads(&mut self) -> Result<(), Error> {
        match stored(self.0.stale_isolation())? {
            Some(found) => Err(Error::IsolationLevel { found }),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Lent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lent")
    }
}

/// Over a connection of the application nothing tries again, so there is a line for each failure.
fn stored<T>(result: QueryResult<T>) -> Result<T, StoreError> {
    result.map_err(|error| {
        tracing::error!(cause = %error, "a change of sessions failed within a transaction");
        StoreError::Database(error.to_string())
    })
}
