//! The database behind the library's back: to look into it, and to break it. One dialect for the
//! three.

use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::{
    Connection, MysqlConnection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
};
use session_runtime::sessions::Within;
use session_runtime::{Error, SessionHandle, Sessions};

use crate::servers::Backend;

/// A connection of the tests' own.
pub struct Database {
    /// On SQLite.
    file: PathBuf,
    conn: Conn,
}

enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
    Mariadb(MysqlConnection),
}

/// Evaluates `$body` with `$conn` as the connection of whichever backend.
macro_rules! on {
    ($value:expr, $conn:ident => $body:expr) => {
        match $value {
            Conn::Sqlite($conn) => $body,
            Conn::Postgres($conn) => $body,
            Conn::Mariadb($conn) => $body,
        }
    };
}

/// Why a transaction of an application failed.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// What sessions say.
    Session(Error),
    /// What the database says.
    Database(diesel::result::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Self::Database(error)
    }
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

/// The database of the server that a route runs in, for the application's own transactions; every
/// server manages it.
#[derive(Debug)]
pub struct OwnDatabase(PathBuf);

impl OwnDatabase {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self(folder.join("test.db"))
    }

    /// Opens it.
    pub fn open(&self) -> Database {
        Database::open(&self.0)
    }
}

impl Database {
    /// Opens the database that stands for the file of a server, whoever runs that.
    pub fn open(file: &Path) -> Self {
        let mut database = Self::connect(&Backend::chosen().url(file));
        database.file = file.to_owned();
        database
    }

    /// Opens the database of a URL.
    pub fn connect(url: &str) -> Self {
        Self::try_connect(url).expect("the database")
    }

    /// Opens the database of a URL, unless that fails.
    pub fn try_connect(url: &str) -> Option<Self> {
        let conn = match url.split(':').next() {
            Some("postgres") => Conn::Postgres(PgConnection::establish(url).ok()?),
            Some("mysql") => Conn::Mariadb(MysqlConnection::establish(url).ok()?),
            _ => {
                let file = url.trim_start_matches("sqlite://");
                let mut conn = SqliteConnection::establish(file).ok()?;
                conn.batch_execute("PRAGMA busy_timeout = 5000").ok()?;
                Conn::Sqlite(conn)
            }
        };
        Some(Self {
            file: PathBuf::new(),
            conn,
        })
    }

    /// SQLite: everything on the disk, the file and what its write-ahead log adds.
    pub fn contents(&self) -> Vec<u8> {
        let mut contents = fs::read(&self.file).expect("the database file");
        contents.extend(fs::read(self.log()).expect("the write-ahead log"));
        contents
    }

    /// SQLite: how many transactions the write-ahead log holds; frames that end one carry the size
    /// of the database.
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
        on!(&mut self.conn, conn => conn.batch_execute(sql)).expect(sql);
    }

    /// Runs statements; says whether they succeeded.
    pub fn try_execute(&mut self, sql: &str) -> bool {
        on!(&mut self.conn, conn => conn.batch_execute(sql)).is_ok()
    }

    /// What an application does: changes sessions in a transaction of its own, which is rolled back
    /// if `body` fails.
    pub fn within<T>(
        &mut self,
        sessions: &Sessions,
        body: impl FnOnce(&mut Within<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let done = self.transaction(sessions, |within| body(within).map_err(Failure::Session));
        done.map_err(|failure| match failure {
            Failure::Session(error) => error,
            Failure::Database(error) => panic!("the transaction: {error}"),
        })
    }

    /// The same with an error of the application's own.
    pub fn transaction<T, E: From<diesel::result::Error>>(
        &mut self,
        sessions: &Sessions,
        body: impl FnOnce(&mut Within<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &mut self.conn {
            Conn::Sqlite(conn) => {
                conn.immediate_transaction(|conn| body(&mut sessions.within(conn)))
            }
            Conn::Postgres(conn) => conn.transaction(|conn| body(&mut sessions.within(conn))),
            Conn::Mariadb(conn) => conn.transaction(|conn| body(&mut sessions.within(conn))),
        }
    }

    /// Begins a transaction that may write.
    pub fn begin(&mut self) {
        self.execute(match self.conn {
            Conn::Sqlite(_) => "BEGIN IMMEDIATE",
            Conn::Postgres(_) | Conn::Mariadb(_) => "BEGIN",
        });
    }

    /// Keeps everybody else out of the sessions until [`unlock`](Self::unlock).
    pub fn lock(&mut self) {
        self.execute(match self.conn {
            Conn::Sqlite(_) => "BEGIN EXCLUSIVE",
            Conn::Postgres(_) => "BEGIN; LOCK TABLE session_info IN ACCESS EXCLUSIVE MODE",
            Conn::Mariadb(_) => "LOCK TABLES session_info WRITE",
        });
    }

    /// Ends a [`lock`](Self::lock).
    pub fn unlock(&mut self) {
        self.execute(match self.conn {
            Conn::Sqlite(_) | Conn::Postgres(_) => "ROLLBACK",
            Conn::Mariadb(_) => "UNLOCK TABLES",
        });
    }

    /// Has every insert into `table` fail for which `condition` holds, which names the row `NEW`.
    pub fn refuse_inserts(&mut self, table: &str, condition: &str) {
        self.execute(&match self.conn {
            Conn::Sqlite(_) => format!(
                "CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} WHEN {condition}
                 BEGIN SELECT RAISE(ABORT, 'no'); END"
            ),
            Conn::Postgres(_) => format!(
                "CREATE FUNCTION refuse_{table}() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;
                 CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table}
                 FOR EACH ROW EXECUTE FUNCTION refuse_{table}()"
            ),
            Conn::Mariadb(_) => format!(
                "CREATE TRIGGER refuse_{table} BEFORE INSERT ON {table} FOR EACH ROW
                 IF {condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'; END IF"
            ),
        });
    }

    /// Undoes [`refuse_inserts`](Self::refuse_inserts).
    pub fn allow_inserts(&mut self, table: &str) {
        self.execute(&match self.conn {
            Conn::Sqlite(_) | Conn::Mariadb(_) => format!("DROP TRIGGER refuse_{table}"),
            Conn::Postgres(_) => format!("DROP TRIGGER refuse_{table} ON {table}"),
        });
    }

    /// These bytes, written in hexadecimal digits, as a literal.
    pub fn blob(&self, hex: &str) -> String {
        match self.conn {
            Conn::Sqlite(_) | Conn::Mariadb(_) => format!("x'{hex}'"),
            Conn::Postgres(_) => format!("'\\x{hex}'::bytea"),
        }
    }

    /// A handle as a literal.
    pub fn handle(&self, handle: SessionHandle) -> String {
        self.blob(&handle.to_string().replace('-', ""))
    }

    /// The one number that `sql` selects as `value`.
    pub fn number(&mut self, sql: &str) -> i64 {
        let sql = match self.conn {
            Conn::Sqlite(_) => sql.to_owned(),
            Conn::Postgres(_) => {
                format!("SELECT CAST(value AS BIGINT) AS value FROM ({sql}) AS answer")
            }
            Conn::Mariadb(_) => {
                format!("SELECT CAST(value AS SIGNED) AS value FROM ({sql}) AS answer")
            }
        };
        let row: Result<Number, _> =
            on!(&mut self.conn, conn => diesel::sql_query(&sql).get_result(conn));
        row.expect(&sql).value
    }

    /// The one text that `sql` selects as `value`.
    pub fn text(&mut self, sql: &str) -> String {
        let row: Result<Words, _> =
            on!(&mut self.conn, conn => diesel::sql_query(sql).get_result(conn));
        row.expect(sql).value
    }

    /// The one blob that `sql` selects as `value`.
    pub fn bytes(&mut self, sql: &str) -> Vec<u8> {
        let row: Result<Bytes, _> =
            on!(&mut self.conn, conn => diesel::sql_query(sql).get_result(conn));
        row.expect(sql).value
    }

    /// SQLite: how it would run a statement.
    pub fn plan(&mut self, sql: &str) -> String {
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let plan: Result<Vec<Step>, _> =
            on!(&mut self.conn, conn => diesel::sql_query(&sql).load(conn));
        let plan = plan.expect(&sql);
        let steps: Vec<String> = plan.into_iter().map(|step| step.detail).collect();
        steps.join("; ")
    }

    /// SQLite: every row of a table, as one text.
    pub fn dump(&mut self, table: &str, columns: &str) -> String {
        let columns = match columns {
            "*" => self.text(&format!(
                "SELECT group_concat(name) AS value FROM pragma_table_info('{table}')"
            )),
            named => named.to_owned(),
        };
        let row: Vec<String> = columns
            .split(',')
            .map(|name| format!("quote({name})"))
            .collect();
        let row = row.join("||' '||");
        self.text(&format!(
            "SELECT coalesce(group_concat({row}, char(10)), '') AS value FROM (SELECT * FROM {table} ORDER BY 1)"
        ))
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
