//! SQLite: how a connection is opened, what makes it durable, how a write transaction begins.

mod checks;
mod explain;
mod files;
mod url;

use std::path::Path;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::{QueryableByName, RunQueryDsl, SqliteConnection};
use diesel::result::{Error, QueryResult};
use diesel::sql_types::Text;

use self::checks::{linked, unusable};
pub(super) use self::explain::explain;
use self::explain::{explain_in, is_locked, why_closed};
pub(super) use self::files::{Files, OpenFiles};
use super::OpenError;
use super::backend::Backend;
use super::migrations;
use super::schema::{Column, Index};

/// The steps of the migrations.
const STEPS: [&str; 4] = [
    include_str!("../migrations/sqlite/0001_sessions.sql"),
    include_str!("../migrations/sqlite/0002_key_version.sql"),
    include_str!("../migrations/sqlite/0003_policies.sql"),
    include_str!("../migrations/sqlite/0004_bound_and_pending.sql"),
];

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
struct DatabaseFile {
    #[diesel(sql_type = Text)]
    file: String,
}

/// The file that a connection has open; empty for a database in memory.
pub(super) fn file_of(conn: &mut SqliteConnection) -> QueryResult<String> {
    let sql = "SELECT coalesce(file, '') AS file FROM pragma_database_list WHERE name = 'main'";
    let opened: DatabaseFile = diesel::sql_query(sql).get_result(conn)?;
    Ok(opened.file)
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

    /// The file and what goes with it.
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// The file.
    pub(super) fn path(&self) -> &str {
        self.files.path()
    }

    /// Opens the connection that writes: WAL, and every commit synced to the disk before it is
    /// acknowledged.
    pub(super) fn writer(&self) -> Result<(SqliteConnection, OpenFiles), OpenError> {
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
    pub(super) fn reader(&self) -> Result<(SqliteConnection, OpenFiles), OpenError> {
        let mut conn = self.connect()?;
        let files = self.set_up(&mut conn, "PRAGMA query_only = ON")?;
        Ok((conn, files))
    }

    /// A connection that does not wait for locks yet.
    fn connect(&self) -> Result<SqliteConnection, OpenError> {
        // Or SQLite would make a new file in the place of one that was deleted.
        self.files.check().map_err(OpenError::Gone)?;
        if let Some(problem) = unusable(Path::new(self.path())) {
            return Err(self.refused(problem));
        }
        // At launch only: a name that comes later, as of a backup tool, must not end what works.
        if let Some(problem) = linked(Path::new(self.path())).filter(|_| !self.files.is_open()) {
            return Err(self.refused(problem));
        }
        if !self.may_create && !Path::new(self.path()).exists() {
            return Err(self.refused("which does not exist, and `mode=rw` makes none".into()));
        }
        SqliteConnection::establish(self.path()).map_err(|_| self.refused(why_closed(self.path())))
    }

    /// Reads something, so that every file of the database is open.
    fn set_up(&self, conn: &mut SqliteConnection, settings: &str) -> Result<OpenFiles, OpenError> {
        let timeout = self.timeout.as_millis();
        conn.batch_execute(&format!("PRAGMA busy_timeout = {timeout}; {settings}"))
            .and_then(|()| tables(conn, &[]))
            .map_err(|error| self.explain(error))?;
        Ok(self.files.open())
    }

    /// Tries again while the file is locked: the change of the journal mode does not wait by
    /// itself.
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

/// Sets the journal mode that readers and a writer need beside each other; returns the one that it
/// is now.
fn switch_to_wal(conn: &mut SqliteConnection) -> QueryResult<String> {
    diesel::sql_query("PRAGMA journal_mode = WAL")
        .get_result::<JournalMode>(conn)
        .map(|mode| mode.journal_mode)
}

/// Those of these tables that there are.
fn tables(conn: &mut SqliteConnection, names: &[&str]) -> QueryResult<Vec<String>> {
    let names = names.join("', '");
    let found: Vec<Table> = diesel::sql_query(format!(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name IN ('{names}') ORDER BY name"
    ))
    .load(conn)?;
    Ok(found.into_iter().map(|table| table.name).collect())
}

impl Backend for SqliteConnection {
    fn time(&mut self) -> QueryResult<Option<DateTime<Utc>>> {
        Ok(None)
    }

    /// Whoever writes has the whole file.
    fn lock_user(&mut self, _user_id: &str, _now: DateTime<Utc>) -> QueryResult<()> {
        Ok(())
    }

    /// Nothing is left to settings: [`Location::writer`] sets what durability needs.
    fn weaknesses(&mut self) -> Result<Vec<String>, OpenError> {
        Ok(Vec::new())
    }

    fn migrate(&mut self) -> Result<(), OpenError> {
        self.immediate_transaction(|conn| migrations::run(conn))
    }

    fn steps(&self) -> &'static [&'static str] {
        &STEPS
    }

    fn version(&mut self) -> QueryResult<Option<i64>> {
        migrations::version(self)
    }

    fn elsewhere(&self) -> &'static str {
        "file of their own, as in `sqlite://sessions.db`"
    }

    fn tables(&mut self, names: &[&str]) -> QueryResult<Vec<String>> {
        tables(self, names)
    }

    fn columns(&mut self, names: &[&str]) -> QueryResult<Vec<Column>> {
        let names = names.join("', '");
        diesel::sql_query(format!(
            "SELECT found.name AS table_name, part.name AS name, lower(part.type) AS kind,
                    part.\"notnull\" = 1 AND part.dflt_value IS NULL AS needed
             FROM sqlite_schema AS found, pragma_table_info(found.name) AS part
             WHERE found.type IN ('table', 'view') AND found.name IN ('{names}')"
        ))
        .load(self)
    }

    fn views(&mut self, names: &[&str]) -> QueryResult<Vec<String>> {
        let names = names.join("', '");
        let found: Vec<Table> = diesel::sql_query(format!(
            "SELECT name FROM sqlite_schema WHERE type = 'view' AND name IN ('{names}') ORDER BY name"
        ))
        .load(self)?;
        Ok(found.into_iter().map(|view| view.name).collect())
    }

    fn indexes(&mut self, names: &[&str]) -> QueryResult<Vec<Index>> {
        let names = names.join("', '");
        diesel::sql_query(format!(
            "SELECT table_name, is_unique, group_concat(part, ',') AS parts FROM (
                 SELECT found.name AS table_name, made.name AS made, made.\"unique\" AS is_unique, part.name AS part
                 FROM sqlite_schema AS found, pragma_index_list(found.name) AS made, pragma_index_info(made.name) AS part
                 WHERE found.type = 'table' AND found.name IN ('{names}') AND made.partial = 0
                   AND part.name IS NOT NULL
                 ORDER BY made.name, part.seqno
             ) GROUP BY made"
        ))
        .load(self)
    }

    /// SQLite gives a table that there is no primary key.
    fn make_key(&self, table: &str, columns: &str) -> String {
        format!("CREATE UNIQUE INDEX {table}_key ON {table} ({columns})")
    }

    fn types(&self, kind: &str) -> &'static [&'static str] {
        match kind {
            "Binary" => &["blob"],
            "Text" => &["text"],
            "Bool" => &["boolean", "integer", "tinyint"],
            "SmallInt" => &["smallint"],
            _ => &["bigint", "integer", "int"],
        }
    }

    /// Whoever may write to the file may do all with it; SQLite says whether that is so when
    /// something is written.
    fn check_rights(&mut self, _found: &[String]) -> Result<(), OpenError> {
        Ok(self.batch_execute("UPDATE session_schema SET version = version WHERE 1 = 0")?)
    }
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

    fn setting(conn: &mut SqliteConnection, name: &str) -> i64 {
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
            conn.migrate().expect("tables");
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
