//! What a move tells: how far it is, what it did, why it did not.

/// Why nothing, or not everything, was moved; what was moved stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The database with the sessions cannot be opened.
    #[error("the source: {0}")]
    Source(String),
    /// The database that they should go to cannot be opened or prepared.
    #[error("the target: {0}")]
    Target(String),
    /// The source has other tables than this program knows.
    #[error(
        "the source has session tables of version {found}, this program knows {known}: start the application, built with \
         this version of session-runtime, once on the source"
    )]
    Version {
        /// What the source has; 0 if it has none.
        found: i64,
        /// What this program knows.
        known: usize,
    },
    /// No application ever started on the source.
    #[error("the source holds no keys, so no application ever started on it: check its URL")]
    NothingThere,
    /// The source itself is the target of a move that did not end.
    #[error("the source does not hold everything itself: finish the move into it first")]
    SourceUnfinished,
    /// Both URLs lead to one database.
    #[error("source and target are the same database")]
    SameDatabase,
    /// An application has started on the target, so that its sessions live there.
    #[error(
        "the target is in use: it holds {sessions} sessions and keys of its own. If the application was switched over already, \
         do not move again: it would log users out and bring revoked sessions back. If nobody needs what the target holds, \
         stop the application there and discard it (`--discard-target`)"
    )]
    InUse {
        /// How many sessions it holds.
        sessions: i64,
    },
    /// A database did not do what it was asked.
    #[error("{table}: {cause}; what was moved stays, run it again to go on")]
    Database {
        /// Which table was being moved.
        table: &'static str,
        /// What the database said.
        cause: String,
    },
}

/// What one side holds of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Side {
    /// How many rows.
    pub rows: u64,
    /// SHA-256 over all of them in the order of their keys, in hexadecimal digits; the same for equal rows on every
    /// kind of database.
    pub checksum: String,
}

/// What became of a table.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TableMoved {
    /// Its name.
    pub name: &'static str,
    /// Rows that the target did not have.
    pub inserted: u64,
    /// Rows that the target had otherwise.
    pub replaced: u64,
    /// Rows that the source no longer has.
    pub deleted: u64,
    /// What the source holds, read again after the copy.
    pub source: Side,
    /// What the target holds, read after its last commit.
    pub target: Side,
}

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Whether everything is copied and both sides are being read to compare them.
    pub checking: bool,
    /// Rows copied, or found equal, or read to compare.
    pub done: u64,
    /// Rows to come to, as counted at the beginning; on both sides when checking.
    pub total: u64,
}
