//! Every statement the library runs, as functions over a connection inside whatever transaction is
//! open on it.
//!
//! A row is found by its key with `get_result`: `first` adds a `LIMIT ?`, and SQLite has a statement with one
//! parsed anew whenever it is bound.
//!
//! Compiled once per backend, as a module of its file: `Connection`, `lock!` and `insert_many!` are the backend's.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::{Connection, MAX_ROWS, lock_user};
use crate::handle::SessionHandle;
use crate::record::{CHUNK, PAGE, ROUNDS, Record, Summary};
use crate::store::models::{self, ContentRow, SessionRow, SummaryRow};
use crate::store::schema::session_info;

#[allow(clippy::duplicate_mod)] // once per backend, as this file
#[path = "queries/counters.rs"]
mod counters;
#[allow(clippy::duplicate_mod)]
#[path = "queries/feed.rs"]
mod feed;
#[allow(clippy::duplicate_mod)]
#[path = "queries/keys.rs"]
mod keys;
#[allow(clippy::duplicate_mod)]
#[path = "queries/logins.rs"]
mod logins;
#[allow(clippy::duplicate_mod)]
#[path = "queries/pending.rs"]
mod pending;
#[allow(clippy::duplicate_mod)]
#[path = "queries/rotate.rs"]
mod rotate;
#[allow(clippy::duplicate_mod)]
#[path = "queries/transfer.rs"]
mod transfer;

use counters::lock_counter;
pub(crate) use counters::{
    announce_issuer, announce_keys, announce_validity, key_version, longest_validity, other_issuer,
};
pub(crate) use feed::{
    delete_old_revocations, entries_after, has_unnumbered, is_at, number_feed, revoke, revoke_again,
};
pub(crate) use keys::{
    add_due_key, add_missing_keys, delete_signing_keys, keys, remove_key, replace_keys,
    revoke_everything,
};
pub(crate) use logins::{create, succeed};
pub(crate) use pending::{count_attempt, revoke_pending};
pub(crate) use rotate::rotate;
pub(in crate::store) use transfer::{
    all_counters, all_keys, clear_mark, count_revocations, count_sessions, is_empty, mark,
    put_counters, put_keys, put_revocations, put_sessions, revocations_in, sessions_in, set_mark,
};

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

fn insert_rows(conn: &mut Connection, mut rows: &[SessionRow]) -> QueryResult<()> {
    while !rows.is_empty() {
        let mut bytes = 0;
        let fitting = rows.iter().take(MAX_ROWS).take_while(|row| {
            bytes += row.size();
            bytes <= MAX_BYTES
        });
        let (statement, rest) = rows.split_at(fitting.count().max(1));
        match statement {
            // Prepared once and for all.
            [row] => diesel::insert_into(session_info::table)
                .values(row)
                .execute(conn)?,
            rows => insert_many!(rows).execute(conn)?,
        };
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

/// The session, which nobody else changes until the transaction ends.
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

/// Unexpired sessions of a user, oldest first; pending ones are none.
pub(crate) fn handles_of(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    if is_nobodys(user_id) {
        return Ok(Vec::new());
    }
    let handles: Vec<Vec<u8>> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .filter(session_info::pending_attempts.is_null())
        .order(session_info::handle)
        .select(session_info::handle)
        .load(conn)?;
    Ok(models::handles(&handles))
}

/// All sessions of a user, those that are expired included, oldest first.
pub(crate) fn all_handles_of(
    conn: &mut Connection,
    user_id: &str,
) -> QueryResult<Vec<SessionHandle>> {
    if is_nobodys(user_id) {
        return Ok(Vec::new());
    }
    let handles: Vec<Vec<u8>> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .order(session_info::handle)
        .select(session_info::handle)
        .load(conn)?;
    Ok(models::handles(&handles))
}

/// All sessions of all users, those that are expired included.
pub(crate) fn all_handles(conn: &mut Connection) -> QueryResult<Vec<SessionHandle>> {
    let handles: Vec<Vec<u8>> = session_info::table
        .select(session_info::handle)
        .load(conn)?;
    Ok(models::handles(&handles))
}

/// Unexpired sessions of a user, oldest first, as they are committed now: also in a transaction of the
/// application's that began earlier. With each, how often its second factor was tried if it awaits one.
fn unexpired_now(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<(SessionHandle, Option<i64>)>> {
    let theirs = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .order(session_info::handle)
        .select((session_info::handle, session_info::pending_attempts));
    let rows: Vec<(Vec<u8>, Option<i64>)> = read_now!(theirs).load(conn)?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(bytes, attempts)| Some((models::handle(&bytes)?, attempts)))
        .collect())
}

/// Deletes all sessions of a user but `except` in one transaction, those that are expired included.
///
/// Repeated until none is found: a session that replaced another one meanwhile was not there at the
/// first look, and the other one is gone when its lock is free.
pub(crate) fn revoke_user(
    conn: &mut Connection,
    user_id: &str,
    except: Option<SessionHandle>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    if is_nobodys(user_id) {
        return Ok(Vec::new());
    }
    lock_user(conn, user_id, now)?;
    let mut revoked = Vec::new();
    for round in 0..ROUNDS {
        let theirs = session_info::table
            .filter(session_info::user_id.eq(user_id))
            .order(session_info::handle)
            .select(session_info::handle);
        let found: Vec<Vec<u8>> = read_now!(theirs).load(conn)?;
        let mut found = models::handles(&found);
        found.retain(|handle| Some(*handle) != except);
        if found.is_empty() && round > 0 {
            return Ok(revoked);
        }
        for chunk in found.chunks(CHUNK) {
            revoked.extend(revoke(conn, chunk, false)?);
        }
    }
    let never = "sessions of the user are replaced as fast as they are ended".to_owned();
    Err(Error::DatabaseError(
        DatabaseErrorKind::SerializationFailure,
        Box::new(never),
    ))
}

/// Whether no session can have this user id. PostgreSQL would refuse even to look for it.
fn is_nobodys(user_id: &str) -> bool {
    user_id.contains('\0')
}

/// Lets `change` alter the payload and the data of an unexpired session, as one step under the row's
/// lock; writes nothing if it refuses.
pub(crate) fn change<T, E>(
    conn: &mut Connection,
    handle: SessionHandle,
    now: DateTime<Utc>,
    change: impl Fn(&mut Record) -> Result<T, E>,
) -> QueryResult<Option<Result<T, E>>> {
    let found = find_locked(conn, handle)?;
    let Some(mut record) = found.filter(|record| now < record.lineage.ends_at) else {
        return Ok(None);
    };
    let outcome = change(&mut record);
    if outcome.is_ok() {
        diesel::update(session_info::table.find(handle.as_bytes().as_slice()))
            .set(ContentRow::from(&record))
            .execute(conn)?;
    }
    Ok(Some(outcome))
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

/// A page of the unexpired sessions of a user, newest first: those older than `after`, if that is said.
/// Pending ones are none.
pub(crate) fn list(
    conn: &mut Connection,
    user_id: &str,
    after: Option<SessionHandle>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Summary>> {
    if is_nobodys(user_id) {
        return Ok(Vec::new());
    }
    // Above every UUIDv7.
    let below = after.map_or([u8::MAX; 16], |after| *after.as_bytes());
    let rows: Vec<SummaryRow> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::handle.lt(below.as_slice()))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .filter(session_info::pending_attempts.is_null())
        .order(session_info::handle.desc())
        .limit(PAGE.into())
        .select(SummaryRow::as_select())
        .load(conn)?;
    let summaries = rows.into_iter().filter_map(SummaryRow::into_summary);
    Ok(summaries.collect())
}

/// Deletes up to `most` sessions that expired before `before`, those that expired first; says how many.
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
