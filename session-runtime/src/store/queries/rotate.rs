//! The one statement that every refresh writes.

use chrono::{DateTime, Utc};
use diesel::connection::Connection as Connects;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Nullable};

use super::{Connection, find_locked, revoke};
use crate::handle::SessionHandle;
use crate::record::{Record, Rotation};
use crate::rules::rotation::{self, Successor, Verdict};
use crate::store::models::LineageRow;

type Backend = <Connection as Connects>::Backend;

/// An `UPDATE` that a connection prepares once; Diesel has its own parsed anew each time, which costs a server
/// a round trip more.
#[derive(QueryId)]
struct UpdateLineage {
    handle: SessionHandle,
    lineage: LineageRow,
}

impl QueryFragment<Backend> for UpdateLineage {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
        let Self { handle, lineage } = self;
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
        out.push_sql(" WHERE handle = ");
        out.push_bind_param::<Binary, _>(handle.as_bytes())
    }
}

impl RunQueryDsl<Connection> for UpdateLineage {}

/// Reads the row, decides and writes: one step under the transaction's lock. The record is the one read.
pub(crate) fn rotate(
    conn: &mut Connection,
    rotation: &Rotation,
    now: DateTime<Utc>,
) -> QueryResult<Option<(Record, Verdict)>> {
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
    let verdict = rotation::decide(
        &record.lineage,
        rotation.presented,
        successor,
        now,
        rotation.policy,
    );
    match &verdict {
        Verdict::NewPair { next, .. }
        | Verdict::AccessOnly {
            next: Some(next), ..
        } => {
            let update = UpdateLineage {
                handle: rotation.handle,
                lineage: next.into(),
            };
            update.execute(conn)?;
        }
        Verdict::Theft => {
            revoke(conn, &[rotation.handle], false)?;
        }
        Verdict::AccessOnly { next: None, .. } | Verdict::Ended => {}
    }
    Ok(Some((record, verdict)))
}
