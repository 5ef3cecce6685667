//! Why a database cannot be opened, and why an operation was not done.

use crate::error::Error;

/// Why a database could not be opened; each says what to change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("`sessions.database` names `{scheme}:`, which is none of {known}")]
    UnknownScheme { scheme: String, known: String },
    #[error(
        "`sessions.database` names `{scheme}:`, for which session-runtime was built without its feature `{feature}`: \
         add it in Cargo.toml"
    )]
    FeatureOff {
        scheme: String,
        feature: &'static str,
    },
    #[cfg(feature = "sqlite")]
    #[error(
        "`sessions.database` must name a file: several connections share it, memory cannot be shared"
    )]
    NotAFile,
    #[cfg(feature = "sqlite")]
    #[error(
        "`sessions.database`: `{path}` does not open ({source}); its folder must exist and be writable"
    )]
    Connect {
        path: String,
        source: diesel::ConnectionError,
    },
    #[cfg(feature = "sqlite")]
    #[error(
        "`sessions.database`: `{path}` stays in journal mode `{mode}`; use a local file system that supports WAL"
    )]
    NoWal { path: String, mode: String },
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[error(
        "`sessions.database`: {database} does not let us in ({cause}); check that the server runs, and host, port, \
         user, password and database in the URL"
    )]
    Server { database: String, cause: String },
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[error(
        "`sessions.database`: {database} did not answer within {seconds} s; check host and port, or raise \
         `sessions.database_timeout`"
    )]
    NoAnswer { database: String, seconds: f64 },
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[error(
        "`sessions.database` names a server that only reads: {setting}; sessions need the primary"
    )]
    ReadOnly { setting: &'static str },
    #[cfg(feature = "mysql")]
    #[error(
        "`sessions.database` names a MariaDB server and no database on it: add one, as in `mysql://user:password@host/app`"
    )]
    NoDatabase,
    #[cfg(feature = "mysql")]
    #[error("another process migrates the session tables and did not finish in time: start again")]
    MigrationBusy,
    #[error(
        "the database has session tables of version {found}, this program knows {known}: start the newer program"
    )]
    NewerSchema { found: usize, known: usize },
    #[error("`sessions.database`: no connection to read with: {0}")]
    Readers(String),
    #[error(
        "`sessions.database`: the session tables could not be prepared ({0}); the user in the URL must be allowed to \
         create tables, or to read and write those that exist"
    )]
    Database(#[from] diesel::result::Error),
    #[error("the writer thread did not start: {0}")]
    Thread(#[from] std::io::Error),
}

/// Each backend: the schemes of its URLs, its feature, whether that is on.
const BACKENDS: [(&[&str], &str, bool); 3] = [
    (&["sqlite"], "sqlite", cfg!(feature = "sqlite")),
    (
        &["postgres", "postgresql"],
        "postgres",
        cfg!(feature = "postgres"),
    ),
    (&["mysql"], "mysql", cfg!(feature = "mysql")),
];

impl OpenError {
    /// For a URL whose scheme no backend of this build has.
    pub(super) fn scheme(scheme: &str) -> Self {
        let scheme = scheme.to_owned();
        let off = BACKENDS
            .iter()
            .find(|(schemes, _, _)| schemes.contains(&scheme.as_str()));
        if let Some((_, feature, false)) = off {
            return Self::FeatureOff { scheme, feature };
        }
        let known: Vec<String> = BACKENDS
            .iter()
            .filter(|(_, _, on)| *on)
            .map(|(schemes, _, _)| format!("`{}:`", schemes[0]))
            .collect();
        Self::UnknownScheme {
            scheme,
            known: known.join(", "),
        }
    }
}

/// Why an operation was not done. Nothing of it stays in the database, unless that is said.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Database(String),
    #[error(
        "the write queue is full: the database is slower than the requests, or `sessions.write_queue` is too small"
    )]
    QueueFull,
    #[error("{0}")]
    Keys(String),
    #[error("the writer has stopped")]
    Stopped,
    #[error("the write waited too long for the database")]
    TooLate,
    #[error(
        "the database did not answer in time; what was asked of it may be done all the same (`sessions.database_timeout`)"
    )]
    NoAnswer,
    /// The connection broke while it committed: the operation is done, or will be, or is not.
    #[error("the connection broke during the commit: {0}")]
    Unknown(String),
}

impl From<StoreError> for Error {
    /// The one place where the cause is logged; the caller only learns that it may try again.
    fn from(cause: StoreError) -> Self {
        tracing::error!(%cause, "the session store did not answer");
        Self::Unavailable
    }
}
