//! SQLite: how a connection is opened, what makes it durable, how a write transaction begins.

mod explain;
mod files;
mod url;

use std::path::Path;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::{QueryableByName, RunQueryDsl};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::Text;

pub(super) use self::explain::explain;
use self::explain::{explain_in, is_locked, why_closed};
use self::files::Files;
pub(super) use self::files::OpenFiles;
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

/// The pause before a file that is locked is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// Where a database is and how long to wait for its lock.
#[derive(Debug, Clone)]
pub(super) struct Location {
    files: Files,
    may_create: bool,
    timeout: Duration,
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct JournalMode {
    #[diesel(sql_type = Text)]
    journal_mode: String,
}

impl Location {
    /// Reads `sqlite://path` or `sqlite:path`.
    pub(super) fn parse(url: &str, timeout: Duration) -> Result<Self, OpenError> {
        let named = url::parse(url).map_err(|problem| OpenError::Url {
            url: url.split('?').next().unwrap_or_default().to_owned(),
            problem,
        })?;
        // Wherever the process may go, later connections are to the same file.
        let absolute = std::path::absolute(&named.path).ok();
        let path = absolute.as_deref().and_then(Path::to_str);
        Ok(Self {
            files: Files::new(path.unwrap_or(&named.path)),
            may_create: named.may_create,
            timeout,
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &str {
        self.files.path()
    }

    /// Opens the connection that writes: WAL, and every commit synced to the disk before it is acknowledged.
    pub(super) fn writer(&self) -> Result<(Connection, OpenFiles), OpenError> {
        let mut conn = self.connect()?;
        let mode = self
            .patiently(|| switch_to_wal(&mut conn))
            .map_err(|error| self.explain(error))?;
        if mode != "wal" {
            return Err(OpenError::NoWal {
                path: self.path().to_owned(),
                mode,
            });
        }
        let settings = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON";
        let files = self.set_up(&mut conn, settings)?;
        Ok((conn, files))
    }

    /// Opens a connection that only reads.
    pub(super) fn reader(&self) -> Result<(Connection, OpenFiles), OpenError> {
        let mut conn = self.connect()?;
        let files = self.set_up(&mut conn, "PRAGMA query_only = ON")?;
        Ok((conn, files))
    }

    /// A connection that does not wait for locks yet.
    fn connect(&self) -> Result<Connection, OpenError> {
        // Or SQLite would make a new file in the place of one that was deleted.
        self.files.check().map_err(OpenError::Gone)?;
        if !self.may_create && !Path::new(self.path()).exists() {
            return Err(self.refused("which does not exist, and `mode=rw` makes none".into()));
        }
        Connection::establish(self.path()).map_err(|_| self.refused(why_closed(self.path())))
    }

    /// Reads something, so that every file of the database is open.
    fn set_up(&self, conn: &mut Connection, settings: &str) -> Result<OpenFiles, OpenError> {
        let timeout = self.timeout.as_millis();
        conn.batch_execute(&format!("PRAGMA busy_timeout = {timeout}; {settings}"))
            .and_then(|()| tables(conn, &[]))
            .map_err(|error| self.explain(error))?;
        Ok(self.files.open())
    }

    /// Tries again while the file is locked: the change of the journal mode does not wait by itself.
    fn patiently<T>(&self, mut attempt: impl FnMut() -> QueryResult<T>) -> QueryResult<T> {
        let mut waited = Duration::ZERO;
        loop {
            match attempt() {
                Err(error) if is_locked(&error) && waited < self.timeout => {
                    thread::sleep(PAUSE);
                    waited += PAUSE;
                }
                done => return done,
            }
        }
    }

    fn refused(&self, problem: String) -> OpenError {
        OpenError::File {
            path: self.path().to_owned(),
            problem,
        }
    }

    fn explain(&self, error: Error) -> OpenError {
        explain_in(&self.files, error)
    }
}

/// Sets the journal mode that readers and a writer need beside each other; returns the one that it is now.
fn switch_to_wal(conn: &mut Connection) -> QueryResult<String> {
    diesel::sql_query("PRAGMA journal_mode = WAL")
        .get_result::<JournalMode>(conn)
        .map(|mode| mode.journal_mode)
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

/// Where sessions find a place of their own.
const ELSEWHERE: &str = "file of their own, as in `sqlite://sessions.db`";

/// Those of these tables that there are.
fn tables(conn: &mut Connection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Table> = diesel::sql_query(format!(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name IN ('{names}') ORDER BY name"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

/// Whoever may write to the file may do all with it; SQLite says whether that is so when something is written.
fn check_rights(conn: &mut Connection, _: &[String]) -> Result<(), OpenError> {
    Ok(conn.batch_execute("UPDATE session_schema SET version = version WHERE 1 = 0")?)
}

/// Whoever may write to the file may change its tables.
fn may_change(_: &mut Connection, _done: usize, _found: &[String]) -> Result<(), OpenError> {
    Ok(())
}

/// Text has one encoding in a file, and each holds every character.
fn check_columns(_: &mut Connection, _names: &[&str]) -> Result<(), OpenError> {
    Ok(())
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
        let (mut writer, _files) = location.writer().expect("a writer");
        assert_eq!(setting(&mut writer, "synchronous"), 2, "FULL");
        assert_eq!(setting(&mut writer, "foreign_keys"), 1);
        assert_eq!(setting(&mut writer, "busy_timeout"), 1234);

        let journal =
            diesel::sql_query("SELECT journal_mode = 'wal' AS value FROM pragma_journal_mode");
        let wal = journal.get_result::<Setting>(&mut writer).expect("a mode");
        assert_eq!(wal.value, 1, "WAL");

        let (mut reader, _files) = location.reader().expect("a reader");
        assert_eq!(setting(&mut reader, "query_only"), 1);
        assert_eq!(setting(&mut reader, "busy_timeout"), 1234);
    }

    #[test]
    fn files_that_sqlite_deletes_itself_are_not_missed() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("x.db");
        let url = format!("sqlite://{}", file.display());
        let location = Location::parse(&url, Duration::from_secs(5)).expect("a location");
        let log = folder.path().join("x.db-wal");
        for _ in 0..2 {
            let (mut conn, files) = location.writer().expect("a writer");
            migrate(&mut conn).expect("tables");
            assert!(log.exists());
            files.check().expect("the files that were opened");
            drop((conn, files));
            assert!(!log.exists(), "it goes with the last connection");
        }
        let _connection = location.writer().expect("a writer");
        std::fs::remove_file(file).expect("the file");
        assert!(location.reader().is_err(), "a file was made anew");
    }
}
