//! Where a database is: which backend the URL names, and how its connections are opened.

use std::time::Duration;

use super::OpenError;
use super::connection::Connection;
#[cfg(feature = "mysql")]
use super::mysql;
#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;

/// A database that connections can be opened to.
#[derive(Debug, Clone)]
pub(super) enum Location {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::Location),
    #[cfg(feature = "postgres")]
    Postgres(postgres::Location),
    #[cfg(feature = "mysql")]
    Mysql(mysql::Location),
}

impl Location {
    /// Reads a URL; its scheme chooses the backend. `timeout` bounds each wait for the database.
    pub(super) fn parse(url: &str, timeout: Duration) -> Result<Self, OpenError> {
        let scheme = url.split(':').next().unwrap_or_default();
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" | "file" => sqlite::Location::parse(url, timeout).map(Self::Sqlite),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres(postgres::Location::new(url, timeout))),
            #[cfg(feature = "mysql")]
            "mysql" => Ok(Self::Mysql(mysql::Location::new(url, timeout))),
            _ => Err(OpenError::scheme(scheme)),
        }
    }

    /// The file that this database is, if it is one.
    pub(super) fn file(&self) -> Option<&str> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(location) => Some(location.path()),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => None,
        }
    }

    /// Opens a connection that writes: what it commits is on the disk.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(location) => location
                .writer()
                .map(|(conn, files)| Connection::Sqlite(conn, files)),
            #[cfg(feature = "postgres")]
            Self::Postgres(location) => location
                .writer()
                .map(|(conn, settings)| Connection::Postgres(conn, settings)),
            #[cfg(feature = "mysql")]
            Self::Mysql(location) => location.writer().map(Connection::Mysql),
        }
    }

    /// Opens a connection that only reads.
    pub(super) fn reader(&self) -> Result<Connection, OpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(location) => location
                .reader()
                .map(|(conn, files)| Connection::Sqlite(conn, files)),
            #[cfg(feature = "postgres")]
            Self::Postgres(location) => location
                .reader()
                .map(|(conn, settings)| Connection::Postgres(conn, settings)),
            #[cfg(feature = "mysql")]
            Self::Mysql(location) => location.reader().map(Connection::Mysql),
        }
    }

    /// Whether somebody's open transaction can block one row and leave the others free.
    pub(super) fn locks_rows(&self) -> bool {
        self.file().is_none()
    }
}
