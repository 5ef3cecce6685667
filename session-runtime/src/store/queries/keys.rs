//! Statements about keys, and the end of everything.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::{Connection, announce_keys, lock_counter};
use crate::keys::sealing::SealedKey;
use crate::keys::{KeyKind, Schedule};
use crate::store::models::KeyRow;
use crate::store::schema::{session_info, session_key};

/// Deletes all sessions of all users and replaces the signing keys, so that no token of theirs is left.
pub(crate) fn revoke_everything(
    conn: &mut Connection,
    candidate: &SealedKey,
) -> QueryResult<usize> {
    // A write first, so that on every database others wait here for the lock.
    announce_keys(conn)?;
    let kinds = KeyKind::SIGNING.map(KeyKind::as_str);
    diesel::delete(session_key::table.filter(session_key::kind.eq_any(kinds))).execute(conn)?;
    diesel::insert_into(session_key::table)
        .values(KeyRow::from(candidate))
        .execute(conn)?;
    diesel::delete(session_info::table).execute(conn)
}

/// All keys of kinds this version knows.
pub(crate) fn keys(conn: &mut Connection) -> QueryResult<Vec<SealedKey>> {
    let rows: Vec<KeyRow> = session_key::table.select(KeyRow::as_select()).load(conn)?;
    Ok(rows.into_iter().filter_map(KeyRow::into_key).collect())
}

/// Adds those of `candidates` whose kind has no key yet, so that of several first starts exactly one wins.
pub(crate) fn add_missing_keys(conn: &mut Connection, candidates: &[SealedKey]) -> QueryResult<()> {
    // Keeps two first starts apart.
    lock_counter(conn)?;
    let present = keys(conn)?;
    for candidate in candidates {
        if !present.iter().any(|key| key.kind == candidate.kind) {
            diesel::insert_into(session_key::table)
                .values(KeyRow::from(candidate))
                .execute(conn)?;
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
    // A write first, so that on every database others wait here for the lock, and then see this key.
    announce_keys(conn)?;
    let mut created: Vec<DateTime<Utc>> = keys(conn)?
        .into_iter()
        .filter(|key| key.kind == candidate.kind)
        .map(|key| key.created_at)
        .collect();
    created.sort_by_key(|created_at| std::cmp::Reverse(*created_at));
    let due = schedule.plan(&created, now, true).is_due(now);
    if due {
        diesel::insert_into(session_key::table)
            .values(KeyRow::from(candidate))
            .execute(conn)?;
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
    let keys = session_key::table
        .filter(session_key::kind.eq_any(kinds))
        .filter(session_key::id.eq_any(ids));
    diesel::delete(keys).execute(conn)
}

/// Overwrites keys that were sealed anew.
pub(crate) fn replace_keys(conn: &mut Connection, keys: &[SealedKey]) -> QueryResult<()> {
    for key in keys {
        diesel::update(session_key::table.find((key.kind.as_str(), &key.id)))
            .set(session_key::sealed.eq(&key.sealed))
            .execute(conn)?;
    }
    Ok(())
}
