//! Sessions that await a second factor: no sessions of their user yet, and few at a time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::Connection;
use super::feed::revoke;
use super::users::unexpired_now;
use crate::handle::SessionHandle;
use crate::rules::attempts;
use crate::rules::limit::Standing;
use crate::store::affected_rows;
use crate::store::backend::Backend as _;
use crate::store::schema::session_info;

/// Counts one more attempt for all pending sessions of a user, and says how many that makes; `None`
/// if this one is over.
pub(crate) fn count_attempt(
    conn: &mut Connection,
    handle: SessionHandle,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Option<u32>> {
    conn.lock_user(user_id, now)?;
    let theirs = unexpired_now(conn, user_id, now)?;
    let attempts = attempts::one_more(&theirs, handle);
    if let Some(attempts) = attempts {
        set_attempts(conn, user_id, attempts, 1)?;
    }
    Ok(attempts)
}

/// Writes the attempts of a user to all pending sessions, which count alike: `at_least` so many.
pub(super) fn set_attempts(
    conn: &mut Connection,
    user_id: &str,
    attempts: u32,
    at_least: usize,
) -> QueryResult<()> {
    let pending = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::pending_attempts.is_not_null());
    diesel::update(pending)
        .set(session_info::pending_attempts.eq(i64::from(attempts)))
        .execute(conn)
        .and_then(affected_rows::require("session_info", at_least))
}

/// Ends all pending sessions of a user; returns them.
pub(crate) fn revoke_pending(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    conn.lock_user(user_id, now)?;
    let theirs = unexpired_now(conn, user_id, now)?;
    let pending = theirs.iter().filter(|one| one.is_pending());
    let pending: Vec<_> = pending.map(|Standing { handle, .. }| *handle).collect();
    revoke(conn, &pending, false)
}
