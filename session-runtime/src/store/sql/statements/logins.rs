//! Logins that are more than one insert.

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;

use super::Connection;
use super::feed::revoke;
use super::pending::set_attempts;
use super::sessions::{find_locked, insert};
use super::users::{revoke_user, unexpired_now};
use crate::handle::SessionHandle;
use crate::record::{Created, Creation, Others, Record};
use crate::rules::limit::Admission;
use crate::rules::{attempts, login};
use crate::store::backend::Backend as _;

/// Starts a session, ends the one it replaces and those beyond the limit.
pub(crate) fn create(
    conn: &mut Connection,
    creation: &Creation,
    now: DateTime<Utc>,
) -> QueryResult<Created> {
    let user_id = &creation.record.user_id;
    if creation.limit.is_some() || creation.completes.is_some() {
        // Logins of one user under a limit wait for each other: each must count what the others
        // committed.
        conn.lock_user(user_id, now)?;
    }
    let completed = creation.completes.map(|handle| find_locked(conn, handle));
    let completed = completed.transpose()?.flatten();
    let mut visitors = Vec::new();
    if creation.hand_over.is_some() {
        for handle in &creation.handed_from {
            visitors.extend(find_locked(conn, *handle)?);
        }
    }
    let mut record = match login::session_to_store(creation, completed.as_ref(), &visitors, now) {
        Ok(record) => record,
        Err(error) => return Ok(Created::Failed(error)),
    };
    let mut excess = Vec::new();
    if let Some(limit) = creation.limit {
        let theirs = unexpired_now(conn, user_id, now)?;
        if record.is_pending() {
            record.pending_attempts = Some(attempts::so_far(&theirs));
        }
        match limit.admit(record.is_pending(), &theirs, &creation.replaced) {
            Admission::Refused => return Ok(Created::LimitReached),
            Admission::Admitted { ends } => excess = ends,
        }
    }
    let mut ended = revoke(conn, &creation.replaced, true)?;
    ended.extend(revoke(conn, &excess, false)?);
    if let Some(counted) = completed.and_then(|pending| pending.pending_attempts) {
        set_attempts(conn, user_id, attempts::one_passed(counted), 0)?;
    }
    insert(conn, &[&record])?;
    Ok(Created::Started { ended })
}

/// Replaces a session by one of the same user with new tokens.
///
/// `replace_session` makes the new session of the old one. Returns it, and what was ended.
pub(crate) fn replace_session(
    conn: &mut Connection,
    handle: SessionHandle,
    user_id: &str,
    now: DateTime<Utc>,
    others: Others,
    successor: impl Fn(Record) -> Record,
) -> QueryResult<Option<(Record, Vec<SessionHandle>)>> {
    conn.lock_user(user_id, now)?;
    let found = find_locked(conn, handle)?;
    let Some(old) = found.filter(|record| !record.is_expired(now)) else {
        return Ok(None);
    };
    let new = successor(old);
    let mut ended = revoke(conn, &[handle], true)?;
    if others == Others::End {
        ended.extend(revoke_user(conn, user_id, None, now)?);
    }
    insert(conn, &[&new])?;
    Ok(Some((new, ended)))
}
