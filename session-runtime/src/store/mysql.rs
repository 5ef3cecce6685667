//! MariaDB: how a connection is opened, what bounds its waits, what its commits are worth.

mod place;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::{QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};

use self::place::{ELSEWHERE, check_columns, check_rights, may_change, tables};
use super::{OpenError, server};

/// The connection of this backend.
pub(super) type Connection = diesel::MysqlConnection;

/// The most rows in one statement: bounds its bind variables.
const MAX_ROWS: usize = 1000;

/// Each step once, in order; a released step is never edited.
const STEPS: [&str; 4] = [
    include_str!("migrations/mysql/0001_sessions.sql"),
    include_str!("migrations/mysql/0002_key_version.sql"),
    include_str!("migrations/mysql/0003_policies.sql"),
    include_str!("migrations/mysql/0004_round_two.sql"),
];

/// The longest wait, in seconds, for other processes that migrate at the same time.
const MIGRATION_WAIT: u64 = 60;

/// Locks the rows that a query finds until the transaction ends.
macro_rules! lock {
    ($query:expr) => {
        $query.for_update()
    };
}

/// Reads what is committed now, also in a transaction of the application's that reads by its first snapshot:
/// only a locking read does.
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

#[allow(clippy::duplicate_mod)] // once per backend, on purpose
#[path = "migrations.rs"]
pub(super) mod migrations;
#[allow(clippy::duplicate_mod)]
#[path = "queries.rs"]
pub(super) mod queries;

/// Where a database is and how long to wait for it.
#[derive(Debug, Clone)]
pub(super) struct Location {
    url: String,
    timeout: Duration,
    attempts: server::Attempts,
}

#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Variable_name")]
    name: String,
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

#[derive(QueryableByName)]
struct LockedUser {
    #[diesel(sql_type = Text)]
    user_id: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = Nullable<BigInt>)]
    value: Option<i64>,
}

impl Location {
    pub(super) fn new(url: &str, timeout: Duration) -> Self {
        Self {
            url: url.to_owned(),
            timeout,
            attempts: server::Attempts::default(),
        }
    }

    /// Opens a connection that writes.
    pub(super) fn writer(&self) -> Result<Connection, OpenError> {
        let mut conn = self.reader()?;
        let variables = variables(&mut conn)?;
        let is_on = |name| variables.get(name).is_some_and(|value| value != "OFF");
        if is_on("read_only") {
            return Err(OpenError::ReadOnly {
                setting: "`read_only` is ON (a replica)",
            });
        }
        if is_on("tx_read_only") {
            return Err(OpenError::ReadOnly {
                setting: "`tx_read_only` is ON (`transaction-read-only` in its configuration)",
            });
        }
        Ok(conn)
    }

    /// Opens a connection that reads.
    pub(super) fn reader(&self) -> Result<Connection, OpenError> {
        let mut conn: Connection = server::connect(&self.url, self.timeout, &self.attempts)?;
        let known = variables(&mut conn)?;
        let seconds = self.timeout.as_secs_f64();
        // Row locks and locks of whole tables are waited for in whole seconds.
        let lock_wait = server::LOCK_WAIT.min(self.timeout).as_secs().max(1);
        let wanted = [
            ("innodb_lock_wait_timeout", lock_wait.to_string()),
            ("lock_wait_timeout", lock_wait.to_string()),
            ("max_statement_time", seconds.to_string()),
            // On a Galera node: what was committed on another one is seen here.
            ("wsrep_sync_wait", "1".to_owned()),
            // What it says of missing rights is read.
            ("lc_messages", "'en_US'".to_owned()),
        ];
        let settings = wanted
            .iter()
            .filter(|(name, _)| known.contains_key(*name))
            .map(|(name, value)| format!("SET SESSION {name} = {value};"))
            .collect::<String>();
        conn.batch_execute(&format!(
            "{settings} SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
        ))?;
        Ok(conn)
    }
}

/// Brings the tables to this version; of several processes one does, the others wait for it.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), OpenError> {
    const NAME: &str = "CONCAT(DATABASE(), '.session_schema')";
    if number(conn, "SELECT DATABASE() IS NULL AS value")? == Some(1) {
        return Err(OpenError::NoDatabase);
    }
    conn.batch_execute(&format!(
        "SET STATEMENT max_statement_time = {MIGRATION_WAIT} FOR DO GET_LOCK({NAME}, {MIGRATION_WAIT})"
    ))?;
    let held = number(
        conn,
        &format!("SELECT IS_USED_LOCK({NAME}) = CONNECTION_ID() AS value"),
    )?;
    if held != Some(1) {
        return Err(OpenError::MigrationBusy);
    }
    let migrated = migrations::run(conn).map_err(|error| place::explain(conn, error));
    conn.batch_execute(&format!("DO RELEASE_LOCK({NAME})"))?;
    migrated
}

/// Settings under which a commit may be lost, each as a sentence.
pub(super) fn weaknesses(conn: &mut Connection) -> Result<Vec<String>, OpenError> {
    let variables = variables(conn)?;
    let value = |name: &str| variables.get(name).map_or("", String::as_str);
    let mut weak = Vec::new();
    if value("innodb_flush_log_at_trx_commit") != "1" {
        weak.push("innodb_flush_log_at_trx_commit");
    }
    if value("log_bin") == "ON" && value("sync_binlog") != "1" {
        weak.push("sync_binlog");
    }
    Ok(weak
        .into_iter()
        .map(|name| {
            format!(
                "`{name}` is {} in MariaDB, not 1: a crash or a power loss may undo logins and revocations",
                value(name)
            )
        })
        .collect())
}

/// The time by the server's clock; without the session's time zone, whose summer time ends with an hour
/// that comes twice.
pub(super) fn time(conn: &mut Connection) -> QueryResult<Option<DateTime<Utc>>> {
    let micros = number(
        conn,
        "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS value",
    )?;
    Ok(micros.and_then(DateTime::from_timestamp_micros))
}

/// Keeps others from the sessions of a user until the transaction ends: nothing but a row of a table lasts
/// as long on MariaDB. The row changes, so that on Galera one of two nodes loses.
fn lock_user(conn: &mut Connection, user_id: &str, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO session_user_lock (user_id, used_at) VALUES (?, ?)
         ON DUPLICATE KEY UPDATE used_at = GREATEST(used_at + 1, VALUES(used_at))",
    )
    .bind::<Text, _>(user_id)
    .bind::<BigInt, _>(now.timestamp_millis())
    .execute(conn)
    .map(drop)
}

/// Forgets up to `most` locks of users that were last used before `before`.
pub(super) fn delete_user_locks(
    conn: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<()> {
    // Found first without a lock, so that nobody's open transaction is waited for.
    let old: Vec<LockedUser> =
        diesel::sql_query("SELECT user_id FROM session_user_lock WHERE used_at < ? LIMIT ?")
            .bind::<BigInt, _>(before.timestamp_millis())
            .bind::<BigInt, _>(most)
            .load(conn)?;
    for LockedUser { user_id } in old {
        diesel::sql_query("DELETE FROM session_user_lock WHERE user_id = ? AND used_at < ?")
            .bind::<Text, _>(user_id)
            .bind::<BigInt, _>(before.timestamp_millis())
            .execute(conn)?;
    }
    Ok(())
}

/// The isolation level of a transaction, if it hides what others commit meanwhile: locking reads see it
/// at every level.
pub(super) fn stale_isolation(_: &mut Connection) -> QueryResult<Option<String>> {
    Ok(None)
}

fn number(conn: &mut Connection, sql: &str) -> QueryResult<Option<i64>> {
    diesel::sql_query(sql)
        .get_result::<Number>(conn)
        .map(|number| number.value)
}

/// The settings that this file asks for; those that a server does not know are absent.
fn variables(conn: &mut Connection) -> QueryResult<HashMap<String, String>> {
    let variables: Vec<Variable> = diesel::sql_query(
        "SHOW VARIABLES WHERE Variable_name IN
         ('innodb_flush_log_at_trx_commit', 'innodb_lock_wait_timeout', 'lc_messages', 'lock_wait_timeout',
          'log_bin', 'max_statement_time', 'read_only', 'sync_binlog', 'tx_read_only', 'wsrep_sync_wait')",
    )
    .load(conn)?;
    Ok(variables
        .into_iter()
        .map(|variable| (variable.name, variable.value))
        .collect())
}
