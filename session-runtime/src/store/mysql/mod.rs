//! MariaDB: how a connection is opened, what bounds its waits, what its commits are worth.

mod checks;
mod tls;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::{MysqlConnection, QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::backend::Backend;
use super::migrations;
use super::schema::{Column, Expected, Index, Key};
use super::{OpenError, server};
use crate::config::DatabaseUrl;

/// The steps of the migrations.
const STEPS: [&str; 4] = [
    include_str!("../migrations/mysql/0001_sessions.sql"),
    include_str!("../migrations/mysql/0002_key_version.sql"),
    include_str!("../migrations/mysql/0003_policies.sql"),
    include_str!("../migrations/mysql/0004_bound_and_pending.sql"),
];

/// The longest wait, in seconds, for other processes that migrate at the same time.
const MIGRATION_WAIT: u64 = 60;

/// What the statements rely on, whatever the server sets for its connections: their grammar, that
/// an empty string is not NULL, that a query returns every row and a statement without a key runs,
/// that a read ends its transaction, and that a commit does nothing else.
const OWN_SETTINGS: &str = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
     SESSION sql_select_limit = 18446744073709551615, SESSION sql_big_selects = 1, SESSION sql_safe_updates = 0,
     SESSION autocommit = 1, SESSION completion_type = 0";

/// Said of a replica without `read_only`, and of each of two servers that replicate from each other.
const WRITABLE_REPLICA: &str = "`Slave_running` is ON in MariaDB: this is a replica that takes writes, which the primary \
     does not get and a failover may undo; name the primary in `sessions.database`, and set `read_only` here. If the \
     primary replicates from here too, nothing is wrong";

/// Where a database is and how long to wait for it.
#[derive(Debug, Clone)]
pub(super) struct Location {
    url: DatabaseUrl,
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
            url: url.into(),
            timeout,
            attempts: server::Attempts::default(),
        }
    }

    /// The same with another wait.
    #[cfg(feature = "transfer")]
    pub(super) fn within(&self, timeout: Duration) -> Self {
        Self {
            timeout,
            ..self.clone()
        }
    }

    /// Opens a connection that writes.
    pub(super) fn writer(&self) -> Result<MysqlConnection, OpenError> {
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
    pub(super) fn reader(&self) -> Result<MysqlConnection, OpenError> {
        let mut conn: MysqlConnection =
            server::connect(self.url.as_str(), self.timeout, &self.attempts)?;
        tls::check(&mut conn, self.url.as_str())?;
        // First, for some would change what the next statements answer.
        conn.batch_execute(OWN_SETTINGS)?;
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

impl Backend for MysqlConnection {
    /// Without the session's time zone, whose summer time ends with an hour that comes twice.
    fn time(&mut self) -> QueryResult<Option<DateTime<Utc>>> {
        let micros = number(
            self,
            "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) AS value",
        )?;
        Ok(micros.and_then(DateTime::from_timestamp_micros))
    }

    /// Nothing but a row of a table lasts as long on MariaDB. The row changes, so that on Galera
    /// one of two nodes loses.
    fn lock_user(&mut self, user_id: &str, now: DateTime<Utc>) -> QueryResult<()> {
        diesel::sql_query(
            "INSERT INTO session_user_lock (user_id, used_at) VALUES (?, ?)
             ON DUPLICATE KEY UPDATE used_at = GREATEST(used_at + 1, VALUES(used_at))",
        )
        .bind::<Text, _>(user_id)
        .bind::<BigInt, _>(now.timestamp_millis())
        .execute(self)
        .map(drop)
    }

    fn delete_user_locks(&mut self, before: DateTime<Utc>, most: i64) -> QueryResult<()> {
        // Read without a lock first, so as not to wait for an open transaction.
        let old: Vec<LockedUser> =
            diesel::sql_query("SELECT user_id FROM session_user_lock WHERE used_at < ? LIMIT ?")
                .bind::<BigInt, _>(before.timestamp_millis())
                .bind::<BigInt, _>(most)
                .load(self)?;
        for LockedUser { user_id } in old {
            diesel::sql_query("DELETE FROM session_user_lock WHERE user_id = ? AND used_at < ?")
                .bind::<Text, _>(user_id)
                .bind::<BigInt, _>(before.timestamp_millis())
                .execute(self)?;
        }
        Ok(())
    }

    fn weaknesses(&mut self) -> Result<Vec<String>, OpenError> {
        let variables = variables(self)?;
        let value = |name: &str| variables.get(name).map_or("", String::as_str);
        let mut weak = Vec::new();
        if value("innodb_flush_log_at_trx_commit") != "1" {
            weak.push("innodb_flush_log_at_trx_commit");
        }
        if value("log_bin") == "ON" && value("sync_binlog") != "1" {
            weak.push("sync_binlog");
        }
        let weak = weak.into_iter().map(|name| {
            format!(
                "`{name}` is {} in MariaDB, not 1: a crash or a power loss may undo logins and revocations",
                value(name)
            )
        });
        let replicates: Vec<Variable> =
            diesel::sql_query("SHOW STATUS WHERE Variable_name = 'Slave_running' AND Value = 'ON'")
                .load(self)?;
        Ok(weak
            .chain(replicates.first().map(|_| WRITABLE_REPLICA.to_owned()))
            .collect())
    }

    /// Of several processes one does, the others wait for it.
    fn migrate(&mut self) -> Result<(), OpenError> {
        const NAME: &str = "CONCAT(DATABASE(), '.session_schema')";
        if number(self, "SELECT DATABASE() IS NULL AS value")? == Some(1) {
            return Err(OpenError::NoDatabase);
        }
        self.batch_execute(&format!(
            "SET STATEMENT max_statement_time = {MIGRATION_WAIT} FOR DO GET_LOCK({NAME}, {MIGRATION_WAIT})"
        ))?;
        let held = number(
            self,
            &format!("SELECT IS_USED_LOCK({NAME}) = CONNECTION_ID() AS value"),
        )?;
        if held != Some(1) {
            return Err(OpenError::MigrationBusy);
        }
        let migrated = migrations::run(self).map_err(|error| checks::explain(self, error));
        self.batch_execute(&format!("DO RELEASE_LOCK({NAME})"))?;
        migrated
    }

    fn steps(&self) -> &'static [&'static str] {
        &STEPS
    }

    fn version(&mut self) -> QueryResult<Option<i64>> {
        migrations::version(self)
    }

    fn elsewhere(&self) -> &'static str {
        "database of their own, as in `mysql://user:password@host/sessions`"
    }

    fn tables(&mut self, names: &[&str]) -> QueryResult<Vec<String>> {
        checks::tables(self, names)
    }

    fn check_rights(&mut self, found: &[String]) -> Result<(), OpenError> {
        checks::check_rights(self, found)
    }

    fn make_versions(&self) -> &'static str {
        "CREATE TABLE IF NOT EXISTS session_schema (version BIGINT NOT NULL) ENGINE = InnoDB"
    }

    fn columns(&mut self, names: &[&str]) -> QueryResult<Vec<Column>> {
        checks::columns(self, names)
    }

    fn views(&mut self, names: &[&str]) -> QueryResult<Vec<String>> {
        checks::views(self, names)
    }

    fn indexes(&mut self, names: &[&str]) -> QueryResult<Vec<Index>> {
        checks::indexes(self, names)
    }

    fn own_keys(&self) -> &'static [Key] {
        &[("session_user_lock", "user_id")]
    }

    /// Each statement is committed at once, so an interrupted step is done again.
    fn repeats_steps(&self) -> bool {
        true
    }

    fn types(&self, kind: &str) -> &'static [&'static str] {
        match kind {
            "Binary" => &["varbinary", "blob", "mediumblob", "longblob"],
            "Text" => &["varchar", "text", "mediumtext", "longtext"],
            "Bool" => &["tinyint"],
            "SmallInt" => &["smallint"],
            _ => &["bigint"],
        }
    }

    fn own_columns(&self) -> &'static [Expected] {
        &[
            ("session_user_lock", "user_id", "Text"),
            ("session_user_lock", "used_at", "BigInt"),
        ]
    }

    fn check_tables(&mut self, names: &[&str]) -> Result<(), OpenError> {
        checks::check_engines(self, names)?;
        checks::check_collations(self, names)
    }
}

fn number(conn: &mut MysqlConnection, sql: &str) -> QueryResult<Option<i64>> {
    diesel::sql_query(sql)
        .get_result::<Number>(conn)
        .map(|number| number.value)
}

/// The settings that this file asks for; those that a server does not know are absent.
fn variables(conn: &mut MysqlConnection) -> QueryResult<HashMap<String, String>> {
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
