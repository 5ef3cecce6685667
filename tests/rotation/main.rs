//! The rule of refresh-token rotation: its table row by row, and its promises under shuffled schedules.
//!
//! `table`, `cap`, `newer`, `grid` and `bound` ask for single verdicts. `schedule`, `failover` and `thief` let clients race in `world`
//! against a `server` that keeps books of its own. `mutants` and `shadow` show that those checks can fail.

mod bad_rules;
mod bound;
mod cap;
mod failover;
mod family;
mod grid;
mod mutants;
mod newer;
mod schedule;
mod script;
mod server;
mod shadow;
mod table;
mod thief;
mod world;

use chrono::{DateTime, TimeDelta, Utc};
use session_runtime::internals::rotation::TokenHash;

/// The cap on live children that the library ships with.
const K: usize = 8;

/// A token is a small number; two numbers never share a hash.
fn hash(id: u32) -> TokenHash {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&id.to_le_bytes());
    TokenHash(bytes)
}

/// `ms` milliseconds from the instant that the tests call zero.
fn at(ms: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::milliseconds(ms)
}
