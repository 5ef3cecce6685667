//! The library's own migrations, with a version table of their own: Diesel's is the application's.
//! Each step is a file for each database, below this folder.

mod shape;

use diesel::prelude::*;
use diesel::query_builder::SqlQuery;
use diesel::query_dsl::LoadQuery;
use diesel::result::Error;
use diesel::sql_types::BigInt;

use super::OpenError;
use super::backend::Backend;
use super::schema::VERSIONS;

/// A row of it.
#[derive(QueryableByName)]
pub(super) struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// What it says; `None` if it is empty.
pub(super) fn version<C>(conn: &mut C) -> QueryResult<Option<i64>>
where
    C: Connection,
    SqlQuery: for<'query> LoadQuery<'query, C, Version>,
{
    diesel::sql_query("SELECT version FROM session_schema")
        .get_result::<Version>(conn)
        .optional()
        .map(|found| found.map(|row| row.version))
}

/// Whether there are no tables yet.
pub(super) fn are_missing(conn: &mut dyn Backend) -> QueryResult<bool> {
    Ok(conn.tables(&[VERSIONS])?.is_empty())
}

/// The version of the tables, if there are any, and the version that this program knows.
#[cfg(feature = "transfer")]
pub(super) fn versions(conn: &mut dyn Backend) -> QueryResult<(Option<i64>, usize)> {
    let found = if conn.tables(&[VERSIONS])?.is_empty() {
        None
    } else {
        conn.version()?
    };
    Ok((found, conn.steps().len()))
}

/// Migrates the tables to this version; the caller holds the lock for migrations.
///
/// A step may be run again: MariaDB commits each statement at once, so an interrupted step leaves
/// its beginning behind.
pub(super) fn run(conn: &mut dyn Backend) -> Result<(), OpenError> {
    let steps = conn.steps();
    let names = names(steps);
    let found = conn.tables(&names)?;
    let done = if found.iter().any(|table| table == VERSIONS) {
        if let Some(view) = conn.views(&names)?.into_iter().next() {
            return Err(shape::view(&view));
        }
        conn.check_rights(&found)?;
        let version = conn.version().map_err(|error| not_ours(conn, error))?;
        // The first launch writes the version before it makes anything else.
        if version.is_none() && found.len() > 1 {
            return Err(shape::emptied(steps.len()));
        }
        version
    } else if let Some(table) = found.first() {
        let are_ours = shape::check_tables(0, &names[..names.len() - 1], &found)
            .and_then(|()| shape::check_columns(conn, &names));
        return Err(match are_ours {
            Ok(()) => shape::unversioned(conn.make_versions(), steps.len()),
            Err(_) => foreign(conn, table.clone()),
        });
    } else {
        conn.may_change(0, &[])?;
        conn.batch_execute(conn.make_versions())?;
        None
    };
    let done = match done {
        Some(version) => {
            usize::try_from(version).map_err(|_| shape::no_version(version, steps.len()))?
        }
        None => {
            conn.batch_execute("INSERT INTO session_schema (version) VALUES (0)")?;
            0
        }
    };
    if done > steps.len() {
        return Err(OpenError::NewerSchema {
            found: done,
            known: steps.len(),
        });
    }
    let found = conn.tables(&names)?;
    shape::check_tables(done, &self::names(&steps[..done]), &found)?;
    if done < steps.len() {
        conn.may_change(done, &found)?;
        if !conn.repeats_steps() && shape::check_columns(conn, &names).is_ok() {
            return Err(shape::too_low(done, steps.len()));
        }
        for step in &steps[done..] {
            conn.batch_execute(step)?;
        }
        conn.batch_execute(&format!(
            "UPDATE session_schema SET version = {}",
            steps.len()
        ))?;
        let found = conn.tables(&names)?;
        conn.check_rights(&found)?;
    }
    shape::check_columns(conn, &names)?;
    shape::check_additions(conn, &names)?;
    shape::check_indexes(conn, &names)?;
    conn.check_tables(&names)
}

/// Every table that a step makes, and the one of the version.
fn names(steps: &[&'static str]) -> Vec<&'static str> {
    let made = steps.iter().flat_map(|step| step.split("CREATE TABLE "));
    let mut names: Vec<&str> = made
        .map(|text| text.strip_prefix("IF NOT EXISTS ").unwrap_or(text))
        .filter_map(|text| text.split_whitespace().next())
        .filter(|name| name.starts_with("session_"))
        .collect();
    names.push(VERSIONS);
    names
}

/// What it means that the version cannot be read: the name of its column is in every language the
/// same.
fn not_ours(conn: &dyn Backend, error: Error) -> OpenError {
    let unlike = matches!(error, Error::DeserializationError(_));
    if unlike || error.to_string().contains("version") {
        foreign(conn, VERSIONS.to_owned())
    } else {
        error.into()
    }
}

fn foreign(conn: &dyn Backend, table: String) -> OpenError {
    OpenError::ForeignTable {
        table,
        elsewhere: conn.elsewhere(),
    }
}
