//! The mark on a database that sessions are moved into: a row of `session_counter`.

use diesel::prelude::*;
use diesel::result::QueryResult;

use super::Connection;
use crate::store::changed;
use crate::store::schema::session_counter;

/// The name of the row.
pub(super) const MARK: &str = "transfer";

/// What the mark says, if there is one.
pub(crate) fn mark(conn: &mut Connection) -> QueryResult<Option<i64>> {
    session_counter::table
        .find(MARK)
        .select(session_counter::value)
        .get_result(conn)
        .optional()
}

/// Removes the mark.
pub(crate) fn clear_mark(conn: &mut Connection) -> QueryResult<()> {
    diesel::delete(session_counter::table.find(MARK)).execute(conn)?;
    match mark(conn)? {
        None => Ok(()),
        Some(_) => Err(changed::taken("session_counter")),
    }
}
