//! PostgreSQL: how a connection is opened, what bounds its waits, what its commits are worth.

mod checks;
mod policies;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::connection::{CacheSize, SimpleConnection};
use diesel::prelude::{Connection as _, PgConnection, QueryableByName, RunQueryDsl};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text};

use super::backend::Backend;
use super::migrations;
use super::schema::{Column, Index};
use super::{OpenError, server};
use crate::config::DatabaseUrl;

/// The steps of the migrations.
const STEPS: [&str; 4] = [
    include_str!("../migrations/postgres/0001_sessions.sql"),
    include_str!("../migrations/postgres/0002_key_version.sql"),
    include_str!("../migrations/postgres/0003_policies.sql"),
    include_str!("../migrations/postgres/0004_bound_and_pending.sql"),
];

/// The parameter of a URL that leads to a pooler: ours, not libpq's.
const POOLED: &str = "pgbouncer=true";

/// The longest wait for other processes that migrate at the same time.
const MIGRATION_WAIT: Duration = Duration::from_secs(60);

/// Where a database is and how long to wait for it.
#[derive(Debug, Clone)]
pub(super) struct Location {
    url: DatabaseUrl,
    timeout: Duration,
    attempts: server::Attempts,
    /// Whether a pooler gives each transaction whichever connection of the server is free.
    pooled: bool,
    /// The `search_path` of the first connection, which all keep: one that somebody sets later for
    /// the role would lead the next connections to other tables.
    search_path: Arc<OnceLock<String>>,
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    setting: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    value: bool,
}

impl Location {
    /// Adds what bounds the waits of libpq, unless the URL sets it.
    pub(super) fn new(url: &str, timeout: Duration) -> Self {
        let bounds = [
            // Longer than ours, whose message says what to do.
            ("connect_timeout", timeout.as_secs() + 2),
            ("tcp_user_timeout", millis(timeout)),
            ("keepalives_idle", 10),
            ("keepalives_interval", 5),
        ];
        let (mut bounded, pooled) = without_parameter(url, POOLED);
        for (name, value) in bounds {
            if !url.contains(name) {
                let joint = if bounded.contains('?') { '&' } else { '?' };
                bounded.push_str(&format!("{joint}{name}={value}"));
            }
        }
        Self {
            url: bounded.into(),
            timeout,
            attempts: server::Attempts::default(),
            pooled,
            search_path: Arc::default(),
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

    /// Opens a connection that writes, as [`reader`](Self::reader) does.
    pub(super) fn writer(&self) -> Result<(PgConnection, Option<String>), OpenError> {
        let (mut conn, settings) = self.reader()?;
        let read_only = diesel::sql_query(
            "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS value",
        );
        if read_only.get_result::<Answer>(&mut conn)?.value {
            return Err(OpenError::ReadOnly {
                setting: "`transaction_read_only` is on (a standby, or `default_transaction_read_only`)",
            });
        }
        Ok((conn, settings))
    }

    /// Opens a connection that reads; behind a pooler with the settings that begin each
    /// transaction. A row that a policy would hide is an error there: a session that was not found
    /// would not be revoked.
    pub(super) fn reader(&self) -> Result<(PgConnection, Option<String>), OpenError> {
        let mut conn: PgConnection =
            server::connect(self.url.as_str(), self.timeout, &self.attempts)?;
        let lock_wait = millis(server::LOCK_WAIT.min(self.timeout));
        let wait = millis(self.timeout);
        let path = self.search_path(&mut conn)?.replace('\'', "''");
        if self.pooled {
            // A pooler may hand the connection, with its prepared statements, to another client.
            conn.set_prepared_statement_cache_size(CacheSize::Disabled);
            let settings = format!(
                "SET LOCAL lock_timeout = {lock_wait};
                 SET LOCAL statement_timeout = {wait};
                 SET LOCAL transaction_isolation = 'read committed';
                 SET LOCAL row_security = off;
                 SELECT set_config('search_path', '{path}', true)"
            );
            return Ok((conn, Some(settings)));
        }
        conn.batch_execute(&format!(
            "SET lock_timeout = {lock_wait};
             SET statement_timeout = {wait};
             SET default_transaction_isolation = 'read committed';
             SET row_security = off;
             SELECT set_config('search_path', '{path}', false)"
        ))?;
        Ok((conn, None))
    }

    fn search_path(&self, conn: &mut PgConnection) -> Result<&str, OpenError> {
        if let Some(path) = self.search_path.get() {
            return Ok(path);
        }
        let found = diesel::sql_query(
            "SELECT 'search_path' AS name, current_setting('search_path') AS setting",
        )
        .get_result::<Setting>(conn)?;
        Ok(self.search_path.get_or_init(|| found.setting))
    }
}

impl Backend for PgConnection {
    fn time(&mut self) -> QueryResult<Option<DateTime<Utc>>> {
        diesel::sql_query(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS value",
        )
        .get_result::<Number>(self)
        .map(|micros| DateTime::from_timestamp_micros(micros.value))
    }

    fn lock_user(&mut self, user_id: &str, _now: DateTime<Utc>) -> QueryResult<()> {
        diesel::sql_query(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.session_info.' || $1, 0))",
        )
        .bind::<Text, _>(user_id)
        .execute(self)
        .map(drop)
    }

    fn stale_isolation(&mut self) -> QueryResult<Option<String>> {
        let level = diesel::sql_query(
            "SELECT 'transaction_isolation' AS name, current_setting('transaction_isolation') AS setting",
        )
        .get_result::<Setting>(self)?
        .setting;
        // PostgreSQL has no dirty reads, whatever the name says.
        let sees_commits = matches!(level.as_str(), "read committed" | "read uncommitted");
        Ok((!sees_commits).then_some(level))
    }

    fn hidden_rows(&mut self) -> QueryResult<Option<String>> {
        policies::hidden_rows(self)
    }

    fn weaknesses(&mut self) -> Result<Vec<String>, OpenError> {
        let settings: Vec<Setting> = diesel::sql_query(
            "SELECT name, setting FROM pg_settings
             WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') ORDER BY name",
        )
        .load(self)?;
        Ok(settings
            .into_iter()
            .filter(|Setting { setting, .. }| setting == "off")
            .map(|Setting { name, .. }| {
                format!("`{name}` is off in PostgreSQL: a crash or a power loss may undo logins and revocations")
            })
            .collect())
    }

    fn others(&mut self) -> QueryResult<Option<String>> {
        checks::others(self)
    }

    /// Of several processes one does, the others wait for it.
    fn migrate(&mut self) -> Result<(), OpenError> {
        checks::check(self)?;
        self.transaction(|conn| {
            let wait = millis(MIGRATION_WAIT);
            conn.batch_execute(&format!(
                "SET LOCAL lock_timeout = {wait}; SET LOCAL statement_timeout = {wait}"
            ))?;
            conn.batch_execute(
                "SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.session_schema'))",
            )
            .map_err(|_| OpenError::MigrationBusy)?;
            migrations::run(conn)
        })
    }

    fn steps(&self) -> &'static [&'static str] {
        &STEPS
    }

    fn version(&mut self) -> QueryResult<Option<i64>> {
        migrations::version(self)
    }

    fn elsewhere(&self) -> &'static str {
        "schema of their own, as in `postgres://user:password@host/app?options=-csearch_path%3Dsessions`"
    }

    fn tables(&mut self, names: &[&str]) -> QueryResult<Vec<String>> {
        checks::tables(self, names)
    }

    fn check_rights(&mut self, found: &[String]) -> Result<(), OpenError> {
        checks::check_rights(self, found)?;
        match policies::hidden_rows(self)? {
            Some(problem) => Err(OpenError::Unfit(problem)),
            None => Ok(()),
        }
    }

    fn may_change(&mut self, done: usize, found: &[String]) -> Result<(), OpenError> {
        checks::may_change(self, done, found)
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

    fn types(&self, kind: &str) -> &'static [&'static str] {
        match kind {
            "Binary" => &["bytea"],
            "Text" => &["text", "character varying"],
            "Bool" => &["boolean"],
            "SmallInt" => &["smallint"],
            _ => &["bigint"],
        }
    }

    fn check_tables(&mut self, names: &[&str]) -> Result<(), OpenError> {
        checks::check_logged(self, names)
    }
}

/// The URL without this parameter, and whether it was there.
fn without_parameter(url: &str, parameter: &str) -> (String, bool) {
    let Some((address, parameters)) = url.rsplit_once('?') else {
        return (url.to_owned(), false);
    };
    let kept: Vec<&str> = parameters
        .split('&')
        .filter(|found| *found != parameter)
        .collect();
    let kept = kept.join("&");
    match (kept.len() < parameters.len(), kept.is_empty()) {
        (false, _) => (url.to_owned(), false),
        (true, true) => (address.to_owned(), true),
        (true, false) => (format!("{address}?{kept}"), true),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis())
        .unwrap_or(u64::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::{POOLED, without_parameter};

    #[test]
    fn our_parameter_is_not_shown_to_libpq() {
        for (url, left, there) in [
            ("postgres://u:p@h/app", "postgres://u:p@h/app", false),
            ("postgres://h/app?pgbouncer=true", "postgres://h/app", true),
            (
                "postgres://h/app?a=b&pgbouncer=true&c=d",
                "postgres://h/app?a=b&c=d",
                true,
            ),
            (
                "postgres://u:p?w@h/app?pgbouncer=true",
                "postgres://u:p?w@h/app",
                true,
            ),
            // libpq names what it does not know.
            (
                "postgres://h/app?pgbouncer=yes",
                "postgres://h/app?pgbouncer=yes",
                false,
            ),
        ] {
            assert_eq!(without_parameter(url, POOLED), (left.to_owned(), there));
        }
    }
}
