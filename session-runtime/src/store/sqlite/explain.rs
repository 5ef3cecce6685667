//! Why a file cannot be used, and what to do about it.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use diesel::result::Error;

use super::files::{Files, OpenFiles};
use crate::store::OpenError;
use crate::store::advice::DAMAGED;
use crate::store::remedies::OPEN_FILES;

/// Whether another process has locked the file. SQLite's messages are always English.
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
            format!("which {DAMAGED}")
        }
        "database or disk is full" => {
            "whose disk is full: make room, also for `-wal` beside it".to_owned()
        }
        "disk I/O error" => {
            "whose disk fails or is full: make room, and look at the log of the system".to_owned()
        }
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
    if let Some(target) = link_target(file) {
        let shown = target.display();
        return match target.to_str() {
            Some(target) => format!("a link to `{target}`, {}", why_closed(target)),
            None => format!("a link to `{shown}`, which is not UTF-8: name another file"),
        };
    }
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
        Err(error) if error.kind() == ErrorKind::NotFound && is_mounted_read_only(file) => {
            MOUNTED.to_owned()
        }
        Err(error) if error.kind() == ErrorKind::NotFound => format!(
            "which cannot be made in its folder: let the user of this process write to `{shown}`"
        ),
        Err(error) if is_out_of_files(&error) => {
            format!("which cannot be opened ({error}): {OPEN_FILES}")
        }
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => MOUNTED.to_owned(),
        Err(error) if fs::File::open(file).is_ok() => format!(
            "which can only be read ({error}), but sessions are written: let the user of this process write to it \
             and to its folder `{shown}`"
        ),
        Err(error) => format!(
            "which cannot be read ({error}): let the user of this process read and write it, and write to its folder \
             `{shown}`"
        ),
        // The file is in order, so it is what stands beside it.
        Ok(_) => match ["-wal", "-shm"]
            .iter()
            .map(|suffix| format!("{path}{suffix}"))
            .find_map(|beside| Some((unwritable(Path::new(&beside))?, beside)))
        {
            Some((error, beside)) => format!(
                "beside which SQLite cannot write `{beside}` ({error}): let the user of this process write to it"
            ),
            None => format!(
                "beside which SQLite keeps two more files (`-wal`, `-shm`): let the user of this process write to the \
                 folder `{shown}`"
            ),
        },
    }
}

/// For a file system that takes no writes.
const MOUNTED: &str = "whose file system is mounted read-only, but sessions are written: mount it for writing, or name a file on \
                       another, such as a volume";

/// Whether a file that is not there could not be made for that reason.
fn is_mounted_read_only(file: &Path) -> bool {
    match fs::File::create_new(file) {
        Err(error) => error.kind() == ErrorKind::ReadOnlyFilesystem,
        Ok(_) => {
            let _left_nothing = fs::remove_file(file);
            false
        }
    }
}

/// Whether the process, or the machine, has as many files open as it may.
fn is_out_of_files(error: &std::io::Error) -> bool {
    // ENFILE, EMFILE
    cfg!(unix) && matches!(error.raw_os_error(), Some(23 | 24))
}

/// Why an existing file cannot be written.
fn unwritable(file: &Path) -> Option<std::io::Error> {
    let error = OpenOptions::new().read(true).write(true).open(file).err()?;
    (error.kind() != ErrorKind::NotFound).then_some(error)
}

/// Where a link leads, one step of it; not where links lead in a circle.
fn link_target(file: &Path) -> Option<PathBuf> {
    if fs::metadata(file).is_err_and(|error| error.kind() != ErrorKind::NotFound) {
        return None;
    }
    let target = fs::read_link(file).ok()?;
    Some(file.parent().unwrap_or(file).join(target))
}
