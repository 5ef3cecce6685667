//! Statements about keys, and the end of everything.

use std::slice;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::Connection;
use super::counters::{announce_keys, lock_counter};
use crate::keys::sealing::SealedKey;
use crate::keys::{KeyKind, Schedule};
use crate::store::affected_rows;
use crate::store::rows::KeyRow;
use crate::store::schema::{session_info, session_key};

/// The table that is written here.
const KEYS: &str = "session_key";

/// Deletes all sessions of all users and replaces every key, so that no token of theirs is left;
/// says how many sessions there were.
pub(crate) fn revoke_everything(
    conn: &mut Connection,
    candidates: &[SealedKey],
) -> QueryResult<usize> {
    // A write first, so that on every database others wait here for the lock.
    announce_keys(conn)?;
    let stored: i64 = session_key::table.count().get_result(conn)?;
    diesel::delete(session_key::table)
        .execute(conn)
        .and_then(affected_rows::require(
            KEYS,
            usize::try_from(stored).unwrap_or(0),
        ))?;
    insert_keys(conn, candidates)?;
    diesel::delete(session_info::table).execute(conn)
}

/// Replaces the key that makes refresh tokens.
pub(crate) fn replace_refresh_key(conn: &mut Connection, candidate: &SealedKey) -> QueryResult<()> {
    announce_keys(conn)?;
    let kind = KeyKind::RefreshMac.as_str();
    let keys = || session_key::table.filter(session_key::kind.eq(kind));
    let stored: i64 = keys().count().get_result(conn)?;
    diesel::delete(keys())
        .execute(conn)
        .and_then(affected_rows::require(
            KEYS,
            usize::try_from(stored).unwrap_or(0),
        ))?;
    insert_keys(conn, slice::from_ref(candidate))
}

fn insert_keys(conn: &mut Connection, keys: &[SealedKey]) -> QueryResult<()> {
    for key in keys {
        diesel::insert_into(session_key::table)
            .values(KeyRow::from(key))
            .execute(conn)
            .and_then(affected_rows::require(KEYS, 1))?;
    }
    Ok(())
}

/// All keys of kinds this version knows.
pub(crate) fn keys(conn: &mut Connection) -> QueryResult<Vec<SealedKey>> {
    let rows: Vec<KeyRow> = session_key::table.select(KeyRow::as_select()).load(conn)?;
    Ok(rows.into_iter().filter_map(KeyRow::into_key).collect())
}

/// Adds those of `candidates` whose kind has no key yet, so that of several first starts exactly
/// one wins.
pub(crate) fn add_missing_keys(conn: &mut Connection, candidates: &[SealedKey]) -> QueryResult<()> {
    // Keeps two first starts apart.
    lock_counter(conn)?;
    let present = keys(conn)?;
    for candidate in candidates {
        if !present.iter().any(|key| key.kind == candidate.kind) {
            insert_keys(conn, slice::from_ref(candidate))?;
        }
    }
    Ok(())
}

/// Adds a signing key if one of its kind is due by what the table holds; says whether it was.
pub(crate) fn add_due_key(
    conn: &mut Connection,
    candidate: &SealedKey,
    schedule: Schedule,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    // A write first, so that on every database others wait here for the lock, and then see this
    // key.
    announce_keys(conn)?;
    let stored = keys(conn)?;
    let of_its_kind = stored.iter().filter(|key| key.kind == candidate.kind);
    let due = schedule.is_due(of_its_kind.map(|key| key.created_at), now);
    if due {
        insert_keys(conn, slice::from_ref(candidate))?;
    }
    Ok(due)
}

/// Deletes a signing key and adds `candidate` if one is due then; says whether it was there.
pub(crate) fn remove_key(
    conn: &mut Connection,
    kid: &str,
    candidate: &SealedKey,
    schedule: Schedule,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let there = delete_signing_keys(conn, &[kid.to_owned()])? > 0;
    if there {
        add_due_key(conn, candidate, schedule, now)?;
    }
    Ok(there)
}

/// Deletes these signing keys; says how many were there.
pub(crate) fn delete_signing_keys(conn: &mut Connection, ids: &[String]) -> QueryResult<usize> {
    let kinds = KeyKind::SIGNING.map(KeyKind::as_str);
    let keys = || {
        session_key::table
            .filter(session_key::kind.eq_any(kinds))
            .filter(session_key::id.eq_any(ids))
    };
    let deleted = diesel::delete(keys()).execute(conn)?;
    let left: i64 = keys().count().get_result(conn)?;
    if left > 0 {
        return Err(affected_rows::taken(KEYS));
    }
    Ok(deleted)
}

/// Overwrites keys that were sealed anew.
pub(crate) fn replace_keys(conn: &mut Connection, keys: &[SealedKey]) -> QueryResult<()> {
    for key in keys {
        let row = || session_key::table.find((key.kind.as_str(), &key.id));
        let changed = diesel::update(row())
            .set(session_key::sealed.eq(&key.sealed))
            .execute(conn)?;
        // One that another process has removed meanwhile needs no seal.
        let there: i64 = row().count().get_result(conn)?;
        affected_rows::require(KEYS, usize::try_from(there).unwrap_or(0))(changed)?;
    }
    Ok(())
}
