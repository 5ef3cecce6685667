//! The sessions of a user, and of all users.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error, QueryResult};

use super::Connection;
use super::feed::revoke;
use crate::handle::SessionHandle;
use crate::record::{CHUNK, PAGE, ROUNDS, Summary};
use crate::rules::limit::Standing;
use crate::store::backend::Backend as _;
use crate::store::rows::{self, SummaryRow};
use crate::store::schema::session_info;

/// Unexpired sessions of a user, oldest first; pending ones are none.
pub(crate) fn handles_of(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    if is_invalid_user_id(user_id) {
        return Ok(Vec::new());
    }
    let handles: Vec<Vec<u8>> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .filter(session_info::pending_attempts.is_null())
        .order(session_info::handle)
        .select(session_info::handle)
        .load(conn)?;
    Ok(rows::handles(&handles))
}

/// All sessions of a user, those that are expired included, oldest first.
pub(crate) fn all_handles_of(
    conn: &mut Connection,
    user_id: &str,
) -> QueryResult<Vec<SessionHandle>> {
    if is_invalid_user_id(user_id) {
        return Ok(Vec::new());
    }
    let handles: Vec<Vec<u8>> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .order(session_info::handle)
        .select(session_info::handle)
        .load(conn)?;
    Ok(rows::handles(&handles))
}

/// All sessions of all users, those that are expired included.
pub(crate) fn all_handles(conn: &mut Connection) -> QueryResult<Vec<SessionHandle>> {
    let handles: Vec<Vec<u8>> = session_info::table
        .select(session_info::handle)
        .load(conn)?;
    Ok(rows::handles(&handles))
}

/// Unexpired sessions of a user, oldest first, as they are committed now: also in a transaction of
/// the application's that began earlier.
pub(super) fn unexpired_now(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Standing>> {
    let theirs = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .order(session_info::handle)
        .select((session_info::handle, session_info::pending_attempts));
    let found: Vec<(Vec<u8>, Option<i64>)> = read_now!(theirs).load(conn)?;
    Ok(rows::standing(&found))
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
    if is_invalid_user_id(user_id) {
        return Ok(Vec::new());
    }
    conn.lock_user(user_id, now)?;
    let mut revoked = Vec::new();
    for round in 0..ROUNDS {
        let theirs = session_info::table
            .filter(session_info::user_id.eq(user_id))
            .order(session_info::handle)
            .select(session_info::handle);
        let found: Vec<Vec<u8>> = read_now!(theirs).load(conn)?;
        let mut found = rows::handles(&found);
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
fn is_invalid_user_id(user_id: &str) -> bool {
    user_id.contains('\0')
}

/// A page of the unexpired sessions of a user, newest first: those older than `after`, if that is
/// said. Pending ones are none.
pub(crate) fn list(
    conn: &mut Connection,
    user_id: &str,
    after: Option<SessionHandle>,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Summary>> {
    if is_invalid_user_id(user_id) {
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
