//! Moving all sessions, keys and revocations to another database, without logging anybody out.

use std::path::{Path, PathBuf};

pub use crate::store::transfer::{Progress, Side, TableMoved, TransferError};

use crate::keys::master_key;
use crate::store::transfer::{Pair, key_file, place};

/// A move of all sessions from one database to another, in any direction between the three kinds; the command
/// `session-admin move` is this.
///
/// It makes the target equal to the source, in transactions of some rows each. Run it first while the application still
/// works on the source, and again once that has stopped: the second run only compares, and writes what changed. It can be
/// stopped anywhere. Users stay logged in, for rows, keys and revocations are moved as they are.
///
/// ```no_run
/// use session_runtime::transfer::Transfer;
///
/// # fn show(_: u64, _: u64) {}
/// let moved = Transfer::new("sqlite://app.db", "postgres://user:password@host/app")
///     .run(|progress| show(progress.done, progress.total))?;
/// assert!(moved.is_complete());
/// # Ok::<(), session_runtime::transfer::TransferError>(())
/// ```
///
/// A target on which an application has started is refused, whoever filled it: its sessions live there, and moving
/// again would undo logins, rotations and revocations.
pub struct Transfer {
    from: String,
    to: String,
    batch: usize,
    discard_target: bool,
}

/// What a move did.
#[derive(Debug)]
#[non_exhaustive]
pub struct Moved {
    /// Each table.
    pub tables: Vec<TableMoved>,
    /// Where the master key may be that the application on the target needs.
    pub key_file: KeyFile,
}

/// The master key for development that lies beside a database of SQLite.
#[derive(Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// There is no such file: `sessions.master_key` of the source goes on to be used.
    Absent,
    /// The keys open with what this file holds: it becomes `sessions.master_key`.
    Opens(PathBuf),
    /// The keys do not open with it, for the reason given.
    DoesNotOpen(PathBuf, String),
}

impl Transfer {
    /// A move from the database of one URL to that of another, as `sessions.database` has them.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            batch: 1000,
            discard_target: false,
        }
    }

    /// At most so many rows in one transaction, 1 to 10,000; 1000 unless said otherwise.
    pub fn batch(self, rows: usize) -> Self {
        Self {
            batch: rows.clamp(1, 10_000),
            ..self
        }
    }

    /// Whether what an application has stored on the target is deleted: its users are logged out, its revocations are
    /// forgotten. No application may run there meanwhile.
    pub fn discard_target(self, discard: bool) -> Self {
        Self {
            discard_target: discard,
            ..self
        }
    }

    /// Source and target for people to read, without user and password.
    pub fn places(&self) -> (String, String) {
        (place(&self.from), place(&self.to))
    }

    /// Moves, then reads both sides again and compares them; `progress` is told after each transaction. Blocks.
    ///
    /// # Errors
    /// [`TransferError`], each saying what to do. Sides that differ in the end are not an error but
    /// [`Moved::is_complete`].
    pub fn run(&self, mut progress: impl FnMut(Progress)) -> Result<Moved, TransferError> {
        let mut pair = Pair::open(
            &self.from,
            &self.to,
            self.batch,
            self.discard_target,
            &mut progress,
        )?;
        let tables = pair.run()?;
        let key_file = match key_file(&self.from) {
            None => KeyFile::Absent,
            Some(file) => match opens(&file, &mut pair)? {
                Ok(()) => KeyFile::Opens(file),
                Err(why) => KeyFile::DoesNotOpen(file, why),
            },
        };
        Ok(Moved { tables, key_file })
    }
}

fn opens(file: &Path, pair: &mut Pair<'_>) -> Result<Result<(), String>, TransferError> {
    let keys = pair.keys()?;
    Ok(master_key::read(file)
        .and_then(|master| keys.iter().try_for_each(|key| master.open(key).map(drop))))
}

impl Moved {
    /// Whether both sides are equal. If not, the source changed meanwhile, as it does while the application runs: stop
    /// that and move again.
    pub fn is_complete(&self) -> bool {
        self.tables.iter().all(|table| table.source == table.target)
    }
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = self.places();
        f.debug_struct("Transfer")
            .field("from", &from)
            .field("to", &to)
            .finish_non_exhaustive()
    }
}
