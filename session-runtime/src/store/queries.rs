//! Every statement the library runs, as functions over a connection inside whatever transaction is
//! open on it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::result::QueryResult;

use super::models::{self, ContentRow, LineageRow, Record, RevocationRow, SessionRow};
use super::schema::{session_counter, session_info, session_revocation};
use super::sqlite::Connection;
use crate::handle::SessionHandle;
use crate::revocation::{Entry, Position};
use crate::rotation::{self, Policy, Presented, Successor, TokenHash, Verdict};

mod keys;
mod logins;

pub(crate) use keys::*;
pub(crate) use logins::*;

/// A refresh on its way to the row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rotation {
    pub(crate) handle: SessionHandle,
    pub(crate) presented: Presented,
    /// The hash of the token to hand out if the verdict allows it.
    pub(crate) successor: TokenHash,
    pub(crate) policy: Policy,
    /// The last instant an access token of this session may be good, for the feed in case of theft.
    pub(crate) revoked_until: DateTime<Utc>,
}

/// Inserts all `records` with one statement.
pub(super) fn insert(conn: &mut Connection, records: &[&Record]) -> QueryResult<()> {
    let rows: Vec<SessionRow> = records
        .iter()
        .map(|record| SessionRow::from(*record))
        .collect();
    diesel::insert_into(session_info::table)
        .values(&rows)
        .execute(conn)
        .map(drop)
}

/// The session, if its row exists and makes sense.
pub(super) fn find(conn: &mut Connection, handle: SessionHandle) -> QueryResult<Option<Record>> {
    let row = session_info::table
        .find(handle.as_bytes().as_slice())
        .select(SessionRow::as_select())
        .first(conn)
        .optional()?;
    let record = row.and_then(SessionRow::into_record);
    Ok(record)
}

/// Unexpired sessions of a user, oldest first.
pub(super) fn handles_of(
    conn: &mut Connection,
    user_id: &str,
    now: Option<DateTime<Utc>>,
) -> QueryResult<Vec<SessionHandle>> {
    let mut query = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .order(session_info::handle)
        .select(session_info::handle)
        .into_boxed();
    if let Some(now) = now {
        query = query.filter(session_info::expires_at.gt(now.timestamp_millis()));
    }
    let handles: Vec<Vec<u8>> = query.load(conn)?;
    Ok(handles
        .iter()
        .filter_map(|bytes| models::handle(bytes))
        .collect())
}

/// Reads the row, decides and writes: one step under the transaction's lock.
pub(super) fn rotate(
    conn: &mut Connection,
    rotation: &Rotation,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Record, Verdict)>> {
    let Some(record) = find(conn, rotation.handle)? else {
        return Ok(None);
    };
    let Some(ends_at) = record.ends_after(now) else {
        return Ok(None);
    };
    let successor = Successor {
        token: rotation.successor,
        ends_at,
    };
    let verdict = rotation::decide(
        &record.lineage,
        rotation.presented,
        successor,
        now,
        rotation.policy,
    );
    match &verdict {
        Verdict::NewPair { next, .. } => {
            diesel::update(session_info::table.find(rotation.handle.as_bytes().as_slice()))
                .set(LineageRow::from(next))
                .execute(conn)?;
        }
        Verdict::Theft => {
            revoke(conn, &[rotation.handle], rotation.revoked_until)?;
        }
        Verdict::AccessOnly { .. } | Verdict::Ended | Verdict::StoreRolledBack => {}
    }
    Ok(Some((record, verdict)))
}

/// Deletes exactly these sessions and says so in the feed; returns those that were there.
pub(super) fn revoke(
    conn: &mut Connection,
    handles: &[SessionHandle],
    until: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    let mut revoked = Vec::new();
    for handle in handles {
        let row = session_info::table.find(handle.as_bytes().as_slice());
        if diesel::delete(row).execute(conn)? > 0 {
            diesel::insert_into(session_revocation::table)
                .values(RevocationRow::new(*handle, until))
                .execute(conn)?;
            revoked.push(*handle);
        }
    }
    Ok(revoked)
}

/// Deletes all sessions of a user, those that are expired included.
pub(super) fn revoke_user(
    conn: &mut Connection,
    user_id: &str,
    until: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    let handles = handles_of(conn, user_id, None)?;
    revoke(conn, &handles, until)
}

/// Deletes all sessions of all users. With new keys no token of theirs is left; without, each of them is
/// Deletes all sessions of a user but one.
pub(super) fn revoke_others(
    conn: &mut Connection,
    user_id: &str,
    kept: SessionHandle,
    until: DateTime<Utc>,
) -> QueryResult<Vec<SessionHandle>> {
    let mut handles = handles_of(conn, user_id, None)?;
    handles.retain(|handle| *handle != kept);
    revoke(conn, &handles, until)
}

/// Lets `change` alter the payload and the data of an unexpired session, as one step under the
/// transaction's lock; writes nothing if it refuses.
pub(super) fn change<T, E>(
    conn: &mut Connection,
    handle: SessionHandle,
    now: DateTime<Utc>,
    change: impl Fn(&mut Record) -> Result<T, E>,
) -> QueryResult<Option<Result<T, E>>> {
    let Some(mut record) = find(conn, handle)?.filter(|record| now < record.lineage.ends_at) else {
        return Ok(None);
    };
    let outcome = change(&mut record);
    if outcome.is_ok() {
        diesel::update(session_info::table.find(handle.as_bytes().as_slice()))
            .set(ContentRow::from(&record))
            .execute(conn)?;
    }
    Ok(Some(outcome))
}

/// Replaces a session by one of the same user with new tokens, and ends all others of that user.
///
/// The unexpired sessions of a user, newest first.
pub(super) fn list(
    conn: &mut Connection,
    user_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Record>> {
    let rows: Vec<SessionRow> = session_info::table
        .filter(session_info::user_id.eq(user_id))
        .filter(session_info::expires_at.gt(now.timestamp_millis()))
        .order(session_info::handle.desc())
        .select(SessionRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(SessionRow::into_record)
        .collect())
}

/// Whether committed entries of the feed wait for their numbers.
pub(super) fn has_unnumbered(conn: &mut Connection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        session_revocation::table.filter(session_revocation::number.is_null()),
    ))
    .get_result(conn)
}

/// Numbers committed entries of the feed, holding its one counter row.
pub(super) fn number_feed(conn: &mut Connection) -> QueryResult<()> {
    let counter = session_counter::table.find("revocation");
    let mut number: i64 = counter.select(session_counter::value).first(conn)?;
    let waiting: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::number.is_null())
        .order(session_revocation::handle)
        .select(session_revocation::handle)
        .load(conn)?;
    for handle in waiting {
        number += 1;
        diesel::update(session_revocation::table.find(handle))
            .set(session_revocation::number.eq(number))
            .execute(conn)?;
    }
    diesel::update(counter)
        .set(session_counter::value.eq(number))
        .execute(conn)
        .map(drop)
}

/// What the feed says after `position`; all of it if that place is not what it was (a failover, a
/// restored backup).
pub(super) fn feed(conn: &mut Connection, position: Option<Position>) -> QueryResult<Vec<Entry>> {
    let after = match position {
        Some(position) => {
            let still_there = session_revocation::table
                .filter(session_revocation::number.eq(position.number))
                .filter(session_revocation::handle.eq(position.handle.as_bytes().as_slice()));
            let intact: bool = diesel::select(diesel::dsl::exists(still_there)).get_result(conn)?;
            if intact { position.number } else { 0 }
        }
        None => 0,
    };
    let rows: Vec<RevocationRow> = session_revocation::table
        .filter(session_revocation::number.gt(after))
        .order(session_revocation::number)
        .select(RevocationRow::as_select())
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(RevocationRow::into_entry)
        .collect())
}

/// Deletes up to `most` sessions that expired before `before`, those that expired first; says how many.
pub(super) fn delete_expired(
    conn: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<usize> {
    let expired: Vec<Vec<u8>> = session_info::table
        .filter(session_info::expires_at.lt(before.timestamp_millis()))
        .order(session_info::expires_at)
        .limit(most)
        .select(session_info::handle)
        .load(conn)?;
    diesel::delete(session_info::table.filter(session_info::handle.eq_any(expired))).execute(conn)
}

/// Deletes up to `most` entries of the feed that no longer matter; the newest one stays, for it
/// says where the feed ends.
pub(super) fn delete_old_revocations(
    conn: &mut Connection,
    before: DateTime<Utc>,
    most: i64,
) -> QueryResult<usize> {
    let newest: i64 = session_counter::table
        .find("revocation")
        .select(session_counter::value)
        .first(conn)?;
    let old: Vec<Vec<u8>> = session_revocation::table
        .filter(session_revocation::until.lt(before.timestamp_millis()))
        .filter(session_revocation::number.lt(newest))
        .limit(most)
        .select(session_revocation::handle)
        .load(conn)?;
    diesel::delete(session_revocation::table.filter(session_revocation::handle.eq_any(old)))
        .execute(conn)
}
