//! Moves all sessions, keys and revocations to another database without logging anybody out.

use std::path::{Path, PathBuf};

mod checksum;
mod outcome;
mod pair;
mod rows;

pub use self::outcome::{Progress, Side, TableMoved, TransferError};

use self::pair::Pair;
use super::Store;
use crate::keys::master_key;
use crate::random::{OsRandom, Random};

/// Moves all sessions from one database to another, of the same or another kind, as
/// `session-admin move` does.
///
/// It makes the target equal to the source, in transactions of some rows each. Run it while the
/// application still works on the source, and again after stopping the application: the second run
/// only compares, and writes what has changed. It may be interrupted at any point. Users stay
/// logged in, because rows, keys and revocations are copied unchanged.
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
/// A target on which an application has started is refused: its sessions are in use, and moving
/// again would undo logins, rotations and revocations.
#[doc(alias = "session-admin")]
#[doc(alias = "migrate")]
pub struct Transfer {
    from: String,
    to: String,
    batch: usize,
    discard_target: bool,
}

/// The result of a move.
#[derive(Debug)]
#[non_exhaustive]
pub struct Moved {
    /// What happened to each table.
    pub tables: Vec<TableMoved>,
    /// Where to find the master key that the application on the target needs.
    pub key_file: KeyFile,
}

/// The development master key in a file beside a SQLite database.
#[derive(Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "each case has a next step of its own, which nobody must miss"
)]
pub enum KeyFile {
    /// There is no such file: keep using the source's `sessions.master_key`.
    Absent,
    /// The file at this path contains the key that opens the database's keys: use it as
    /// `sessions.master_key`.
    Opens(PathBuf),
    /// The file does not open the database's keys, for the given reason.
    DoesNotOpen(PathBuf, String),
}

impl Transfer {
    /// A move from one database URL to another, both written as in `sessions.database`.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self {
            from: from.into(),
            to: to.into(),
            batch: 1000,
            discard_target: false,
        }
    }

    /// Sets how many rows one transaction moves at most, 1 to 10,000. Default: 1000.
    ///
    /// ```
    /// use session_runtime::transfer::Transfer;
    ///
    /// let transfer = Transfer::new("sqlite://app.db", "postgres://host/app").batch(200);
    /// # let _ = transfer;
    /// ```
    pub fn batch(self, rows: usize) -> Self {
        Self {
            batch: rows.clamp(1, 10_000),
            ..self
        }
    }

    /// Sets whether to delete what an application has stored on the target.
    ///
    /// Its users are logged out and its revocations are forgotten. No application may run on the
    /// target meanwhile.
    pub fn discard_target(self, discard: bool) -> Self {
        Self {
            discard_target: discard,
            ..self
        }
    }

    /// The source and the target for people to read, without users and passwords.
    ///
    /// ```
    /// use session_runtime::transfer::Transfer;
    ///
    /// let transfer = Transfer::new("sqlite://app.db", "postgres://user:secret@host/app");
    /// let (_, to) = transfer.displayed_urls();
    /// # #[cfg(feature = "postgres")]
    /// assert_eq!(to, "postgres://host/app");
    /// ```
    pub fn displayed_urls(&self) -> (String, String) {
        (displayed(&self.from), displayed(&self.to))
    }

    /// Moves the rows, then reads both sides again and compares them. It blocks.
    ///
    /// `progress` is called after each transaction.
    ///
    /// # Errors
    /// A [`TransferError`], which says what to do. Differing sides are not an error: see
    /// [`Moved::is_complete`].
    pub fn run(&self, mut progress: impl FnMut(Progress)) -> Result<Moved, TransferError> {
        let mut pair = Pair::open(
            &self.from,
            &self.to,
            self.batch,
            self.discard_target,
            number()?,
            &mut progress,
        )?;
        let tables = pair.run()?;
        let beside_source = Store::master_key_file(&self.from).filter(|file| file.exists());
        let key_file = match beside_source {
            None => KeyFile::Absent,
            Some(file) => match opens(&file, &mut pair)? {
                Ok(()) => KeyFile::Opens(file),
                Err(why) => KeyFile::DoesNotOpen(file, why),
            },
        };
        Ok(Moved { tables, key_file })
    }
}

/// A URL without user and password.
fn displayed(url: &str) -> String {
    #[cfg(any(feature = "postgres", feature = "mysql"))]
    if !url.starts_with("sqlite:") {
        return super::server::displayed(url);
    }
    url.to_owned()
}

/// A number that no other move has.
fn number() -> Result<u32, TransferError> {
    let random: &dyn Random = &OsRandom::default();
    let bytes = random
        .bytes()
        .map_err(|error| TransferError::Target(error.to_string()))?;
    Ok(u32::from_be_bytes(bytes))
}

fn opens(file: &Path, pair: &mut Pair<'_>) -> Result<Result<(), String>, TransferError> {
    let keys = pair.keys()?;
    Ok(master_key::read(file)
        .and_then(|master| keys.iter().try_for_each(|key| master.open(key).map(drop))))
}

impl Moved {
    /// Whether both sides are equal. If not, the source changed meanwhile: stop the application and
    /// move again.
    pub fn is_complete(&self) -> bool {
        self.tables.iter().all(|table| table.source == table.target)
    }
}

impl std::fmt::Debug for Transfer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = self.displayed_urls();
        f.debug_struct("Transfer")
            .field("from", &from)
            .field("to", &to)
            .finish_non_exhaustive()
    }
}
