//! One session: its row is inserted, found, changed and deleted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::{Connection, MAX_ROWS};
use crate::handle::SessionHandle;
use crate::record::{Record, Summary};
use crate::store::affected_rows;
use crate::store::rows::{ContentRow, SessionRow, SummaryRow};
use crate::store::schema::session_info;

/// The most bytes of rows in one statement: far below MariaDB's `max_allowed_packet`.
const MAX_BYTES: usize = 1 << 20;

/// Inserts all `records`, with as few statements as the database likes.
pub(crate) fn insert(conn: &mut Connection, records: &[&Record]) -> QueryResult<()> {
    let rows: Vec<SessionRow> = records
        .iter()
        .map(|record| SessionRow::from(*record))
        .collect();
    insert_rows(conn, &rows)
}

pub(super) fn insert_rows(conn: &mut Connection, mut rows: &[SessionRow]) -> QueryResult<()> {
    while !rows.is_empty() {
        let mut bytes = 0;
        let fitting = rows.iter().take(MAX_ROWS).take_while(|row| {
            bytes += row.size();
            bytes <= MAX_BYTES
        });
        let (statement, rest) = rows.split_at(fitting.count().max(1));
        let inserted = match statement {
            // Prepared once and for all.
            [row] => diesel::insert_into(session_info::table)
                .values(row)
                .execute(conn),
            rows => insert_many!(rows).execute(conn),
        };
        inserted.and_then(affected_rows::require("session_info", statement.len()))?;
        rows = rest;
    }
    Ok(())
}

/// The session, if its row exists and makes sense.
pub(crate) fn find(conn: &mut Connection, handle: SessionHandle) -> QueryResult<Option<Record>> {
    let row = session_info::table
        .find(handle.as_bytes().as_slice())
        .select(SessionRow::as_select())
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(SessionRow::into_record))
}

/// The session, locked until the transaction ends.
pub(crate) fn find_locked(
    conn: &mut Connection,
    handle: SessionHandle,
) -> QueryResult<Option<Record>> {
    let row = session_info::table
        .find(handle.as_bytes().as_slice())
        .select(SessionRow::as_select());
    let row = lock!(row).get_result(conn).optional()?;
    Ok(row.and_then(SessionRow::into_record))
}

/// The session without its data, if its row exists and makes sense.
pub(crate) fn summary(
    conn: &mut Connection,
    handle: SessionHandle,
) -> QueryResult<Option<Summary>> {
    let row = session_info::table
        .find(handle.as_bytes().as_slice())
        .select(SummaryRow::as_select())
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(SummaryRow::into_summary))
}

/// Those of these sessions whose rows exist and make sense, without their data.
pub(crate) fn summaries(
    conn: &mut Connection,
    handles: &[SessionHandle],
) -> QueryResult<Vec<Summary>> {
    let handles = handles.iter().map(|handle| handle.as_bytes().as_slice());
    let rows: Vec<SummaryRow> = session_info::table
        .filter(session_info::handle.eq_any(handles))
        .select(SummaryRow::as_select())
        .load(conn)?;
    let summaries = rows.into_iter().filter_map(SummaryRow::into_summary);
    Ok(summaries.collect())
}

/// Lets `change` alter the payload and the data of an unexpired session, as one step under the
/// row's lock; writes nothing if it refuses.
pub(crate) fn change<T, E>(
    conn: &mut Connection,
    handle: SessionHandle,
    now: DateTime<Utc>,
    change: impl Fn(&mut Record) -> Result<T, E>,
) -> QueryResult<Option<Result<T, E>>> {
    let found = find_locked(conn, handle)?;
    let Some(mut record) = found.filter(|record| !record.is_expired(now)) else {
        return Ok(None);
    };
    let outcome = change(&mut record);
    if outcome.is_ok() {
        diesel::update(session_info::table.find(handle.as_bytes().as_slice()))
            .set(ContentRow::from(&record))
            .execute(conn)
            .and_then(affected_rows::require("session_info", 1))?;
    }
    Ok(Some(outcome))
}

/// Deletes up to `most` sessions that expired before `before`, those that expired first; says how
/// many.
pub(crate) fn delete_expired(
    conn: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<usize> {
    let expired: Vec<Vec<u8>> = session_info::table
        .filter(session_info::expires_at.lt(before.timestamp_millis()))
        .order(session_info::expires_at)
        .limit(most)
        .select(session_info::handle)
        .load(conn)?;
    diesel::delete(session_info::table.filter(session_info::handle.eq_any(expired))).execute(conn)
}
