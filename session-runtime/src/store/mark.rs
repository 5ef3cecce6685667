//! The mark on the target of a move: no application may start before everything has arrived, and
//! nothing may be moved once one has started.

use super::OpenError;
use super::connection::AnyConnection;

/// The mark of a database that is asked whether it is the source.
pub(super) const PROBE: i64 = 0;
/// The mark of a database that holds everything and that no application has started on.
pub(super) const DONE: i64 = 2;
/// The least mark of a database that does not hold everything yet: each move has one of its own, so
/// that of two the one that came first notices. Moves of an earlier version had 1.
#[cfg(feature = "transfer")]
pub(super) const OWN: i64 = 3;

/// Whether a mark is that of a move that has not ended, or was given up.
#[cfg(feature = "transfer")]
pub(super) fn is_going_on(mark: Option<i64>) -> bool {
    !matches!(mark, None | Some(PROBE | DONE))
}

/// Called when an application starts: nothing may be moved into this database any more.
pub(super) fn take_into_use(conn: &mut AnyConnection) -> Result<(), OpenError> {
    match conn.read(|link| link.mark())? {
        None | Some(PROBE) => Ok(()),
        Some(DONE) => {
            conn.write(|link| link.clear_mark(DONE))?;
            match conn.read(|link| link.mark())? {
                None => Ok(()),
                // Another move began meanwhile.
                Some(_) => Err(OpenError::HalfMoved),
            }
        }
        Some(_) => Err(OpenError::HalfMoved),
    }
}
