//! The files of a database: that they are still those that were opened.
//!
//! SQLite keeps using files that were deleted or replaced, and its commits are lost.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use diesel::result::{DatabaseErrorKind, Error, QueryResult};

/// The file itself, its write-ahead log and the index of that.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Which file of the machine it is; `None` if it is not there, or the machine cannot tell.
type Identity = Option<(u64, u64)>;

/// The files of a database since this process opened it.
#[derive(Debug, Clone)]
pub(crate) struct Files(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    paths: [String; 3],
    opened: Mutex<Opened>,
}

#[derive(Debug, Default)]
struct Opened {
    identities: [Identity; 3],
    /// How many connections this process has to them.
    connections: usize,
}

/// The files of an open connection.
#[derive(Debug)]
pub(in crate::store) struct OpenFiles(Files);

impl Files {
    pub(super) fn new(path: &str) -> Self {
        Self(Arc::new(Shared {
            paths: SUFFIXES.map(|suffix| format!("{path}{suffix}")),
            opened: Mutex::default(),
        }))
    }

    /// The file itself.
    pub(super) fn path(&self) -> &str {
        &self.0.paths[0]
    }

    /// Whether a path leads to the file itself.
    pub(in crate::store) fn is(&self, path: &str) -> bool {
        match (identity(Path::new(self.path())), identity(Path::new(path))) {
            (Some(ours), Some(theirs)) => ours == theirs,
            _ => {
                let real = |path: &str| fs::canonicalize(path).ok();
                real(path).is_some_and(|path| Some(path) == real(self.path()))
            }
        }
    }

    /// Whether this process has a connection to it.
    pub(super) fn is_open(&self) -> bool {
        self.opened().connections > 0
    }

    /// Counts a connection, and remembers the files that it has opened.
    pub(super) fn open(&self) -> OpenFiles {
        let mut opened = self.opened();
        opened.connections += 1;
        for (remembered, path) in opened.identities.iter_mut().zip(&self.0.paths) {
            *remembered = remembered.or_else(|| identity(Path::new(path)));
        }
        OpenFiles(self.clone())
    }

    /// Fails if one of them was deleted or replaced since it was opened.
    pub(in crate::store) fn check(&self) -> QueryResult<()> {
        let opened = self.opened().identities;
        let pairs = self.0.paths.iter().zip(opened);
        let mut pairs = pairs.map(|(path, opened)| (path, opened, identity(Path::new(path))));
        let changed = pairs.find(|(_, opened, now)| opened.is_some() && opened != now);
        let Some((path, _, now)) = changed else {
            return Ok(());
        };
        let done = if now.is_none() {
            "deleted or moved"
        } else {
            "replaced"
        };
        let cause = format!(
            "`{path}` was {done} while the application has it open: nothing is stored until it is back; or stop the \
             application, put the database into its place without `-wal` and `-shm` files of another one, and start \
             again (`session_runtime::guide::databases` says more)"
        );
        Err(Error::DatabaseError(
            DatabaseErrorKind::Unknown,
            Box::new(cause),
        ))
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenFiles {
    /// Fails if one of them was deleted or replaced since it was opened.
    pub(in crate::store) fn check(&self) -> QueryResult<()> {
        self.0.check()
    }

    pub(super) fn files(&self) -> &Files {
        &self.0
    }
}

impl Drop for OpenFiles {
    fn drop(&mut self) {
        let mut opened = self.0.opened();
        opened.connections -= 1;
        if opened.connections == 0 {
            // SQLite deletes its own files with the last connection.
            opened.identities[1..].fill(None);
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt;

    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Other systems do not let an open file be deleted.
#[cfg(not(unix))]
fn identity(_: &Path) -> Identity {
    None
}
