//! The statements for SQLite, and in what they differ there.

/// The connection that they are for.
type Connection = diesel::SqliteConnection;

/// The most rows in one statement: a statement that is prepared already and runs again beats a long
/// one that must be parsed, for no network lies between.
const MAX_ROWS: usize = 1;

/// The name of the database: a file is known by itself.
#[cfg(any(feature = "postgres", feature = "mysql"))]
const DATABASE_NAME: &str = "NULL";

/// A write transaction has the file to itself, so no row needs a lock.
macro_rules! lock {
    ($query:expr) => {
        $query
    };
}

/// Reads what is committed now, however old the transaction is.
macro_rules! read_now {
    ($query:expr) => {
        $query
    };
}

/// Inserts many rows.
macro_rules! insert_many {
    ($rows:expr) => {
        diesel::insert_into(session_info::table).values($rows)
    };
}

#[allow(clippy::duplicate_mod)] // compiled once per backend, as `sql` says
#[path = "statements/mod.rs"]
pub(super) mod statements;
