//! SQLite: how a connection is opened, what makes it durable, how a write transaction begins.

use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::{Connection as _, SimpleConnection};
use diesel::prelude::{QueryableByName, RunQueryDsl, SqliteConnection};
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::result::QueryResult;
use diesel::sql_types::Text;

use super::OpenError;

/// The connection of this backend.
pub(super) type Connection = SqliteConnection;

/// Connections that read while the writer writes.
const READERS: u32 = 4;

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
            .ok_or_else(|| OpenError::UnknownScheme {
                scheme: scheme(url),
            })?;
        if path.is_empty() || path.starts_with(":memory:") {
            return Err(OpenError::NotAFile);
        }
        Ok(Self {
            path: path.to_owned(),
            timeout,
        })
    }

    /// A file beside this one.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        PathBuf::from(format!("{}{ending}", self.path))
    }

    /// Opens the connection that writes: WAL, and every commit synced to the disk before it is acknowledged.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        let mut conn = Connection::establish(&self.path).map_err(|source| OpenError::Connect {
            path: self.path.clone(),
            source,
        })?;
        set_timeout(&mut conn, self.timeout)?;
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

    /// Opens the connections that only read.
    pub(super) fn readers(&self) -> Result<Pool<ConnectionManager<Connection>>, OpenError> {
        Pool::builder()
            .max_size(READERS)
            .connection_timeout(self.timeout)
            .test_on_check_out(false)
            .connection_customizer(Box::new(ReadOnly {
                timeout: self.timeout,
            }))
            .build(ConnectionManager::new(&self.path))
            .map_err(|error| OpenError::Readers(error.to_string()))
    }
}

/// Runs `body` as one write transaction that takes the lock at once: a deferred one that reads and
/// then writes fails without waiting.
pub(super) fn write<T, E>(
    conn: &mut Connection,
    body: impl FnOnce(&mut Connection) -> Result<T, E>,
) -> Result<T, E>
where
    E: From<diesel::result::Error>,
{
    conn.immediate_transaction(body)
}

fn set_timeout(conn: &mut Connection, timeout: Duration) -> QueryResult<()> {
    conn.batch_execute(&format!("PRAGMA busy_timeout = {}", timeout.as_millis()))
}

fn scheme(url: &str) -> String {
    url.split(':').next().unwrap_or_default().to_owned()
}

#[derive(Debug)]
struct ReadOnly {
    timeout: Duration,
}

impl CustomizeConnection<Connection, diesel::r2d2::Error> for ReadOnly {
    fn on_acquire(&self, conn: &mut Connection) -> Result<(), diesel::r2d2::Error> {
        set_timeout(conn, self.timeout)
            .and_then(|()| conn.batch_execute("PRAGMA query_only = ON"))
            .map_err(diesel::r2d2::Error::QueryError)
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

        let readers = location.readers().expect("readers");
        let mut reader = readers.get().expect("a reader");
        assert_eq!(setting(&mut reader, "query_only"), 1);
        assert_eq!(setting(&mut reader, "busy_timeout"), 1234);
    }
}
