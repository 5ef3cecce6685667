//! A connection of whichever backend, and the calls that go to the one it is.

use chrono::{DateTime, Utc};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use diesel::connection::Connection as _;
#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection as _;
use diesel::r2d2::R2D2Connection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::OpenError;
#[cfg(feature = "sqlite")]
use super::sqlite;

/// A connection that the store owns.
pub(super) enum Connection {
    /// With the files that it must still be about.
    #[cfg(feature = "sqlite")]
    Sqlite(diesel::SqliteConnection, sqlite::OpenFiles),
    /// Behind a pooler with the settings of each transaction, for there none last longer.
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection, Option<String>),
    #[cfg(feature = "mysql")]
    Mysql(diesel::MysqlConnection),
}

/// A connection in the hands of queries: of the store, or of the application in its transaction.
pub(crate) enum Link<'c> {
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut diesel::SqliteConnection),
    #[cfg(feature = "postgres")]
    Postgres(&'c mut diesel::PgConnection),
    #[cfg(feature = "mysql")]
    Mysql(&'c mut diesel::MysqlConnection),
}

/// Evaluates `$body` with `$conn` as the connection inside `$value` and `backend` as its module.
macro_rules! dispatch {
    ($value:expr, $kind:ident, $conn:pat => $body:expr) => {
        match $value {
            #[cfg(feature = "sqlite")]
            $kind::Sqlite($conn, ..) => {
                #[allow(unused_imports)]
                use $crate::store::sqlite as backend;
                $body
            }
            #[cfg(feature = "postgres")]
            $kind::Postgres($conn, ..) => {
                #[allow(unused_imports)]
                use $crate::store::postgres as backend;
                $body
            }
            #[cfg(feature = "mysql")]
            $kind::Mysql($conn) => {
                #[allow(unused_imports)]
                use $crate::store::mysql as backend;
                $body
            }
        }
    };
}

/// Runs a function of `queries.rs` over a [`Link`]: `query!(link, find(handle))`.
macro_rules! query {
    ($link:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        use $crate::store::connection::Link;
        $crate::store::connection::dispatch!($link, Link, conn => backend::queries::$name(conn, $($argument),*))
    }};
}

pub(super) use {dispatch, query};

impl Link<'_> {
    /// The time by the clock of the database server; a file has none.
    pub(super) fn time(&mut self) -> QueryResult<Option<DateTime<Utc>>> {
        dispatch!(self, Self, conn => backend::time(conn))
    }
}

impl Link<'_> {
    /// Forgets up to `most` locks of users that were last used before `before`, where they last so long.
    pub(super) fn delete_user_locks(
        &mut self,
        before: DateTime<Utc>,
        most: i64,
    ) -> QueryResult<()> {
        dispatch!(self, Self, conn => backend::delete_user_locks(conn, before, most))
    }

    /// The isolation level of the open transaction, if it hides what others commit meanwhile.
    pub(super) fn stale_isolation(&mut self) -> QueryResult<Option<String>> {
        dispatch!(self, Self, conn => backend::stale_isolation(conn))
    }
}

impl Connection {
    /// Lends the connection to queries that need no transaction.
    pub(super) fn link(&mut self) -> Link<'_> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn, _) => Link::Sqlite(conn),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn, _) => Link::Postgres(conn),
            #[cfg(feature = "mysql")]
            Self::Mysql(conn) => Link::Mysql(conn),
        }
    }

    /// Runs `body` as one transaction that may write.
    ///
    /// On SQLite it takes the lock at once: a deferred one that reads and then writes fails without
    /// waiting. What was written into a file that somebody deleted or replaced meanwhile has failed.
    pub(super) fn write<T>(
        &mut self,
        body: impl FnOnce(&mut Link<'_>) -> QueryResult<T>,
    ) -> QueryResult<T> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn, files) => {
                files.check()?;
                let done = conn.immediate_transaction(|conn| body(&mut Link::Sqlite(conn)))?;
                files.check().map(|()| done)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(conn, settings) => conn.transaction(|conn| {
                if let Some(settings) = settings {
                    conn.batch_execute(settings)?;
                }
                body(&mut Link::Postgres(conn))
            }),
            #[cfg(feature = "mysql")]
            Self::Mysql(conn) => conn.transaction(|conn| body(&mut Link::Mysql(conn))),
        }
    }

    /// Runs `query`, whose wait is bounded: by the settings of the connection, or of a transaction.
    /// A file that somebody deleted or replaced is not read any more.
    pub(super) fn read<T>(
        &mut self,
        query: impl FnOnce(&mut Link<'_>) -> QueryResult<T>,
    ) -> QueryResult<T> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn, files) => {
                files.check()?;
                query(&mut Link::Sqlite(conn))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(_, Some(_)) => self.write(query),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => query(&mut self.link()),
        }
    }

    /// Brings the tables to this version.
    pub(super) fn migrate(&mut self) -> Result<(), OpenError> {
        let migrated = dispatch!(self, Self, conn => backend::migrate(conn));
        match (self, migrated) {
            #[cfg(feature = "sqlite")]
            (Self::Sqlite(_, files), Err(OpenError::Database(error))) => {
                Err(sqlite::explain(files, error))
            }
            (_, migrated) => migrated,
        }
    }

    /// The version of the tables, if there are any, and the version that this program knows.
    pub(super) fn versions(&mut self) -> QueryResult<(Option<i64>, usize)> {
        dispatch!(self, Self, conn => backend::migrations::versions(conn))
    }

    /// Settings of the database under which a commit may be lost, each as a sentence.
    pub(super) fn weaknesses(&mut self) -> Result<Vec<String>, OpenError> {
        dispatch!(self, Self, conn => backend::weaknesses(conn))
    }

    /// Whether the connection is of no use any more after `error`.
    pub(super) fn is_lost(&mut self, error: &Error) -> bool {
        // A server that became a replica meanwhile: the next connection may find the new primary.
        if matches!(
            error,
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)
        ) {
            return true;
        }
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn, _) => conn.is_broken(),
            #[cfg(feature = "postgres")]
            Self::Postgres(conn, _) => conn.is_broken() || conn.ping().is_err(),
            #[cfg(feature = "mysql")]
            Self::Mysql(conn) => conn.is_broken() || conn.ping().is_err(),
        }
    }

    /// Whether another try may not meet `error`: somebody's lock, a deadlock, a serialisation
    /// failure. The text of an error is in the server's language and Diesel names few kinds, so every
    /// kind that is not known to be final counts; the tries are few.
    pub(super) fn may_pass(&self, error: &Error) -> bool {
        let not_final = matches!(
            error,
            Error::DatabaseError(
                DatabaseErrorKind::Unknown | DatabaseErrorKind::SerializationFailure,
                _
            )
        );
        not_final && !self.is_file()
    }

    /// Whether this is SQLite, where whoever writes has the whole file.
    fn is_file(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(..) => true,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => false,
        }
    }
}
