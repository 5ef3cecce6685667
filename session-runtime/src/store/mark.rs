//! The mark on the target of a move: no application may start before everything has arrived, and
//! nothing may be moved once one has started.

use super::OpenError;
use super::connection::AnyConnection;

/// The mark of a database that is asked whether it is the source.
pub(super) const PROBE: i64 = 0;
/// The mark of a database that does not hold everything yet.
#[cfg(feature = "transfer")]
pub(super) const GOING_ON: i64 = 1;
/// The mark of a database that holds everything and that no application has started on.
pub(super) const DONE: i64 = 2;

/// Called when an application starts: nothing may be moved into this database any more.
pub(super) fn take_into_use(conn: &mut AnyConnection) -> Result<(), OpenError> {
    match conn.read(|link| link.mark())? {
        None | Some(PROBE) => Ok(()),
        Some(DONE) => Ok(conn.write(|link| link.clear_mark())?),
        Some(_) => Err(OpenError::HalfMoved),
    }
}
