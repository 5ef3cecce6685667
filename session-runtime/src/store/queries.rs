//! Every statement the library runs, as functions over a connection inside whatever transaction is
//! open on it.
//!
//! A row is found by its key with `get_result`: `first` adds a `LIMIT ?`, and SQLite has a statement with one
//! parsed anew whenever it is bound.
//!
//! Compiled once per backend, as a module of its file: `Connection`, `lock!` and `insert_many!` are the backend's.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::{Connection, MAX_ROWS};
use crate::handle::SessionHandle;
use crate::record::Record;
use crate::revocation::{Entry, Position};
use crate::store::models::{self, ContentRow, RevocationRow, SessionRow};
use crate::store::schema::{session_counter, session_info, session_revocation};

#[allow(clippy::duplicate_mod)] // once per backend, as this file
#[path = "queries/keys.rs"]
mod keys;
#[allow(clippy::duplicate_mod)]
#[path = "queries/logins.rs"]
mod logins;
#[allow(clippy::duplicate_mod)]
#[path = "queries/rotate.rs"]
mod rotate;
#[allow(clippy::duplicate_mod)]
#[path = "queries/transfer.rs"]
mod transfer;

pub(crate) use keys::{
    add_due_key, add_missing_keys, announce_keys, delete_signing_keys, key_version, keys,
    remove_key, replace_keys, revoke_everything,
};
pub(crate) use logins::{create, succeed};
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

/// Unexpired sessions of a user, oldest first.
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
        .order(session_info::handle)
        .select(session_info::handle)
        .load(conn)?;
    Ok(models::handles(&handles))
}

/// Deletes exactly these sessions and says so in the feed, also whether a later session of the same
/// browser takes their place; returns those that were there.
pub(crate) fn revoke(
    conn: &mut Connection,
    handles: &[SessionHandle],
    until: DateTime<Utc>,
    replaced: bool,
) -> QueryResult<Vec<SessionHandle>> {
    let mut revoked = Vec::new();
    for handle in handles {
        let row = session_info::table.find(handle.as_bytes().as_slice());
        if diesel::delete(row).execute(conn)? > 0 {
            diesel::insert_into(session_revocation::table)
                .values(RevocationRow::new(*handle, until, replaced))
                .execute(conn)?;
            revoked.push(*handle);
        }
    }
    Ok(revoked)
}

/// Deletes all sessions of a user but `except`, those that are expired included.
pub(crate) fn revoke_user(
    conn: &mut Connection,
    user_id: &str,
    except: Option<SessionHandle>,
    until: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    if is_nobodys(user_id) {
        return Ok(Vec::new());
    }
    // A locking read sees what is committed now, also in a transaction of the application's that
    // began earlier and reads by its first snapshot.
    let theirs = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .order(session_info::handle)
        .select(session_info::handle);
    let handles: Vec<Vec<u8>> = lock!(theirs).load(conn)?;
    let mut handles = models::handles(&handles);
    handles.retain(|handle| Some(*handle) != except);
    revoke(conn, &handles, until, false)
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

/// The unexpired sessions of a user, newest first.
pub(crate) fn list(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Record>> {
    if is_nobodys(user_id) {
        return Ok(Vec::new());
    }
    let rows: Vec<SessionRow> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .order(session_info::handle.desc())
        .select(SessionRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(SessionRow::into_record)
        .collect())
}

/// Whether committed entries of the feed wait for their numbers.
pub(crate) fn has_unnumbered(conn: &mut Connection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        session_revocation::table.filter(session_revocation::number.is_null()),
    ))
    .get_result(conn)
}

/// Reads the counter of the feed and holds its row until the transaction ends: the one lock of all that
/// must not happen twice at once.
fn lock_counter(conn: &mut Connection) -> QueryResult<i64> {
    let counter = session_counter::table
        .find("revocation")
        .select(session_counter::value);
    lock!(counter).get_result(conn)
}

/// Numbers committed entries of the feed, holding its one counter row.
pub(crate) fn number_feed(conn: &mut Connection) -> QueryResult<()> {
    let mut number = lock_counter(conn)?;
    let waiting: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::number.is_null())
        .order(session_revocation::handle)
        .select(session_revocation::handle)
        .load(conn)?;
    for handle in waiting {
        number += 1;
        diesel::update(session_revocation::table.find(handle))
            .set(session_revocation::number.eq(number))
            .execute(conn)?;
    }
    diesel::update(session_counter::table.find("revocation"))
        .set(session_counter::value.eq(number))
        .execute(conn)
        .map(drop)
}

/// What the feed says after `position`; all of it if that place is not what it was (a failover, a
/// restored backup).
pub(crate) fn feed(conn: &mut Connection, position: Option<Position>) -> QueryResult<Vec<Entry>> {
    let after = match position {
        Some(position) => {
            let still_there = session_revocation::table
                .filter(session_revocation::number.eq(position.number))
                .filter(session_revocation::handle.eq(position.handle.as_bytes().as_slice()));
            let intact: bool = diesel::select(diesel::dsl::exists(still_there)).get_result(conn)?;
            if intact { position.number } else { 0 }
        }
        None => 0,
    };
    let rows: Vec<RevocationRow> = session_revocation::table
        .filter(session_revocation::number.gt(after))
        .order(session_revocation::number)
        .select(RevocationRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(RevocationRow::into_entry)
        .collect())
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

/// Deletes up to `most` entries of the feed that no longer matter; the newest one stays, for it
/// says where the feed ends.
pub(crate) fn delete_old_revocations(
    conn: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<usize> {
    let newest: i64 = session_counter::table
        .find("revocation")
        .select(session_counter::value)
        .get_result(conn)?;
    let old: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::until.lt(before.timestamp_millis()))
        .filter(session_revocation::number.lt(newest))
        .limit(most)
        .select(session_revocation::handle)
        .load(conn)?;
    diesel::delete(session_revocation::table.filter(session_revocation::handle.eq_any(old)))
        .execute(conn)
}
