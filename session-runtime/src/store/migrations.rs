//! The library's own migrations, with a version table of their own: Diesel's is the application's.
//! Compiled once per backend, as `queries.rs` is.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Connection, STEPS, schema_exists};
use crate::store::OpenError;

/// The version of the tables, if there are any, and the version that this program knows.
pub(in crate::store) fn versions(conn: &mut Connection) -> QueryResult<(Option<i64>, usize)> {
    let found = if schema_exists(conn)? {
        diesel::sql_query("SELECT version FROM session_schema")
            .get_result::<Version>(conn)
            .optional()?
    } else {
        None
    };
    Ok((found.map(|Version { version }| version), STEPS.len()))
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Brings the tables to this version; the caller sees to it that nobody else does the same.
///
/// A step may be run again: MariaDB commits each statement at once, so an interrupted step leaves its
/// beginning behind.
pub(super) fn run(conn: &mut Connection) -> Result<(), OpenError> {
    // Asked first, so that a user who may not create tables can run what others have created.
    if !schema_exists(conn)? {
        conn.batch_execute("CREATE TABLE IF NOT EXISTS session_schema (version BIGINT NOT NULL)")?;
    }
    let version = diesel::sql_query("SELECT version FROM session_schema")
        .get_result::<Version>(conn)
        .optional()?;
    let done = match version {
        Some(Version { version }) => usize::try_from(version).unwrap_or(usize::MAX),
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
    for step in &STEPS[done..] {
        conn.batch_execute(step)?;
    }
    if done < STEPS.len() {
        conn.batch_execute(&format!(
            "UPDATE session_schema SET version = {}",
            STEPS.len()
        ))?;
    }
    Ok(())
}
