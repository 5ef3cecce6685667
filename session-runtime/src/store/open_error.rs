//! Why a database cannot be opened, and what to change.

use std::fmt;

use super::advice::{advice, is_of_a_file};
#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::server::Refusal;
use super::{error_text, remedies};

/// Why a database could not be opened; each says what to change.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The URL has no scheme.
    NoScheme,
    /// The scheme is of no database that this build knows.
    UnknownScheme {
        scheme: String,
        known: String,
        hint: &'static str,
    },
    /// The scheme is of a database whose feature is off.
    FeatureOff {
        scheme: String,
        feature: &'static str,
    },
    /// The URL of a file cannot be read.
    #[cfg(feature = "sqlite")]
    Url { url: String, problem: String },
    /// The file cannot be used.
    #[cfg(feature = "sqlite")]
    File { path: String, problem: String },
    /// The file was deleted or replaced.
    #[cfg(feature = "sqlite")]
    Gone(diesel::result::Error),
    /// The file system has no shared memory for the write-ahead log.
    #[cfg(feature = "sqlite")]
    NoWal { path: String, mode: String },
    /// The URL of a server cannot be read; what is wrong with it.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    ServerUrl(String),
    /// The server refuses the connection.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    Server {
        database: String,
        cause: String,
        refusal: Refusal,
    },
    /// The server does not answer.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    NoAnswer { database: String, seconds: f64 },
    /// The server is a replica; the setting that says so.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    ReadOnly { setting: &'static str },
    /// A check of the URL, of the user's rights or of the tables failed: what was found and what to
    /// do, with the URL as the subject of the sentence. The text stands where the check does.
    Unfit(String),
    /// An error of the database for which there is advice.
    Explained(String),
    /// The URL names a server and no database on it.
    #[cfg(feature = "mysql")]
    NoDatabase,
    /// Another process migrates.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    MigrationBusy,
    /// A newer program has migrated the tables.
    NewerSchema { found: usize, known: usize },
    /// A table of another application has the name of ours.
    ForeignTable {
        table: String,
        elsewhere: &'static str,
    },
    /// A move into this database was not completed.
    HalfMoved,
    /// Connections after the first are refused.
    Further(Box<Self>),
    /// Any other error of the database.
    Database(diesel::result::Error),
    /// The operating system starts no more threads.
    Thread(std::io::Error),
}

/// What a message says the database by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    /// The setting `sessions.database`.
    Setting,
    /// A URL that somebody passed, to move sessions.
    #[cfg(feature = "transfer")]
    Url,
}

impl Subject {
    /// The subject together with its value.
    #[cfg(feature = "sqlite")]
    fn with(self, url: &str) -> String {
        match self {
            Self::Setting => format!("`sessions.database = \"{url}\"`"),
            #[cfg(feature = "transfer")]
            Self::Url => format!("`\"{url}\"`"),
        }
    }

    /// What to check if no answer comes.
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    fn to_check(self) -> &'static str {
        match self {
            Self::Setting => "check host and port, or raise `sessions.database_timeout`",
            #[cfg(feature = "transfer")]
            Self::Url => "check scheme, host and port",
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Setting => "`sessions.database`",
            #[cfg(feature = "transfer")]
            Self::Url => "the URL",
        })
    }
}

impl OpenError {
    /// The message for a URL that is not the setting's.
    #[cfg(feature = "transfer")]
    pub(super) fn about_url(&self) -> String {
        self.about(Subject::Url)
    }

    fn about(&self, subject: Subject) -> String {
        match self {
            Self::NoScheme => format!(
                "{subject} begins with no scheme: write `sqlite://` in front of the path of a file, or `postgres://..` or \
                 `mysql://..`"
            ),
            Self::UnknownScheme {
                scheme,
                known,
                hint,
            } => format!("{subject} names `{scheme}:`, which is none of {known}{hint}"),
            Self::FeatureOff { scheme, feature } => format!(
                "{subject} names `{scheme}:`, for which session-runtime was built without its feature `{feature}`: \
                 add it in Cargo.toml"
            ),
            #[cfg(feature = "sqlite")]
            Self::Url { url, problem } => format!("{} {problem}", subject.with(url)),
            #[cfg(feature = "sqlite")]
            Self::File { path, problem } => {
                format!("{subject} names the file `{path}`, {problem}")
            }
            #[cfg(feature = "sqlite")]
            Self::Gone(error) => error.to_string(),
            #[cfg(feature = "sqlite")]
            Self::NoWal { path, mode } => format!(
                "{subject}: `{path}` stays in journal mode `{mode}`; use a local file system that supports WAL"
            ),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::ServerUrl(problem) => format!(
                "{subject} is a URL that {problem}: write `postgres://user:password@host:port/database` or `mysql://` \
                 likewise; in a user and a password only letters, digits, `-`, `.`, `_` and `~` stand for themselves, the \
                 others are percent-encoded (`@` is `%40`, `/` is `%2F`, `:` is `%3A`, `%` is `%25`)"
            ),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::Server {
                database,
                cause,
                refusal,
            } => format!(
                "{subject}: {database} does not let us in ({cause}); {}",
                refusal.advice()
            ),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::NoAnswer { database, seconds } => format!(
                "{subject}: {database} did not answer within {seconds} s; {}",
                subject.to_check()
            ),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::ReadOnly { setting } => format!(
                "{subject} names a server that only reads: {setting}; sessions need the primary"
            ),
            Self::Unfit(predicate) => format!("{subject} {predicate}"),
            Self::Explained(advice) => format!("{subject}: {advice}"),
            #[cfg(feature = "mysql")]
            Self::NoDatabase => format!(
                "{subject} names a MariaDB server and no database on it: add one, as in `mysql://user:password@host/app`"
            ),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            Self::MigrationBusy => {
                "another process migrates the session tables and did not finish in time: start again".to_owned()
            }
            Self::NewerSchema { found, known } => format!(
                "the database has session tables of version {found}, this program knows {known}: start the newer program"
            ),
            Self::ForeignTable { table, elsewhere } => format!(
                "{subject} has a table `{table}` that is somebody else's, where sessions have one of this name: give \
                 sessions a {elsewhere}"
            ),
            Self::HalfMoved => {
                "not all sessions were moved into this database yet: run `session-admin move` again, until it says that \
                 both sides are equal"
                    .to_owned()
            }
            Self::Further(error) => format!(
                "{subject} refuses another connection: {}; a process opens `write_connections` + `read_connections` + 1, \
                 and needs three: allow three to the user in the URL, or more to the server, and lower the two settings to \
                 what is left",
                error.about(subject)
            ),
            Self::Database(error) => format!(
                "{subject}: the session tables could not be read, made or brought up to date ({})",
                error_text::without_values(error)
            ),
            Self::Thread(error) => format!(
                "a thread for the database did not start ({error}): raise the limit of threads of this process or of its \
                 container (`ulimit -u`, `TasksMax=`, `--pids-limit`)"
            ),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.about(Subject::Setting))
    }
}

impl From<std::io::Error> for OpenError {
    fn from(error: std::io::Error) -> Self {
        Self::Thread(error)
    }
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
                "mariadb" => ": a URL of MariaDB begins with `mysql:`",
                "postgres" | "postgresql" | "postgre" | "pgsql" | "psql" | "pg" => {
                    ": did you mean `postgres:`?"
                }
                "mysql" | "mysql2" => ": did you mean `mysql:`?",
                "sqlite" | "sqlite3" => ": did you mean `sqlite:`?",
                _ => "",
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
    pub(super) fn is_limit(&self) -> bool {
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
            // The launch itself says what to change.
            Some(_) if remedies::remedy(&error, &text) == Some(remedies::CHANGED) => {
                Self::Database(error)
            }
            // Where the file is known, its name comes into the sentence.
            Some(advice) if !is_of_a_file(&error) => Self::Explained(advice),
            _ => Self::Database(error),
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

    /// A move names two URLs, and no setting.
    #[cfg(feature = "transfer")]
    #[test]
    fn a_url_that_is_no_setting_is_called_a_url() {
        let problem = OpenError::Unfit("has a space".into());
        assert_eq!(problem.to_string(), "`sessions.database` has a space");
        assert_eq!(problem.about_url(), "the URL has a space");
        let further = OpenError::Further(Box::new(OpenError::Explained("full".into())));
        assert!(!further.about_url().contains("sessions.database"));
    }
}
