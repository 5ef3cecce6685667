//! Sessions that await a second factor: no sessions of their user yet, and few at a time.

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::{Connection, lock_user, revoke};
use crate::handle::SessionHandle;
use crate::store::models;
use crate::store::schema::session_info;

/// The unexpired pending sessions of a user, oldest first, as they are committed now.
pub(super) fn pending_now(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    let theirs = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .filter(session_info::pending_attempts.is_not_null())
        .order(session_info::handle)
        .select(session_info::handle);
    let handles: Vec<Vec<u8>> = read_now!(theirs).load(conn)?;
    Ok(models::handles(&handles))
}

/// How often the second factor of a user was tried: all of their pending sessions count alike.
pub(super) fn attempts(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<u32> {
    let most: Option<i64> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .select(max(session_info::pending_attempts))
        .get_result(conn)?;
    Ok(most.unwrap_or(0).try_into().unwrap_or(u32::MAX))
}

/// Counts one more attempt for all pending sessions of a user, and says how many that makes; `None` if
/// this one is over.
pub(crate) fn count_attempt(
    conn: &mut Connection,
    handle: SessionHandle,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<u32>> {
    lock_user(conn, user_id, now)?;
    let pending = pending_now(conn, user_id, now)?;
    if !pending.contains(&handle) {
        return Ok(None);
    }
    change_attempts(conn, user_id, 1)?;
    attempts(conn, user_id, now).map(Some)
}

/// Takes back the attempt that succeeded.
pub(super) fn give_back_attempt(conn: &mut Connection, user_id: &str) -> QueryResult<()> {
    change_attempts(conn, user_id, -1)
}

fn change_attempts(conn: &mut Connection, user_id: &str, by: i64) -> QueryResult<()> {
    let pending = session_info::table
        .filter(session_info::user_id.eq(user_id))
        // One that nobody has tried stays at none.
        .filter(session_info::pending_attempts.ge((-by).max(0)));
    diesel::update(pending)
        .set(session_info::pending_attempts.eq(session_info::pending_attempts + by))
        .execute(conn)
        .map(drop)
}

/// Ends all pending sessions of a user; returns them.
pub(crate) fn revoke_pending(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    lock_user(conn, user_id, now)?;
    let pending = pending_now(conn, user_id, now)?;
    revoke(conn, &pending, false)
}
