//! How a database is used.

use std::time::Duration;

/// How a database is used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Bounds each wait for the database.
    pub(crate) timeout: Duration,
    /// How many writes may wait, and how many reads.
    pub(crate) queue: usize,
    /// Connections to a server that write; a file has one.
    pub(crate) writers: usize,
    /// Connections that read.
    pub(crate) readers: usize,
    /// A random number for a database that has none yet.
    pub(crate) number: i64,
}
