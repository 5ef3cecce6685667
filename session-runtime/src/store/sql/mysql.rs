//! The statements for MariaDB, and in what they differ there.

/// The connection that they are for.
type Connection = diesel::MysqlConnection;

/// The most rows in one statement: bounds its bind variables.
const MAX_ROWS: usize = 1000;

/// The name of the database.
const DATABASE_NAME: &str = "DATABASE()";

/// Locks the rows that a query finds until the transaction ends.
macro_rules! lock {
    ($query:expr) => {
        $query.for_update()
    };
}

/// Reads what is committed now, also in a transaction of the application's that reads by its first
/// snapshot: only a locking read does.
macro_rules! read_now {
    ($query:expr) => {
        $query.for_update()
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
