//! The one statement that every refresh writes.

use chrono::{DateTime, Utc};
use diesel::connection::Connection as Connects;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Nullable, SmallInt};

use super::Connection;
use super::feed::revoke;
use super::sessions::find_locked;
use crate::handle::SessionHandle;
use crate::record::{DeviceState, Record, Rotation};
use crate::rules::rotation::bound::{self, Question, Registration, decide_bound, register};
use crate::rules::rotation::{Successor, Verdict};
use crate::store::affected_rows;
use crate::store::rows::{LineageRow, state_row};
use crate::store::schema::session_info;

type Dialect = <Connection as Connects>::Backend;

/// An `UPDATE` that a connection prepares once; Diesel has its own parsed anew each time, which
/// costs a server a round trip more.
#[derive(QueryId)]
struct UpdateLineage {
    handle: SessionHandle,
    lineage: LineageRow,
    device_state: Option<i16>,
}

impl QueryFragment<Dialect> for UpdateLineage {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Dialect>) -> QueryResult<()> {
        let Self {
            handle,
            lineage,
            device_state,
        } = self;
        out.push_sql("UPDATE session_info SET parent_hash = ");
        out.push_bind_param::<Binary, _>(&lineage.parent_hash)?;
        out.push_sql(", parent_since = ");
        out.push_bind_param::<BigInt, _>(&lineage.parent_since)?;
        out.push_sql(", generation = ");
        out.push_bind_param::<BigInt, _>(&lineage.generation)?;
        out.push_sql(", children = ");
        out.push_bind_param::<Binary, _>(&lineage.children)?;
        out.push_sql(", capped_since = ");
        out.push_bind_param::<Nullable<BigInt>, _>(&lineage.capped_since)?;
        out.push_sql(", expires_at = ");
        out.push_bind_param::<BigInt, _>(&lineage.expires_at)?;
        out.push_sql(", device_state = ");
        out.push_bind_param::<Nullable<SmallInt>, _>(device_state)?;
        out.push_sql(" WHERE handle = ");
        out.push_bind_param::<Binary, _>(handle.as_bytes())
    }
}

impl RunQueryDsl<Connection> for UpdateLineage {}

/// Reads the row, decides and writes: one step under the transaction's lock. The record is the one
/// read.
pub(crate) fn rotate(
    conn: &mut Connection,
    rotation: &Rotation,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Record, bound::Outcome)>> {
    let Some(record) = find_locked(conn, rotation.handle)? else {
        return Ok(None);
    };
    let Some(ends_at) = record.ends_after(now) else {
        return Ok(None);
    };
    let successor = Successor {
        token: rotation.successor,
        ends_at,
    };
    let decided = decide_bound(Question {
        binding: record.binding(),
        refresh: rotation.refresh(&record),
        lineage: &record.lineage,
        presented: rotation.presented,
        successor,
        now,
        policy: rotation.policy,
    });
    if let bound::Outcome::Rotate { verdict, binding } = &decided {
        let next = match verdict {
            Verdict::NewPair { next, .. } => Some(next),
            Verdict::AccessOnly { next, .. } => next.as_ref(),
            Verdict::Theft => {
                revoke(conn, &[rotation.handle], false)?;
                None
            }
            Verdict::Ended => None,
        };
        // Without a lineage to write there may still be a device that has proved itself.
        // The row of a stolen token is gone.
        let proved = binding.filter(|_| !matches!(verdict, Verdict::Theft));
        let next = next.or(proved.map(|_| &record.lineage));
        if let Some(lineage) = next {
            let binding = binding.unwrap_or_else(|| record.binding());
            let update = UpdateLineage {
                handle: rotation.handle,
                lineage: lineage.into(),
                device_state: DeviceState::of(binding).map(state_row),
            };
            update
                .execute(conn)
                .and_then(affected_rows::require("session_info", 1))?;
        }
    }
    Ok(Some((record, decided)))
}

/// Registers the key of a device, once: `None` if the session is gone or expired. The record is the
/// one read.
pub(crate) fn bind_device(
    conn: &mut Connection,
    handle: SessionHandle,
    key: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<Option<(Record, Registration)>> {
    let found = find_locked(conn, handle)?;
    let Some(record) = found.filter(|record| !record.is_expired(now)) else {
        return Ok(None);
    };
    let registration = register(record.binding(), record.has_key(key));
    if registration == Registration::Bind {
        let row = session_info::table
            .find(handle.as_bytes().as_slice())
            .filter(session_info::device_key.is_null());
        diesel::update(row)
            .set((
                session_info::device_key.eq(key),
                session_info::device_bound_at.eq(now.timestamp_millis()),
                session_info::device_state.eq(state_row(DeviceState::Unproved)),
            ))
            .execute(conn)
            .and_then(affected_rows::require("session_info", 1))?;
    }
    Ok(Some((record, registration)))
}
