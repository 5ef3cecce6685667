//! What to do about an error, by the text that the database gives. The text may be in another
//! language than English; an unknown one is shown as it is.

use diesel::result::Error;

/// What to do about an error with this text.
pub(super) fn remedy(error: &Error, text: &str) -> Option<&'static str> {
    if matches!(error, Error::DeserializationError(_)) {
        return Some(CHANGED);
    }
    WORDS
        .iter()
        .find(|(words, _)| text.contains(words))
        .map(|(_, remedy)| *remedy)
}

/// For tables that were altered while the application runs.
pub(super) const CHANGED: &str = "somebody has changed the session tables. Start a process of the application: the launch says what to \
                       mend";

/// For a MariaDB server that became a replica meanwhile.
const READ_ONLY: &str = "the server only reads now (`read_only`, as a replica does), and sessions need the primary: name that \
                         in `sessions.database`, or set `read_only` to OFF";

const FULL: &str = "make room on the disk of the database";

/// For a process with as many files and connections as it may have.
pub(super) const OPEN_FILES: &str = "raise the limit of open files of this process (`ulimit -n`, `LimitNOFILE=`), or close what the application leaves open";

/// SQLite's words, PostgreSQL's and PgBouncer's, MariaDB's; the first that is found counts.
const WORDS: [(&str, &str); 21] = [
    ("database or disk is full", FULL),
    (
        "disk I/O error",
        "the disk of the file fails or is full: make room, and look at the log of the system",
    ),
    ("no such table", CHANGED),
    ("no such column", CHANGED),
    ("has no column named", CHANGED),
    ("NOT NULL constraint failed", CHANGED),
    ("No space left on device", FULL),
    (
        "not allowed in statement pooling mode",
        "set `pool_mode = transaction` for this database in PgBouncer, and write `pgbouncer=true` into the URL",
    ),
    ("violates not-null constraint", CHANGED),
    ("relation \"session_", CHANGED),
    (" of relation \"session_", CHANGED),
    ("column session_", CHANGED),
    ("column \"", CHANGED),
    ("Too many open files", OPEN_FILES),
    ("doesn't exist", CHANGED),
    ("Unknown column", CHANGED),
    ("doesn't have a default value", CHANGED),
    ("cannot be null", CHANGED),
    (
        "BINLOG_FORMAT = STATEMENT",
        "set `binlog_format` to MIXED or ROW in MariaDB: InnoDB takes no other at the isolation level READ COMMITTED, which \
         sessions use",
    ),
    ("read-only option", READ_ONLY),
    ("The table 'session_", FULL),
];

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind, Error};

    use super::{CHANGED, FULL, OPEN_FILES, READ_ONLY, remedy};

    #[test]
    fn the_words_of_databases_are_understood() {
        for (text, expected) in [
            ("database or disk is full", Some(FULL)),
            ("no such table: session_info", Some(CHANGED)),
            ("no such column: session_info.device", Some(CHANGED)),
            (
                "table session_info has no column named device",
                Some(CHANGED),
            ),
            (
                "NOT NULL constraint failed: session_info.tenant",
                Some(CHANGED),
            ),
            ("relation \"session_info\" does not exist", Some(CHANGED)),
            ("column session_info.device does not exist", Some(CHANGED)),
            (
                "column \"device\" of relation \"session_info\" does not exist",
                Some(CHANGED),
            ),
            (
                "null value in column \"tenant\" of relation \"session_info\" violates not-null constraint",
                Some(CHANGED),
            ),
            ("Table 'app.session_info' doesn't exist", Some(CHANGED)),
            (
                "Unknown column 'session_info.device' in 'SELECT'",
                Some(CHANGED),
            ),
            ("Field 'tenant' doesn't have a default value", Some(CHANGED)),
            ("Column 'tenant' cannot be null", Some(CHANGED)),
            (
                "The MariaDB server is running with the --read-only option so it cannot execute this statement",
                Some(READ_ONLY),
            ),
            ("The table 'session_info' is full", Some(FULL)),
            (
                "could not extend file \"base/1\": No space left on device",
                Some(FULL),
            ),
            ("could not open file: Too many open files", Some(OPEN_FILES)),
            ("canceling statement due to lock timeout", None),
            ("database is locked", None),
        ] {
            let error = Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(text.to_owned()));
            assert_eq!(remedy(&error, text), expected, "{text}");
        }
        let unlike = Error::DeserializationError("Unexpected null".into());
        assert_eq!(remedy(&unlike, "Unexpected null"), Some(CHANGED));
        let binlog = "Cannot execute statement: impossible to write to binary log since BINLOG_FORMAT = STATEMENT and at \
                      least one table uses a storage engine limited to row-based logging";
        let pooling = "transaction blocks not allowed in statement pooling mode";
        for (text, words) in [
            (binlog, "MIXED or ROW"),
            (pooling, "pool_mode = transaction"),
        ] {
            let found = remedy(&Error::NotFound, text).expect(text);
            assert!(found.contains(words), "{found}");
        }
    }
}
