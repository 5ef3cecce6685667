//! The feed of revocations. An entry is written without a number, which it gets after its commit,
//! so that a transaction that commits late is never missed.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::Connection as Connects;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary};

use super::Connection;
use super::counters::{FEED, highest_number, lock_counter, longest_validity};
use crate::handle::SessionHandle;
use crate::revocation::{Entry, Position};
use crate::store::affected_rows;
use crate::store::rows::{self, RevocationRow};
use crate::store::schema::{session_counter, session_info, session_revocation};

type Dialect = <Connection as Connects>::Backend;

/// The tables that are written here.
const SESSIONS: &str = "session_info";
const REVOCATIONS: &str = "session_revocation";

/// Entries that are numbered in one transaction, by one statement that compares each with each: few
/// enough that no login waits noticeably behind them.
const NUMBERED_AT_ONCE: usize = 100;

/// Deletes exactly these sessions and says so in the feed, also whether a later session of the same
/// browser takes their place; returns those that were there.
pub(crate) fn revoke(
    conn: &mut Connection,
    handles: &[SessionHandle],
    replaced: bool,
) -> QueryResult<Vec<SessionHandle>> {
    let there = match handles {
        [] => Vec::new(),
        [handle] => {
            let row = session_info::table.find(handle.as_bytes().as_slice());
            let deleted = diesel::delete(row).execute(conn)?;
            if deleted == 0 && user_of(conn, *handle)?.is_some() {
                return Err(affected_rows::taken(SESSIONS));
            }
            handles[..deleted.min(1)].to_vec()
        }
        handles => {
            let bytes = handles.iter().map(|handle| handle.as_bytes().as_slice());
            let rows = session_info::table
                .filter(session_info::handle.eq_any(bytes))
                // Locks are taken in one order everywhere.
                .order(session_info::handle)
                .select(session_info::handle);
            let there: Vec<Vec<u8>> = lock!(rows).load(conn)?;
            diesel::delete(session_info::table.filter(session_info::handle.eq_any(&there)))
                .execute(conn)
                .and_then(affected_rows::require(SESSIONS, there.len()))?;
            rows::handles(&there)
        }
    };
    enter(conn, &there, replaced)?;
    Ok(there)
}

/// [`revoke`] of one session, if it is of this user; says whether it was.
pub(crate) fn revoke_owned(
    conn: &mut Connection,
    handle: SessionHandle,
    user_id: &str,
) -> QueryResult<bool> {
    let row = session_info::table
        .find(handle.as_bytes().as_slice())
        .filter(session_info::user_id.eq(user_id));
    let is_ended = diesel::delete(row).execute(conn)? > 0;
    if is_ended {
        enter(conn, &[handle], false)?;
    } else if user_of(conn, handle)?.as_deref() == Some(user_id) {
        return Err(affected_rows::taken(SESSIONS));
    }
    Ok(is_ended)
}

/// Whose session it is, as is committed now; asked where a deletion found none.
fn user_of(conn: &mut Connection, handle: SessionHandle) -> QueryResult<Option<String>> {
    let row = session_info::table
        .find(handle.as_bytes().as_slice())
        .select(session_info::user_id);
    lock!(row).get_result(conn).optional()
}

/// Writes entries without numbers.
fn enter(conn: &mut Connection, handles: &[SessionHandle], replaced: bool) -> QueryResult<()> {
    let rows: Vec<_> = handles
        .iter()
        .map(|handle| RevocationRow::new(*handle, replaced))
        .collect();
    let entered = match rows.as_slice() {
        [] => return Ok(()),
        // Prepared once and for all.
        [row] => diesel::insert_into(session_revocation::table)
            .values(row)
            .execute(conn),
        rows => diesel::insert_into(session_revocation::table)
            .values(rows)
            .execute(conn),
    };
    entered.and_then(affected_rows::require(REVOCATIONS, rows.len()))
}

/// Revokes what the feed once said and no longer says, whether its sessions are there or not.
pub(crate) fn revoke_again(conn: &mut Connection, handles: &[SessionHandle]) -> QueryResult<()> {
    // Other processes do the same at the same time.
    lock_counter(conn)?;
    let bytes = || handles.iter().map(|handle| handle.as_bytes().as_slice());
    diesel::delete(session_info::table.filter(session_info::handle.eq_any(bytes())))
        .execute(conn)?;
    let left: i64 = session_info::table
        .filter(session_info::handle.eq_any(bytes()))
        .count()
        .get_result(conn)?;
    if left > 0 {
        return Err(affected_rows::taken(SESSIONS));
    }
    let entered: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::handle.eq_any(bytes()))
        .select(session_revocation::handle)
        .load(conn)?;
    let entered = rows::handles(&entered);
    let mut missing = handles.to_vec();
    missing.retain(|handle| !entered.contains(handle));
    enter(conn, &missing, false)
}

/// Whether committed entries wait for their numbers.
pub(crate) fn has_unnumbered(conn: &mut Connection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        session_revocation::table.filter(session_revocation::number.is_null()),
    ))
    .get_result(conn)
}

/// Numbers some committed entries, holding the one counter row, and sets their end: no access token
/// of a process that has announced its validity lives longer, nor than `at_least`. Says whether
/// there may be more.
pub(crate) fn number_feed(
    conn: &mut Connection,
    now: DateTime<Utc>,
    at_least: TimeDelta,
) -> QueryResult<bool> {
    // No number twice, also where the counter was set back: a process that has read the number of
    // another entry would never read this one.
    let mut number = lock_counter(conn)?.max(highest_number(conn)?);
    let most = i64::try_from(NUMBERED_AT_ONCE).unwrap_or(i64::MAX);
    let waiting: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::number.is_null())
        .order(session_revocation::handle)
        .limit(most)
        .select(session_revocation::handle)
        .load(conn)?;
    let validity = longest_validity(conn, now)?.unwrap_or_default();
    let until = now + validity.max(at_least);
    let numbered = waiting.iter().map(|handle| {
        number += 1;
        (number, handle)
    });
    let numbers: Vec<_> = numbered.collect();
    if !numbers.is_empty() {
        let until = until.timestamp_millis();
        let entries = NumberEntries { numbers, until };
        entries
            .execute(conn)
            .and_then(affected_rows::require(REVOCATIONS, waiting.len()))?;
    }
    diesel::update(session_counter::table.find(FEED))
        .set(session_counter::value.eq(number))
        .execute(conn)
        .and_then(affected_rows::require("session_counter", 1))?;
    Ok(waiting.len() == NUMBERED_AT_ONCE)
}

/// Numbers several entries at once, which Diesel has no words for.
struct NumberEntries<'e> {
    numbers: Vec<(i64, &'e Vec<u8>)>,
    until: i64,
}

impl QueryFragment<Dialect> for NumberEntries<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Dialect>) -> QueryResult<()> {
        out.unsafe_to_cache_prepared();
        out.push_sql("UPDATE session_revocation SET ");
        out.push_identifier("number")?;
        out.push_sql(" = CASE handle");
        for (number, handle) in &self.numbers {
            out.push_sql(" WHEN ");
            out.push_bind_param::<Binary, _>(*handle)?;
            out.push_sql(" THEN ");
            out.push_bind_param::<BigInt, _>(number)?;
        }
        out.push_sql(" END, ");
        out.push_identifier("until")?;
        out.push_sql(" = ");
        out.push_bind_param::<BigInt, _>(&self.until)?;
        for (index, (_, handle)) in self.numbers.iter().enumerate() {
            out.push_sql(if index == 0 {
                " WHERE handle IN ("
            } else {
                ", "
            });
            out.push_bind_param::<Binary, _>(*handle)?;
        }
        out.push_sql(")");
        Ok(())
    }
}

impl QueryId for NumberEntries<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<Connection> for NumberEntries<'_> {}

/// Whether the entry at `position` is still the one that was read there; a failover or a restored
/// backup may have put another in its place.
pub(crate) fn is_at(conn: &mut Connection, position: Position) -> QueryResult<bool> {
    let entry = session_revocation::table
        .filter(session_revocation::number.eq(position.number))
        .filter(session_revocation::handle.eq(position.handle.as_bytes().as_slice()));
    diesel::select(diesel::dsl::exists(entry)).get_result(conn)
}

/// Up to `most` entries with a number above `after`, in the order of the numbers.
pub(crate) fn entries_after(
    conn: &mut Connection,
    after: i64,
    most: i64,
) -> QueryResult<Vec<Entry>> {
    let rows: Vec<RevocationRow> = session_revocation::table
        .filter(session_revocation::number.gt(after))
        .order(session_revocation::number)
        .limit(most)
        .select(RevocationRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(RevocationRow::into_entry)
        .collect())
}

/// Deletes up to `most` entries that no longer matter; the newest one stays, for it says where the
/// feed ends.
pub(crate) fn delete_old_revocations(
    conn: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<usize> {
    let newest = highest_number(conn)?;
    let old: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::until.lt(before.timestamp_millis()))
        .filter(session_revocation::number.lt(newest))
        .limit(most)
        .select(session_revocation::handle)
        .load(conn)?;
    diesel::delete(session_revocation::table.filter(session_revocation::handle.eq_any(old)))
        .execute(conn)
}
