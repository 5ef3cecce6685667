//! A distributed database: nodes die under load and come back, and nothing that was acknowledged is
//! lost.

#![allow(clippy::print_stdout, reason = "the figures of a run")]

mod galera;
mod load;
mod stale;
mod standby;
