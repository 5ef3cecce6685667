//! Why a file cannot be used, and what to do about it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use diesel::result::Error;

use super::files::{Files, OpenFiles};
use crate::store::OpenError;

/// Whether somebody else has the file. SQLite speaks English everywhere.
pub(super) fn is_locked(error: &Error) -> bool {
    error.to_string().contains("database is locked")
}

/// What a failure at launch means and what to do about it.
pub(in crate::store) fn explain(files: &OpenFiles, error: Error) -> OpenError {
    explain_in(files.files(), error)
}

/// The same for a file of which no connection is ready yet.
pub(super) fn explain_in(files: &Files, error: Error) -> OpenError {
    let text = error.to_string();
    let problem = match text.as_str() {
        _ if is_locked(&error) => {
            "which another process has locked for longer than `sessions.database_timeout`: end its transaction, or \
             raise the setting"
                .to_owned()
        }
        "attempt to write a readonly database" | "unable to open database file" => {
            why_closed(files.path())
        }
        "file is not a database" => {
            "which is no SQLite database, or an encrypted one: name another file".to_owned()
        }
        "database disk image is malformed" => {
            "which is damaged: restore it from a backup, without `-wal` and `-shm` files of another one".to_owned()
        }
        "database or disk is full" => "whose disk is full: make room".to_owned(),
        _ => return error.into(),
    };
    OpenError::File {
        path: files.path().to_owned(),
        problem,
    }
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
