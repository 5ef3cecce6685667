//! Preparing a database at launch: migrations, checks, warnings.

use diesel::result::{DatabaseErrorKind, Error};

use super::connection::AnyConnection;
use super::{OpenError, mark, migrations};
use crate::clock::DatabaseClock;

/// Warnings about a database that can be used, for the log of the launch.
#[derive(Debug)]
pub(crate) struct Remarks {
    /// What makes its commits less than durable.
    pub(crate) weaknesses: Vec<String>,
    /// What else has session tables, where ours were just made.
    pub(crate) others: Option<String>,
}

/// Brings the database up to date.
pub(super) fn prepare(
    conn: &mut AnyConnection,
    clock: &DatabaseClock,
) -> Result<Remarks, OpenError> {
    let weaknesses = conn.backend().weaknesses()?;
    let is_new = migrations::are_missing(conn.backend())?;
    conn.migrate()?;
    let others = if is_new {
        conn.backend().others()?
    } else {
        None
    };
    mark::take_into_use(conn)?;
    clock.follow(|| conn.backend().time())?;
    restore_counters(conn, clock)?;
    Ok(Remarks { weaknesses, others })
}

/// Restores counters that were deleted or set back, before anything reads them.
fn restore_counters(conn: &mut AnyConnection, clock: &DatabaseClock) -> Result<(), OpenError> {
    let now = clock.now();
    if conn.read(|link| link.has_counters())? {
        return Ok(());
    }
    match conn.write(|link| link.restore_counters(now)) {
        // Another process did it.
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(()),
        restored => Ok(restored?),
    }
}
