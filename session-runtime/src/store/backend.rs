//! What differs between the databases beside the statements; each implements it in its folder.

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::result::QueryResult;

use super::OpenError;
use super::schema::{Column, Expected, Index, Key};

/// A connection, whichever database it leads to.
pub(super) trait Backend: SimpleConnection {
    /// The time by the clock of the database server, not that of the transaction's begin. `None`
    /// for a file, which is on the machine of the process and so has the same clock.
    fn time(&mut self) -> QueryResult<Option<DateTime<Utc>>>;

    /// Locks the sessions of a user until the transaction ends.
    fn lock_user(&mut self, user_id: &str, now: DateTime<Utc>) -> QueryResult<()>;

    /// Forgets up to `most` locks of users that were last used before `before`, where they outlast
    /// their transaction.
    fn delete_user_locks(&mut self, _before: DateTime<Utc>, _most: i64) -> QueryResult<()> {
        Ok(())
    }

    /// The isolation level of the open transaction, if it hides what others commit meanwhile.
    fn stale_isolation(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// What hides rows of the tables from this connection, and what to change.
    fn hidden_rows(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Settings under which a commit may be lost, each as a sentence.
    fn weaknesses(&mut self) -> Result<Vec<String>, OpenError>;

    /// What else has session tables where ours were just made, as a sentence.
    fn others(&mut self) -> QueryResult<Option<String>> {
        Ok(None)
    }

    /// Brings the tables to this version by [`migrations::run`](super::migrations::run), while no
    /// other process does.
    fn migrate(&mut self) -> Result<(), OpenError>;

    /// Each step of the migrations once, in order; a released step is never edited.
    fn steps(&self) -> &'static [&'static str];

    /// What the table of versions says; `None` if it is empty.
    fn version(&mut self) -> QueryResult<Option<i64>>;

    /// Where sessions find a place of their own, for a message.
    fn elsewhere(&self) -> &'static str;

    /// Those of these tables that there are where ours belong.
    fn tables(&mut self, names: &[&str]) -> QueryResult<Vec<String>>;

    /// Refuses to go on without a right to one of these tables.
    fn check_rights(&mut self, found: &[String]) -> Result<(), OpenError>;

    /// Refuses to make or alter tables without the right to it, where that is known beforehand.
    fn may_change(&mut self, _done: usize, _found: &[String]) -> Result<(), OpenError> {
        Ok(())
    }

    /// Makes the table of the version.
    fn make_versions(&self) -> &'static str {
        "CREATE TABLE IF NOT EXISTS session_schema (version BIGINT NOT NULL)"
    }

    /// The columns of these tables.
    fn columns(&mut self, names: &[&str]) -> QueryResult<Vec<Column>>;

    /// What a column of one of Diesel's types may be here.
    fn types(&self, kind: &str) -> &'static [&'static str];

    /// The columns of tables that only this database has.
    fn own_columns(&self) -> &'static [Expected] {
        &[]
    }

    /// Which of these tables are views.
    fn views(&mut self, names: &[&str]) -> QueryResult<Vec<String>>;

    /// The indexes of these tables.
    fn indexes(&mut self, names: &[&str]) -> QueryResult<Vec<Index>>;

    /// The primary keys of tables that only this database has.
    fn own_keys(&self) -> &'static [Key] {
        &[]
    }

    /// The statement that gives a table a primary key.
    fn make_key(&self, table: &str, columns: &str) -> String {
        format!("ALTER TABLE {table} ADD PRIMARY KEY ({columns})")
    }

    /// Whether a migration can run twice, so that a version that is too low corrects itself.
    fn repeats_steps(&self) -> bool {
        false
    }

    /// Refuses tables that were altered so that they lose what is stored.
    fn check_tables(&mut self, _names: &[&str]) -> Result<(), OpenError> {
        Ok(())
    }
}
