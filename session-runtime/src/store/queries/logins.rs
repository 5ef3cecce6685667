//! Logins that are more than one insert.

use chrono::{DateTime, Utc};
use diesel::result::QueryResult;

use super::{Connection, find_locked, handles_of, insert, lock_counter, revoke, revoke_user};
use crate::handle::SessionHandle;
use crate::record::{Created, Creation, Others, Record};

/// Starts a session, ends the one it replaces and those beyond the limit.
pub(crate) fn create(
    conn: &mut Connection,
    creation: &Creation,
    now: DateTime<Utc>,
) -> QueryResult<Created> {
    let mut record = creation.record.clone();
    if let Some(hand_over) = &creation.hand_over {
        // The newest visitor's session of this browser.
        for replaced in creation.replaced.iter().rev() {
            if let Some(before) = find_locked(conn, *replaced)?
                && before.anonymous
                && now < before.lineage.ends_at
            {
                match hand_over.run(&before.data, &record.data) {
                    Ok(data) => record.data = data,
                    Err(error) => return Ok(Created::Failed(error)),
                }
                break;
            }
        }
    }
    let replaced = &creation.replaced;
    let mut excess = Vec::new();
    if let Some(limit) = creation.limit {
        // Logins under a limit wait for each other: each must count what the others committed.
        lock_counter(conn)?;
        let mut others = handles_of(conn, &record.user_id, now)?;
        others.retain(|handle| !replaced.contains(handle));
        let beyond = (others.len() + 1).saturating_sub(limit.most);
        if beyond > 0 && limit.refuses {
            return Ok(Created::LimitReached);
        }
        others.truncate(beyond);
        excess = others;
    }
    let mut ended = revoke(conn, replaced, creation.revoked_until, true)?;
    ended.extend(revoke(conn, &excess, creation.revoked_until, false)?);
    insert(conn, &[&record])?;
    Ok(Created::Started { ended })
}

/// Replaces a session by one of the same user with new tokens.
///
/// `succeed` makes the new session of the old one. Returns it, and what was ended.
pub(crate) fn succeed(
    conn: &mut Connection,
    handle: SessionHandle,
    now: DateTime<Utc>,
    revoked_until: DateTime<Utc>,
    others: Others,
    succeed: impl Fn(Record) -> Record,
) -> QueryResult<Option<(Record, Vec<SessionHandle>)>> {
    let found = find_locked(conn, handle)?;
    let Some(old) = found.filter(|record| now < record.lineage.ends_at) else {
        return Ok(None);
    };
    let new = succeed(old);
    let mut ended = revoke(conn, &[handle], revoked_until, true)?;
    if others == Others::End {
        ended.extend(revoke_user(conn, &new.user_id, None, revoked_until)?);
    }
    insert(conn, &[&new])?;
    Ok(Some((new, ended)))
}
