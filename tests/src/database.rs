//! The database behind the library's back: to look into it, and to break it.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};

/// A connection of the tests' own.
pub struct Database {
    file: PathBuf,
    conn: SqliteConnection,
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Bytes {
    #[diesel(sql_type = Binary)]
    value: Vec<u8>,
}

impl Database {
    /// Opens the file of a server, whoever runs that.
    pub fn open(file: &Path) -> Self {
        let mut conn = SqliteConnection::establish(&file.to_string_lossy()).expect("the database");
        conn.batch_execute("PRAGMA busy_timeout = 5000")
            .expect("a pragma");
        Self {
            file: file.to_owned(),
            conn,
        }
    }

    /// Everything on the disk: the file and what its write-ahead log adds.
    pub fn contents(&self) -> Vec<u8> {
        let mut contents = fs::read(&self.file).expect("the database file");
        contents.extend(fs::read(self.log()).expect("the write-ahead log"));
        contents
    }

    /// How many transactions the write-ahead log holds: frames that end one carry the size of the database.
    pub fn commits(&self) -> usize {
        let log = fs::read(self.log()).expect("the write-ahead log");
        let (header, frames) = log.split_at(32);
        let page = u32::from_be_bytes(header[8..12].try_into().expect("four bytes")) as usize;
        frames
            .chunks_exact(24 + page)
            .filter(|frame| frame[8..16] == header[16..24] && frame[4..8] != [0; 4])
            .count()
    }

    fn log(&self) -> PathBuf {
        PathBuf::from(format!("{}-wal", self.file.display()))
    }

    /// Runs statements.
    pub fn execute(&mut self, sql: &str) {
        self.conn.batch_execute(sql).expect(sql);
    }

    /// The one number that `sql` selects as `value`.
    pub fn number(&mut self, sql: &str) -> i64 {
        diesel::sql_query(sql)
            .get_result::<Number>(&mut self.conn)
            .expect(sql)
            .value
    }

    /// The one text that `sql` selects as `value`.
    pub fn text(&mut self, sql: &str) -> String {
        diesel::sql_query(sql)
            .get_result::<Words>(&mut self.conn)
            .expect(sql)
            .value
    }

    /// The one blob that `sql` selects as `value`.
    pub fn bytes(&mut self, sql: &str) -> Vec<u8> {
        diesel::sql_query(sql)
            .get_result::<Bytes>(&mut self.conn)
            .expect(sql)
            .value
    }

    /// How SQLite would run a statement.
    pub fn plan(&mut self, sql: &str) -> String {
        let plan: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {sql}"))
            .load(&mut self.conn)
            .expect(sql);
        let steps: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        steps.join("; ")
    }

    /// How many sessions there are.
    pub fn sessions(&mut self) -> i64 {
        self.number("SELECT count(*) AS value FROM session_info")
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}
