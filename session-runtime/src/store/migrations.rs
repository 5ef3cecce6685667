//! The library's own migrations, with a version table of their own: Diesel's is the application's.
//! Compiled once per backend, as `queries.rs` is.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::BigInt;

use super::{Connection, ELSEWHERE, STEPS, check_columns, check_rights, may_change, tables};
use crate::store::OpenError;

/// The table that says which steps were done.
const VERSIONS: &str = "session_schema";

/// The version of the tables, if there are any, and the version that this program knows.
pub(in crate::store) fn versions(conn: &mut Connection) -> QueryResult<(Option<i64>, usize)> {
    let found = if tables(conn, &[VERSIONS])?.is_empty() {
        None
    } else {
        read(conn)?
    };
    Ok((found, STEPS.len()))
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

fn read(conn: &mut Connection) -> QueryResult<Option<i64>> {
    diesel::sql_query("SELECT version FROM session_schema")
        .get_result::<Version>(conn)
        .optional()
        .map(|found| found.map(|Version { version }| version))
}

/// Brings the tables to this version; the caller sees to it that nobody else does the same.
///
/// A step may be run again: MariaDB commits each statement at once, so an interrupted step leaves its
/// beginning behind.
pub(super) fn run(conn: &mut Connection) -> Result<(), OpenError> {
    let names = names();
    let found = tables(conn, &names)?;
    let done = if found.iter().any(|table| table == VERSIONS) {
        check_rights(conn, &found)?;
        read(conn).map_err(not_ours)?
    } else if let Some(table) = found.into_iter().next() {
        return Err(foreign(table));
    } else {
        may_change(conn, 0, &[])?;
        conn.batch_execute("CREATE TABLE IF NOT EXISTS session_schema (version BIGINT NOT NULL)")?;
        None
    };
    let done = match done {
        Some(version) => usize::try_from(version).unwrap_or(usize::MAX),
        None => {
            conn.batch_execute("INSERT INTO session_schema (version) VALUES (0)")?;
            0
        }
    };
    if done > STEPS.len() {
        return Err(OpenError::NewerSchema {
            found: done,
            known: STEPS.len(),
        });
    }
    if done < STEPS.len() {
        let found = tables(conn, &names)?;
        may_change(conn, done, &found)?;
        for step in &STEPS[done..] {
            conn.batch_execute(step)?;
        }
        conn.batch_execute(&format!(
            "UPDATE session_schema SET version = {}",
            STEPS.len()
        ))?;
        let found = tables(conn, &names)?;
        check_rights(conn, &found)?;
    }
    check_columns(conn, &names)
}

/// Every table that a step makes, and the one of the version.
fn names() -> Vec<&'static str> {
    let made = STEPS.iter().flat_map(|step| step.split("CREATE TABLE "));
    let mut names: Vec<&str> = made
        .map(|text| text.strip_prefix("IF NOT EXISTS ").unwrap_or(text))
        .filter_map(|text| text.split_whitespace().next())
        .filter(|name| name.starts_with("session_"))
        .collect();
    names.push(VERSIONS);
    names
}

/// What it means that the version cannot be read: the name of its column is in every language the same.
fn not_ours(error: Error) -> OpenError {
    let unlike = matches!(error, Error::DeserializationError(_));
    if unlike || error.to_string().contains("version") {
        foreign(VERSIONS.to_owned())
    } else {
        error.into()
    }
}

fn foreign(table: String) -> OpenError {
    OpenError::ForeignTable {
        table,
        elsewhere: ELSEWHERE,
    }
}
