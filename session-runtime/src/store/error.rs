//! Why a database cannot be opened, and why an operation was not done.

#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::server::Refusal;
use super::{error_text, remedies};
use crate::error::Error;
use crate::event::{Event, EventSink};

/// Why a database could not be opened; each says what to change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(
        "`sessions.database` begins with no scheme: write `sqlite://` in front of the path of a file, or `postgres://..` or `mysql://..`"
    )]
    NoScheme,
    #[error("`sessions.database` names `{scheme}:`, which is none of {known}{hint}")]
    UnknownScheme {
        scheme: String,
        known: String,
        hint: String,
    },
    #[error(
        "`sessions.database` names `{scheme}:`, for which session-runtime was built without its feature `{feature}`: \
         add it in Cargo.toml"
    )]
    FeatureOff {
        scheme: String,
        feature: &'static str,
    },
    #[cfg(feature = "sqlite")]
    #[error("`sessions.database = \"{url}\"` {problem}")]
    Url { url: String, problem: String },
    #[cfg(feature = "sqlite")]
    #[error("`sessions.database` names the file `{path}`, {problem}")]
    File { path: String, problem: String },
    #[cfg(feature = "sqlite")]
    #[error("{0}")]
    Gone(diesel::result::Error),
    #[cfg(feature = "sqlite")]
    #[error(
        "`sessions.database`: `{path}` stays in journal mode `{mode}`; use a local file system that supports WAL"
    )]
    NoWal { path: String, mode: String },
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[error(
        "`sessions.database` is a URL that {0}: write `postgres://user:password@host:port/database` or `mysql://` \
         likewise; in a user and a password only letters, digits, `-`, `.`, `_` and `~` stand for themselves, the others \
         are percent-encoded (`@` is `%40`, `/` is `%2F`, `:` is `%3A`, `%` is `%25`)"
    )]
    ServerUrl(String),
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[error("`sessions.database`: {database} does not let us in ({cause}); {}", refusal.advice())]
    Server {
        database: String,
        cause: String,
        refusal: Refusal,
    },
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
    #[error("`sessions.database` {0}")]
    Unfit(String),
    #[error("`sessions.database`: {0}")]
    Explained(String),
    #[cfg(feature = "mysql")]
    #[error(
        "`sessions.database` names a MariaDB server and no database on it: add one, as in `mysql://user:password@host/app`"
    )]
    NoDatabase,
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    #[error("another process migrates the session tables and did not finish in time: start again")]
    MigrationBusy,
    #[error(
        "the database has session tables of version {found}, this program knows {known}: start the newer program"
    )]
    NewerSchema { found: usize, known: usize },
    #[error(
        "`sessions.database` has a table `{table}` that is somebody else's, where sessions have one of this name: give \
         sessions a {elsewhere}"
    )]
    ForeignTable {
        table: String,
        elsewhere: &'static str,
    },
    #[error(
        "not all sessions were moved into this database yet: run `session-admin move` again, until it says that both \
         sides are equal"
    )]
    HalfMoved,
    #[error(
        "`sessions.database` refuses another connection: {0}; a process opens `write_connections` + `read_connections` + 1, \
         and needs three: allow three to the user in the URL, or more to the server, and lower the two settings to what is left"
    )]
    Further(Box<Self>),
    #[error(
        "`sessions.database`: the session tables could not be read, made or brought up to date ({})", error_text::without_values(.0)
    )]
    Database(diesel::result::Error),
    #[error(
        "a thread for the database did not start ({0}): raise the limit of threads of this process or of its container \
         (`ulimit -u`, `TasksMax=`, `--pids-limit`)"
    )]
    Thread(#[from] std::io::Error),
}

/// The URLs of one kind of database.
struct Scheme {
    /// How they begin; the first is the one to show.
    names: &'static [&'static str],
    feature: &'static str,
    /// Whether this build has the feature.
    is_on: bool,
}

const SCHEMES: [Scheme; 3] = [
    Scheme {
        names: &["sqlite"],
        feature: "sqlite",
        is_on: cfg!(feature = "sqlite"),
    },
    Scheme {
        names: &["postgres", "postgresql"],
        feature: "postgres",
        is_on: cfg!(feature = "postgres"),
    },
    Scheme {
        names: &["mysql"],
        feature: "mysql",
        is_on: cfg!(feature = "mysql"),
    },
];

impl OpenError {
    /// For a URL whose scheme no backend of this build has.
    pub(super) fn scheme(scheme: &str) -> Self {
        Self::scheme_among(scheme, &SCHEMES)
    }

    fn scheme_among(scheme: &str, schemes: &[Scheme]) -> Self {
        let named = schemes.iter().find(|one| one.names.contains(&scheme));
        if let Some(off) = named.filter(|one| !one.is_on) {
            return Self::FeatureOff {
                scheme: scheme.to_owned(),
                feature: off.feature,
            };
        }
        let on = schemes.iter().filter(|one| one.is_on);
        let known: Vec<String> = on.map(|one| format!("`{}:`", one.names[0])).collect();
        Self::UnknownScheme {
            scheme: scheme.to_owned(),
            known: known.join(", "),
            hint: match &*scheme.to_ascii_lowercase() {
                "mariadb" => ": a URL of MariaDB begins with `mysql:`".into(),
                "postgres" | "postgresql" | "postgre" | "pgsql" | "psql" | "pg" => {
                    ": did you mean `postgres:`?".into()
                }
                "mysql" | "mysql2" => ": did you mean `mysql:`?".into(),
                "sqlite" | "sqlite3" => ": did you mean `sqlite:`?".into(),
                _ => String::new(),
            },
        }
    }
}

impl OpenError {
    /// For a connection after the first.
    pub(super) fn further(self) -> Self {
        if self.is_limit() {
            Self::Further(Box::new(self))
        } else {
            self
        }
    }

    /// Whether there are as many connections as the server allows; a file has no such limit.
    fn is_limit(&self) -> bool {
        match self {
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::Server { refusal, .. } => *refusal == Refusal::ConnectionLimit,
            _ => false,
        }
    }
}

impl From<diesel::result::Error> for OpenError {
    fn from(error: diesel::result::Error) -> Self {
        let text = error_text::without_values(&error);
        match advice(&error) {
            // This is the launch, which is to say what to mend.
            Some(_) if remedies::remedy(&error, &text) == Some(remedies::CHANGED) => {
                Self::Database(error)
            }
            // Where the file is known, its name comes into the sentence.
            Some(advice) if !is_of_a_file(&error) => Self::Explained(advice),
            _ => Self::Database(error),
        }
    }
}

/// What to do about an error, where its text tells. That is in the server's language, but the name
/// of a statement is Diesel's, and SQLite speaks English everywhere.
fn advice(error: &diesel::result::Error) -> Option<String> {
    // The one row that every statement expects to find.
    if matches!(error, diesel::result::Error::NotFound) {
        return Some(
            "`session_counter` lacks a row that is always there: somebody has emptied it. Start a process of the \
             application: the launch writes it again"
                .into(),
        );
    }
    let text = error_text::without_values(error);
    if text.contains("__diesel_stmt_") {
        return Some(format!(
            "a pooler gives us another connection for each transaction ({text}): say so in the URL, as in \
             `postgres://user:password@host/app?pgbouncer=true`"
        ));
    }
    if text.contains(MALFORMED) {
        return Some(format!("the database {DAMAGED} ({text})"));
    }
    let what = remedies::remedy(error, &text)?;
    Some(format!("{text}: {what}"))
}

/// Whether the name of the file belongs into what is said of an error.
fn is_of_a_file(error: &diesel::result::Error) -> bool {
    let text = error.to_string();
    [MALFORMED, FULL, BROKEN]
        .iter()
        .any(|words| text.contains(words))
}

/// What SQLite says of a full disk.
const FULL: &str = "database or disk is full";

/// What SQLite says of a disk that fails.
const BROKEN: &str = "disk I/O error";

/// What SQLite says of damaged pages.
const MALFORMED: &str = "database disk image is malformed";

/// What to do about them.
pub(super) const DAMAGED: &str =
    "is damaged: restore it from a backup, without `-wal` and `-shm` files of another one";

/// Why an operation was not done. Nothing of it stays in the database, unless that is said.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum StoreError {
    #[error("{0}")]
    Database(String),
    /// There are as many connections as the database allows.
    #[error("{0}")]
    ConnectionLimit(String),
    #[error(
        "the database's queue is full: the database is slower than the requests, or `sessions.database_queue` is too small"
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
    #[error("nobody knows whether it was committed: {0}")]
    Unknown(String),
    /// What was to be done is at fault; the database is not.
    #[error("a write panicked: {0}")]
    Panicked(String),
}

impl StoreError {
    /// For an error of the database.
    pub(super) fn of(error: &diesel::result::Error) -> Self {
        Self::Database(advice(error).unwrap_or_else(|| error_text::without_values(error)))
    }
}

impl From<OpenError> for StoreError {
    fn from(error: OpenError) -> Self {
        match error {
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            OpenError::NoAnswer { .. } => Self::NoAnswer,
            error if error.is_limit() => Self::ConnectionLimit(error.to_string()),
            error => Self::Database(error.to_string()),
        }
    }
}

impl StoreError {
    /// Says why something that a request asked for was not done, where that is the store's fault.
    pub(crate) fn report(&self, events: &EventSink) {
        if !matches!(self, Self::Panicked(_)) {
            let cause = self.to_string();
            events.emit(&Event::StoreUnavailable { cause });
        }
    }
}

impl From<StoreError> for Error {
    /// The caller only learns that it may try again: the cause was told.
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::Panicked(_) => Self::General(cause.to_string()),
            _ => Self::Unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenError, SCHEMES, Scheme};

    #[test]
    fn a_url_of_a_feature_that_is_off_names_it() {
        let [sqlite, postgres, _] = SCHEMES;
        let is_on = |on| {
            move |scheme| Scheme {
                is_on: on,
                ..scheme
            }
        };
        let schemes = [is_on(true)(sqlite), is_on(false)(postgres)];
        let message = |scheme| OpenError::scheme_among(scheme, &schemes).to_string();
        for scheme in ["postgres", "postgresql"] {
            assert!(message(scheme).contains("without its feature `postgres`: add it"));
        }
        let unknown = message("mongodb");
        assert!(unknown.ends_with("names `mongodb:`, which is none of `sqlite:`"));
    }
}
