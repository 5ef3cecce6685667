//! The rows that are moved: how each table is read and written, and each row's one encoding for
//! checksums.

use std::collections::HashMap;

use diesel::result::QueryResult;

use crate::store::rows::{CounterRow, KeyRow, RevocationRow, SessionRow};
use crate::store::sql::Link;

/// A row with one sequence of bytes, whichever database it comes from.
pub(super) trait Encoded {
    /// The table.
    const NAME: &'static str;
    fn encode(&self, bytes: &mut Vec<u8>);
}

/// A row of a table that may be large, which is gone through in the order of the handles.
pub(super) trait ByHandle: Encoded + Clone + PartialEq {
    fn handle(&self) -> &[u8];
    fn count(link: &mut Link<'_>) -> QueryResult<i64>;
    /// Rows above `after`, up to `until`, in order.
    fn within(
        link: &mut Link<'_>,
        after: &[u8],
        until: Option<&[u8]>,
        most: Option<usize>,
    ) -> QueryResult<Vec<Self>>;
    /// Deletes the rows of some handles, then inserts rows.
    fn put(link: &mut Link<'_>, gone: &[&[u8]], rows: &[Self]) -> QueryResult<()>;
}

/// A row of a table so small that it is replaced as a whole.
pub(super) trait Whole: Encoded + PartialEq + Sized {
    fn all(link: &mut Link<'_>) -> QueryResult<Vec<Self>>;
    fn put(link: &mut Link<'_>, rows: &[Self]) -> QueryResult<()>;
}

/// What makes a range of the target equal to the source.
pub(super) struct Change<'r, T> {
    /// Handles of rows that the source has not, or otherwise.
    pub(super) gone: Vec<&'r [u8]>,
    pub(super) new: Vec<T>,
    replaced: usize,
}

impl<T> Change<'_, T> {
    /// How many rows are inserted, replaced and deleted.
    pub(super) fn counts(&self) -> (u64, u64, u64) {
        let Self {
            gone,
            new,
            replaced,
        } = self;
        (
            (new.len() - replaced) as u64,
            *replaced as u64,
            (gone.len() - replaced) as u64,
        )
    }
}

/// Compares the rows of a range.
pub(super) fn difference<'r, T: ByHandle>(wanted: &'r [T], there: &'r [T]) -> Change<'r, T> {
    let by_handle = |rows: &'r [T]| -> HashMap<&'r [u8], &'r T> {
        rows.iter().map(|row| (row.handle(), row)).collect()
    };
    let (source, target) = (by_handle(wanted), by_handle(there));
    let new: Vec<T> = wanted
        .iter()
        .filter(|row| target.get(row.handle()) != Some(row))
        .cloned()
        .collect();
    let gone = there
        .iter()
        .filter(|row| source.get(row.handle()) != Some(row))
        .map(T::handle);
    Change {
        gone: gone.collect(),
        replaced: new
            .iter()
            .filter(|row| target.contains_key(row.handle()))
            .count(),
        new,
    }
}

macro_rules! by_handle {
    ($row:ty, $count:ident, $within:ident, $put:ident) => {
        impl ByHandle for $row {
            fn handle(&self) -> &[u8] {
                &self.handle
            }

            fn count(link: &mut Link<'_>) -> QueryResult<i64> {
                link.$count()
            }

            fn within(
                link: &mut Link<'_>,
                after: &[u8],
                until: Option<&[u8]>,
                most: Option<usize>,
            ) -> QueryResult<Vec<Self>> {
                let most = most.map(|most| i64::try_from(most).unwrap_or(i64::MAX));
                link.$within(after, until, most)
            }

            fn put(link: &mut Link<'_>, gone: &[&[u8]], rows: &[Self]) -> QueryResult<()> {
                link.$put(gone, rows)
            }
        }
    };
}

by_handle!(SessionRow, count_sessions, sessions_in, put_sessions);
by_handle!(
    RevocationRow,
    count_revocations,
    revocations_in,
    put_revocations
);

macro_rules! whole {
    ($row:ty, $all:ident, $put:ident) => {
        impl Whole for $row {
            fn all(link: &mut Link<'_>) -> QueryResult<Vec<Self>> {
                link.$all()
            }

            fn put(link: &mut Link<'_>, rows: &[Self]) -> QueryResult<()> {
                link.$put(rows)
            }
        }
    };
}

whole!(KeyRow, all_keys, put_keys);
whole!(CounterRow, all_counters, put_counters);

/// Adds a field with its length, so that none runs into the next.
fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
    bytes.extend_from_slice(value);
}

fn number(bytes: &mut Vec<u8>, value: impl Into<Option<i64>>) {
    match value.into() {
        Some(value) => field(bytes, &value.to_be_bytes()),
        // No number is one byte long.
        None => field(bytes, b"-"),
    }
}

impl Encoded for SessionRow {
    const NAME: &'static str = "session_info";

    fn encode(&self, bytes: &mut Vec<u8>) {
        // Every column by name: a new one does not compile until it is moved as well.
        let Self {
            handle,
            user_id,
            parent_hash,
            parent_since,
            generation,
            children,
            payload,
            data,
            created_at,
            validity,
            expires_at,
            ends_for_good,
            auth_time,
            anonymous,
            data_version,
            device,
            capped_since,
            payload_type,
            pending_attempts,
            device_key,
            device_bound_at,
            device_state,
        } = self;
        for value in [handle, parent_hash, children] {
            field(bytes, value);
        }
        for value in [user_id, payload, data, device, payload_type] {
            field(bytes, value.as_bytes());
        }
        for value in [parent_since, generation, created_at, validity, expires_at] {
            number(bytes, *value);
        }
        for value in [ends_for_good, auth_time, capped_since, pending_attempts] {
            number(bytes, *value);
        }
        number(bytes, i64::from(*anonymous));
        number(bytes, *data_version);
        match device_key {
            Some(key) => field(bytes, key),
            None => field(bytes, b"-"),
        }
        number(bytes, *device_bound_at);
        number(bytes, device_state.map(i64::from));
    }
}

impl Encoded for RevocationRow {
    const NAME: &'static str = "session_revocation";

    fn encode(&self, bytes: &mut Vec<u8>) {
        let Self {
            handle,
            number: position,
            until,
            replaced,
        } = self;
        field(bytes, handle);
        number(bytes, *position);
        number(bytes, *until);
        number(bytes, i64::from(*replaced));
    }
}

impl Encoded for KeyRow {
    const NAME: &'static str = "session_key";

    fn encode(&self, bytes: &mut Vec<u8>) {
        let Self {
            id,
            kind,
            sealed,
            created_at,
        } = self;
        field(bytes, kind.as_bytes());
        field(bytes, id.as_bytes());
        field(bytes, sealed);
        number(bytes, *created_at);
    }
}

impl Encoded for CounterRow {
    const NAME: &'static str = "session_counter";

    fn encode(&self, bytes: &mut Vec<u8>) {
        let Self { name, value } = self;
        field(bytes, name.as_bytes());
        number(bytes, *value);
    }
}
