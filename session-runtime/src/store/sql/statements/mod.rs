//! The statements, a file for each kind, as functions over a connection inside whatever transaction
//! is open on it. They read, ask the rules under the lock, and write.
//!
//! This folder is compiled once per backend ([`sql`](crate::store::sql) says how): what stands
//! above it, as `Connection` does, is in the file of the backend. A row is found by its key with
//! `get_result`: `first` adds a `LIMIT ?`, and SQLite has a statement with one parsed anew whenever
//! it is bound.

pub(in crate::store::sql) mod counters;
pub(in crate::store::sql) mod feed;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(in crate::store::sql) mod identity;
pub(in crate::store::sql) mod keys;
pub(in crate::store::sql) mod logins;
pub(in crate::store::sql) mod mark;
pub(in crate::store::sql) mod pending;
pub(in crate::store::sql) mod rotate;
pub(in crate::store::sql) mod sessions;
#[cfg(feature = "transfer")]
pub(in crate::store::sql) mod transfer;
pub(in crate::store::sql) mod users;

#[cfg(any(feature = "postgres", feature = "mysql"))]
use super::DATABASE_NAME;
use super::{Connection, MAX_ROWS};
