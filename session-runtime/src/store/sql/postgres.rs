//! The statements for PostgreSQL, and in what they differ there.

/// The connection that they are for.
type Connection = diesel::PgConnection;

/// The most rows in one statement: bounds its bind variables.
const MAX_ROWS: usize = 1000;

/// The name of the database, and of the schema in which our tables are.
const DATABASE_NAME: &str = "(SELECT current_database()::text || '.' || relnamespace::regnamespace::text \
                             FROM pg_class WHERE oid = session_counter.tableoid)";

/// Locks the rows that a query finds until the transaction ends.
macro_rules! lock {
    ($query:expr) => {
        $query.for_update()
    };
}

/// Reads what is committed now, which at `READ COMMITTED` every query does. A locking one would
/// wait for a row, find it deleted, and not see what its transaction inserted instead.
macro_rules! read_now {
    ($query:expr) => {
        $query
    };
}

/// Inserts many rows; an `INSERT` would be parsed and planned anew, with a parameter for
/// each value.
macro_rules! insert_many {
    ($rows:expr) => {
        diesel::copy_from(session_info::table).from_insertable($rows)
    };
}

#[allow(clippy::duplicate_mod)] // compiled once per backend, as `sql` says
#[path = "statements/mod.rs"]
pub(super) mod statements;
