//! The library's own migrations, with a version table of their own: Diesel's is the application's.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::OpenError;
use super::sqlite::Connection;

/// Each step once, in order; a released step is never edited.
const STEPS: [&str; 3] = [
    include_str!("migrations/sqlite/0001_sessions.sql"),
    include_str!("migrations/sqlite/0002_key_version.sql"),
    include_str!("migrations/sqlite/0003_policies.sql"),
];

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = BigInt)]
    version: i64,
}

/// Brings the tables to this version inside the transaction that is open on `conn`.
pub(super) fn run(conn: &mut Connection) -> Result<(), OpenError> {
    conn.batch_execute("CREATE TABLE IF NOT EXISTS session_schema (version BIGINT NOT NULL)")?;
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
