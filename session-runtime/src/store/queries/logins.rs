//! Logins that are more than one insert.

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;

use super::pending::{give_back_attempt, pending_now};
use super::{Connection, find_locked, insert, lock_user, revoke, revoke_user, unexpired_now};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::record::{Created, Creation, Others, Record};
use crate::rules::limit::Admission;

/// Starts a session, ends the one it replaces and those beyond the limit.
pub(crate) fn create(
    conn: &mut Connection,
    creation: &Creation,
    now: DateTime<Utc>,
) -> QueryResult<Created> {
    let mut record = creation.record.clone();
    if creation.limit.is_some() || creation.completes.is_some() {
        // Logins of one user under a limit wait for each other: each must count what the others
        // committed.
        lock_user(conn, &record.user_id, now)?;
    }
    if let Some(completed) = creation.completes {
        let found = find_locked(conn, completed)?;
        if !found.is_some_and(|pending| pending.is_pending() && now < pending.lineage.ends_at) {
            return Ok(Created::Failed(Error::GONE));
        }
    }
    if let Some(hand_over) = &creation.hand_over {
        // Two tabs of a visitor may have begun a session each.
        for visitor in &creation.handed_from {
            if let Some(before) = find_locked(conn, *visitor)?
                && before.anonymous
                && now < before.lineage.ends_at
            {
                match hand_over.run(&before.data, &record.data) {
                    Ok(data) => record.data = data,
                    Err(error) => return Ok(Created::Failed(error)),
                }
            }
        }
    }
    let replaced = &creation.replaced;
    let mut excess = Vec::new();
    if let Some(limit) = creation.limit {
        excess = if record.is_pending() {
            let (pending, attempts) = pending_now(conn, &record.user_id, now)?;
            record.pending_attempts = Some(attempts);
            pending
        } else {
            let all = unexpired_now(conn, &record.user_id, now)?.into_iter();
            all.filter(|(_, attempts)| attempts.is_none())
                .map(|(handle, _)| handle)
                .collect()
        };
        excess.retain(|handle| !replaced.contains(handle));
        match limit.admit(excess.len()) {
            Admission::Refused => return Ok(Created::LimitReached),
            Admission::Admitted { ends } => excess.truncate(ends),
        }
    }
    let mut ended = revoke(conn, replaced, true)?;
    ended.extend(revoke(conn, &excess, false)?);
    if creation.completes.is_some() {
        give_back_attempt(conn, &record.user_id)?;
    }
    insert(conn, &[&record])?;
    Ok(Created::Started { ended })
}

/// Replaces a session by one of the same user with new tokens.
///
/// `succeed` makes the new session of the old one. Returns it, and what was ended.
pub(crate) fn succeed(
    conn: &mut Connection,
    handle: SessionHandle,
    user_id: &str,
    now: DateTime<Utc>,
    others: Others,
    succeed: impl Fn(Record) -> Record,
) -> QueryResult<Option<(Record, Vec<SessionHandle>)>> {
    lock_user(conn, user_id, now)?;
    let found = find_locked(conn, handle)?;
    let Some(old) = found.filter(|record| now < record.lineage.ends_at) else {
        return Ok(None);
    };
    let new = succeed(old);
    let mut ended = revoke(conn, &[handle], true)?;
    if others == Others::End {
        ended.extend(revoke_user(conn, user_id, None, now)?);
    }
    insert(conn, &[&new])?;
    Ok(Some((new, ended)))
}
