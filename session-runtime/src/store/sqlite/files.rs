//! The files of a database: that they are still those that were opened, and why they cannot be used.
//!
//! SQLite goes on in files that somebody has deleted or replaced: it commits into nowhere.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use diesel::result::{DatabaseErrorKind, Error, QueryResult};

/// The file itself, its write-ahead log and the index of that.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Which file of the machine it is; `None` if it is not there, or the machine cannot tell.
type Identity = Option<(u64, u64)>;

/// The files of a database since this process opened it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Files {
    paths: Arc<[String; 3]>,
    opened: Arc<OnceLock<[Identity; 3]>>,
}

impl Files {
    pub(super) fn new(path: &str) -> Self {
        Self {
            paths: Arc::new(SUFFIXES.map(|suffix| format!("{path}{suffix}"))),
            opened: Arc::default(),
        }
    }

    /// The file itself.
    pub(super) fn path(&self) -> &str {
        &self.paths[0]
    }

    /// Remembers the files, once they are open.
    pub(super) fn remember(&self) {
        self.opened
            .get_or_init(|| self.paths.each_ref().map(|path| identity(Path::new(path))));
    }

    /// Fails if one of them was deleted or replaced since it was opened.
    pub(in crate::store) fn check(&self) -> QueryResult<()> {
        let Some(opened) = self.opened.get() else {
            return Ok(());
        };
        let pairs = self.paths.iter().zip(opened);
        let mut pairs = pairs.map(|(path, opened)| (path, opened, identity(Path::new(path))));
        let changed = pairs.find(|(_, opened, now)| opened.is_some() && *opened != now);
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
             again (`session_runtime::databases` says more)"
        );
        Err(Error::DatabaseError(
            DatabaseErrorKind::Unknown,
            Box::new(cause),
        ))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt;

    let found = fs::metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

/// Elsewhere nobody can delete a file that is open.
#[cfg(not(unix))]
fn identity(_: &Path) -> Identity {
    None
}

/// Why a file cannot be opened for reading and writing, and what to do.
pub(super) fn why_closed(path: &str) -> String {
    let file = Path::new(path);
    let folder = file.parent().unwrap_or(file);
    if file.is_dir() {
        return format!(
            "which is a folder: name a file in it, as in `sqlite://{path}/sessions.db`"
        );
    }
    let shown = folder.display();
    match fs::metadata(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return format!("whose folder `{shown}` does not exist: make it, or name another file");
        }
        Err(error) => {
            return format!(
                "whose folder `{shown}` cannot be entered ({error}): let the user of this process do so"
            );
        }
        Ok(found) if !found.is_dir() => {
            return format!("but `{shown}` is no folder: name a file in a folder");
        }
        Ok(_) => {}
    }
    match OpenOptions::new().read(true).write(true).open(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => format!(
            "which cannot be made in its folder: let the user of this process write to `{shown}`"
        ),
        Err(error) if fs::File::open(file).is_ok() => format!(
            "which can only be read ({error}), but sessions are written: let the user of this process write to it \
             and to its folder `{shown}`"
        ),
        Err(error) => format!(
            "which cannot be read ({error}): let the user of this process read and write it, and write to its folder \
             `{shown}`"
        ),
        // The file is in order, so it is what stands beside it.
        Ok(_) => format!(
            "beside which SQLite keeps two more files (`-wal`, `-shm`): let the user of this process write to the \
             folder `{shown}`"
        ),
    }
}
