//! Why a server does not let us in, and what to do, as far as its words say so. They may be in
//! another language than English; what is not understood gets the general advice.

use crate::store::remedies::OPEN_FILES;

/// What the words of a server mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It, or the user, has as many connections as allowed.
    ConnectionLimit,
    /// It starts, stops or recovers.
    Restarting,
    NoDatabase,
    NotAllowedThere,
    WrongUser,
    /// Or one who has to come encrypted: MariaDB says the same.
    WrongUserOrPlain,
    UnknownHost,
    NobodyListens,
    WrongHost,
    NoTls,
    /// It takes no connection without TLS, which MariaDB's client library does not begin by itself.
    NotEncrypted,
    /// The client has no certificate of an authority to compare with.
    NoAuthority,
    /// The certificate is of another host.
    WrongName,
    OpenFiles,
    WrongParameter,
    Other,
}

/// What servers say, PostgreSQL's and libpq's words first, then MariaDB's; the first that is found
/// counts.
const WORDS: [(&str, Refusal); 39] = [
    ("too many connections", Refusal::ConnectionLimit),
    ("too many clients already", Refusal::ConnectionLimit),
    ("connection slots are reserved", Refusal::ConnectionLimit),
    ("no more connections allowed", Refusal::ConnectionLimit),
    ("the database system is", Refusal::Restarting),
    (
        "terminating connection due to administrator",
        Refusal::Restarting,
    ),
    ("permission denied for database", Refusal::NotAllowedThere),
    ("no pg_hba.conf entry", Refusal::WrongHost),
    ("pg_hba.conf rejects", Refusal::WrongHost),
    ("Too many open files", Refusal::OpenFiles),
    ("socket (24", Refusal::OpenFiles),
    ("root certificate file", Refusal::NoAuthority),
    ("does not match host name", Refusal::WrongName),
    ("insecure transport are prohibited", Refusal::NotEncrypted),
    ("server does not support SSL", Refusal::NoTls),
    ("SSL error", Refusal::NoTls),
    ("password authentication failed", Refusal::WrongUser),
    ("no password supplied", Refusal::WrongUser),
    ("could not translate host name", Refusal::UnknownHost),
    ("could not connect to server", Refusal::NobodyListens),
    ("Connection refused", Refusal::NobodyListens),
    ("No such file or directory", Refusal::NobodyListens),
    ("URI query parameter", Refusal::WrongParameter),
    ("invalid connection option", Refusal::WrongParameter),
    (
        "unrecognized configuration parameter",
        Refusal::WrongParameter,
    ),
    ("invalid sslmode value", Refusal::WrongParameter),
    ("unknown ssl_mode", Refusal::WrongParameter),
    ("Too many connections", Refusal::ConnectionLimit),
    ("max_user_connections", Refusal::ConnectionLimit),
    ("'max_connections_per_hour'", Refusal::ConnectionLimit),
    ("Server shutdown in progress", Refusal::Restarting),
    ("Unknown database", Refusal::NoDatabase),
    ("is not allowed to connect", Refusal::WrongHost),
    ("Unknown server host", Refusal::UnknownHost),
    ("Unknown MySQL server host", Refusal::UnknownHost),
    ("Can't connect to", Refusal::NobodyListens),
    ("SSL connection error", Refusal::NoTls),
    ("TLS/SSL error", Refusal::NoTls),
    ("Access denied for user", Refusal::WrongUserOrPlain),
];

impl Refusal {
    /// Reads what a server says.
    pub(in crate::store) fn of(cause: &str) -> Self {
        if cause.contains("FATAL") && cause.contains("does not exist") {
            return if cause.contains("role \"") {
                Self::WrongUser
            } else {
                Self::NoDatabase
            };
        }
        if cause.contains("Access denied for user") && cause.contains("to database") {
            return Self::NotAllowedThere;
        }
        WORDS
            .iter()
            .find(|(words, _)| cause.contains(words))
            .map_or(Self::Other, |(_, refusal)| *refusal)
    }

    /// What to do about it.
    pub(in crate::store) fn advice(self) -> &'static str {
        match self {
            Self::ConnectionLimit => {
                "allow more connections to the user in the URL or to the server, or lower `sessions.write_connections` \
                 and `sessions.read_connections`"
            }
            Self::Restarting => "wait until it has started",
            Self::NoDatabase => {
                "create the database, or put the name of one that exists at the end of the URL"
            }
            Self::NotAllowedThere => {
                "let the user in (PostgreSQL: `GRANT CONNECT ON DATABASE app TO user`; MariaDB: `GRANT SELECT, INSERT, \
                 UPDATE, DELETE, CREATE, ALTER, INDEX ON app.* TO user`), or name another database in the URL"
            }
            Self::WrongUser => {
                "check user and password in the URL, where other characters than letters and digits are \
                 percent-encoded (`@` is `%40`)"
            }
            Self::WrongUserOrPlain => {
                "check user and password in the URL, where other characters than letters and digits are percent-encoded \
                 (`@` is `%40`); MariaDB refuses in the same words who comes unencrypted where it asks for TLS \
                 (`require_secure_transport`, `REQUIRE SSL`): add `?ssl_ca=` and the file with the certificate of the \
                 authority that signed the server's"
            }
            Self::UnknownHost => "check the host in the URL, and that this machine can resolve it",
            Self::NobodyListens => "check that the server runs, and host and port in the URL",
            Self::WrongHost => {
                "let the user in from this machine (PostgreSQL: a line in `pg_hba.conf`; MariaDB: a user at this host \
                 or at `%`)"
            }
            Self::NoTls => {
                "check what the URL says of TLS (PostgreSQL: `sslmode`, `sslrootcert`; MariaDB: `ssl_mode`, `ssl_ca`) and \
                 the server's certificate"
            }
            Self::NotEncrypted => {
                "add `?ssl_ca=` and the file with the certificate of the authority that signed the server's to the URL, as in \
                 `mysql://user:password@host/app?ssl_ca=/etc/ssl/ca.pem`"
            }
            Self::NoAuthority => {
                "put the certificate of the authority that signed the server's into that file, name another with \
                 `sslrootcert=`, or write `sslrootcert=system` for the authorities that this machine trusts"
            }
            Self::WrongName => {
                "write the host in the URL as the server's certificate names it, or give the server a certificate of this \
                 host; `hostaddr=` leads to an address beside it"
            }
            Self::OpenFiles => OPEN_FILES,
            Self::WrongParameter => {
                "correct what stands after the `?` of the URL: PostgreSQL takes the parameters of libpq, MariaDB \
                 `ssl_mode`, `ssl_ca`, `ssl_cert`, `ssl_key` and `unix_socket`"
            }
            Self::Other => {
                "check that the server runs, and host, port, user, password and database in the URL"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal::{self, *};

    #[test]
    fn the_words_of_servers_are_understood() {
        let postgres = |words: &str| {
            format!(r#"connection to server at "127.0.0.1", port 5432 failed: FATAL: {words}"#)
        };
        for (words, refusal) in [
            (postgres(r#"too many connections for role "app""#), ConnectionLimit),
            (postgres(r#"too many connections for database "app""#), ConnectionLimit),
            (postgres("sorry, too many clients already"), ConnectionLimit),
            (
                postgres("remaining connection slots are reserved for non-replication superuser connections"),
                ConnectionLimit,
            ),
            (
                postgres("remaining connection slots are reserved for roles with the SUPERUSER attribute"),
                ConnectionLimit,
            ),
            // PgBouncer's.
            (postgres("no more connections allowed (max_client_conn)"), ConnectionLimit),
            (postgres("the database system is starting up"), Restarting),
            (postgres("the database system is shutting down"), Restarting),
            (postgres("the database system is in recovery mode"), Restarting),
            (
                postgres("the database system is not yet accepting connections DETAIL: Consistent recovery state has not been yet reached."),
                Restarting,
            ),
            (
                postgres("terminating connection due to administrator command"),
                Restarting,
            ),
            (postgres(r#"database "nope" does not exist"#), NoDatabase),
            (postgres(r#"role "nobody" does not exist"#), WrongUser),
            (postgres(r#"password authentication failed for user "app""#), WrongUser),
            (
                postgres(r#"permission denied for database "app" DETAIL: User does not have CONNECT privilege."#),
                NotAllowedThere,
            ),
            (
                postgres(r#"no pg_hba.conf entry for host "10.0.0.1", user "app", database "app", no encryption"#),
                WrongHost,
            ),
            (
                r#"could not translate host name "db" to address: Name or service not known"#.into(),
                UnknownHost,
            ),
            (
                "connection to server at \"127.0.0.1\", port 1 failed: Connection refused Is the server running on that host?"
                    .into(),
                NobodyListens,
            ),
            (
                "connection to server at \"127.0.0.1\", port 1 failed: server does not support SSL, but SSL was required"
                    .into(),
                NoTls,
            ),
            (postgres("Die Rolle »app« existiert nicht"), Other),
            (
                "invalid URI query parameter: \"foo\"".into(),
                WrongParameter,
            ),
            (
                postgres(r#"unrecognized configuration parameter "serch_path""#),
                WrongParameter,
            ),
            ("unknown ssl_mode".into(), WrongParameter),
            ("Too many connections".into(), ConnectionLimit),
            (
                "User app already has more than 'max_user_connections' active connections".into(),
                ConnectionLimit,
            ),
            (
                "User 'app' has exceeded the 'max_user_connections' resource (current value: 3)".into(),
                ConnectionLimit,
            ),
            ("Server shutdown in progress".into(), Restarting),
            ("Unknown database 'nope'".into(), NoDatabase),
            (
                "Access denied for user 'app'@'10.0.0.1' (using password: YES)".into(),
                WrongUserOrPlain,
            ),
            (
                "Access denied for user 'app'@'%' to database 'app'".into(),
                NotAllowedThere,
            ),
            (
                "Host '10.0.0.1' is not allowed to connect to this MariaDB server".into(),
                WrongHost,
            ),
            ("Can't connect to server on '127.0.0.1' (111)".into(), NobodyListens),
            ("Unknown server host 'db' (-2)".into(), UnknownHost),
            (
                "connection to server at \"127.0.0.1\", port 1 failed: root certificate file \"/srv/app/.postgresql/root.crt\" does \
                 not exist Either provide the file, use the system's trusted roots with sslrootcert=system, or change sslmode"
                    .into(),
                NoAuthority,
            ),
            (
                "connection to server at \"127.0.0.1\", port 1 failed: server certificate for \"db\" does not match host name \
                 \"localhost\""
                    .into(),
                WrongName,
            ),
            (
                "Connections using insecure transport are prohibited while --require_secure_transport=ON.".into(),
                NotEncrypted,
            ),
            ("could not create socket: Too many open files".into(), OpenFiles),
            ("Can't create TCP/IP socket (24 \"Too many open files\")".into(), OpenFiles),
            ("TLS/SSL error: SSL is required, but the server does not support it".into(), NoTls),
        ] {
            assert_eq!(Refusal::of(&words), refusal, "{words}");
        }
    }
}
