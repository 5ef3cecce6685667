//! Sessions that await a second factor: no sessions of their user yet, and few at a time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::{Connection, lock_user, revoke, unexpired_now};
use crate::handle::SessionHandle;
use crate::store::schema::session_info;

/// The unexpired pending sessions of a user, oldest first, as they are committed now, and how often the
/// second factor was tried: all of them count alike.
pub(super) fn pending_now(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<(Vec<SessionHandle>, u32)> {
    let all = unexpired_now(conn, user_id, now)?.into_iter();
    let (pending, attempts): (Vec<_>, Vec<_>) = all
        .filter_map(|(handle, attempts)| Some((handle, attempts?)))
        .unzip();
    let most = attempts.into_iter().max().unwrap_or(0);
    Ok((pending, most.try_into().unwrap_or(u32::MAX)))
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
    let (pending, attempts) = pending_now(conn, user_id, now)?;
    if !pending.contains(&handle) {
        return Ok(None);
    }
    change_attempts(conn, user_id, 1)?;
    Ok(Some(attempts.saturating_add(1)))
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
    let (pending, _attempts) = pending_now(conn, user_id, now)?;
    revoke(conn, &pending, false)
}
