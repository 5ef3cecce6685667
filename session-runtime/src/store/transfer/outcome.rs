//! The progress, the result and the errors of a move.

/// Why nothing, or not everything, was moved. What was moved stays, and the next run continues from
/// there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The source database cannot be opened.
    #[error("the source, `--from`: {0}")]
    Source(String),
    /// The target database cannot be opened or prepared.
    #[error("the target, `--to`: {0}")]
    Target(String),
    /// The source has no session tables.
    #[error(
        "the source has no session tables, so no application ever started on it: check its URL, its database and the schema \
         that it chooses"
    )]
    NoTables,
    /// The source has another version of the tables than this program.
    #[error(
        "the source has session tables of version {found}, this program knows {known}: start the application, built with \
         this version of session-runtime, once on the source"
    )]
    Version {
        /// The version of the source.
        found: i64,
        /// The version of this program.
        known: usize,
    },
    /// No application has ever started on the source.
    #[error("the source holds no keys, so no application ever started on it: check its URL")]
    NothingThere,
    /// The source is itself the target of a move that was not completed.
    #[error("the source does not hold everything itself: finish the move into it first")]
    SourceUnfinished,
    /// Both URLs lead to the same database.
    #[error("source and target are the same database")]
    SameDatabase,
    /// An application has started on the target and stored its sessions there.
    #[error(
        "the target is in use: it holds {}keys of its own. If the application was switched over already, \
         do not move again: it would log users out and bring revoked sessions back. If nobody needs what the target holds, \
         stop the application there and discard it (`--discard-target`)",
        of_its_own(*sessions)
    )]
    InUse {
        /// How many sessions it has stored.
        sessions: i64,
    },
    /// Rows came into the target that this move did not write.
    #[error(
        "{table}: somebody else writes into the target, maybe another `session-admin move`: wait until it has ended, and run \
         this again"
    )]
    Another {
        /// The table that was being moved.
        table: &'static str,
    },
    /// A statement failed on one of the databases.
    #[error(
        "{table}: {cause}; what was moved stays: run it again once that is put right, and it goes on from there"
    )]
    Database {
        /// The table that was being moved.
        table: &'static str,
        /// The database's error.
        cause: String,
    },
}

fn of_its_own(sessions: i64) -> String {
    match sessions {
        0 => String::new(),
        1 => "1 session and ".to_owned(),
        sessions => format!("{sessions} sessions and "),
    }
}

/// A table on one side of the move.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Side {
    /// How many rows it has.
    pub rows: u64,
    /// SHA-256 of all rows in the order of their keys, in hexadecimal; the same for equal rows on
    /// every kind of database.
    pub checksum: String,
}

/// What happened to one table.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TableMoved {
    /// The name of the table.
    pub name: &'static str,
    /// How many rows the target did not have.
    pub inserted: u64,
    /// How many rows were different on the target.
    pub replaced: u64,
    /// How many rows were deleted on the target because the source no longer has them.
    pub deleted: u64,
    /// The table on the source, read again after the copy.
    pub source: Side,
    /// The table on the target, read after the last commit.
    pub target: Side,
}

/// How far a move has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Whether all rows are copied and both sides are now compared.
    pub checking: bool,
    /// How many rows have been copied, found equal, or compared.
    pub done: u64,
    /// How many rows there are in all, as counted at the beginning; on both sides when comparing.
    pub total: u64,
}
