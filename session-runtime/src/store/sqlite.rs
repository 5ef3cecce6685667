//! SQLite: how a connection is opened, what makes it durable, how a write transaction begins.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::{QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

use super::OpenError;

/// The connection of this backend.
pub(super) type Connection = diesel::SqliteConnection;

/// The most rows in one statement: a statement that is prepared already and runs again beats a long one
/// that must be parsed, for no network lies between.
const MAX_ROWS: usize = 1;

/// Each step once, in order; a released step is never edited.
const STEPS: [&str; 4] = [
    include_str!("migrations/sqlite/0001_sessions.sql"),
    include_str!("migrations/sqlite/0002_key_version.sql"),
    include_str!("migrations/sqlite/0003_policies.sql"),
    include_str!("migrations/sqlite/0004_round_two.sql"),
];

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

#[allow(clippy::duplicate_mod)] // once per backend, on purpose
#[path = "migrations.rs"]
pub(super) mod migrations;
#[allow(clippy::duplicate_mod)]
#[path = "queries.rs"]
pub(super) mod queries;

/// Where a database is and how long to wait for its lock.
#[derive(Debug, Clone)]
pub(super) struct Location {
    path: String,
    timeout: Duration,
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

impl Location {
    /// Reads `sqlite://path` or `sqlite:path`.
    pub(super) fn parse(url: &str, timeout: Duration) -> Result<Self, OpenError> {
        let path = url
            .strip_prefix("sqlite:")
            .map(|rest| rest.strip_prefix("//").unwrap_or(rest))
            .ok_or_else(|| OpenError::scheme("sqlite"))?;
        if path.is_empty() || path.starts_with(":memory:") {
            return Err(OpenError::NotAFile);
        }
        Ok(Self {
            path: path.to_owned(),
            timeout,
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Opens the connection that writes: WAL, and every commit synced to the disk before it is acknowledged.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        let mut conn = self.connect()?;
        let mode =
            diesel::sql_query("PRAGMA journal_mode = WAL").get_result::<JournalMode>(&mut conn)?;
        if mode.journal_mode != "wal" {
            return Err(OpenError::NoWal {
                path: self.path.clone(),
                mode: mode.journal_mode,
            });
        }
        conn.batch_execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")?;
        Ok(conn)
    }

    /// Opens a connection that only reads.
    pub(super) fn reader(&self) -> Result<Connection, OpenError> {
        let mut conn = self.connect()?;
        conn.batch_execute("PRAGMA query_only = ON")?;
        Ok(conn)
    }

    fn connect(&self) -> Result<Connection, OpenError> {
        let mut conn = Connection::establish(&self.path).map_err(|source| OpenError::Connect {
            path: self.path.clone(),
            source,
        })?;
        let timeout = self.timeout.as_millis();
        conn.batch_execute(&format!("PRAGMA busy_timeout = {timeout}"))?;
        Ok(conn)
    }
}

/// Brings the tables to this version, in one transaction.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), OpenError> {
    conn.immediate_transaction(migrations::run)
}

/// Nothing is left to settings: [`Location::writer`] sets what durability needs.
pub(super) fn weaknesses(_: &mut Connection) -> Result<Vec<String>, OpenError> {
    Ok(Vec::new())
}

/// The time: whoever opens a file is on its machine, whose clock is the process's own.
pub(super) fn time(_: &mut Connection) -> QueryResult<Option<DateTime<Utc>>> {
    Ok(None)
}

/// Keeps others from the sessions of a user: whoever writes has the whole file.
fn lock_user(_: &mut Connection, _user_id: &str, _now: DateTime<Utc>) -> QueryResult<()> {
    Ok(())
}

/// Forgets locks of users: there are none.
pub(super) fn delete_user_locks(
    _: &mut Connection,
    _before: DateTime<Utc>,
    _most: i64,
) -> QueryResult<()> {
    Ok(())
}

/// The isolation level of a transaction, if it hides what others commit meanwhile: nobody else does.
pub(super) fn stale_isolation(_: &mut Connection) -> QueryResult<Option<String>> {
    Ok(None)
}

/// Whether the version table exists.
fn schema_exists(conn: &mut Connection) -> QueryResult<bool> {
    use diesel::sql_types::BigInt;

    #[derive(QueryableByName)]
    struct Tables {
        #[diesel(sql_type = BigInt)]
        tables: i64,
    }

    diesel::sql_query(
        "SELECT count(*) AS tables FROM sqlite_schema WHERE type = 'table' AND name = 'session_schema'",
    )
    .get_result::<Tables>(conn)
    .map(|found| found.tables > 0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use diesel::RunQueryDsl;
    use diesel::sql_types::BigInt;

    use super::*;

    #[derive(QueryableByName)]
    struct Setting {
        #[diesel(sql_type = BigInt)]
        value: i64,
    }

    fn setting(conn: &mut Connection, name: &str) -> i64 {
        let sql = format!("SELECT \"{}\" AS value FROM pragma_{name}", column(name));
        diesel::sql_query(sql)
            .get_result::<Setting>(conn)
            .expect(name)
            .value
    }

    fn column(name: &str) -> &str {
        if name == "busy_timeout" {
            "timeout"
        } else {
            name
        }
    }

    #[test]
    fn connections_have_the_settings_that_durability_rests_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("x.db").display());
        let location = Location::parse(&url, Duration::from_millis(1234)).expect("a location");
        let mut writer = location.writer().expect("a writer");
        assert_eq!(setting(&mut writer, "synchronous"), 2, "FULL");
        assert_eq!(setting(&mut writer, "foreign_keys"), 1);
        assert_eq!(setting(&mut writer, "busy_timeout"), 1234);

        let journal =
            diesel::sql_query("SELECT journal_mode = 'wal' AS value FROM pragma_journal_mode");
        let wal = journal.get_result::<Setting>(&mut writer).expect("a mode");
        assert_eq!(wal.value, 1, "WAL");

        let mut reader = location.reader().expect("a reader");
        assert_eq!(setting(&mut reader, "query_only"), 1);
        assert_eq!(setting(&mut reader, "busy_timeout"), 1234);
    }
}
