//! Statements that move whole rows from one database to another, and the mark on a database that
//! they fill.

use diesel::prelude::*;
use diesel::result::QueryResult;

use super::counters::IDENTITY;
use super::mark::MARK;
use super::sessions::insert_rows;
use super::{Connection, MAX_ROWS};
use crate::store::affected_rows;
use crate::store::rows::{CounterRow, KeyRow, RevocationRow, SessionRow};
use crate::store::schema::{session_counter, session_info, session_key, session_revocation};

/// Reads, counts and replaces the rows of a table whose primary key is the handle.
macro_rules! rows_by_handle {
    ($table:ident, $row:ty, $within:ident, $count:ident, $put:ident, $insert:expr) => {
        /// At most `most` rows whose handle is above `after` and not above `until`, in the order of
        /// the handles.
        pub(crate) fn $within(
            conn: &mut Connection,
            after: &[u8],
            until: Option<&[u8]>,
            most: Option<i64>,
        ) -> QueryResult<Vec<$row>> {
            let mut query = $table::table
                .filter($table::handle.gt(after))
                .order($table::handle)
                .select(<$row>::as_select())
                .into_boxed();
            if let Some(until) = until {
                query = query.filter($table::handle.le(until));
            }
            if let Some(most) = most {
                query = query.limit(most);
            }
            query.load(conn)
        }

        /// How many rows there are.
        pub(crate) fn $count(conn: &mut Connection) -> QueryResult<i64> {
            $table::table.count().get_result(conn)
        }

        /// Deletes the rows of these handles, then inserts `rows`.
        pub(crate) fn $put(
            conn: &mut Connection,
            gone: &[&[u8]],
            rows: &[$row],
        ) -> QueryResult<()> {
            for gone in gone.chunks(MAX_ROWS) {
                let gone = gone.iter().copied();
                diesel::delete($table::table.filter($table::handle.eq_any(gone))).execute(conn)?;
            }
            let insert: fn(&mut Connection, &[$row]) -> QueryResult<()> = $insert;
            insert(conn, rows)
        }
    };
}

rows_by_handle!(
    session_info,
    SessionRow,
    sessions_in,
    count_sessions,
    put_sessions,
    insert_rows
);
rows_by_handle!(
    session_revocation,
    RevocationRow,
    revocations_in,
    count_revocations,
    put_revocations,
    |conn, rows| {
        diesel::insert_into(session_revocation::table)
            .values(rows)
            .execute(conn)
            .and_then(affected_rows::require("session_revocation", rows.len()))
    }
);

/// All keys, also those of a kind that this version does not know.
pub(crate) fn all_keys(conn: &mut Connection) -> QueryResult<Vec<KeyRow>> {
    session_key::table
        .order((session_key::kind, session_key::id))
        .select(KeyRow::as_select())
        .load(conn)
}

/// Replaces all keys.
pub(crate) fn put_keys(conn: &mut Connection, keys: &[KeyRow]) -> QueryResult<()> {
    diesel::delete(session_key::table).execute(conn)?;
    diesel::insert_into(session_key::table)
        .values(keys)
        .execute(conn)
        .and_then(affected_rows::require("session_key", keys.len()))
}

/// All counters but the mark and the identity, which are of one database.
pub(crate) fn all_counters(conn: &mut Connection) -> QueryResult<Vec<CounterRow>> {
    session_counter::table
        .filter(session_counter::name.ne_all([MARK, IDENTITY]))
        .order(session_counter::name)
        .select(CounterRow::as_select())
        .load(conn)
}

/// Replaces all counters but the mark and the identity.
pub(crate) fn put_counters(conn: &mut Connection, counters: &[CounterRow]) -> QueryResult<()> {
    let moved = session_counter::name.ne_all([MARK, IDENTITY]);
    diesel::delete(session_counter::table.filter(moved)).execute(conn)?;
    diesel::insert_into(session_counter::table)
        .values(counters)
        .execute(conn)
        .and_then(affected_rows::require("session_counter", counters.len()))
}

/// Whether nothing was ever stored.
pub(crate) fn is_empty(conn: &mut Connection) -> QueryResult<bool> {
    let keys: i64 = session_key::table.count().get_result(conn)?;
    Ok(keys == 0 && count_sessions(conn)? == 0 && count_revocations(conn)? == 0)
}

/// Puts the mark in the place of `before`; says whether that was the mark. The row stays locked
/// until the transaction ends.
pub(crate) fn replace_mark(
    conn: &mut Connection,
    before: Option<i64>,
    value: i64,
) -> QueryResult<bool> {
    let Some(before) = before else {
        let row = CounterRow {
            name: MARK.to_owned(),
            value,
        };
        return diesel::insert_into(session_counter::table)
            .values(row)
            .execute(conn)
            .and_then(affected_rows::require("session_counter", 1))
            .map(|()| true);
    };
    let marked = session_counter::table.find(MARK);
    diesel::update(marked.filter(session_counter::value.eq(before)))
        .set(session_counter::value.eq(value))
        .execute(conn)
        .map(|changed| changed == 1)
}
