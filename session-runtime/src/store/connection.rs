//! A connection of whichever backend, how it reads and writes, and what its errors mean.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use diesel::connection::Connection as _;
#[cfg(feature = "postgres")]
use diesel::connection::SimpleConnection as _;
use diesel::r2d2::R2D2Connection;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::OpenError;
use super::backend::Backend;
use super::sql::Link;
#[cfg(feature = "sqlite")]
use super::sqlite;

/// A connection that the store owns.
pub(super) enum AnyConnection {
    /// With the files that it must still be about.
    #[cfg(feature = "sqlite")]
    Sqlite(diesel::SqliteConnection, sqlite::OpenFiles),
    /// Behind a pooler with the settings of each transaction, for there none last longer.
    #[cfg(feature = "postgres")]
    Postgres(diesel::PgConnection, Option<String>),
    #[cfg(feature = "mysql")]
    Mysql(diesel::MysqlConnection),
}

impl AnyConnection {
    /// Lends the connection to statements that need no transaction.
    #[cfg(any(feature = "postgres", feature = "mysql", feature = "transfer"))]
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

    /// What this database answers in its own way.
    pub(super) fn backend(&mut self) -> &mut dyn Backend {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(conn, _) => conn,
            #[cfg(feature = "postgres")]
            Self::Postgres(conn, _) => conn,
            #[cfg(feature = "mysql")]
            Self::Mysql(conn) => conn,
        }
    }

    /// Runs `body` as one transaction that may write.
    ///
    /// On SQLite it takes the lock at once: a deferred one that reads and then writes fails without
    /// waiting. What was written into a file that somebody deleted or replaced meanwhile has
    /// failed.
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
    /// A file that was deleted or replaced is not read.
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
        self.backend()
            .migrate()
            .map_err(|error| self.explain(error))
    }

    /// What a failure at launch means: SQLite's words alone do not say what to do.
    pub(super) fn explain(&self, error: OpenError) -> OpenError {
        match (self, error) {
            #[cfg(feature = "sqlite")]
            (Self::Sqlite(_, files), OpenError::Database(error)) => sqlite::explain(files, error),
            (_, error) => error,
        }
    }

    /// Whether the connection is of no use any more after `error`.
    pub(super) fn is_lost(&mut self, error: &Error) -> bool {
        // A server that became a replica meanwhile: the next connection may find the new primary.
        if matches!(
            error,
            Error::DatabaseError(DatabaseErrorKind::ReadOnlyTransaction, _)
        ) || error.to_string().contains("read-only option")
        {
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
    /// failure. The text of an error is in the server's language and Diesel names few kinds, so
    /// every kind that is not known to be final counts; the tries are few.
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

    /// Whether this is SQLite, where a writer locks the whole file.
    fn is_file(&self) -> bool {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(..) => true,
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => false,
        }
    }
}
