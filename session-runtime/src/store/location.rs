//! Where a database is: which backend the URL names, and how its connections are opened.

use std::time::Duration;

use super::OpenError;
use super::connection::AnyConnection;
#[cfg(feature = "mysql")]
use super::mysql;
#[cfg(feature = "postgres")]
use super::postgres;
#[cfg(feature = "sqlite")]
use super::sqlite;
#[cfg(feature = "sqlite")]
use crate::rules::database_url::has_login;

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
        if url.trim() != url || url.contains(char::is_control) {
            return Err(OpenError::Unfit(
                "has a space at its begin or end, or a line break, as a value has that was read from a file: remove it"
                    .into(),
            ));
        }
        let (scheme, _) = url.split_once(':').unwrap_or_default();
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
            return Err(OpenError::NoScheme);
        }
        match scheme {
            #[cfg(feature = "sqlite")]
            "sqlite" if has_login(url[scheme.len() + 1..].trim_start_matches('/')) => Err(OpenError::Unfit(
                "is a SQLite URL with a user and a host, and a file has neither: write for example \
                 `sqlite:///srv/app/sessions.db`, or begin with `postgres://` or `mysql://`"
                    .into(),
            )),
            #[cfg(feature = "sqlite")]
            "sqlite" | "file" => sqlite::Location::parse(url, timeout).map(Self::Sqlite),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres(postgres::Location::new(url, timeout))),
            #[cfg(feature = "mysql")]
            "mysql" => Ok(Self::Mysql(mysql::Location::new(url, timeout))),
            _ => Err(OpenError::scheme(scheme)),
        }
    }

    /// The same with another wait.
    #[cfg(feature = "transfer")]
    pub(super) fn within(&self, timeout: Duration) -> Self {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(location) => Self::Sqlite(location.clone()),
            #[cfg(feature = "postgres")]
            Self::Postgres(location) => Self::Postgres(location.within(timeout)),
            #[cfg(feature = "mysql")]
            Self::Mysql(location) => Self::Mysql(location.within(timeout)),
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

    /// Whether both are one file, by whatever names.
    #[cfg(feature = "transfer")]
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        match (self, other) {
            #[cfg(feature = "sqlite")]
            (Self::Sqlite(one), Self::Sqlite(other)) => one.files().is(other.path()),
            #[allow(
                unreachable_patterns,
                reason = "with one database there is no other kind"
            )]
            _ => false,
        }
    }

    /// Opens a connection that writes: what it commits is on the disk.
    pub(super) fn writer(&self) -> Result<AnyConnection, OpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(location) => location
                .writer()
                .map(|(conn, files)| AnyConnection::Sqlite(conn, files)),
            #[cfg(feature = "postgres")]
            Self::Postgres(location) => location
                .writer()
                .map(|(conn, settings)| AnyConnection::Postgres(conn, settings)),
            #[cfg(feature = "mysql")]
            Self::Mysql(location) => location.writer().map(AnyConnection::Mysql),
        }
    }

    /// Opens a connection that only reads.
    pub(super) fn reader(&self) -> Result<AnyConnection, OpenError> {
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(location) => location
                .reader()
                .map(|(conn, files)| AnyConnection::Sqlite(conn, files)),
            #[cfg(feature = "postgres")]
            Self::Postgres(location) => location
                .reader()
                .map(|(conn, settings)| AnyConnection::Postgres(conn, settings)),
            #[cfg(feature = "mysql")]
            Self::Mysql(location) => location.reader().map(AnyConnection::Mysql),
        }
    }

    /// Whether an open transaction can lock single rows, so that the others stay free.
    pub(super) fn locks_rows(&self) -> bool {
        self.file().is_none()
    }
}
