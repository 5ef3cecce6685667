//! The mark on a database that sessions are moved into, so that no application starts on half of
//! them, and none are moved over the sessions of one that has started.

use super::OpenError;
use super::connection::AnyConnection;

/// The mark of a database that is asked whether it is the source.
pub(super) const PROBE: i64 = 0;
/// The mark of a database that does not hold everything yet.
#[cfg(feature = "transfer")]
pub(super) const GOING_ON: i64 = 1;
/// The mark of a database that holds everything and that no application has started on.
pub(super) const DONE: i64 = 2;

/// An application starts: from now on nothing is moved into this database.
pub(super) fn take_into_use(conn: &mut AnyConnection) -> Result<(), OpenError> {
    match conn.read(|link| link.mark())? {
        None | Some(PROBE) => Ok(()),
        Some(DONE) => Ok(conn.write(|link| link.clear_mark())?),
        Some(_) => Err(OpenError::HalfMoved),
    }
}
