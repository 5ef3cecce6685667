//! The mark on a database that sessions are moved into: a row of `session_counter`.

use diesel::prelude::*;
use diesel::result::QueryResult;

use super::Connection;
use crate::store::affected_rows;
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

/// Removes this mark.
pub(crate) fn clear_mark(conn: &mut Connection, value: i64) -> QueryResult<()> {
    let marked = session_counter::table.find(MARK);
    diesel::delete(marked.filter(session_counter::value.eq(value))).execute(conn)?;
    if mark(conn)? == Some(value) {
        return Err(affected_rows::taken("session_counter"));
    }
    Ok(())
}
