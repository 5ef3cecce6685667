//! Logins that are more than one insert.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::{find, handles_of, insert, revoke, revoke_user};
use crate::error::Error;
use crate::handle::SessionHandle;
use crate::new_session::HandOver;
use crate::store::models::Record;
use crate::store::schema::session_counter;
use crate::store::sqlite::Connection;

/// A login that has more to it than one insert.
#[derive(Debug, Clone)]
pub(crate) struct Creation {
    pub(crate) record: Record,
    /// The session that the same browser had before.
    pub(crate) replaced: Option<SessionHandle>,
    /// Takes the data of an anonymous session that is replaced.
    pub(crate) hand_over: Option<HandOver>,
    pub(crate) limit: Option<Limit>,
    /// The last instant an access token of a session that is ended here may be good.
    pub(crate) revoked_until: DateTime<Utc>,
}

/// How many sessions a user may have at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    pub(crate) most: usize,
    /// Whether one more is refused; else the oldest end.
    pub(crate) refuses: bool,
}

/// What became of a login.
#[derive(Debug, Clone)]
pub(crate) enum Created {
    Started {
        ended: Vec<SessionHandle>,
    },
    LimitReached,
    /// The data of the anonymous session could not be taken over.
    Failed(Error),
}

/// Starts a session, ends the one it replaces and those beyond the limit.
pub(crate) fn create(
    conn: &mut Connection,
    creation: &Creation,
    now: DateTime<Utc>,
) -> QueryResult<Created> {
    let mut record = creation.record.clone();
    if let (Some(replaced), Some(hand_over)) = (creation.replaced, &creation.hand_over)
        && let Some(before) = find(conn, replaced)?
        && before.anonymous
        && now < before.lineage.ends_at
    {
        match hand_over.run(&before.data, &record.data) {
            Ok(data) => record.data = data,
            Err(error) => return Ok(Created::Failed(error)),
        }
    }
    let mut ending: Vec<SessionHandle> = creation.replaced.into_iter().collect();
    if let Some(limit) = creation.limit {
        lock_limits(conn)?;
        let mut others = handles_of(conn, &record.user_id, Some(now))?;
        others.retain(|handle| !ending.contains(handle));
        let excess = (others.len() + 1).saturating_sub(limit.most);
        if excess > 0 && limit.refuses {
            return Ok(Created::LimitReached);
        }
        ending.extend(others.into_iter().take(excess));
    }
    let ended = revoke(conn, &ending, creation.revoked_until)?;
    insert(conn, &[&record])?;
    Ok(Created::Started { ended })
}

/// Makes logins under a limit wait for each other: each must count what the others committed.
fn lock_limits(conn: &mut Connection) -> QueryResult<()> {
    let counter = session_counter::table.find("revocation");
    diesel::update(counter)
        .set(session_counter::value.eq(session_counter::value))
        .execute(conn)
        .map(drop)
}

/// `succeed` makes the new session of the old one. Returns it, and what was ended.
pub(crate) fn succeed(
    conn: &mut Connection,
    handle: SessionHandle,
    now: DateTime<Utc>,
    revoked_until: DateTime<Utc>,
    succeed: impl Fn(Record) -> Record,
) -> QueryResult<Option<(Record, Vec<SessionHandle>)>> {
    let Some(old) = find(conn, handle)?.filter(|record| now < record.lineage.ends_at) else {
        return Ok(None);
    };
    let new = succeed(old);
    let ended = revoke_user(conn, &new.user_id, revoked_until)?;
    insert(conn, &[&new])?;
    Ok(Some((new, ended)))
}
